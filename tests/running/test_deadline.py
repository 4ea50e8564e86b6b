from __future__ import annotations

import asyncio

import pytest

from tests.running.deadline import within


async def test_a_test_that_waits_too_long_says_where_everybody_waits() -> None:
    async def nobody_comes() -> None:
        await asyncio.Event().wait()

    @within(0.05)
    async def hangs() -> None:
        waiting = asyncio.create_task(nobody_comes(), name="the other")
        try:
            await asyncio.shield(waiting)
        finally:
            waiting.cancel()

    with pytest.raises(AssertionError, match=r"the other\n(?s:.*)nobody_comes") as failed:
        await hangs()

    assert "hangs" in str(failed.value)


async def test_a_timeout_of_its_own_stays_one() -> None:
    @within(5)
    async def times_out() -> None:
        async with asyncio.timeout(0):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await times_out()


async def test_what_it_returns_and_takes_is_untouched() -> None:
    @within(5)
    async def adds(one: int, *, two: int) -> int:
        return one + two

    assert await adds(1, two=2) == 3
