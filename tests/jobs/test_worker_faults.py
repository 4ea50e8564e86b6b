"""The worker when its jobs crash, when it has to end, and when Redis is away."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from redis.exceptions import RedisError

from bot import words
from bot.errors import StoreUnavailable
from bot.jobs import holder, worker
from bot.jobs.holder import Held
from bot.jobs.job import GROUP, MOST_ATTEMPTS
from bot.jobs.places import Places
from bot.jobs.queue import Queue
from bot.jobs.worker import Worker
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from bot.store.redis.embedded import EmbeddedServer
from tests.jobs.asks import make_answer, make_ask
from tests.jobs.conftest import MakeQueue
from tests.jobs.steps import read_one
from tests.jobs.work import IDLE, Runs, until, working
from tests.rules.holds import make_hold
from tests.store.proxy import Proxy

LEASE = 0.5


async def test_job_that_crashes_its_workers_ends_with_an_apology(fast: Queue) -> None:
    def crash(_: Held) -> None:
        raise ValueError("a fault of the program")

    runs = Runs(crash)
    await fast.accept("job-1", make_ask())
    async with working(fast, runs):
        held = await runs.finished.get()
    assert runs.shown == [words.GIVEN_UP]
    assert runs.started.qsize() == MOST_ATTEMPTS + 1
    assert held.job.epoch == MOST_ATTEMPTS + 1
    assert held.job.answer is not None
    assert held.job.answer.model == "grok-test"
    assert await fast.load() == IDLE


async def test_job_left_unfinished_is_tried_again(fast: Queue) -> None:
    runs = Runs()

    async def forgetful(held: Held) -> None:
        if held.job.epoch == 2:
            await runs(held)

    await fast.accept("job-1", make_ask())
    async with working(fast, forgetful):
        held = await runs.finished.get()
    assert held.job.attempts == 2


async def test_delivery_that_crashes_its_workers_ends_with_an_apology(fast: Queue) -> None:
    """Three attempts in all: those at asking Grok and those at showing the answer."""
    runs, shown = Runs(), []

    async def crashing(held: Held) -> None:
        if held.job.given_up:
            await runs(held)
            return
        if held.job.epoch == 1:
            raise ValueError("a fault of the program")
        shown.append(await held.deliver(make_answer("stored")))
        raise ValueError("a fault of the program")

    await fast.accept("job-1", make_ask())
    async with working(fast, crashing):
        held = await runs.finished.get()
    assert len(shown) == MOST_ATTEMPTS - 1
    assert runs.shown == [words.GIVEN_UP]
    assert (held.job.given_up, held.job.epoch) == ("delivering", MOST_ATTEMPTS + 1)
    assert await fast.load() == IDLE


async def test_apology_that_crashes_its_workers_ends_without_a_word(
    fast: Queue, store: Store, keys: Keys
) -> None:
    runs = 0

    async def crashing(held: Held) -> None:
        nonlocal runs
        runs += 1
        raise ValueError("a fault of the program")

    await fast.accept("job-1", make_ask())
    async with working(fast, crashing):
        while (await fast.load()).depth:
            await asyncio.sleep(0.01)
    job = await fast.look("job-1")
    assert job is not None
    assert (job.state, job.given_up, runs) == ("done", "running", 2 * MOST_ATTEMPTS)
    assert await store.redis.zrange(keys.failed, 0, -1) == ["job-1"]
    assert 0 < await store.redis.ttl(keys.failed) <= 3600
    assert 0 < await store.redis.ttl(keys.job("job-1")) <= 3600


async def test_job_that_cannot_be_read_ends_too(fast: Queue, store: Store, keys: Keys) -> None:
    """With what it has reserved released, and the next of its conversation begun."""
    place = {"conversation": "C1:1.1", "thread_ts": "1.1"}
    runs = Runs()
    await fast.accept("job-1", make_ask(**place), make_hold(70))
    await fast.accept("job-2", make_ask(**place))
    await store.redis.hset(keys.job("job-1"), "ask", "{}")
    async with working(fast, runs):
        assert (await runs.finished.get()).job.id == "job-2"
    assert await fast.load() == IDLE
    assert await store.redis.hget(keys.job("job-1"), "state") == "done"


async def test_hash_that_is_no_job_does_not_stop_the_others(
    queue: Queue, store: Store, keys: Keys
) -> None:
    runs = Runs()
    await queue.accept("job-1", make_ask())
    await store.redis.hset(keys.job("job-1"), "ask", "{}")
    async with working(queue, runs):
        await queue.accept("job-2", make_ask())
        assert (await runs.finished.get()).job.id == "job-2"


async def test_drained_worker_lets_its_jobs_finish_and_takes_no_more(queue: Queue) -> None:
    go = asyncio.Event()
    runs = Runs(lambda _: go.wait())
    await queue.accept("job-1", make_ask())
    async with asyncio.TaskGroup() as group:
        worker = Worker(queue, runs, Places(10))
        group.create_task(worker.run())
        await runs.started.get()
        group.create_task(worker.drain(60))
        await until(lambda: not worker.alive)
        await queue.accept("late", make_ask())
        go.set()
    assert (await runs.finished.get()).job.id == "job-1"
    assert runs.started.empty()
    assert (await queue.load()).depth == 1


async def test_drained_worker_hands_back_at_once_what_it_never_began(
    queue: Queue, other: Queue
) -> None:
    go = asyncio.Event()
    runs = Runs(lambda _: go.wait())
    await queue.accept("job-1", make_ask())
    async with asyncio.TaskGroup() as group:
        worker = Worker(queue, runs, Places(1))
        group.create_task(worker.run())
        await runs.started.get()
        await queue.accept("job-2", make_ask())
        await queue.read(1)
        group.create_task(worker.drain(60))
        assert (await read_one(other)).job_id == "job-2"
        go.set()
    assert (await runs.finished.get()).job.epoch == 1


@pytest.mark.parametrize("end", ["drain", "cancel"])
async def test_jobs_that_cannot_finish_are_handed_back_at_once(
    end: str, queue: Queue, other: Queue, store: Store, keys: Keys
) -> None:
    runs, others = Runs(lambda _: asyncio.Event().wait()), Runs()
    for number in range(3):
        await queue.accept(f"job-{number}", make_ask())
    worker = Worker(queue, runs, Places(3))
    running = asyncio.create_task(worker.run())
    for _ in range(3):
        await runs.started.get()
    if end == "drain":
        await worker.drain(0)
        await running
    else:
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert worker.running == 0
    assert await store.redis.xinfo_consumers(keys.queue, GROUP) == []

    async with working(other, others):
        ended = [(await others.finished.get()).job for _ in range(3)]
    assert {(job.epoch, job.attempts) for job in ended} == {(2, 1)}
    assert await queue.load() == IDLE


async def test_worker_that_never_ran_drains_at_once(queue: Queue) -> None:
    worker = Worker(queue, Runs(), Places(1))
    assert not worker.alive
    await worker.drain(60)


async def test_job_that_lost_redis_is_handed_back_without_counting(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holder, "AWAY_SECONDS", 0.01)

    def away(held: Held) -> None:
        if held.job.epoch <= 2 * MOST_ATTEMPTS:
            raise StoreUnavailable("away")

    runs = Runs(away)
    await queue.accept("job-1", make_ask())
    async with working(queue, runs):
        held = await runs.finished.get()
    assert (held.job.epoch, held.job.attempts) == (2 * MOST_ATTEMPTS + 1, 1)
    assert len(runs.shown) == 1


async def test_job_that_the_store_forgot_is_queued_anew(
    fast: Queue, store: Store, keys: Keys
) -> None:
    """With what was posted of it; unless so much time has passed that it may be long over."""
    await fast.accept("job-1", make_ask())

    async def forgotten(held: Held) -> None:
        if held.job.epoch == 1:
            await held.ledger.posted("0", "C1", "1.1")
            await store.redis.delete(keys.job("job-1"))
        await runs(held)

    runs = Runs()
    async with working(fast, forgotten):
        held = await runs.finished.get()
    assert (held.job.epoch, held.job.posts["0"].ts) == (2, "1.1")
    assert runs.finished.empty()
    assert await fast.load() == IDLE


async def test_job_that_was_over_long_ago_stays_forgotten(
    fast: Queue, store: Store, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holder, "FORGOTTEN_SECONDS", -1.0)
    monkeypatch.setattr(holder, "FORGOTTEN_LEASES", 0)
    await fast.accept("job-1", make_ask())
    runs = Runs()

    async def forgotten(held: Held) -> None:
        await store.redis.delete(keys.job("job-1"))
        await runs(held)

    async with working(fast, forgotten):
        await runs.started.get()
        while (await fast.load()).depth:
            await asyncio.sleep(0.01)
    assert runs.finished.empty()
    assert await fast.look("job-1") is None


async def test_worker_that_breaks_down_says_why_and_can_be_drained(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is raised where nobody expects it, in the work and in leaving it."""

    async def broken(*_: object) -> int:
        raise TypeError("an unexpected keyword argument 'ssl'")

    monkeypatch.setattr(queue, "read", broken)
    monkeypatch.setattr(queue, "hand_back", broken)
    worker = Worker(queue, Runs(), Places(1))
    running = asyncio.create_task(worker.run())
    await asyncio.wait([running])

    await worker.drain(60)
    assert not worker.alive
    assert worker.trouble == "TypeError: an unexpected keyword argument 'ssl'"
    assert running.exception() is not None


async def test_worker_without_redis_says_why(
    valkey: str, make_queue: MakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "SILENT_SECONDS", 0.05)
    async with (
        Proxy(valkey) as proxy,
        Store(proxy.url) as shaky,
        working(make_queue(shaky, 60), Runs()) as at_work,
    ):
        await proxy.away()
        await until(lambda: not at_work.alive and bool(at_work.trouble))
        proxy.back()
    assert at_work.trouble.startswith("StoreUnavailable: ")


async def test_worker_ends_though_redis_is_away(
    valkey: str, make_queue: MakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holder, "HAND_BACK_SECONDS", 0.05)
    runs = Runs(lambda _: asyncio.Event().wait())
    async with Proxy(valkey) as proxy, Store(proxy.url) as shaky:
        await shaky.redis.flushall()
        queue = make_queue(shaky, 60)
        await queue.accept("job-1", make_ask())
        async with working(queue, runs):
            await runs.started.get()
            await proxy.away()


@pytest.mark.integration
async def test_nobody_counts_as_gone_for_the_time_that_redis_was_away(
    tmp_path: Path, make_queue: MakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two replicas, and a store that is away for longer than a lease: no holder could renew."""
    monkeypatch.setattr("bot.store.redis.embedded.RESTART_SECONDS", (0.01, 0.01))
    monkeypatch.setattr(holder, "AWAY_SECONDS", 0.01)
    go, lease = asyncio.Event(), 1.5
    runs = Runs(lambda _: go.wait())
    async with EmbeddedServer(tmp_path) as server, Store(server.url) as store:
        queue, other = make_queue(store, lease), make_queue(store, lease)
        await queue.accept("job-1", make_ask())
        async with working(queue, runs), working(other, runs):
            await runs.started.get()
            pid = int((await store.redis.info("server"))["process_id"])
            os.kill(pid, signal.SIGSTOP)
            await asyncio.sleep(1.5 * lease)
            os.kill(pid, signal.SIGKILL)
            await asyncio.sleep(3 * lease)
            go.set()
            held = await runs.finished.get()
    assert (held.job.epoch, held.job.attempts) == (1, 1)


@pytest.mark.integration
@pytest.mark.parametrize("way", ["read-only", "replica"])
async def test_a_store_that_only_answers_is_away(
    tmp_path: Path, make_queue: MakeQueue, way: str
) -> None:
    """Nobody can renew while nothing can be written, though it answers all the while."""
    async with EmbeddedServer(tmp_path) as server, Store(server.url) as store:
        queue, other = make_queue(store, LEASE), make_queue(store, LEASE)
        await queue.accept("job-1", make_ask())
        taken = await queue.take(await read_one(queue))
        assert taken is not None
        watching = Worker(other, Runs(), Places(1))
        await _take_nothing(store, way, yes=True)
        await asyncio.sleep(1.1 * LEASE)
        for _ in range(3):
            with pytest.raises(StoreUnavailable):
                await watching._reclaim()
        await _take_nothing(store, way, yes=False)
        assert await watching._reclaim() == LEASE
        assert watching.running == 0
        assert await queue.renew([taken[0]]) == [True]
        await watching._reclaim()
        assert watching.running == 0


@pytest.mark.integration
async def test_nobody_counts_as_gone_for_the_time_that_redis_stood_still(
    tmp_path: Path, make_queue: MakeQueue
) -> None:
    """It goes on as if nothing had been, and whoever asks first finds every lease run out."""
    async with EmbeddedServer(tmp_path) as server, Store(server.url) as store:
        queue, other = make_queue(store, LEASE), make_queue(store, LEASE)
        await queue.accept("job-1", make_ask())
        taken = await queue.take(await read_one(queue))
        assert taken is not None
        watching = Worker(other, Runs(), Places(1))
        pid = int((await store.redis.info("server"))["process_id"])
        os.kill(pid, signal.SIGSTOP)
        reclaiming = asyncio.create_task(watching._reclaim())
        await asyncio.sleep(1.1 * LEASE)
        os.kill(pid, signal.SIGCONT)
        assert await reclaiming == LEASE
        assert watching.running == 0
        assert await queue.renew([taken[0]]) == [True]
        await watching._reclaim()
        assert watching.running == 0


async def _take_nothing(store: Store, way: str, *, yes: bool) -> None:
    if way == "replica":
        await store.redis.replicaof(*(("127.0.0.1", "1") if yes else ("NO", "ONE")))
    else:
        await store.redis.config_set("min-replicas-to-write", int(yes))


async def test_worker_outlives_a_connection_that_is_cut(
    valkey: str, queue: Queue, make_queue: MakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "SILENT_SECONDS", 0.2)
    monkeypatch.setattr(holder, "AWAY_SECONDS", 0.01)
    runs = Runs(lambda held: held.ledger.check())
    async with (
        Proxy(valkey) as proxy,
        Store(proxy.url) as shaky,
        working(make_queue(shaky, 60), runs) as at_work,
    ):
        await queue.accept("job-1", make_ask())
        await runs.finished.get()
        await proxy.away()
        await until(lambda: not at_work.alive)
        await queue.accept("job-2", make_ask())
        proxy.back()
        assert (await runs.finished.get()).job.id == "job-2"
        assert at_work.alive


@pytest.mark.integration
async def test_job_goes_on_when_redis_is_killed_and_comes_back(
    tmp_path: Path, make_queue: MakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.redis.embedded.RESTART_SECONDS", (0.01, 0.01))
    intended, restarted = asyncio.Event(), asyncio.Event()

    async def act(held: Held) -> None:
        await held.ledger.intend("0", "C1")
        intended.set()
        await restarted.wait()
        await held.ledger.posted("0", "C1", "1.1")

    runs = Runs(act)
    async with EmbeddedServer(tmp_path) as server, Store(server.url) as store:
        queue = make_queue(store, 60)
        async with working(queue, runs):
            await queue.accept("job-1", make_ask())
            await intended.wait()
            await on_disk(store)
            await kill_server(store)
            restarted.set()
            held = await runs.finished.get()
            assert held.job.epoch == 1
            assert held.ledger.posts["0"].ts == "1.1"
        assert await queue.load() == IDLE


async def on_disk(store: Store) -> None:
    """Returns when a kill loses nothing of what is stored by now: where the disk is slow, the
    server holds up to two seconds of it back."""
    redis: Any = store.redis
    while (await redis.execute_command("WAITAOF", 1, 0, 1000))[0] < 1:
        pass


async def kill_server(store: Store) -> None:
    """Kill Redis without warning, and return when it answers again."""
    first = (await store.redis.info("server"))["process_id"]
    os.kill(int(first), signal.SIGKILL)
    while True:
        try:
            await store.ping()
            if (await store.redis.info("server"))["process_id"] != first:
                return
        except (StoreUnavailable, RedisError):
            await asyncio.sleep(0.01)
