"""The worker: each job to its end once, beside others that die or freeze."""

from __future__ import annotations

import asyncio

import pytest

from bot.jobs import holder
from bot.jobs.holder import Held, Holder
from bot.jobs.job import GROUP
from bot.jobs.places import Places
from bot.jobs.queue import Queue
from bot.jobs.worker import Worker
from bot.metrics import QUEUE_DEPTH, QUEUE_OLDEST, QUOTA_RESERVED_TOKENS
from bot.slack.inbound import incoming
from bot.slack.inbound.incoming import Acks
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from tests.jobs.asks import make_ask
from tests.jobs.conftest import MakeQueue
from tests.jobs.steps import read_one, take_next, take_over
from tests.jobs.work import IDLE, Runs, sample, until, working
from tests.rules.holds import make_hold


async def test_every_job_is_run_once_by_one_of_several_workers(
    queue: Queue, other: Queue, store: Store, make_queue: MakeQueue
) -> None:
    runs, third = Runs(), make_queue(store, 60)
    async with working(queue, runs), working(other, runs), working(third, runs):
        for number in range(60):
            await queue.accept(f"job-{number}", make_ask())
        ended = {(await runs.finished.get()).job.id for _ in range(60)}
    assert ended == {f"job-{number}" for number in range(60)}
    assert runs.started.qsize() == 60
    assert await queue.load() == IDLE


async def test_no_more_at_once_than_there_is_room_for(queue: Queue) -> None:
    running = most = 0

    async def act(_: Held) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1

    runs = Runs(act)
    for number in range(20):
        await queue.accept(f"job-{number}", make_ask())
    async with working(queue, runs, at_once=3) as worker:
        for _ in range(20):
            await runs.finished.get()
            assert worker.alive
    assert most == 3


async def test_new_and_abandoned_jobs_share_the_room(queue: Queue, fast: Queue) -> None:
    go = asyncio.Event()
    runs = Runs(lambda _: go.wait())
    await queue.accept("abandoned", make_ask())
    await take_next(queue)
    async with working(fast, runs, at_once=1) as worker:
        await runs.started.get()
        await queue.accept("new", make_ask())
        await until(lambda: worker.running == 2)
        assert runs.started.empty()
        go.set()
        ended = [(await runs.finished.get()).job.id for _ in range(2)]
    assert ended == ["abandoned", "new"]


async def test_long_job_keeps_its_lease(store: Store, make_queue: MakeQueue) -> None:
    async def act(_: Held) -> None:
        await asyncio.sleep(1.5)

    runs, queue = Runs(act), make_queue(store, 1)
    await queue.accept("job-1", make_ask())
    async with working(queue, runs), working(make_queue(store, 1), runs):
        held = await runs.finished.get()
    assert (held.job.epoch, runs.started.qsize()) == (1, 1)


async def test_queue_is_measured(queue: Queue) -> None:
    hold = asyncio.Event()
    QUEUE_DEPTH.set(-1)
    QUEUE_OLDEST.set(-1)
    QUOTA_RESERVED_TOKENS.set(-1)
    runs = Runs(lambda _: hold.wait())
    await queue.accept("job-1", make_ask(), make_hold(70))
    async with working(queue, runs):
        await until(lambda: sample("grokbot_queue_depth") == 1)
        await until(lambda: sample("grokbot_quota_reserved_tokens") == 70)
        assert sample("grokbot_queue_oldest_seconds") >= 0
        hold.set()
        await runs.finished.get()


async def test_job_of_a_dead_worker_is_taken_over_on_an_idle_queue(
    queue: Queue, fast: Queue
) -> None:
    dead, runs = queue, Runs()
    before = sample("grokbot_jobs_reclaimed_total")
    await dead.accept("job-1", make_ask())
    await take_next(dead)
    async with working(fast, runs):
        held = await runs.finished.get()
    assert (held.job.epoch, held.job.attempts) == (2, 2)
    assert sample("grokbot_jobs_reclaimed_total") - before == 1
    assert await queue.load() == IDLE


async def test_entry_read_by_a_worker_that_died_before_taking_it(queue: Queue, fast: Queue) -> None:
    runs = Runs()
    await queue.accept("job-1", make_ask())
    await read_one(queue)
    async with working(fast, runs):
        held = await runs.finished.get()
    assert (held.job.epoch, held.job.attempts) == (1, 1)


async def test_alone_in_its_store_a_worker_waits_for_no_lease(
    valkey: str, make_queue: MakeQueue
) -> None:
    async with Store(valkey, alone=True) as store:
        await store.redis.flushall()
        dead, queue = make_queue(store, 3600), make_queue(store, 3600)
        for number in range(30):
            await dead.accept(f"job-{number}", make_ask())
            await take_next(dead)
        runs = Runs()
        async with working(queue, runs, at_once=2):
            ended = [await runs.finished.get() for _ in range(30)]
        assert {held.job.epoch for held in ended} == {2}


async def test_zombie_that_wrote_has_the_answer_shown_again(queue: Queue, other: Queue) -> None:
    """It held the job, froze, and finds only after a write that another has finished it."""
    frozen, thaw = asyncio.Event(), asyncio.Event()

    async def zombie(held: Held) -> None:
        await held.ledger.check()
        frozen.set()
        await thaw.wait()
        await held.ledger.check()

    runs, others = Runs(zombie), Runs()
    await queue.accept("job-1", make_ask())
    async with working(queue, runs):
        await frozen.wait()
        await others(Held(other, *await take_over(other)))
        thaw.set()
        again = await runs.finished.get()
    assert others.shown == ["by 2"]
    assert runs.shown == ["by 2"]
    assert (again.job.epoch, again.job.state) == (3, "delivering")
    assert await queue.load() == IDLE


async def test_work_on_a_lost_job_is_cancelled_in_the_end(
    fast: Queue, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holder, "LOST_SECONDS", 0.01)
    runs, others = Runs(lambda _: asyncio.Event().wait()), Runs()
    await fast.accept("job-1", make_ask())
    holding = asyncio.create_task(Holder(fast, runs, Places(1)).hold(*await take_next(fast)))
    await runs.started.get()
    other = Held(queue, *await take_over(queue))
    await holding
    await others(other)
    assert others.shown == ["by 2", "by 2"]
    assert await queue.load() == IDLE


async def test_zombie_that_is_stopped_before_it_can_look_has_the_answer_shown_again(
    queue: Queue, other: Queue
) -> None:
    runs, others = Runs(lambda _: asyncio.Event().wait()), Runs()
    await queue.accept("job-1", make_ask())
    zombie = asyncio.create_task(Worker(queue, runs, Places(1)).run())
    await runs.started.get()
    await others(Held(other, *await take_over(other)))
    zombie.cancel()
    with pytest.raises(asyncio.CancelledError):
        await zombie
    async with working(other, others):
        await others.finished.get()
        again = await others.finished.get()
    assert again.job.epoch == 3
    assert others.shown == ["by 2", "by 2"]
    assert await queue.load() == IDLE


async def test_nothing_is_taken_before_slack_is_connected(queue: Queue, other: Queue) -> None:
    """Neither what is new, nor what is abandoned, nor what was read when the connection broke."""
    connected, asked = asyncio.Event(), asyncio.Semaphore(0)

    async def is_connected() -> bool:
        asked.release()
        return connected.is_set()

    runs = Runs()
    for number in range(2):
        await other.accept(f"job-{number}", make_ask())
    await take_next(other)
    worker = Worker(queue, runs, Places(10), waiting=2, connected=is_connected)
    async with asyncio.TaskGroup() as group:
        group.create_task(worker.run())
        for _ in range(6):
            await asked.acquire()
        assert worker.running == 0
        job = await queue.look("job-1")
        assert job is not None
        assert job.state == "queued"
        connected.set()
        assert (await runs.finished.get()).job.id == "job-1"
        await worker.drain(0)


async def test_what_was_read_when_the_connection_broke_is_handed_back(
    queue: Queue, other: Queue, store: Store, keys: Keys
) -> None:
    broken = asyncio.Event()

    async def is_connected() -> bool:
        return not broken.is_set()

    async def reads() -> bool:
        return bool(await store.redis.exists(keys.queue)) and bool(
            await store.redis.xinfo_consumers(keys.queue, GROUP)
        )

    runs = Runs()
    worker = Worker(queue, runs, Places(1), connected=is_connected)
    async with asyncio.TaskGroup() as group:
        group.create_task(worker.run())
        while not await reads():
            await asyncio.sleep(0.005)
        broken.set()
        await other.accept("job-1", make_ask())
        await until(lambda: worker.running == 1)
        await worker.drain(60)
    assert runs.started.empty()
    assert (await take_next(other))[1].attempts == 1


async def test_work_begins_one_by_one_while_acks_are_due(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming, "LATE_SECONDS", -1.0)
    monkeypatch.setattr(incoming, "LONGEST_PAUSE_SECONDS", 3600.0)
    acks, runs = Acks(), Runs()
    for number in range(3):
        await queue.accept(f"job-{number}", make_ask())
    with acks.due():
        async with working(queue, runs, acks=acks) as worker:
            await runs.started.get()
            assert worker.running <= 1
            assert (await queue.load()).depth >= 2
            monkeypatch.setattr(incoming, "LATE_SECONDS", 3600.0)
            for _ in range(2):
                await runs.started.get()
