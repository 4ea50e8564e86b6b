"""How much there is to do: of one workspace, of all those of one shard by one look for all of them,
and as gauges."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import structlog

from bot import metrics
from bot.errors import StoreUnavailable
from bot.jobs.job import GROUP, Load, age_of
from bot.jobs.queue import OFFER_SECONDS, Queue
from bot.store.keys import ALL_SHARDS, Shard
from bot.store.redis.connection import Store, together

log = structlog.get_logger(__name__)

GAUGE_EVERY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Backlog:
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
        counts = await together(self._redis, [("SCARD", shard.busy) for shard in ALL_SHARDS])
        return [shard for shard, count in zip(ALL_SHARDS, counts, strict=True) if count]

    async def look(self, shard: Shard, *, idle: float, room: int | None) -> list[Backlog]:
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
        return [_backlog(each, int(now) / 1000) for each in found]

    async def try_writing(self, shard: Shard) -> None:
        """Returns when the shard takes what is written."""
        await self._probe.once([shard.probe], [])


def _backlog(reply: Sequence[Any], at: float) -> Backlog:
    team, queued, resting, oldest, unread, reserved, abandoned, due = reply
    return Backlog(
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


def show(loads: Sequence[Load], waiting: int) -> None:
    """Set the gauges to `loads`, of so many workspaces, and to the jobs of them that wait here."""
    metrics.QUEUE_DEPTH.set(sum(load.depth for load in loads))
    metrics.QUEUE_OLDEST.set(max((load.oldest for load in loads), default=0.0))
    metrics.QUEUE_UNREAD.set(max((load.unread for load in loads), default=0.0))
    metrics.QUOTA_RESERVED_TOKENS.set(sum(load.reserved for load in loads))
    metrics.JOBS_WAITING.set(waiting)


async def keep_gauged(queue: Queue) -> NoReturn:
    """Set them again and again, in a process that has no worker to do it."""
    while True:
        try:
            show([await queue.load()], 0)
        except StoreUnavailable as error:
            log.warning("store away", error=str(error))
        await asyncio.sleep(GAUGE_EVERY_SECONDS)
