"""What must be done in the end, however long Redis is away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bot.backoff import pauses
from bot.errors import StoreUnavailable

log = structlog.get_logger(__name__)


async def insist(act: Callable[[], Awaitable[object]]) -> None:
    """Do what must be done, as soon as Redis lets it."""
    for pause in pauses():
        try:
            await act()
            return
        except StoreUnavailable as error:
            log.warning("store away", error=str(error))
        await asyncio.sleep(pause)
