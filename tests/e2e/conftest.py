"""What every journey needs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.store.redis.connection import Store
from tests.e2e.loop_watch import watched_steps
from tests.store.leftovers import leftovers


@pytest.fixture
def redis_url(valkey: str, store: Store) -> Iterator[str]:
    """An empty Redis; whatever the journey leaves in it has an end."""
    yield valkey
    assert leftovers(valkey) == []


@pytest.fixture(autouse=True)
def _the_loop_stays_free(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fails a test in which the bot keeps the event loop from others for more than 250 ms."""
    with watched_steps(monkeypatch) as steps:
        yield
    assert steps.too_long == []
