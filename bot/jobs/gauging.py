"""The gauges of the queues, which are the same whichever process looks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NoReturn

import structlog

from bot import metrics
from bot.errors import StoreUnavailable
from bot.jobs.entry import Load
from bot.jobs.queue import Queue

log = structlog.get_logger(__name__)

GAUGE_EVERY_SECONDS = 5.0


async def gauge(queue: Queue, waiting: int = 0) -> None:
    """Set the gauges anew, with what is in `queue` now and the jobs of it that wait here. Raises
    `StoreUnavailable`."""
    show([await queue.load()], waiting)


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
            await gauge(queue)
        except StoreUnavailable as error:
            log.warning("store away", error=str(error))
        await asyncio.sleep(GAUGE_EVERY_SECONDS)
