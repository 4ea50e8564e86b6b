"""Workers in processes of their own, and what they did."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from bot.jobs.holder import RunJob
from bot.jobs.places import Places
from bot.jobs.queue import Queue
from bot.jobs.worker import Worker
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from tests.e2e.loaded import Loaded, loaded_bot
from tests.fixtures.store import TEAM
from tests.jobs.crew import Crew

FAST = 0.5
"""A lease, in seconds, that runs out while a test waits for it."""
SLOW = 60.0
WAIT_SECONDS = 30.0


class Journal:
    """What all workers did, in order."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def read(self, count: int) -> list[str]:
        """The next `count` events; those that came are told when there are less in time."""
        events: list[str] = []
        deadline = time.monotonic() + WAIT_SECONDS
        while len(events) < count:
            if (event := await self._store.reads.blpop(["events"], timeout=1)) is not None:
                events.append(str(event[1]))
            assert time.monotonic() < deadline, f"{events}, and no more in {WAIT_SECONDS} s"
        return events

    async def rest(self) -> list[str]:
        """Events that nobody has read."""
        return [str(event) for event in await self._store.redis.lrange("events", 0, -1)]


@asynccontextmanager
async def process(
    valkey: str, lease: float, module: str = "tests.jobs.crew"
) -> AsyncIterator[Loaded]:
    """A worker in a process of its own, whose program is `run` of `module`."""
    arguments, program = (valkey, str(lease), TEAM), f"{module}:run"
    async with loaded_bot(os.environ, *arguments, cwd=Path.cwd(), program=program) as crew:
        try:
            yield crew
        finally:
            crew.kill()
            for said in await crew.communicate():
                print(said.decode(errors="replace"), end="")


@asynccontextmanager
async def worker(
    store: Store, keys: Keys, lease: float, crew: Callable[[Store], RunJob] = Crew
) -> AsyncIterator[None]:
    """A worker in this process."""
    queue = Queue(store, keys, lease_seconds=lease, retention_seconds=3600)
    worker = Worker(queue, crew(store), Places(10))
    async with asyncio.TaskGroup() as group:
        group.create_task(worker.run())
        await asyncio.sleep(0)
        try:
            yield
        finally:
            await worker.drain(0)
