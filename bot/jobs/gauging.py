"""The gauges of the queues, which are the same whichever process looks."""

from __future__ import annotations

import asyncio
from typing import NoReturn

import structlog

from bot import metrics
from bot.errors import StoreUnavailable
from bot.jobs.entry import Load
from bot.jobs.queue import Queue

log = structlog.get_logger(__name__)

GAUGE_EVERY_SECONDS = 5.0


_LOADS: dict[str, tuple[Load, int]] = {}
"""Of every workspace that this process serves: what was found last, and what waits here."""


async def gauge(queue: Queue, waiting: int = 0) -> None:
    """Set the gauges anew, with what is in `queue` now and the jobs of it that wait here. Raises
    `StoreUnavailable`."""
    _LOADS[queue.team] = await queue.load(), waiting
    loads = [load for load, _ in _LOADS.values()]
    metrics.QUEUE_DEPTH.set(sum(load.depth for load in loads))
    metrics.QUEUE_OLDEST.set(max(load.oldest for load in loads))
    metrics.QUEUE_UNREAD.set(max(load.unread for load in loads))
    metrics.QUOTA_RESERVED_TOKENS.set(sum(load.reserved for load in loads))
    metrics.JOBS_WAITING.set(sum(here for _, here in _LOADS.values()))


def ungauge(team: str) -> None:
    """This process serves `team` no more."""
    _LOADS.pop(team, None)


async def keep_gauged(queue: Queue) -> NoReturn:
    """Set them again and again, in a process that has no worker to do it."""
    while True:
        try:
            await gauge(queue)
        except StoreUnavailable as error:
            log.warning("store away", error=str(error))
        await asyncio.sleep(GAUGE_EVERY_SECONDS)
