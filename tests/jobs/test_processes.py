"""Workers that are killed, frozen or stopped at each step of a job."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.jobs.queue import Load, Queue
from bot.jobs.worker import Worker
from bot.store.connection import Store
from bot.store.keys import Keys
from tests.jobs.asks import make_ask
from tests.jobs.crew import Crew

FAST = 0.5
"""A lease, in seconds, that runs out while a test waits for it."""
SLOW = 60.0

FIRST_STEPS = {
    "asked": ["asked 1"],
    "delivering": ["asked 1", "delivering 1"],
    "shown": ["asked 1", "delivering 1", "shown:answer-1 1"],
}
NEXT_STEPS = {
    "asked": ["asked 2", "delivering 2", "shown:answer-2 2", "finished 2"],
    "delivering": ["delivering 2", "shown:answer-1 2", "finished 2"],
    "shown": ["delivering 2", "shown:answer-1 2", "finished 2"],
}

ONE_LIFE = [*FIRST_STEPS["shown"], "finished 1"]


class Journal:
    """What all workers did, in order."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def read(self, count: int) -> list[str]:
        """The next `count` events."""
        events: list[str] = []
        while len(events) < count:
            if (event := await self._store.reads.blpop(["events"], timeout=1)) is not None:
                events.append(str(event[1]))
        return events

    async def rest(self) -> list[str]:
        """Events that nobody has read."""
        return [str(event) for event in await self._store.redis.lrange("events", 0, -1)]


@pytest.fixture
def journal(store: Store) -> Journal:
    return Journal(store)


@asynccontextmanager
async def process(valkey: str, lease: float) -> AsyncIterator[asyncio.subprocess.Process]:
    crew = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.jobs.crew", valkey, str(lease))
    )
    try:
        yield crew
    finally:
        if crew.returncode is None:
            crew.kill()
        await crew.wait()


@asynccontextmanager
async def worker(store: Store, keys: Keys, lease: float) -> AsyncIterator[None]:
    queue = Queue(store, keys, lease_seconds=lease, retention_seconds=3600)
    worker = Worker(queue, Crew(store), at_once=10)
    async with asyncio.TaskGroup() as group:
        group.create_task(worker.run())
        await asyncio.sleep(0)
        try:
            yield
        finally:
            await worker.drain(0)


@pytest.mark.parametrize("step", FIRST_STEPS)
async def test_killed_worker(
    step: str, valkey: str, store: Store, keys: Keys, queue: Queue, journal: Journal
) -> None:
    await queue.accept("job-1", make_ask(step))
    async with process(valkey, FAST) as crew:
        assert await journal.read(len(FIRST_STEPS[step])) == FIRST_STEPS[step]
        crew.kill()
        await crew.wait()
        async with worker(store, keys, FAST):
            assert await journal.read(len(NEXT_STEPS[step])) == NEXT_STEPS[step]
    assert await journal.rest() == []
    assert await queue.load() == Load(0, 0.0)


@pytest.mark.parametrize("step", FIRST_STEPS)
async def test_killed_worker_does_not_leave_a_conversation_waiting(
    step: str, valkey: str, store: Store, keys: Keys, queue: Queue, journal: Journal
) -> None:
    await queue.accept("job-1", make_ask(step, conversation="D1"))
    await queue.accept("job-2", make_ask("at once", conversation="D1"))
    async with process(valkey, FAST) as crew:
        assert await journal.read(len(FIRST_STEPS[step])) == FIRST_STEPS[step]
        crew.kill()
        await crew.wait()
        async with worker(store, keys, FAST):
            *first, _, _ = NEXT_STEPS[step]
            assert await journal.read(len(first)) == first
            rest = await journal.read(2 + 4)
    assert [event for event in rest if event.endswith(" 2")] == NEXT_STEPS[step][-2:]
    assert [event for event in rest if event.endswith(" 1")] == ONE_LIFE
    assert rest[0] == NEXT_STEPS[step][-2]
    assert await journal.rest() == []
    assert await queue.load() == Load(0, 0.0)


@pytest.mark.parametrize("step", FIRST_STEPS)
async def test_frozen_worker_that_thaws_changes_nothing(
    step: str, valkey: str, store: Store, keys: Keys, queue: Queue, journal: Journal
) -> None:
    """Its last write may have come after the answer of the other: that is shown again."""
    await queue.accept("job-1", make_ask(step))
    async with process(valkey, FAST) as crew:
        assert await journal.read(len(FIRST_STEPS[step])) == FIRST_STEPS[step]
        crew.send_signal(signal.SIGSTOP)
        async with worker(store, keys, FAST):
            others = await journal.read(len(NEXT_STEPS[step]))
            assert others == NEXT_STEPS[step]
        await store.redis.rpush("go", "on")
        crew.send_signal(signal.SIGCONT)
        again = await journal.read(3)
        assert again == ["delivering 3", others[-2].replace(" 2", " 3"), "finished 3"]
    assert await journal.rest() == []
    assert await queue.load() == Load(0, 0.0)


@pytest.mark.parametrize("step", FIRST_STEPS)
async def test_stopped_worker_hands_its_job_to_the_next_at_once(
    step: str, valkey: str, store: Store, keys: Keys, queue: Queue, journal: Journal
) -> None:
    await queue.accept("job-1", make_ask(step))
    async with process(valkey, SLOW) as crew:
        assert await journal.read(len(FIRST_STEPS[step])) == FIRST_STEPS[step]
        crew.terminate()
        assert await crew.wait() == 0
        async with worker(store, keys, SLOW):
            assert await journal.read(len(NEXT_STEPS[step])) == NEXT_STEPS[step]
    assert await journal.rest() == []
    assert await store.redis.hget(keys.job("job-1"), "attempts") == "1"
