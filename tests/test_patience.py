"""Deadlines, and a loop that stands still."""

from __future__ import annotations

import asyncio
import time

import pytest

from bot import metrics
from bot import patience as module
from bot.errors import RateLimited, StoreUnavailable
from bot.patience import TICK_SECONDS, Heartbeat, nearest_tick, patience, soon


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LATE_SECONDS", 0.2)


async def test_a_deadline_passes() -> None:
    with pytest.raises(TimeoutError):
        async with patience(0.05) as left:
            await asyncio.Event().wait()
    assert left.expired()


async def test_what_comes_in_time_has_come() -> None:
    async with patience(60) as left:
        await asyncio.sleep(0)
    assert not left.expired()


async def test_a_timeout_of_others_is_not_its_own() -> None:
    with pytest.raises(TimeoutError):
        async with patience(60) as left:
            raise TimeoutError
    assert not left.expired()


async def test_a_cancel_stays_a_cancel() -> None:
    async def work() -> None:
        async with patience(60):
            await asyncio.Event().wait()

    working = asyncio.create_task(work())
    await asyncio.sleep(0)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working


async def test_what_came_while_the_loop_stood_still_is_read() -> None:
    """Longer than the deadline: what was waited for is found behind the timer."""
    reader, writer = asyncio.StreamReader(), asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.call_soon(time.sleep, 1.0)
    loop.call_later(0.9, writer.set)
    loop.call_later(0.95, reader.feed_data, b"x")

    async with patience(0.5) as left:
        await writer.wait()
        assert await reader.read(1) == b"x"

    assert left.stood_still > 0.2


async def test_a_standstill_is_no_endless_delay() -> None:
    asyncio.get_running_loop().call_soon(time.sleep, 0.6)
    with pytest.raises(TimeoutError):
        async with patience(0.1) as left:
            await asyncio.Event().wait()
    assert left.expired()
    assert left.stood_still > 0.2


async def test_a_standstill_at_the_end_is_counted_too() -> None:
    async with patience(60) as left:
        time.sleep(1.0)
    assert left.stood_still > 0.2


@pytest.mark.parametrize(("ticks", "nearest"), [(7.0, 7), (7.4, 7), (7.6, 8), (0.1, 0)])
def test_the_nearest_tick_may_be_before(ticks: float, nearest: int) -> None:
    assert nearest_tick(ticks * TICK_SECONDS) == pytest.approx(nearest * TICK_SECONDS)


@pytest.mark.parametrize("error", [StoreUnavailable("away"), RateLimited(30), TimeoutError()])
async def test_what_cannot_be_said_now_is_something_else(error: Exception) -> None:
    async def fails() -> str:
        raise error

    assert await soon(fails(), 60, "else", "not said") == "else"


async def test_what_is_not_said_in_time_is_something_else_and_given_up() -> None:
    given_up = asyncio.Event()

    async def hangs() -> str:
        try:
            return await asyncio.Future()
        finally:
            given_up.set()

    assert await soon(hangs(), 0.01, None, "not said") is None
    assert given_up.is_set()


async def test_what_is_said_soon_is_that_and_a_fault_of_ours_is_no_silence() -> None:
    async def broken() -> str:
        raise ZeroDivisionError

    assert await soon(asyncio.sleep(0, "said"), 60, "else", "not said") == "said"
    with pytest.raises(ZeroDivisionError):
        await soon(broken(), 60, "else", "not said")


async def test_the_heart_beats_until_the_loop_is_blocked() -> None:
    now = 100.0
    async with Heartbeat(every=0, late_after=5, clock=lambda: now) as heart:
        now = 104.0
        assert not heart.faults()

        now = 106.0
        assert heart.faults() == ["the event loop has not come round for 6 s"]

        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not heart.faults()


async def test_how_late_the_loop_comes_round_is_counted() -> None:
    def late() -> float:
        return float(metrics.LOOP_LAG._sum.get())

    before = late()
    async with Heartbeat(every=0.01):
        await asyncio.sleep(0.02)
        time.sleep(0.3)  # blocks the loop
        await asyncio.sleep(0.02)

    assert late() - before > 0.2
