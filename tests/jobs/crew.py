"""A worker in a process of its own, to be killed, frozen or stopped: `run`.

What it does goes into the Redis list `events`, as "what job epoch". At the step that a job's
prompt names, its first holder waits until the list `go` has something for it.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence

from bot.jobs.holder import Held, RunJob
from bot.jobs.places import Places
from bot.jobs.queue import Queue
from bot.jobs.worker import Worker
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from tests.jobs.asks import make_answer


class Crew:
    """A `run_job` that keeps a journal."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(self, held: Held) -> None:
        if held.job.answer is None:
            await self._step("asked", held)
            await held.ledger.check()
            await held.deliver(make_answer(f"answer-{held.job.epoch}"))
        await self._step("delivering", held)
        await self._show(held)
        while await held.finish():
            await self._show(held)
        await self._step("finished", held)

    async def _show(self, held: Held) -> None:
        assert held.job.answer is not None
        await held.ledger.check()
        await self._step(f"shown:{held.job.answer.sections[0].text}", held)
        await held.ledger.check()

    async def _step(self, what: str, held: Held) -> None:
        await self._store.redis.rpush("events", f"{what} {held.job.epoch}")
        if held.job.epoch == 1 and what.startswith(str(held.job.ask.request.prompt)):
            while not await self._store.redis.lpop("go"):
                await asyncio.sleep(0.01)


async def main(
    url: str,
    lease_seconds: float,
    team: str,
    crew: Callable[[Store], RunJob] = Crew,
    *,
    at_once: int = 10,
    waiting: int = 0,
) -> None:
    async with Store(url) as store:
        queue = Queue(store, Keys(team), lease_seconds=lease_seconds, retention_seconds=3600)
        worker = Worker(queue, crew(store), Places(at_once), waiting=waiting)
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        async with asyncio.TaskGroup() as group:
            group.create_task(worker.run())
            await stop.wait()
            await worker.drain(0)


def run(arguments: Sequence[str]) -> int:
    url, lease_seconds, team = arguments
    asyncio.run(main(url, float(lease_seconds), team))
    return 0
