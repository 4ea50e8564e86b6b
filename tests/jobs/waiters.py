"""A worker with one place in a process of its own: `run`.

It says, besides what a `Crew` does, which jobs wait for the place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.jobs import worker
from bot.jobs.holder import Held
from tests.jobs.crew import Crew, main


class Waiters(Crew):
    async def __call__(self, held: Held) -> None:
        if held.ahead is not None:
            await self._step("waiting", held)
        await held.turn(lambda _: None)
        await super().__call__(held)


def run(arguments: Sequence[str]) -> int:
    url, lease_seconds, team = arguments
    worker.UNREAD_SECONDS = 0.01
    asyncio.run(main(url, float(lease_seconds), team, Waiters, at_once=1, waiting=5))
    return 0
