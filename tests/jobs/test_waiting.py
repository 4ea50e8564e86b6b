"""Jobs that no worker has room for: they wait where they can be told of, each for its turn."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest

from bot.jobs import queue as queue_module
from bot.jobs import worker as worker_module
from bot.jobs.holder import Held
from bot.jobs.job import Entry, Lease
from bot.jobs.places import Places
from bot.jobs.queue import Queue
from bot.jobs.worker import Worker
from bot.metrics import JOBS_WAITING
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from tests.jobs.asks import make_answer, make_ask
from tests.jobs.conftest import MakeQueue
from tests.jobs.processes import FAST, Journal, process
from tests.jobs.processes import worker as crew_here
from tests.jobs.steps import read_one, take_next
from tests.jobs.work import IDLE, Runs, sample, until, working


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers that look round without rest, and are drained without delay."""
    monkeypatch.setattr(queue_module, "BLOCK_SECONDS", 0.1)
    monkeypatch.setattr(worker_module, "UNREAD_SECONDS", 0.02)
    monkeypatch.setattr(worker_module, "LOOK_EVERY_SECONDS", 0.01)


class Grok:
    """Waits for the turn of each job, as a `Runner` does, and then for `go` to let it answer."""

    def __init__(self, *, go: int = 0) -> None:
        self.go = asyncio.Semaphore(go)
        self.asked: asyncio.Queue[str] = asyncio.Queue()
        self.told: dict[str, list[int]] = {}
        self.at_once = self.most = 0

    def runs(self) -> Runs:
        return Runs(self._act)

    async def next(self, count: int) -> list[str]:
        """The next jobs that Grok was asked about."""
        return [await self.asked.get() for _ in range(count)]

    async def _act(self, held: Held) -> None:
        told = self.told.setdefault(held.job.id, [])
        turn = asyncio.create_task(held.turn(told.append))
        stop = asyncio.create_task(held.stopped.wait())
        try:
            await asyncio.wait({turn, stop}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            turn.cancel()
            stop.cancel()
        if not held.stopped.is_set():
            await held.begin()
            await self._ask(held)

    async def _ask(self, held: Held) -> None:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        self.asked.put_nowait(held.job.id)
        try:
            await self.go.acquire()
        finally:
            self.at_once -= 1


async def accept(queue: Queue, count: int) -> list[str]:
    ids = [f"job-{number}" for number in range(count)]
    for job_id in ids:
        await queue.accept(job_id, make_ask())
    return ids


async def begun(runs: Runs, count: int) -> list[str]:
    return [(await runs.started.get()).job.id for _ in range(count)]


async def ended(runs: Runs, count: int) -> list[Held]:
    return [await runs.finished.get() for _ in range(count)]


async def test_jobs_wait_in_the_order_of_the_queue_and_are_told_of_it(queue: Queue) -> None:
    grok = Grok()
    runs = grok.runs()
    ids = await accept(queue, 7)
    async with working(queue, runs, at_once=2, waiting=3) as worker:
        assert sorted(await begun(runs, 5)) == ids[:5]
        assert sorted(await grok.next(2)) == ids[:2]
        assert runs.started.empty()
        assert worker.alive
        for number in range(2, 7):
            grok.go.release()
            assert await grok.next(1) == [ids[number]]
        for _ in range(2):
            grok.go.release()
        assert {held.job.epoch for held in await ended(runs, 7)} == {1}
    assert grok.most == 2
    assert [grok.told[job_id] for job_id in ids[:5]] == [[], [], [0], [1, 0], [2, 1, 0]]
    assert await queue.load() == IDLE


async def test_who_asks_for_no_turn_waits_where_it_begins(queue: Queue) -> None:
    asking = most = 0
    go = asyncio.Event()

    async def act(held: Held) -> None:
        nonlocal asking, most
        await held.begin()
        asking += 1
        most = max(most, asking)
        await go.wait()
        asking -= 1

    runs = Runs(act)
    await accept(queue, 6)
    async with working(queue, runs, at_once=2, waiting=4):
        await begun(runs, 6)
        go.set()
        await ended(runs, 6)
    assert most == 2


async def test_stop_of_a_job_that_waits_ends_it_at_once(queue: Queue) -> None:
    grok = Grok()
    runs = grok.runs()
    ids = await accept(queue, 4)
    async with working(queue, runs, at_once=1, waiting=3):
        await begun(runs, 4)
        await until(lambda: grok.told.get("job-3") == [2])
        assert await queue.stop("job-1", "because") == "running"
        (stopped,) = await ended(runs, 1)
        assert (stopped.job.id, stopped.stopped.is_set()) == ("job-1", True)
        await until(lambda: grok.told["job-3"] == [2, 1])
        grok.go.release()
        assert await grok.next(2) == [ids[0], ids[2]]
        assert grok.told["job-2"] == [1, 0]
    assert grok.most == 1


async def test_stop_of_a_job_that_nobody_had_room_for_ends_it(queue: Queue) -> None:
    grok = Grok()
    runs = grok.runs()
    await accept(queue, 2)
    await queue.stop("job-1", "because")
    async with working(queue, runs, at_once=1, waiting=1):
        (stopped,) = await ended(runs, 1)
    assert stopped.job.id == "job-1"


async def test_drained_worker_hands_back_at_once_what_waits(queue: Queue, other: Queue) -> None:
    grok, others = Grok(), Runs()
    runs = grok.runs()
    ids = await accept(queue, 4)
    async with asyncio.TaskGroup() as group:
        worker = Worker(queue, runs, Places(1), waiting=2)
        group.create_task(worker.run())
        await begun(runs, 3)
        group.create_task(worker.drain(60))
        async with working(other, others):
            handed = await ended(others, 3)
        assert {held.job.id: held.job.attempts for held in handed} == dict.fromkeys(ids[1:], 1)
        grok.go.release()
    assert [held.job.id for held in await ended(runs, 1)] == ids[:1]
    assert await queue.load() == IDLE


async def test_cancelled_worker_hands_back_what_waits(queue: Queue, other: Queue) -> None:
    grok, others = Grok(), Runs()
    runs = grok.runs()
    await accept(queue, 3)
    running = asyncio.create_task(Worker(queue, runs, Places(1), waiting=2).run())
    await begun(runs, 3)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    async with working(other, others):
        handed = await ended(others, 3)
    assert {(held.job.epoch, held.job.attempts) for held in handed} == {(2, 1)}
    assert await queue.load() == IDLE


async def test_killed_worker_leaves_what_waited_to_others(
    valkey: str, store: Store, keys: Keys, queue: Queue
) -> None:
    journal = Journal(store)
    await queue.accept("job-1", make_ask("asked"))
    await queue.accept("job-2", make_ask("asked"))
    async with process(valkey, FAST, "tests.jobs.waiters") as crew:
        assert sorted(await journal.read(2)) == ["asked 1", "waiting 1"]
        crew.kill()
        await crew.wait()
        async with crew_here(store, keys, FAST):
            life = ["asked 2", "delivering 2", "shown:answer-2 2", "finished 2"]
            assert sorted(await journal.read(8)) == sorted(life * 2)
    assert await journal.rest() == []
    assert await queue.load() == IDLE


class Renewing(Queue):
    """Counts how often each lease was renewed."""

    def __init__(self, *args: object, **settings: object) -> None:
        super().__init__(*args, **settings)  # type: ignore[arg-type]
        self.renewed: Counter[str] = Counter()

    async def renew(self, leases: Sequence[Lease]) -> Sequence[bool]:
        kept = await super().renew(leases)
        for lease, held in zip(leases, kept, strict=True):
            self.renewed[lease.entry.job_id] += held
        return kept


async def test_job_that_waits_long_keeps_its_lease(store: Store, keys: Keys) -> None:
    queue = Renewing(store, keys, lease_seconds=0.3, retention_seconds=3600)
    grok = Grok()
    runs = grok.runs()
    await accept(queue, 2)
    async with working(queue, runs, at_once=1, waiting=1):
        await until(lambda: queue.renewed["job-1"] >= 5)
        grok.go.release()
        grok.go.release()
        assert {held.job.epoch for held in await ended(runs, 2)} == {1}


async def test_no_job_waits_while_another_worker_has_room(queue: Queue, other: Queue) -> None:
    grok, others = Grok(), Grok(go=9)
    runs, roomy = grok.runs(), others.runs()
    ids = await accept(queue, 4)
    async with working(queue, runs, at_once=1, waiting=3):
        await begun(runs, 4)
        async with working(other, roomy, at_once=2, waiting=3):
            handed = await ended(roomy, 3)
            assert others.told == {job_id: [] for job_id in ids[1:]}
            assert runs.finished.empty()
            grok.go.release()
            await ended(runs, 1)
    assert {held.job.id for held in handed} == set(ids[1:])
    assert {(held.job.epoch, held.job.attempts) for held in handed} == {(2, 1)}
    assert await queue.load() == IDLE


async def test_who_waited_longest_goes_to_the_room_that_another_worker_has(
    queue: Queue, other: Queue
) -> None:
    grok, others = Grok(), Grok()
    runs, roomy = grok.runs(), others.runs()
    ids = await accept(queue, 5)
    async with working(queue, runs, at_once=1, waiting=4):
        await until(lambda: all(grok.told.get(job_id) for job_id in ids[1:]))
        async with working(other, roomy, at_once=2, waiting=1):
            assert sorted(await others.next(2)) == ids[1:3]
            await until(lambda: grok.told["job-4"][-1] == 1)
            others.go.release()
            assert await others.next(1) == [ids[3]]


class Looking(Queue):
    """Counts how often it looked round."""

    looks = 0

    async def overflow(
        self, count: int, unread_seconds: float, waiting: int = 0
    ) -> tuple[list[Entry], int]:
        found = await super().overflow(count, unread_seconds, waiting)
        self.looks += 1
        return found


async def test_jobs_stay_where_they_wait_while_every_worker_is_full(
    store: Store, keys: Keys
) -> None:
    first, second = (
        Looking(store, keys, lease_seconds=60, retention_seconds=3600) for _ in range(2)
    )
    grok = Grok()
    runs = grok.runs()
    await accept(first, 6)
    async with (
        working(first, runs, at_once=1, waiting=3),
        working(second, runs, at_once=1, waiting=3),
    ):
        await begun(runs, 6)
        seen = first.looks, second.looks
        await until(lambda: first.looks > seen[0] + 5 and second.looks > seen[1] + 5)
        assert runs.started.empty()
        for _ in range(6):
            grok.go.release()
        assert {held.job.epoch for held in await ended(runs, 6)} <= {1, 2}
    assert grok.most <= 2


async def test_abandoned_job_comes_before_what_waits(queue: Queue, fast: Queue) -> None:
    """And is taken in though as many wait as may."""
    grok = Grok()
    runs = grok.runs()
    ids = await accept(queue, 4)
    await take_next(queue)
    async with working(fast, runs, at_once=1, waiting=2):
        while "job-0" not in await begun(runs, 1):
            pass
        (running,) = await grok.next(1)
        grok.go.release()
        waited = [job_id for job_id in ids if job_id != running]
        assert await grok.next(1) == waited[:1]
    assert grok.most == 1


async def test_job_that_was_handed_back_keeps_its_place_in_line(queue: Queue, other: Queue) -> None:
    grok = Grok()
    runs = grok.runs()
    await queue.accept("early", make_ask())
    lease, _ = await take_next(other)
    await accept(queue, 2)
    async with working(queue, runs, at_once=1, waiting=2):
        await until(lambda: grok.told.get("job-1") == [0])
        assert await other.release(lease)
        await until(lambda: grok.told["job-1"] == [0, 1])
        for _ in range(3):
            grok.go.release()
        assert await grok.next(3) == ["job-0", "early", "job-1"]


async def test_answer_that_only_has_to_be_shown_waits_for_nothing(queue: Queue) -> None:
    grok = Grok()
    runs = grok.runs()
    await queue.accept("shown", make_ask())
    held = Held(queue, *await take_next(queue))
    await held.deliver(make_answer("stored"))
    await held.finish()
    await accept(queue, 1)
    async with working(queue, runs, at_once=1, waiting=1):
        await grok.next(1)
        await queue.reassert("shown")
        assert [held.job.id for held in await ended(runs, 1)] == ["shown"]
    assert runs.shown == ["stored"]


async def test_alone_in_its_store_a_worker_takes_in_at_once_what_it_has_no_room_for(
    valkey: str, make_queue: MakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "UNREAD_SECONDS", 3600.0)
    async with Store(valkey, alone=True) as store:
        await store.redis.flushall()
        queue, runs = make_queue(store, 60), Grok().runs()
        await accept(queue, 2)
        async with working(queue, runs, at_once=1, waiting=1):
            await begun(runs, 2)


async def test_what_others_may_have_room_for_is_not_taken_in(
    store: Store, keys: Keys, other: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "UNREAD_SECONDS", 3600.0)
    queue = Looking(store, keys, lease_seconds=60, retention_seconds=3600)
    grok = Grok()
    runs = grok.runs()
    await accept(queue, 2)
    async with working(queue, runs, at_once=1, waiting=1):
        await grok.next(1)
        await until(lambda: queue.looks > 3)
        assert (await read_one(other)).job_id == "job-1"


async def test_those_that_wait_are_counted(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "GAUGE_EVERY_SECONDS", 0.01)
    JOBS_WAITING.set(-1)
    grok = Grok()
    await accept(queue, 3)
    async with working(queue, grok.runs(), at_once=1, waiting=5):
        await until(lambda: sample("grokbot_jobs_waiting") == 2)
        assert sample("grokbot_queue_depth") == 3
        for _ in range(3):
            grok.go.release()
        await until(lambda: sample("grokbot_jobs_waiting") == 0)


async def test_burst_is_answered_once_each_and_never_more_at_once_than_may_be(
    queue: Queue, other: Queue
) -> None:
    first, second = Grok(go=200), Grok(go=200)
    runs, more = first.runs(), second.runs()
    async with (
        working(queue, runs, at_once=4, waiting=4),
        working(other, more, at_once=3, waiting=3),
    ):
        await accept(queue, 200)
        await until(lambda: runs.finished.qsize() + more.finished.qsize() == 200)
    shown = runs.finished.qsize(), more.finished.qsize()
    asked = Counter([*await first.next(shown[0]), *await second.next(shown[1])])
    assert asked == Counter(f"job-{number}" for number in range(200))
    assert first.asked.empty()
    assert second.asked.empty()
    assert (first.most, second.most) <= (4, 3)
    assert min(shown) > 0
    assert await queue.load() == IDLE
