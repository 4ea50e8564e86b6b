"""What the workspaces of one shard have to do, by one look for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.jobs.job import GROUP, Load, age_of
from bot.jobs.queue import OFFER_SECONDS
from bot.store.keys import ALL_SHARDS, Shard
from bot.store.redis.connection import Store, redis_errors


@dataclass(frozen=True, slots=True)
class Found:
    """What one workspace has to do. `abandoned`: some job of it has a holder that shows no life;
    `due`: some has rested long enough after a crash."""

    team: str
    load: Load
    is_unread: bool
    abandoned: bool
    due: bool


class Sweep:
    """Looks at shards. Every method raises `StoreUnavailable`."""

    def __init__(self, store: Store) -> None:
        self._redis = store.redis
        self._sweep = store.script("sweep")
        self._probe = store.script("probe")
        self._process = "" if store.alone else store.process

    async def busy(self) -> list[Shard]:
        """Those in which some workspace may have jobs."""
        with redis_errors():
            async with self._redis.pipeline(transaction=False) as together:
                for shard in ALL_SHARDS:
                    together.scard(shard.busy)
                counts = await together.execute()
        return [shard for shard, count in zip(ALL_SHARDS, counts, strict=True) if count]

    async def look(self, shard: Shard, *, idle: float, room: int | None) -> list[Found]:
        """What each workspace that has jobs has to do; a job is abandoned after `idle` seconds.
        Others learn that this process has `room` for so many more; None: it takes none."""
        process = "" if room is None else self._process
        now, *found = await self._sweep.once(
            [shard.busy, shard.rooms],
            [
                shard.prefix,
                GROUP,
                int(idle * 1000),
                process,
                room or 0,
                int(OFFER_SECONDS * 1000),
            ],
        )
        return [_found(each, int(now) / 1000) for each in found]

    async def try_writing(self, shard: Shard) -> None:
        """Returns when the shard takes what is written."""
        await self._probe.once([shard.probe], [])


def _found(reply: Sequence[Any], at: float) -> Found:
    team, queued, resting, oldest, unread, reserved, abandoned, due = reply
    return Found(
        team=str(team),
        load=Load(
            depth=int(queued) + int(resting),
            oldest=age_of(oldest, at),
            reserved=int(reserved),
            unread=age_of(unread, at),
            at=at,
        ),
        is_unread=bool(unread),
        abandoned=bool(abandoned),
        due=bool(due),
    )
