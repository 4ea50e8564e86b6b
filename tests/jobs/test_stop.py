"""Stopping a job, wherever it runs: never missed, whatever happens on the way."""

from __future__ import annotations

import asyncio

import pytest

from bot.jobs import queue as queue_module
from bot.jobs.holder import Held
from bot.jobs.job import Entry, Job, Lease
from bot.jobs.places import Places
from bot.jobs.queue import STOPS_START, Queue
from bot.jobs.worker import Worker
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from tests.jobs.asks import make_answer, make_ask
from tests.jobs.conftest import MakeQueue
from tests.jobs.steps import take_next, take_over
from tests.jobs.work import Runs, until, working
from tests.store.proxy import Proxy, every_other


def stoppable() -> Runs:
    return Runs(lambda held: held.stopped.wait())


async def test_stop_of_each_state(queue: Queue) -> None:
    assert await queue.stop("job-1", "because") is None
    assert await queue.newest_stop() == STOPS_START
    for number in range(3):
        await queue.accept(f"job-{number}", make_ask())
    assert await queue.stop("job-2", "because") == "queued"
    lease, job = await take_next(queue)
    assert await queue.stop(job.id, "because") == "running"
    assert await queue.stop(job.id, "again") == "running"
    look = await queue.look(job.id)
    assert look is not None
    assert look.stop == "because"

    heard, stopped = await queue.stops(STOPS_START)
    assert stopped == ["job-2", "job-0"]
    assert heard == await queue.newest_stop()
    await queue.release(lease)
    held = Held(queue, *await take_next(queue))
    await held.deliver(make_answer())
    assert await queue.stop("job-1", "because") == "delivering"
    await held.finish()
    assert await queue.stop("job-1", "because") == "done"
    assert await queue.newest_stop() == heard


async def test_stop_counts_for_every_holder_to_come(queue: Queue, other: Queue) -> None:
    await queue.accept("job-1", make_ask())
    first = Held(queue, *await take_next(queue))
    assert not first.stopped.is_set()
    await queue.stop("job-1", "because")
    second = Held(other, *await take_over(other))
    assert (second.stopped.is_set(), second.job.stop) == (True, "because")


async def test_stop_reaches_whichever_replica_runs_the_job(
    queue: Queue, other: Queue, store: Store, make_queue: MakeQueue
) -> None:
    runs, third = stoppable(), make_queue(store, 60)
    async with working(queue, runs, at_once=3), working(other, runs, at_once=3):
        for number in range(6):
            await third.accept(f"job-{number}", make_ask())
        for _ in range(6):
            await runs.started.get()
        for number in range(6):
            await third.stop(f"job-{number}", f"because {number}")
        ended = [await runs.finished.get() for _ in range(6)]
    assert all(held.stopped.is_set() for held in ended)
    assert {held.job.id: await third.stop_reason(held.job.id) for held in ended} == {
        f"job-{number}": f"because {number}" for number in range(6)
    }


async def test_stop_leaves_other_jobs_alone(queue: Queue) -> None:
    runs = stoppable()
    for number in range(3):
        await queue.accept(f"job-{number}", make_ask())
    async with working(queue, runs):
        held = {}
        for _ in range(3):
            started = await runs.started.get()
            held[started.job.id] = started
        await queue.stop("job-1", "because")
        assert (await runs.finished.get()).job.id == "job-1"
        assert not held["job-0"].stopped.is_set()
        assert not held["job-2"].stopped.is_set()


async def test_job_that_is_stopped_while_it_waits_in_line_comes_stopped(queue: Queue) -> None:
    go = asyncio.Event()
    runs = Runs(lambda held: go.wait() if held.job.id == "job-0" else None)
    for number in range(3):
        await queue.accept(f"job-{number}", make_ask(conversation="D1"))
    async with working(queue, runs):
        await runs.started.get()
        assert await queue.stop("job-1", "because") == "queued"
        go.set()
        ended = [await runs.finished.get() for _ in range(3)]
    assert [held.job.id for held in ended] == ["job-0", "job-1", "job-2"]
    assert [held.stopped.is_set() for held in ended] == [False, True, False]


class SlowTake(Queue):
    """Its reply to a taking comes after a stop was written and heard."""

    def __init__(self, *args: object, **settings: object) -> None:
        super().__init__(*args, **settings)  # type: ignore[arg-type]
        self.asked_for_stops = asyncio.Event()

    async def take(self, entry: Entry) -> tuple[Lease, Job] | None:
        taken = await super().take(entry)
        await self.stop(entry.job_id, "because")
        newest = await self.newest_stop()
        while self.heard != newest:
            self.asked_for_stops.clear()
            await self.asked_for_stops.wait()
        return taken

    async def stops(self, after: str, *, wait: bool = True) -> tuple[str, list[str]]:
        self.heard = after
        self.asked_for_stops.set()
        return await super().stops(after, wait=wait)


async def test_stop_between_the_taking_and_its_reply(store: Store, keys: Keys) -> None:
    queue = SlowTake(store, keys, lease_seconds=60, retention_seconds=3600)
    runs = stoppable()
    await queue.accept("job-1", make_ask())
    async with working(queue, runs):
        held = await runs.finished.get()
    assert held.stopped.is_set()
    assert held.job.stop == ""


async def test_stop_that_was_written_before_anybody_listened(
    queue: Queue, other: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker that reads late finds it in the stream, whatever came after it."""
    listen = asyncio.Event()
    real = queue.stops

    async def late(after: str, *, wait: bool) -> tuple[str, list[str]]:
        await listen.wait()
        return await real(after, wait=wait)

    monkeypatch.setattr(queue, "stops", late)
    runs = stoppable()
    await queue.accept("job-1", make_ask())
    async with working(queue, runs):
        await runs.started.get()
        await other.stop("job-1", "because")
        await other.accept("job-2", make_ask())
        await other.stop("job-2", "because")
        listen.set()
        assert {(await runs.finished.get()).job.id for _ in range(2)} == {"job-1", "job-2"}


async def test_stop_while_the_way_to_redis_is_cut(
    valkey: str, queue: Queue, make_queue: MakeQueue
) -> None:
    runs = stoppable()
    async with (
        Proxy(valkey) as proxy,
        Store(proxy.url) as shaky,
        working(make_queue(shaky, 60), runs),
    ):
        await queue.accept("job-1", make_ask())
        await runs.started.get()
        await proxy.away()
        await queue.stop("job-1", "because")
        proxy.back()
        assert (await runs.finished.get()).stopped.is_set()


async def test_stop_after_redis_was_flushed(
    queue: Queue, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis' clock may have gone back meanwhile: ids begin anew, before the last one heard."""
    monkeypatch.setattr(queue_module, "BLOCK_SECONDS", 0.02)
    runs = stoppable()
    async with working(queue, runs) as worker:
        worker._heard_stops = "9999999999999-0"
        await store.redis.flushall()
        await queue.accept("job-1", make_ask())
        await runs.started.get()
        await queue.stop("job-1", "because")
        assert (await runs.finished.get()).stopped.is_set()


async def test_reading_stops_goes_on_where_it_ended(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_module, "BLOCK_SECONDS", 0.01)
    assert await queue.stops(STOPS_START) == (STOPS_START, [])
    for number in range(3):
        await queue.accept(f"job-{number}", make_ask())
        await queue.stop(f"job-{number}", "because")
    heard, stopped = await queue.stops(STOPS_START)
    assert stopped == ["job-0", "job-1", "job-2"]
    assert await queue.stops(heard) == (heard, [])
    assert await queue.stops("9999999999999-0") == (STOPS_START, [])


async def test_drained_worker_still_hears_of_stops(queue: Queue, other: Queue) -> None:
    runs = stoppable()
    await queue.accept("job-1", make_ask())
    async with asyncio.TaskGroup() as group:
        worker = Worker(queue, runs, Places(10))
        group.create_task(worker.run())
        await runs.started.get()
        group.create_task(worker.drain(60))
        await until(lambda: not worker.alive)
        await other.stop("job-1", "because")
    assert (await runs.finished.get()).stopped.is_set()


async def test_lost_replies_stop_a_job_once(
    valkey: str, queue: Queue, make_queue: MakeQueue
) -> None:
    await queue.accept("job-1", make_ask())
    async with Proxy(valkey) as proxy, Store(proxy.url) as shaky:
        proxy.lose = every_other()
        assert await make_queue(shaky, 60).stop("job-1", "because") == "queued"
        assert (proxy.scripts, proxy.lost) == (2, 1)
    assert (await queue.stops(STOPS_START))[1] == ["job-1"]


async def test_two_who_stop_at_once_stop_it_once(queue: Queue, other: Queue) -> None:
    await queue.accept("job-1", make_ask())
    stopping = (each.stop("job-1", reason) for each in (queue, other) for reason in "abcde")
    assert set(await asyncio.gather(*stopping)) == {"queued"}
    assert (await queue.stops(STOPS_START))[1] == ["job-1"]


async def test_delivery_and_job_are_found(queue: Queue) -> None:
    assert await queue.holder_of("d-1") is None
    assert await queue.look("job-1") is None
    ask = make_ask(dedupe="d-1")
    await queue.accept("job-1", ask)
    assert await queue.holder_of("d-1") == "job-1"
    job = await queue.look("job-1")
    assert job is not None
    assert (job.id, job.ask, job.state, job.stop) == ("job-1", ask, "queued", "")
