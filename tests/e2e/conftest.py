"""What every journey needs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.store.connection import Store
from tests.store.leftovers import leftovers


@pytest.fixture
def redis_url(valkey: str, store: Store) -> Iterator[str]:
    """An empty Redis; whatever the journey leaves in it has an end."""
    yield valkey
    assert leftovers(valkey) == []
