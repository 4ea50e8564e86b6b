"""A workspace that was the only one of its bot, or is from before there were shards: its keys go
to where those of several are."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from redis.exceptions import ResponseError

from bot.store.keys import Keys
from bot.store.redis.connection import Store, redis_errors, together

log = structlog.get_logger(__name__)

_AT_ONCE = 200
"""Workspaces in one round trip."""


class Moving:
    """Moves keys, each with what is left of its lifetime. Raises `StoreUnavailable`.

    A process that dies of it, or another that does the same, does no harm: a key is at its new
    place before it leaves the old one, and what is at the new place already stays.
    """

    def __init__(self, store: Store) -> None:
        self._redis = store.redis

    async def bring(self, teams: Sequence[str]) -> None:
        """Move what is left of `teams` where they were; whoever ever asked there has a queue."""
        for start in range(0, len(teams), _AT_ONCE):
            some = teams[start : start + _AT_ONCE]
            asking = [("EXISTS", Keys(team).queue, Keys(team).policy) for team in some]
            found = await together(self._redis, asking)
            for team, there in zip(some, found, strict=True):
                if there:
                    await self._move(Keys(team), Keys.among_several(team))

    async def _move(self, old: Keys, new: Keys) -> None:
        with redis_errors():
            found = [str(key) async for key in self._redis.scan_iter(f"{old.prefix}*", count=1_000)]
            marks = {old.queue, old.policy}  # they go last: they say that there is more to move
            for key in sorted(found, key=lambda each: each in marks):
                await self._copy(key, new.prefix + key.removeprefix(old.prefix))
                if key == old.queue and new.shard is not None:
                    await self._redis.sadd(new.shard.busy, new.team)
                await self._redis.unlink(key)
        log.info("workspace moved to its shard", team=new.team, keys=len(found))

    async def _copy(self, key: str, to: str) -> None:
        value, lifetime = await self._redis.dump(key), await self._redis.pttl(key)
        if value is None:
            return
        try:
            await self._redis.restore(to, max(lifetime, 0), value)
        except ResponseError as error:
            if not str(error).startswith("BUSYKEY"):
                raise
