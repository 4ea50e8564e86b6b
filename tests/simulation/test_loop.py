"""The loop of the simulation: time that jumps, processes that die and stand still."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from tests.simulation.loop import Process, SimLoop, Stuck, spawn


def test_time_passes_only_where_everybody_waits() -> None:
    loop = SimLoop(Random(1))

    async def main() -> float:
        await asyncio.gather(asyncio.sleep(3600), asyncio.sleep(60))
        return loop.time()

    assert loop.simulate(main()) == pytest.approx(4600, abs=0.1)


def test_the_same_seed_runs_everything_in_the_same_order() -> None:
    def order(seed: int) -> list[str]:
        seen: list[str] = []

        async def one(name: str) -> None:
            for step in range(3):
                await asyncio.sleep(0)
                seen.append(f"{name}{step}")

        async def main() -> None:
            await asyncio.gather(*(spawn(Process(name), one(name)) for name in "abc"))

        SimLoop(Random(seed)).simulate(main())
        return seen

    assert order(1) == order(1)
    assert len({tuple(order(seed)) for seed in range(20)}) > 10


def test_what_is_killed_never_runs_again_not_even_its_finally() -> None:
    seen = []
    process = Process("a")

    async def work() -> None:
        try:
            while True:
                seen.append("step")
                await asyncio.sleep(1)
        finally:
            seen.append("finally")

    async def main() -> list[str]:
        spawn(process, work())
        await asyncio.sleep(2.5)
        process.dead = True
        await asyncio.sleep(10)
        return list(seen)

    assert SimLoop(Random(1)).simulate(main()) == ["step"] * 3


def test_what_is_frozen_goes_on_with_all_that_came_meanwhile() -> None:
    loop = SimLoop(Random(1))
    process = Process("a")
    seen = []

    async def work() -> None:
        for _ in range(3):
            await asyncio.sleep(1)
            seen.append(round(loop.time()) - 1000)

    async def main() -> None:
        task = spawn(process, work())
        await asyncio.sleep(1.5)
        process.frozen = True
        await asyncio.sleep(20)
        loop.thaw(process)
        await task

    loop.simulate(main())
    assert seen == [1, 22, 23]


def test_who_waits_for_nothing_is_told() -> None:
    async def main() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(Stuck):
        SimLoop(Random(1)).simulate(main())
