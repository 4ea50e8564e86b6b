"""Workers that are killed, frozen or stopped at each step of a job."""

from __future__ import annotations

import signal

import pytest

from bot.jobs.job import Load
from bot.jobs.queue import Queue
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from tests.jobs.asks import make_ask
from tests.jobs.processes import FAST, SLOW, Journal, process, worker

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


@pytest.fixture
def journal(store: Store) -> Journal:
    return Journal(store)


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
