"""A worker with one place in a process of its own: `python -m tests.jobs.waiters URL LEASE`.

It says, besides what a `Crew` does, which jobs wait for the place.
"""

from __future__ import annotations

import asyncio
import sys

from bot.jobs import worker
from bot.jobs.lease import Held
from tests.jobs.crew import Crew, main


class Waiters(Crew):
    async def __call__(self, held: Held) -> None:
        if held.ahead is not None:
            await self._step("waiting", held)
        await held.turn(lambda _: None)
        await super().__call__(held)


if __name__ == "__main__":
    worker.UNREAD_SECONDS = 0.01
    asyncio.run(main(sys.argv[1], float(sys.argv[2]), Waiters, at_once=1, waiting=5))
