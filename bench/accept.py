"""Accepting a question: one script, beside it sent bare, and the same writes in three trips."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from typing import Any
from unittest import mock

from bench._questions import KEYS, question
from bench._report import verdict
from bot.asking.admission import Acceptor
from bot.completion.ask import Ask
from bot.jobs.queue import Queue
from bot.store.redis.connection import Script, Store
from bot.store.redis.embedded import EmbeddedServer

QUESTIONS = 2_000
ROUNDS = 3
BAR = 1.3
"""Times what redis-py takes to send the same script with the same arguments, by the median."""

Call = Sequence[Any]
"""The arguments of one `EVALSHA`."""


def main() -> None:
    """Print the medians of p50 and p99 over the rounds, in microseconds, and their ratios."""
    asyncio.run(_run())


async def _run() -> None:
    with tempfile.TemporaryDirectory() as data_dir:
        async with EmbeddedServer(data_dir) as server, Store(server.url) as store:
            queue = Queue(store, KEYS, lease_seconds=15, retention_seconds=600)
            acceptor = Acceptor(queue)
            ours: list[tuple[float, float]] = []
            bare: list[tuple[float, float]] = []
            theirs: list[tuple[float, float]] = []
            for _ in range(ROUNDS):
                ours.append(await _timed(store, acceptor.accept))
                calls = iter(await _calls(acceptor))
                bare.append(await _timed(store, partial(_next_call, store, calls)))
                theirs.append(await _timed(store, lambda ask: _three_round_trips(store, ask)))
    _print(ours, bare, theirs)


async def _calls(acceptor: Acceptor) -> list[Call]:
    """What accepting so many questions sends, one call for each."""
    calls: list[Call] = []
    run = Script._run  # noqa: SLF001

    async def noting(script: Script, keys: Sequence[str], args: Sequence[Any]) -> Any:
        calls.append((script.registered.sha, len(keys), *keys, *args))
        return await run(script, keys, args)

    with mock.patch.object(Script, "_run", noting):
        for _ in range(QUESTIONS):
            await acceptor.accept(question())
    assert len(calls) == QUESTIONS
    return calls


async def _next_call(store: Store, calls: Iterator[Call], _: Ask) -> None:
    await store.redis.evalsha(*next(calls))


async def _timed(store: Store, accept: Callable[[Ask], Awaitable[object]]) -> tuple[float, float]:
    """p50 and p99 of one acceptance on an empty store, in microseconds."""
    await store.redis.flushall()
    times = []
    for _ in range(QUESTIONS):
        ask = question()
        started = time.perf_counter()
        await accept(ask)
        times.append((time.perf_counter() - started) * 1e6)
    times.sort()
    return times[len(times) // 2], times[len(times) * 99 // 100]


async def _three_round_trips(store: Store, ask: Ask) -> None:
    """What a bot without a script does; a crash between them loses or doubles the question."""
    job_id = uuid.uuid4().hex
    await store.redis.set(KEYS.seen(ask.dedupe), job_id, nx=True, ex=600)
    await store.redis.hset(
        KEYS.job(job_id), mapping={"ask": ask.model_dump_json(), "state": "queued"}
    )
    await store.redis.xadd(KEYS.queue, {"job": job_id})


def _print(
    ours: list[tuple[float, float]],
    bare: list[tuple[float, float]],
    theirs: list[tuple[float, float]],
) -> None:
    print(f"{'':>10}{'one script':>14}{'sent bare':>14}{'ratio':>8}{'three trips':>14}{'ratio':>8}")
    for column, name in enumerate(("p50 us", "p99 us")):
        mine, least, other = (
            statistics.median(row[column] for row in rows) for rows in (ours, bare, theirs)
        )
        met = f"  {verdict(mine / least <= BAR)}" if column == 0 else ""
        print(
            f"{name:>10}{mine:>14.0f}{least:>14.0f}{mine / least:>8.2f}{other:>14.0f}"
            f"{mine / other:>8.2f}{met}"
        )
