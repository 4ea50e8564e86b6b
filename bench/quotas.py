"""Quotas: what reserving costs when a question is accepted, and what charging later overspends."""

from __future__ import annotations

import asyncio
import logging
import random
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog

from bench._questions import KEYS, question
from bot.asking.admission import Acceptor
from bot.completion.result import Answer, Usage
from bot.jobs.holder import Held
from bot.jobs.places import Places
from bot.jobs.queue import Queue
from bot.jobs.worker import Worker
from bot.rules.hold import Denied, Hold, Share
from bot.rules.quota import WORKSPACE, QuotaName, Scope, Windows
from bot.store.quotas import Quotas
from bot.store.redis.connection import Store
from bot.store.redis.embedded import EmbeddedServer

TIMED = 2_000
ROUNDS = 3

ASKED = 1_000
AT_ONCE = 400
LIMIT = 20_000
MOST_TOKENS = 800
"""What an answer takes at most; what it really takes is drawn evenly from 1 to this."""
ANSWER_SECONDS = (0.5, 1.5)

ALL_LIMITS: dict[QuotaName, int] = {
    "requests-per-day": 10**9,
    "tokens-per-day": 10**12,
    "tokens-per-month": 10**12,
    "usd-per-month": 10**12,
    "concurrent": 10_000,
}


def main() -> None:
    """Print what accepting costs with and without quotas, and the overshoot of both ways."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    asyncio.run(_run())


async def _run() -> None:
    with tempfile.TemporaryDirectory() as data_dir:
        async with EmbeddedServer(data_dir) as server, Store(server.url) as store:
            queue = Queue(store, KEYS, lease_seconds=15, retention_seconds=600)
            await _print_cost(store, queue)
            print()
            await _print_overshoot(store, queue)


# --- what accepting costs -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one acceptance: commands sent, and microseconds, seen by the bot and by Redis."""

    round_trips: float
    p50: float
    p99: float
    script: float


async def _print_cost(store: Store, queue: Queue) -> None:
    holds = {"no quotas": None, "nothing limited": _hold(), "15 limits": _hold(ALL_LIMITS)}
    print(f"{'accepting':>16}{'round trips':>14}{'p50 us':>10}{'p99 us':>10}{'in Redis us':>14}")
    for name, hold in holds.items():
        rounds = [await _timed(store, queue, hold) for _ in range(ROUNDS)]
        cost = Cost(*(statistics.median(getattr(r, f) for r in rounds) for f in Cost.__slots__))
        print(
            f"{name:>16}{cost.round_trips:>14.2f}{cost.p50:>10.0f}{cost.p99:>10.0f}"
            f"{cost.script:>14.0f}"
        )


async def _timed(store: Store, queue: Queue, hold: Hold | None) -> Cost:
    """One question after the other, on an empty store."""
    await store.redis.flushall()
    acceptor = Acceptor(queue)
    await acceptor.accept(question(), hold)
    await store.redis.config_resetstat()
    times = []
    with _Counted(store) as counted:
        for _ in range(TIMED):
            ask = question()
            started = time.perf_counter()
            await acceptor.accept(ask, hold)
            times.append((time.perf_counter() - started) * 1e6)
    stats: Any = await store.redis.info("commandstats")
    times.sort()
    return Cost(
        counted.commands / TIMED,
        times[len(times) // 2],
        times[len(times) * 99 // 100],
        stats["cmdstat_evalsha"]["usec_per_call"],
    )


class _Counted:
    """Counts the commands that go over the wire."""

    def __init__(self, store: Store) -> None:
        self._redis: Any = store.redis
        self._execute: Callable[..., Awaitable[Any]] = store.redis.execute_command
        self.commands = 0

    def __enter__(self) -> _Counted:
        self._redis.execute_command = self._count
        return self

    def __exit__(self, *_: object) -> None:
        self._redis.execute_command = self._execute

    async def _count(self, *args: Any, **options: Any) -> Any:
        self.commands += 1
        return await self._execute(*args, **options)


# --- what is overspent ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spent:
    """What came of all questions: how many were taken, and the tokens that those used."""

    taken: int
    tokens: int


async def _print_overshoot(store: Store, queue: Queue) -> None:
    print(
        f"{ASKED:,} questions, {AT_ONCE} at once, up to {MOST_TOKENS} tokens each, "
        f"{LIMIT:,} tokens a day"
    )
    print(f"{'':>16}{'taken':>10}{'tokens used':>14}{'of the limit':>14}")
    for name, way in (("charged later", _charge_later), ("reserved", _reserve)):
        await store.redis.flushall()
        spent = await way(store, queue, random.Random(1))
        print(f"{name:>16}{spent.taken:>10,}{spent.tokens:>14,}{spent.tokens / LIMIT:>13.2f}x")


async def _charge_later(store: Store, _: Queue, rng: random.Random) -> Spent:
    """What most gateways do: look whether anything is left, ask, and then count what was used."""
    taken = 0

    async def ask() -> None:
        nonlocal taken
        if int(await store.redis.get("used") or 0) >= LIMIT:
            return
        taken += 1
        await asyncio.sleep(rng.uniform(*ANSWER_SECONDS))
        await store.redis.incrby("used", rng.randint(1, MOST_TOKENS))

    await _all_at_once(ask)
    return Spent(taken, int(await store.redis.get("used") or 0))


async def _reserve(store: Store, queue: Queue, rng: random.Random) -> Spent:
    """Ours: the whole way from accepting to settling, with a worker."""
    acceptor, hold = Acceptor(queue), _hold({"tokens-per-day": LIMIT})
    answered: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def ask() -> None:
        try:
            accepted = await acceptor.accept(question(), hold)
        except Denied:
            return
        await answered[accepted.job_id].wait()

    async def answer(held: Held) -> None:
        await held.begin()
        await asyncio.sleep(rng.uniform(*ANSWER_SECONDS))
        usage = Usage(total_tokens=rng.randint(1, MOST_TOKENS), cost_in_usd_ticks=0)
        await held.deliver(Answer(model_asked="m", model="m", endpoint="chat", usage=usage))
        await held.finish()
        answered[held.job.id].set()

    worker = Worker(queue, answer, Places(AT_ONCE))
    async with asyncio.TaskGroup() as group:
        group.create_task(worker.run())
        await _all_at_once(ask)
        await worker.drain(0)
    windows = hold.windows
    (use,) = await Quotas(store, KEYS).usage([WORKSPACE], windows)
    return Spent(len(answered), use.day.tokens.settled)


async def _all_at_once(ask: Callable[[], Awaitable[None]]) -> None:
    places = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with places:
            await ask()

    await asyncio.gather(*(one() for _ in range(ASKED)))


def _hold(limits: dict[QuotaName, int] | None = None) -> Hold:
    now = int(time.time())
    scopes = (WORKSPACE, Scope("channel", "C1"), Scope("user", "U1"))
    return Hold(
        policy_version=0,
        windows=Windows("2026-11-22", "2026-11", now + 86_400, now + 10 * 86_400),
        shares=tuple(Share(scope=scope, limits=limits or {}) for scope in scopes),
        tokens=MOST_TOKENS,
        micro_dollars=0,
        prompt=0,
    )
