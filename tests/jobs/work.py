"""A worker at work, and what it is given to do."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from prometheus_client import REGISTRY

from bot.jobs.holder import Held, RunJob
from bot.jobs.job import Load
from bot.jobs.places import Places
from bot.jobs.queue import Queue
from bot.jobs.worker import Worker
from bot.slack.inbound.incoming import Acks
from tests.jobs.asks import make_answer

IDLE = Load(0, 0.0)
WAIT_SECONDS = 30.0


@asynccontextmanager
async def working(
    queue: Queue,
    run: RunJob,
    *,
    at_once: int = 10,
    waiting: int = 0,
    acks: Acks | None = None,
) -> AsyncIterator[Worker]:
    """A worker at work; drained without grace in the end."""
    worker = Worker(queue, run, Places(at_once), waiting=waiting, acks=acks)
    async with asyncio.TaskGroup() as group:
        group.create_task(worker.run())
        await asyncio.sleep(0)
        try:
            yield worker
        finally:
            await worker.drain(0)


class Runs:
    """A `run_job` that notes what it is given, and finishes each job after `act`."""

    def __init__(self, act: Callable[[Held], object] = lambda _: None) -> None:
        self._act = act
        self.started: asyncio.Queue[Held] = asyncio.Queue()
        self.finished: asyncio.Queue[Held] = asyncio.Queue()
        self.shown: list[str] = []

    async def __call__(self, held: Held) -> None:
        self.started.put_nowait(held)
        if held.job.answer is None:
            done = self._act(held)
            if asyncio.iscoroutine(done) or asyncio.isfuture(done):
                await done
            await held.deliver(make_answer(f"by {held.job.epoch}"))
        self._show(held)
        while await held.finish():
            self._show(held)
        self.finished.put_nowait(held)

    def _show(self, held: Held) -> None:
        assert held.job.answer is not None
        self.shown.append(held.job.answer.failure or held.job.answer.sections[0].text)


async def until(what: Callable[[], bool]) -> None:
    """Wait for `what`; what it looks at is told when it does not come in time."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not what():
        if time.monotonic() > deadline:
            looked_at = inspect.getclosurevars(what).nonlocals
            raise AssertionError(f"not within {WAIT_SECONDS} s: {looked_at}")
        await asyncio.sleep(0.005)


def sample(name: str, labels: dict[str, str] | None = None) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0
