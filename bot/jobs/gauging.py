"""The gauges of the queue, which are the same whichever process looks."""

from __future__ import annotations

import asyncio
from typing import NoReturn

import structlog

from bot import metrics
from bot.errors import StoreUnavailable
from bot.jobs.queue import Queue

log = structlog.get_logger(__name__)

GAUGE_EVERY_SECONDS = 5.0


async def gauge(queue: Queue) -> None:
    """Set the gauges of `queue`. Raises `StoreUnavailable`."""
    load = await queue.load()
    metrics.QUEUE_DEPTH.set(load.depth)
    metrics.QUEUE_OLDEST.set(load.oldest)
    metrics.QUEUE_UNREAD.set(load.unread)
    metrics.QUOTA_RESERVED_TOKENS.set(load.reserved)


async def keep_gauged(queue: Queue) -> NoReturn:
    """Set them again and again, in a process that has no worker to do it."""
    while True:
        try:
            await gauge(queue)
        except StoreUnavailable as error:
            log.warning("store away", error=str(error))
        await asyncio.sleep(GAUGE_EVERY_SECONDS)
