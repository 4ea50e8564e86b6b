"""What no worker has room for, and the room that workers tell each other of."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.jobs import queue as queue_module
from bot.jobs.job import Entry
from bot.jobs.queue import SCAN_START, Queue
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from tests.jobs.asks import make_ask
from tests.jobs.steps import read_one

HOUR = 3600.0


class Desk:
    """Queues of several workers of a team of its own."""

    def __init__(self, store: Store) -> None:
        self.keys = Keys(f"T{uuid.uuid4().hex}")
        self.store = store
        self.full, self.roomy, self.third = (
            Queue(store, self.keys, lease_seconds=60, retention_seconds=60) for _ in range(3)
        )

    async def accept(self, count: int, *, group: bool = True) -> None:
        if group:
            await self.full.claim(1, SCAN_START, 0)
        for number in range(count):
            await self.full.accept(f"job-{number}", make_ask())


@pytest_asyncio.fixture
async def desk(any_redis: str) -> AsyncIterator[Desk]:
    async with Store(any_redis) as store:
        desk = Desk(store)
        yield desk
        await store.redis.delete(desk.keys.queue, desk.keys.rooms)


def ids(taken: tuple[list[Entry], int]) -> list[str]:
    return [entry.job_id for entry in taken[0]]


async def test_nothing_to_take_in(desk: Desk) -> None:
    assert await desk.full.overflow(5, 0) == ([], 0)
    await desk.accept(0)
    assert await desk.full.overflow(5, 0) == ([], 0)


async def test_before_anybody_has_read_nothing_is_taken_in(desk: Desk) -> None:
    await desk.accept(1, group=False)
    assert await desk.full.overflow(5, 0) == ([], 0)


async def test_what_was_long_unread_is_taken_in_once_and_in_order(desk: Desk) -> None:
    await desk.accept(5)
    assert (await read_one(desk.roomy)).job_id == "job-0"
    entries, _ = await desk.full.overflow(2, 0)
    assert [entry.job_id for entry in entries] == ["job-1", "job-2"]
    assert ids(await desk.third.overflow(10, 0)) == ["job-3", "job-4"]
    assert ids(await desk.full.overflow(10, 0)) == []
    assert await desk.roomy.take(entries[0]) is None
    assert await desk.full.take(entries[0]) is not None


async def test_what_came_just_now_is_left_to_those_with_room(desk: Desk) -> None:
    await desk.accept(2)
    assert await desk.full.overflow(5, HOUR) == ([], 0)
    assert (await read_one(desk.roomy)).job_id == "job-0"


async def test_no_more_is_taken_in_than_was_asked_for(desk: Desk) -> None:
    await desk.accept(2)
    assert await desk.full.overflow(0, 0) == ([], 0)
    assert (await read_one(desk.roomy)).job_id == "job-0"


async def test_those_that_look_at_once_take_in_each_entry_once(desk: Desk) -> None:
    await desk.accept(50)
    queues = (desk.full, desk.roomy, desk.third)
    taken = await asyncio.gather(*(queue.overflow(3, 0) for queue in queues for _ in range(6)))
    assert sorted(job_id for each in taken for job_id in ids(each)) == sorted(
        f"job-{number}" for number in range(50)
    )


async def test_room_is_given_away_once(desk: Desk) -> None:
    await desk.accept(0)
    await desk.roomy.offer(3)
    await desk.third.offer(1)
    assert await desk.full.overflow(5, 0, 2) == ([], 2)
    assert await desk.full.overflow(5, 0, 5) == ([], 2)
    assert await desk.full.overflow(5, 0, 5) == ([], 0)
    await desk.roomy.offer(1)
    assert await desk.full.overflow(5, 0, 5) == ([], 1)


async def test_room_is_first_for_what_is_unread(desk: Desk) -> None:
    await desk.accept(2)
    await desk.roomy.offer(3)
    assert await desk.full.overflow(5, HOUR, 4) == ([], 1)
    await desk.roomy.offer(2)
    assert await desk.full.overflow(5, HOUR, 4) == ([], 0)
    await desk.roomy.offer(1)
    assert await desk.full.overflow(1, HOUR, 4) == ([], 0)


async def test_own_room_is_no_room_of_others(desk: Desk) -> None:
    await desk.accept(0)
    await desk.full.offer(3)
    assert await desk.full.overflow(5, 0, 2) == ([], 0)


async def test_offer_is_taken_back(desk: Desk) -> None:
    await desk.accept(0)
    await desk.roomy.offer(3)
    await desk.roomy.offer(0)
    assert await desk.full.overflow(5, 0, 2) == ([], 0)
    assert not await desk.store.redis.exists(desk.keys.rooms)


async def test_offer_of_a_worker_that_fell_silent_is_forgotten(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.accept(0)
    monkeypatch.setattr(queue_module, "OFFER_SECONDS", 0.001)
    await desk.roomy.offer(3)
    monkeypatch.setattr(queue_module, "OFFER_SECONDS", HOUR)
    await desk.third.offer(1)
    await asyncio.sleep(0.005)
    assert await desk.full.overflow(5, 0, 9) == ([], 1)
    assert set(await desk.store.redis.hgetall(desk.keys.rooms)) == {desk.third.consumer}
    assert 0 < await desk.store.redis.ttl(desk.keys.rooms) <= HOUR
