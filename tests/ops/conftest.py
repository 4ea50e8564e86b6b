from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.ops.fake_slack import FakeSlack


@pytest.fixture
async def fake_slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack() as slack:
        yield slack
