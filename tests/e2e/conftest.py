"""What every journey needs."""

from __future__ import annotations

import pytest

from bot.store.connection import Store


@pytest.fixture
def redis_url(valkey: str, store: Store) -> str:
    """An empty Redis."""
    return valkey
