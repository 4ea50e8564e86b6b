"""What comes of jobs whose workers die: how long they rest, beside whom they are tried again."""

from __future__ import annotations

import pytest

from bot.jobs.crashes import GROWTH, JITTER
from bot.jobs.holder import Held
from bot.jobs.job import MOST_ATTEMPTS, Entry, Job, Lease
from bot.jobs.queue import ALONE_SECONDS, SCAN_START, Queue
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from tests.jobs.asks import make_answer, make_ask
from tests.jobs.steps import read_one, take_next
from tests.jobs.work import IDLE, Runs, working
from tests.rules.holds import make_hold

PAUSE = 100.0
"""The first rest, in seconds: none ends by itself while a test lasts."""


@pytest.fixture
def queue(store: Store, keys: Keys) -> Queue:
    return resting(store, keys)


@pytest.fixture
def other(store: Store, keys: Keys) -> Queue:
    return resting(store, keys)


def resting(store: Store, keys: Keys, lease: float = 60, pause: float = PAUSE) -> Queue:
    return Queue(store, keys, lease_seconds=lease, retention_seconds=3600, pause_seconds=pause)


async def claimed(queue: Queue, name: str = "job-1") -> Entry:
    """The entry of a job, whoever holds it."""
    _, entries = await queue.claim(10, SCAN_START, 0)
    return next(entry for entry in entries if entry.job_id == name)


async def crash(queue: Queue, name: str = "job-1") -> float:
    """Take the next job, which has this name, and die; for how long it rests then."""
    await take_next(queue)
    return await queue.pause(await claimed(queue, name))


async def has_rested(queue: Queue, store: Store, keys: Keys) -> int:
    """So much time passes that every rest is over; how many jobs are queued again."""
    for name in (keys.paused, keys.singly):
        for job_id in await store.redis.zrange(name, 0, -1):
            await store.redis.zadd(name, {str(job_id): 0})
    return await queue.wake()


async def test_each_rest_is_longer_than_the_one_before(
    queue: Queue, store: Store, keys: Keys
) -> None:
    await queue.accept("job-1", make_ask())
    for taking in range(MOST_ATTEMPTS - 1):
        rest = await crash(queue)
        assert rest == pytest.approx(PAUSE * GROWTH**taking, rel=JITTER)
        assert (await queue.load()).depth == 1
        assert await queue.wake() == 0
        assert await has_rested(queue, store, keys) == 1
    assert await crash(queue) == 0
    _, job = await take_after(queue)
    assert job.attempts == MOST_ATTEMPTS + 1
    assert (1 + JITTER) / (1 - JITTER) < GROWTH


async def take_after(queue: Queue) -> tuple[Lease, Job]:
    taken = await queue.take(await claimed(queue))
    assert taken is not None
    return taken


async def test_a_rest_holds_for_every_process(
    queue: Queue, other: Queue, store: Store, keys: Keys
) -> None:
    await queue.accept("job-1", make_ask())
    await crash(queue)
    assert await other.claim(10, SCAN_START, 0) == (SCAN_START, [])
    assert await other.wake() == 0
    assert await has_rested(other, store, keys) == 1
    assert await queue.wake() == 0
    assert (await read_one(other)).job_id == "job-1"


async def test_whoever_held_a_job_that_rests_has_lost_it(queue: Queue, other: Queue) -> None:
    await queue.accept("job-1", make_ask())
    lease, _ = await take_next(queue)
    assert await other.pause(await claimed(other)) > 0
    assert await queue.renew([lease]) == [False]
    assert not await queue.release(lease)


async def test_what_was_handed_back_or_never_taken_does_not_rest(
    queue: Queue, other: Queue
) -> None:
    await queue.accept("job-1", make_ask())
    await read_one(queue)
    assert await other.pause(await claimed(other)) == 0
    lease = (await take_after(other))[0]
    assert await other.release(lease)
    await read_one(queue)
    assert await other.pause(await claimed(other)) == 0


async def test_a_stop_reaches_a_job_that_rests(queue: Queue, store: Store, keys: Keys) -> None:
    await queue.accept("job-1", make_ask())
    await crash(queue)
    assert await queue.stop("job-1", "asker") == "queued"
    await has_rested(queue, store, keys)
    _, job = await take_next(queue)
    assert job.stop == "asker"


async def test_suspects_of_two_crashes_are_tried_one_after_the_other(
    queue: Queue, store: Store, keys: Keys
) -> None:
    """One of them kills; the others were only beside it. The third time nobody is beside it."""
    names = {"job-1", "job-2", "job-3"}
    for name in sorted(names):
        await queue.accept(name, make_ask())
    for alone in (False, True):
        entries = [await read_one(queue) for _ in names]
        for entry in entries:
            await queue.take(entry)
        _, found = await queue.claim(10, SCAN_START, 0)
        for entry in found:
            assert await queue.pause(entry) > 0
        assert await has_rested(queue, store, keys) == (1 if alone else 3)
    tried = set()
    for number in range(3):
        assert await has_rested(queue, store, keys) == 0
        lease, job = await take_next(queue)
        tried.add(job.id)
        await queue.deliver(lease, make_answer())
        assert await has_rested(queue, store, keys) == 0
        await queue.finish(lease, 0, job)
        assert await has_rested(queue, store, keys) == (1 if number < 2 else 0)
    assert tried == names
    assert await queue.load() == IDLE


async def test_the_next_suspect_does_not_wait_for_ever(
    queue: Queue, store: Store, keys: Keys
) -> None:
    for name in ("job-1", "job-2"):
        await queue.accept(name, make_ask())
        await crash(queue, name)
        await has_rested(queue, store, keys)
        await crash(queue, name)
        if name == "job-1":
            assert await has_rested(queue, store, keys) == 1
            await take_next(queue)
    assert await has_rested(queue, store, keys) == 0
    assert 0 < await store.redis.ttl(keys.alone) <= ALONE_SECONDS
    await store.redis.delete(keys.alone)
    assert await has_rested(queue, store, keys) == 1


async def test_a_worker_tries_again_what_has_rested(store: Store, keys: Keys) -> None:
    """A job that kills, and others: they are answered while it rests, and it ends."""
    queue = resting(store, keys, lease=0.1, pause=0.05)
    runs, taken = Runs(), 0

    async def crashing(held: Held) -> None:
        nonlocal taken
        if held.job.id == "killer" and not held.job.given_up:
            taken += 1
            await queue.accept(f"other-{taken}", make_ask())
            raise ValueError("a fault of the program")
        await runs(held)

    await queue.accept("killer", make_ask())
    async with working(queue, crashing):
        ended = [(await runs.finished.get()).job.id for _ in range(4)]
    assert ended == ["other-1", "other-2", "other-3", "killer"]
    assert await queue.load() == IDLE


async def test_a_dropped_job_releases_what_it_reserved_and_lets_the_next_start(
    queue: Queue, other: Queue, store: Store, keys: Keys
) -> None:
    place = {"conversation": "C1:1.1", "thread_ts": "1.1"}
    await queue.accept("job-1", make_ask(**place), make_hold(70))
    await queue.accept("job-2", make_ask(**place))
    lease, job = await take_next(queue)
    assert await other.crashes.drop("job-1", make_answer("dropped")) == "dropped"
    assert await queue.renew([lease]) == [False]
    assert (await read_one(other)).job_id == "job-2"
    assert (await queue.load()).reserved == 0
    lease, job = await take_after(other)
    assert (job.state, job.given_up, job.answer) == (
        "delivering",
        "dropped",
        make_answer("dropped"),
    )
    assert await other.finish(lease, 0, job) is None
    assert await store.redis.zcard(keys.failed) == 0


async def test_a_dropped_job_that_was_asked_is_charged(queue: Queue, other: Queue) -> None:
    hold = make_hold(70)
    await queue.accept("job-1", make_ask(), hold)
    lease, _ = await take_next(queue)
    await queue.begin(lease, hold)
    for _ in range(2):
        assert await other.crashes.drop("job-1", make_answer("dropped")) == "dropped"
    assert (await queue.load()).reserved == 0
    assert await other.crashes.drop("job-2", make_answer("dropped")) == "unknown"
