"""Queues of several workers on one store."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.jobs.queue import Queue
from bot.store.keys import Keys
from bot.store.quotas import Quotas
from bot.store.redis.connection import Store

MakeQueue = Callable[[Store, float], Queue]


@pytest.fixture
def make_queue(keys: Keys) -> MakeQueue:
    """Makes queues, one for each worker, on a store and with a lease of so many seconds."""
    return lambda store, lease: Queue(store, keys, lease_seconds=lease, retention_seconds=3600)


@pytest.fixture
def other(store: Store, make_queue: MakeQueue) -> Queue:
    """The queue of another worker."""
    return make_queue(store, 60)


@pytest.fixture
def fast(store: Store, make_queue: MakeQueue) -> Queue:
    """A queue whose leases run out in a moment: for a worker that nobody competes with."""
    return make_queue(store, 0.1)


@pytest.fixture
def quotas(store: Store, keys: Keys) -> Quotas:
    return Quotas(store, keys)
