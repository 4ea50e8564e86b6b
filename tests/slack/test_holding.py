"""Files fill the memory of a process no further than they may."""

from __future__ import annotations

import asyncio

import pytest

from bot.slack.files import Holding


async def turn() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_who_comes_first_is_served_first_and_all_are_in_the_end() -> None:
    holding, served = Holding(10), list[str]()

    async def hold(name: str, size: int) -> None:
        taken = await holding.take(size)
        served.append(name)
        await turn()
        holding.give(taken)

    await asyncio.gather(hold("a", 8), hold("b", 9), hold("c", 1), hold("d", 99), hold("e", 0))

    assert served == ["a", "b", "c", "d", "e"]
    assert await holding.take(10) == 10


@pytest.mark.parametrize("late", [False, True])
async def test_who_goes_away_leaves_nothing_taken(late: bool) -> None:
    holding = Holding(10)
    held = await holding.take(10)
    gone = asyncio.create_task(holding.take(5))
    waits = asyncio.create_task(holding.take(10))
    await turn()

    if late:  # it is its turn in the moment in which it goes
        holding.give(held)
        gone.cancel()
    else:
        gone.cancel()
        await turn()
        holding.give(held)

    assert await asyncio.wait_for(waits, 1) == 10
    assert gone.cancelled()
