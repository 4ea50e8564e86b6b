"""Which workspaces have jobs in their queues, without a bot that is open for them."""

from __future__ import annotations

from collections.abc import Sequence

from bot.store.connection import Store, redis_errors
from bot.store.keys import Keys

_AT_ONCE = 200
"""Workspaces in one round trip."""


class Work:
    """Looks into queues."""

    def __init__(self, store: Store) -> None:
        self._redis = store.redis

    async def waiting(self, teams: Sequence[str]) -> set[str]:
        """Those of `teams` that have jobs: waiting, under way, or resting. Raises
        `StoreUnavailable`."""
        found: set[str] = set()
        for start in range(0, len(teams), _AT_ONCE):
            some = teams[start : start + _AT_ONCE]
            found |= {team for team, jobs in zip(some, await self._jobs(some), strict=True) if jobs}
        return found

    async def _jobs(self, teams: Sequence[str]) -> list[int]:
        with redis_errors():
            async with self._redis.pipeline(transaction=False) as together:
                for team in teams:
                    keys = Keys(team)
                    together.xlen(keys.queue)
                    together.zcard(keys.paused)
                    together.zcard(keys.singly)
                counts = await together.execute()
        return [sum(map(int, counts[at : at + 3])) for at in range(0, len(counts), 3)]
