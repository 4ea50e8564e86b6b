"""A workspace without rate budgets, and the real client for it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import Limits, Workspace
from tests.sandbox.slack_app import client_of


@pytest.fixture
async def ws() -> AsyncIterator[Workspace]:
    async with Workspace(limits=Limits(scale=0)) as workspace:
        yield workspace


@pytest.fixture
def slack(ws: Workspace) -> AsyncWebClient:
    return client_of(ws)
