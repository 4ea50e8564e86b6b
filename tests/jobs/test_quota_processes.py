"""Quotas of workers that are killed, frozen or stopped at each step."""

from __future__ import annotations

import signal

import pytest

from bot.jobs.queue import Queue
from bot.rules.quota import WORKSPACE
from bot.store.keys import Keys
from bot.store.quotas import Amount, Quotas
from bot.store.redis.connection import Store
from tests.jobs.asks import make_ask
from tests.jobs.processes import FAST, SLOW, Journal, process, worker
from tests.jobs.spender import USED, Spender
from tests.jobs.work import IDLE
from tests.rules.holds import make_hold

SPENDER = "tests.jobs.spender"
RESERVED = 100
HOLD = make_hold(RESERVED, 0)

CHARGED = {"taken": USED, "begun": RESERVED + USED, "delivered": USED}
"""What a question costs whose first worker was lost at this step."""
STEPS = [*CHARGED, "finished"]


def until(step: str) -> list[str]:
    """What the first worker did."""
    return [f"{each} 1" for each in STEPS[: STEPS.index(step) + 1]]


def after(step: str) -> list[str]:
    """What the next one does."""
    skipped = ["begun", "delivered"] if step == "delivered" else []
    return [f"{each} 2" for each in STEPS if each not in skipped]


@pytest.fixture
def journal(store: Store) -> Journal:
    return Journal(store)


async def check(store: Store, keys: Keys, queue: Queue, charged: int) -> None:
    """Nothing is reserved any more, and one question was charged."""
    assert await queue.load() == IDLE
    scopes = [share.scope for share in HOLD.shares]
    windows = HOLD.windows
    for use in await Quotas(store, keys).usage(scopes, windows):
        assert use.day == use.month
        assert (use.day.tokens, use.day.requests) == (Amount(charged, 0), Amount(1, 0))
        assert use.running == 0


@pytest.mark.parametrize("step", CHARGED)
async def test_killed_worker(
    step: str, valkey: str, store: Store, keys: Keys, queue: Queue, journal: Journal
) -> None:
    await queue.accept("job-1", make_ask(step), HOLD)
    async with process(valkey, FAST, SPENDER) as spender:
        assert await journal.read(len(until(step))) == until(step)
        spender.kill()
        await spender.wait()
        async with worker(store, keys, FAST, Spender):
            assert await journal.read(len(after(step))) == after(step)
    await check(store, keys, queue, CHARGED[step])


@pytest.mark.parametrize("step", CHARGED)
async def test_frozen_worker_that_thaws_charges_nothing(
    step: str, valkey: str, store: Store, keys: Keys, queue: Queue, journal: Journal
) -> None:
    await queue.accept("job-1", make_ask(step), HOLD)
    async with process(valkey, FAST, SPENDER) as spender:
        assert await journal.read(len(until(step))) == until(step)
        spender.send_signal(signal.SIGSTOP)
        async with worker(store, keys, FAST, Spender):
            assert await journal.read(len(after(step))) == after(step)
        await store.redis.rpush("go", "on")
        spender.send_signal(signal.SIGCONT)
        assert await journal.read(2) == ["taken 3", "finished 3"]
    await check(store, keys, queue, CHARGED[step])


@pytest.mark.parametrize("step", CHARGED)
async def test_stopped_worker(
    step: str, valkey: str, store: Store, keys: Keys, queue: Queue, journal: Journal
) -> None:
    await queue.accept("job-1", make_ask(step), HOLD)
    async with process(valkey, SLOW, SPENDER) as spender:
        assert await journal.read(len(until(step))) == until(step)
        spender.terminate()
        assert await spender.wait() == 0
        async with worker(store, keys, SLOW, Spender):
            assert await journal.read(len(after(step))) == after(step)
    await check(store, keys, queue, CHARGED[step])


async def test_worker_that_is_not_lost(
    valkey: str, store: Store, keys: Keys, queue: Queue, journal: Journal
) -> None:
    await queue.accept("job-1", make_ask("nowhere"), HOLD)
    async with worker(store, keys, SLOW, Spender):
        assert await journal.read(len(STEPS)) == until("finished")
    await check(store, keys, queue, USED)
    assert (await Quotas(store, keys).most(WORKSPACE, HOLD.windows.month, 5)) == (("U1", USED),)
