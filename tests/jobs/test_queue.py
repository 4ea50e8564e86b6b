"""The life of a job in Redis, step by step, and each step by the wrong one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bot.errors import LeaseLost
from bot.jobs.job import GROUP, Again, Load, dump_post, post_field
from bot.jobs.queue import SCAN_START, Queue
from bot.reply.ledger import Post
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from tests.jobs.asks import make_answer, make_ask
from tests.jobs.steps import read_one, take_next, take_over


async def pending(store: Store, keys: Keys) -> int:
    return int((await store.redis.xpending(keys.queue, GROUP))["pending"])


def stored(post: Post) -> tuple[str, str]:
    return post_field(post.part), dump_post(post)


@contextmanager
def raises_lost() -> Iterator[None]:
    with pytest.raises(LeaseLost):
        yield


async def test_no_workspace_waits_for_the_readers_of_others(store: Store) -> None:
    """Each of them waits for something to come, longer than this one may have to."""
    queues = [
        Queue(store, Keys(f"T{number}"), lease_seconds=60, retention_seconds=60)
        for number in range(80)
    ]
    await asyncio.gather(*(each.read(1) for each in queues))  # which makes their groups
    reading = [asyncio.create_task(each.read(1)) for each in queues]
    await queues[-1].accept("job-1", make_ask())
    done, others = await asyncio.wait(reading, return_when=asyncio.FIRST_COMPLETED)
    for each in others:
        each.cancel()
    await asyncio.gather(*others, return_exceptions=True)

    assert done == {reading[-1]}
    assert [entry.job_id for entry in reading[-1].result()] == ["job-1"]


async def test_job_from_accepting_to_its_end(queue: Queue, store: Store, keys: Keys) -> None:
    ask = make_ask("Why is the sky blue?")
    assert await queue.accept("job-1", ask) == "job-1"

    lease, job = await take_next(queue)
    assert (job.id, job.ask, job.state, job.epoch, job.attempts) == ("job-1", ask, "running", 1, 1)
    assert (job.posts, job.answer, job.redeliver) == ({}, None, 0)
    assert await queue.renew([lease]) == [True]

    answer = make_answer()
    assert await queue.deliver(lease, answer) == answer
    assert await queue.finish(lease, 0, job) is None
    assert await queue.load() == Load(0, 0.0)
    assert await pending(store, keys) == 0
    assert await store.redis.hget(keys.job("job-1"), "state") == "done"
    assert 3500 < await store.redis.ttl(keys.job("job-1")) <= 3600


async def test_job_accepted_before_any_worker_came_is_read(queue: Queue) -> None:
    for number in range(3):
        await queue.accept(f"job-{number}", make_ask())
    entries = [await read_one(queue) for _ in range(3)]
    assert [entry.job_id for entry in entries] == ["job-0", "job-1", "job-2"]


async def test_duplicate_becomes_no_job(queue: Queue, store: Store, keys: Keys) -> None:
    assert await queue.accept("job-1", make_ask(dedupe="same")) == "job-1"
    assert await queue.accept("job-2", make_ask(dedupe="same")) == "job-1"
    assert not await store.redis.exists(keys.job("job-2"))
    assert (await queue.load()).depth == 1
    assert 3500 < await store.redis.ttl(keys.seen("same")) <= 3600


async def test_duplicate_of_a_job_that_ended_becomes_no_job(queue: Queue) -> None:
    await queue.accept("job-1", make_ask(dedupe="same"))
    lease, job = await take_next(queue)
    await queue.deliver(lease, make_answer())
    await queue.finish(lease, 0, job)
    assert await queue.accept("job-2", make_ask(dedupe="same")) == "job-1"
    assert await queue.accept("job-1", make_ask(dedupe="same")) == "job-1"
    assert await queue.load() == Load(0, 0.0)


async def test_hundred_deliveries_at_once_become_one_job(queue: Queue) -> None:
    ask = make_ask(dedupe="same")
    holders = await asyncio.gather(*(queue.accept(f"job-{n}", ask) for n in range(100)))
    assert len(set(holders)) == 1
    assert (await queue.load()).depth == 1


async def test_first_answer_stands(queue: Queue) -> None:
    await queue.accept("job-1", make_ask())
    lease, _ = await take_next(queue)
    await queue.deliver(lease, make_answer("first"))
    assert await queue.deliver(lease, make_answer("second")) == make_answer("first")


async def test_job_cannot_finish_before_it_is_delivered(queue: Queue, store: Store) -> None:
    await queue.accept("job-1", make_ask())
    lease, job = await take_next(queue)
    with pytest.raises(RuntimeError, match="delivered"):
        await queue.finish(lease, 0, job)
    assert (await queue.load()).depth == 1


async def test_handed_back_job_is_as_old_as_it_was(queue: Queue) -> None:
    await queue.accept("job-1", make_ask())
    first = await read_one(queue)
    await queue.hand_back()
    second = await read_one(queue)
    taken = await queue.take(second)
    assert taken is not None
    await queue.accept("job-2", make_ask())
    assert await queue.release(taken[0])
    later, third = await queue.read(2)
    assert (later.job_id, third.job_id) == ("job-2", "job-1")
    assert [entry.since == first.order[0] for entry in (first, second)] == [False, True]
    assert third.since == round(taken[1].created * 1000)
    assert third.order < later.order


async def test_each_entry_goes_to_one_worker(queue: Queue, other: Queue) -> None:
    for number in range(20):
        await queue.accept(f"job-{number}", make_ask())
    await queue.claim(1, SCAN_START, 0)
    read = [entry.job_id for each in (queue, other) for entry in await each.read(10)]
    assert sorted(read) == sorted(f"job-{number}" for number in range(20))


async def test_abandoned_job_is_taken_over_and_its_holder_fenced(
    queue: Queue, other: Queue, store: Store, keys: Keys
) -> None:
    await queue.accept("job-1", make_ask())
    old, old_job = await take_next(queue)
    await queue.write(old, 1, [stored(Post("0", "C1", 5.0, "1.1"))])
    assert await other.claim(10, SCAN_START, 60) == (SCAN_START, [])

    new, job = await take_over(other)
    assert (job.state, job.epoch, job.attempts) == ("running", 2, 2)
    assert job.posts["0"].ts == "1.1"

    before = await store.redis.hgetall(keys.job("job-1"))
    assert await queue.renew([old]) == [False]
    for number in (0, 1, 2):
        with raises_lost():
            await queue.write(old, number, [("post:0", "")])
    with raises_lost():
        await queue.deliver(old, make_answer("of the zombie"))
    with raises_lost():
        await queue.finish(old, 0, old_job)
    await queue.release(old)
    assert await store.redis.hgetall(keys.job("job-1")) == before
    assert await other.renew([new]) == [True]


async def test_renewed_job_is_not_abandoned(queue: Queue, other: Queue) -> None:
    await queue.accept("job-1", make_ask())
    lease, _ = await take_next(queue)
    await asyncio.sleep(0.05)
    assert await queue.renew([lease]) == [True]
    _, claimed = await other.claim(10, SCAN_START, 0.05)
    assert claimed == []


async def test_worker_that_took_too_long_to_take_finds_the_entry_gone(
    queue: Queue, other: Queue
) -> None:
    await queue.accept("job-1", make_ask())
    entry = await read_one(queue)
    lease, _ = await take_over(other)
    assert await queue.take(entry) is None
    assert await other.renew([lease]) == [True]


async def test_delivery_is_resumed_with_the_stored_answer(queue: Queue, other: Queue) -> None:
    await queue.accept("job-1", make_ask())
    old, old_job = await take_next(queue)
    await queue.deliver(old, make_answer("stored"))

    new, job = await take_over(other)
    assert (job.state, job.attempts, job.answer) == ("delivering", 2, make_answer("stored"))
    assert await other.deliver(new, make_answer("another")) == make_answer("stored")
    assert await other.finish(new, 0, job) is None
    with raises_lost():
        await queue.finish(old, 0, old_job)


async def test_entry_of_a_job_that_is_over_is_dropped(
    queue: Queue, other: Queue, store: Store, keys: Keys
) -> None:
    await queue.accept("job-1", make_ask())
    entry = await read_one(queue)
    await store.redis.delete(keys.job("job-1"))
    assert await queue.take(entry) is None
    assert await queue.load() == Load(0, 0.0)
    assert await pending(store, keys) == 0


async def test_job_handed_back_is_read_at_once_and_does_not_count_as_tried(
    queue: Queue, other: Queue, store: Store, keys: Keys
) -> None:
    await queue.accept("job-1", make_ask())
    lease, _ = await take_next(queue)
    waiting = asyncio.create_task(read_one(other))
    await queue.release(lease)
    taken = await other.take(await waiting)
    assert taken is not None
    assert (taken[1].state, taken[1].epoch, taken[1].attempts) == ("running", 2, 1)
    await queue.release(lease)
    assert await other.renew([taken[0]]) == [True]
    assert (await queue.load()).depth == 1
    assert await pending(store, keys) == 1


async def test_delivery_handed_back_stays_a_delivery(queue: Queue, other: Queue) -> None:
    await queue.accept("job-1", make_ask())
    lease, job = await take_next(queue)
    await queue.deliver(lease, make_answer())
    await queue.release(lease)
    with raises_lost():
        await queue.finish(lease, 0, job)
    _, job = await take_next(other)
    assert (job.state, job.attempts, job.answer) == ("delivering", 1, make_answer())


async def test_finished_job_cannot_be_handed_back(queue: Queue) -> None:
    await queue.accept("job-1", make_ask())
    lease, job = await take_next(queue)
    await queue.deliver(lease, make_answer())
    await queue.finish(lease, 0, job)
    await queue.release(lease)
    assert await queue.load() == Load(0, 0.0)


async def test_unread_entries_are_handed_back_but_not_those_worked_on(
    queue: Queue, other: Queue, store: Store, keys: Keys
) -> None:
    for number in range(250):
        await queue.accept(f"job-{number}", make_ask())
    mine, _ = await take_next(queue)
    await queue.read(200)
    assert await queue.hand_back([mine.entry]) == 200
    assert await queue.renew([mine]) == [True]
    assert await pending(store, keys) == 1
    assert len(await other.read(250)) == 249

    assert await queue.hand_back() == 1
    names = {consumer["name"] for consumer in await store.redis.xinfo_consumers(keys.queue, GROUP)}
    assert names == {other.consumer}


async def test_delivery_is_repeated_once_when_a_zombie_wrote_meanwhile(queue: Queue) -> None:
    await queue.accept("job-1", make_ask())
    lease, job = await take_next(queue)
    await queue.deliver(lease, make_answer())
    await queue.reassert("job-1")
    calls = await queue.finish(lease, 0, job)
    assert calls == Again(1)
    assert await queue.finish(lease, 1, job) is None


async def test_zombie_that_wrote_before_the_delivery_is_served_by_it(
    queue: Queue, other: Queue
) -> None:
    await queue.accept("job-1", make_ask())
    await take_next(queue)
    await queue.reassert("job-1")
    lease, job = await take_over(other)
    await other.deliver(lease, make_answer())
    assert await other.finish(lease, job.redeliver, job) is None


async def test_finished_job_is_delivered_again_from_its_stored_answer(
    queue: Queue, other: Queue, store: Store, keys: Keys
) -> None:
    await queue.accept("job-1", make_ask())
    lease, job = await take_next(queue)
    await queue.deliver(lease, make_answer("stored"))
    await queue.finish(lease, 0, job)

    await queue.reassert("job-1")
    assert await store.redis.ttl(keys.job("job-1")) == -1
    with raises_lost():
        await queue.finish(lease, 1, job)
    again, job = await take_next(other)
    assert (job.state, job.answer, job.attempts) == ("delivering", make_answer("stored"), 1)
    assert await queue.renew([lease]) == [False]
    assert await other.finish(again, job.redeliver, job) is None
    assert await store.redis.ttl(keys.job("job-1")) > 0
    assert await queue.load() == Load(0, 0.0)


async def test_unknown_job_is_not_brought_back(queue: Queue, store: Store) -> None:
    await queue.reassert("job-1")
    assert await store.redis.dbsize() == 0
