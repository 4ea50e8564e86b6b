"""The workspace of a page test, on the loop that drives the browser."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from sandbox.workspace import Limits, Workspace


@pytest_asyncio.fixture(loop_scope="session")
async def ws() -> AsyncIterator[Workspace]:
    async with Workspace(limits=Limits(scale=0)) as workspace:
        yield workspace
