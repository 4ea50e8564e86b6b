"""What must be done in the end, however long Redis is away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from bot.backoff import pauses
from bot.errors import StoreUnavailable

log = structlog.get_logger(__name__)

T = TypeVar("T")


async def until_stored(act: Callable[[], Awaitable[T]]) -> T:
    """Do what must be done, as soon as Redis lets it; what came of it."""
    rests = pauses()
    while True:
        try:
            return await act()
        except StoreUnavailable as error:
            log.warning("store away", error=str(error))
        await asyncio.sleep(next(rests))
