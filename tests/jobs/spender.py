"""A worker in a process of its own that asks with what was reserved: `run`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.completion.result import Usage
from bot.jobs.holder import Held
from tests.jobs.asks import make_answer
from tests.jobs.crew import Crew, main

USED = 30
"""Tokens that every answer takes."""


class Spender(Crew):
    """A `run_job` that keeps a journal."""

    async def __call__(self, held: Held) -> None:
        await self._step("taken", held)
        if held.job.answer is None:
            await held.begin()
            await self._step("begun", held)
            usage = Usage(total_tokens=USED, cost_in_usd_ticks=0)
            await held.deliver(make_answer().model_copy(update={"usage": usage}))
            await self._step("delivered", held)
        while await held.finish():
            pass
        await self._step("finished", held)


def run(arguments: Sequence[str]) -> int:
    url, lease_seconds, team = arguments
    asyncio.run(main(url, float(lease_seconds), team, Spender))
    return 0
