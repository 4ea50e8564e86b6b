"""Many workspaces in one process: taken at once, in turn, and never forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from bot.jobs import dispatcher as module
from bot.jobs.dispatcher import Dispatcher, Member
from bot.jobs.holder import Held, RunJob
from bot.jobs.queue import Queue
from bot.rules.quota import WORKSPACE
from bot.store.keys import Keys, Shard
from bot.store.policies import Policies
from bot.store.redis import news
from bot.store.redis.connection import Store
from tests.jobs.asks import make_ask
from tests.jobs.work import Runs, sample, until

ACME, BIRCH, CEDAR = "T0ACME", "T0BIRCH", "T0CEDAR"
BURST = 500


@pytest_asyncio.fixture
async def store(valkey: str) -> AsyncIterator[Store]:
    """An empty store of several workspaces."""
    async with Store(valkey, several=True) as store:
        await store.redis.flushall()
        yield store


def queue_of(store: Store, team: str, **values: Any) -> Queue:
    usual = {"lease_seconds": 60, "retention_seconds": 3600}
    return Queue(store, store.keys(team), **(usual | values))


@asynccontextmanager
async def dispatching(store: Store, **values: Any) -> AsyncIterator[Dispatcher]:
    usual: dict[str, Any] = {
        "at_once": 10,
        "waiting": 10,
        "lease_seconds": 60,
        "connected": None,
    }
    async with Dispatcher(store, **(usual | values)) as dispatcher:
        yield dispatcher


@asynccontextmanager
async def serving(
    dispatcher: Dispatcher, store: Store, team: str, run: RunJob, **values: Any
) -> AsyncIterator[Member]:
    """`team` is open in a process, and its worker drained without grace in the end."""
    queue = queue_of(store, team, **values)
    member = Member(team, Policies(store, store.keys(team)), dispatcher.worker(queue, run))
    assert member.worker is not None
    async with asyncio.TaskGroup() as group:
        with dispatcher.serving(member):
            group.create_task(member.worker.run())
            try:
                yield member
            finally:
                await member.worker.drain(0)


async def listening(store: Store) -> None:
    """Wait until somebody hears what is told."""
    async with asyncio.timeout(10):
        while (await store.redis.pubsub_numsub(news.CHANNEL))[0][1] != 1:
            await asyncio.sleep(0.01)


@pytest.fixture
def nobody_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not told is not found."""
    monkeypatch.setattr(module, "SWEEP_SECONDS", 600.0)


@pytest.fixture
def nobody_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    """All news are lost."""
    monkeypatch.setattr(news, "CHANNEL", "grokbot:elsewhere")
    monkeypatch.setattr(module, "SWEEP_SECONDS", 0.05)
    monkeypatch.setattr(module, "STOPS_SECONDS", 0.05)


@pytest.mark.usefixtures("nobody_sweeps")
async def test_a_question_of_any_workspace_is_taken_when_it_is_told_of(store: Store) -> None:
    runs, teams = Runs(), [f"T{number}" for number in range(100)]
    async with AsyncExitStack() as stack:
        dispatcher = await stack.enter_async_context(dispatching(store))
        for team in teams:
            await stack.enter_async_context(serving(dispatcher, store, team, runs))
        await asyncio.gather(
            *(queue_of(store, team).accept(f"job-{team}", make_ask(dedupe=team)) for team in teams)
        )
        done = {(await runs.finished.get()).job.id for _ in teams}

    assert done == {f"job-{team}" for team in teams}


@pytest.mark.usefixtures("nobody_tells")
async def test_what_nobody_told_of_is_found(store: Store) -> None:
    runs = Runs(lambda held: held.stopped.wait())
    async with dispatching(store) as dispatcher, serving(dispatcher, store, ACME, runs):
        await asyncio.sleep(0.1)
        queue = queue_of(store, ACME)
        await queue.accept("job-1", make_ask())
        await runs.started.get()
        await queue.stop("job-1", "because")
        held = await runs.finished.get()

    assert held.stopped.is_set()


@pytest.mark.usefixtures("nobody_sweeps")
async def test_a_stop_and_a_change_of_the_rules_are_heard(store: Store) -> None:
    runs = Runs(lambda held: held.stopped.wait())
    async with dispatching(store) as dispatcher, serving(dispatcher, store, ACME, runs) as member:
        queue = queue_of(store, ACME)
        await queue.accept("job-1", make_ask())
        await runs.started.get()
        await queue.stop("job-1", "because")
        held = await runs.finished.get()
        before = await member.policies.current()
        await listening(store)
        other = Policies(store, store.keys(ACME))
        await other.change(WORKSPACE, {"limits.concurrent": 5}, by="U1")
        async with asyncio.timeout(10):
            while (await member.policies.current()).version == before.version:
                await asyncio.sleep(0.01)

    assert held.stopped.is_set()


def _has(order: list[str], begun: int) -> bool:
    return len(order) >= begun


async def test_the_burst_of_one_comes_before_nobody_elses_question(store: Store) -> None:
    """As many of it are begun as there are places; then the other has its turn."""
    order: list[str] = []
    go = asyncio.Semaphore(0)

    async def run(held: Held) -> None:
        await held.turn(lambda _: None)
        order.append(held.job.ask.team)
        await go.acquire()

    runs = Runs(run)
    acme = queue_of(store, ACME)
    async with AsyncExitStack() as stack:
        dispatcher = await stack.enter_async_context(dispatching(store, at_once=3, waiting=5))
        for number in range(BURST):
            ask = make_ask(dedupe=f"{number}").model_copy(update={"team": ACME})
            await acme.accept(f"job-{number}", ask)
        await stack.enter_async_context(serving(dispatcher, store, ACME, runs))
        await stack.enter_async_context(serving(dispatcher, store, BIRCH, runs))
        await until(lambda: len(order) == 3)
        ask = make_ask().model_copy(update={"team": BIRCH})
        await queue_of(store, BIRCH).accept("one", ask)
        async with asyncio.timeout(30):
            while not any(place.team == BIRCH for place in dispatcher._places.line):
                await asyncio.sleep(0.01)
        for begun in range(4, BURST):  # one place at a time: jobs that begin at once may race
            go.release()
            await until(partial(_has, order, begun))
            if BIRCH in order:
                break

    assert order.index(BIRCH) <= 3 + 1, order[:20]


async def test_places_go_round_over_all_that_have_work(store: Store) -> None:
    order: list[str] = []
    runs = Runs(lambda held: order.append(held.job.ask.team))
    async with AsyncExitStack() as stack:
        for team, jobs in ((ACME, 30), (BIRCH, 3), (CEDAR, 3)):
            for number in range(jobs):
                ask = make_ask(dedupe=f"{number}").model_copy(update={"team": team})
                await queue_of(store, team).accept(f"{team}-{number}", ask)
        dispatcher = await stack.enter_async_context(dispatching(store, at_once=1, waiting=3))
        for team in (ACME, BIRCH, CEDAR):
            await stack.enter_async_context(serving(dispatcher, store, team, runs))
        await until(lambda: len(order) == 36)

    assert max(at for at, team in enumerate(order) if team != ACME) < 12


async def test_more_workspaces_than_places_are_all_answered_by_two_processes(
    store: Store, valkey: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SWEEP_SECONDS", 0.1)
    monkeypatch.setattr(module, "UNREAD_SECONDS", 0.2)
    teams, times = [f"T{number}" for number in range(120)], 3

    async def run(held: Held) -> None:
        await held.turn(lambda _: None)
        await asyncio.sleep(0.01)

    runs = Runs(run)
    async with AsyncExitStack() as stack:
        other = await stack.enter_async_context(Store(valkey, several=True))
        for each in (store, other):
            dispatcher = await stack.enter_async_context(dispatching(each, at_once=3, waiting=5))
            for team in teams:
                await stack.enter_async_context(serving(dispatcher, each, team, runs))
        for number in range(times):
            await asyncio.gather(
                *(
                    queue_of(store, team).accept(f"{team}-{number}", make_ask(dedupe=f"{number}"))
                    for team in teams
                )
            )
        done = [(await runs.finished.get()).job.id for _ in range(times * len(teams))]
        await until(lambda: not dispatcher.busy(teams))

    assert sorted(done) == sorted(f"{team}-{number}" for team in teams for number in range(times))


async def test_jobs_of_a_process_that_is_gone_are_taken_over(store: Store) -> None:
    runs, teams = Runs(), [f"T{number}" for number in range(50)]
    for team in teams:
        gone = queue_of(store, team, lease_seconds=0.2)
        await gone.accept(f"job-{team}", make_ask(dedupe=team))
        (entry,) = await gone.read(1, wait=False)
        assert await gone.take(entry)
    async with AsyncExitStack() as stack:
        dispatcher = await stack.enter_async_context(dispatching(store, lease_seconds=0.2))
        for team in teams:
            opened = serving(dispatcher, store, team, runs, lease_seconds=0.2, pause_seconds=0.05)
            await stack.enter_async_context(opened)
        done = {(await runs.finished.get()).job.id for _ in teams}
        await until(lambda: sample("grokbot_queue_depth") == 0)

    assert done == {f"job-{team}" for team in teams}
    for team in teams:
        assert not await store.redis.sismember(Shard.of(team).busy, team)


async def test_who_has_jobs_and_is_not_open_is_wanted(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SWEEP_SECONDS", 0.05)
    monkeypatch.setattr(module, "UNREAD_SECONDS", 0.2)
    runs = Runs()
    async with dispatching(store) as dispatcher:
        await queue_of(store, ACME).accept("job-1", make_ask())
        assert await dispatcher.wanted() == ACME
        assert dispatcher.busy([ACME, BIRCH]) == {ACME}
        async with serving(dispatcher, store, ACME, runs):
            dispatcher.seen_to(ACME)
            await runs.finished.get()
            await until(lambda: not dispatcher.busy([ACME]))


@pytest.mark.usefixtures("nobody_sweeps")
async def test_who_only_works_wants_it_at_once_while_there_is_room(store: Store) -> None:
    async with dispatching(store, asks_at_once=True) as dispatcher:
        await listening(store)
        await queue_of(store, ACME).accept("job-1", make_ask())
        assert await dispatcher.wanted() == ACME
    async with dispatching(store, works=False, asks_at_once=True) as dispatcher:
        await listening(store)
        await queue_of(store, BIRCH).accept("job-1", make_ask())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(dispatcher.wanted(), 0.2)


async def test_what_waits_goes_to_another_process_that_has_room(
    store: Store, valkey: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SWEEP_SECONDS", 0.05)
    monkeypatch.setattr(module, "UNREAD_SECONDS", 0.05)
    go = asyncio.Event()

    async def run(held: Held) -> None:
        await held.turn(lambda _: None)
        await go.wait()

    full, free = Runs(run), Runs(run)
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(dispatching(store, at_once=2))
        await stack.enter_async_context(serving(first, store, ACME, full))
        for number in range(6):
            await queue_of(store, ACME).accept(f"job-{number}", make_ask(dedupe=f"{number}"))
        await until(lambda: full.started.qsize() == 6)
        other = await stack.enter_async_context(Store(valkey, several=True))
        second = await stack.enter_async_context(dispatching(other, at_once=10))
        await stack.enter_async_context(serving(second, other, ACME, free))
        await until(lambda: free.started.qsize() == 4)
        go.set()
        for _ in range(2):
            await full.finished.get()
        for _ in range(4):
            await free.finished.get()


async def test_one_workspace_of_many_has_all_its_keys_in_one_slot() -> None:
    keys = Keys.among_several(ACME)
    assert keys.prefix.startswith(f"grokbot:{{{Shard.of(ACME).number:02}}}:{ACME}:")
    assert Keys(ACME).prefix == f"grokbot:{{{ACME}}}:"


async def test_who_may_neither_tell_nor_hear_finds_out(store: Store, valkey: str) -> None:
    """An ACL that allows no channels: the bot is slower by a second, and nothing else."""
    allowed: dict[str, Any] = {"keys": ["*"], "categories": ["+@all"], "reset_channels": True}
    await store.redis.acl_setuser("quiet", enabled=True, passwords=["+secret"], **allowed)
    runs = Runs()
    async with Store(f"{valkey}?username=quiet&password=secret", several=True) as quiet:
        assert await quiet.redis.acl_whoami() == "quiet"
        async with dispatching(quiet) as dispatcher, serving(dispatcher, quiet, ACME, runs):
            await asyncio.sleep(0.1)
            await queue_of(quiet, ACME).accept("job-1", make_ask())
            held = await runs.finished.get()
    await store.redis.acl_deluser("quiet")

    assert held.job.id == "job-1"
