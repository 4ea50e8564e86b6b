"""How long to rest before another try: longer and longer, never all replicas at once; and what
must be done in the end, however long Redis is away."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import structlog

from bot.errors import StoreUnavailable

log = structlog.get_logger(__name__)

T = TypeVar("T")


def pauses(first: float = 0.2, longest: float = 5.0) -> Iterator[float]:
    """Seconds to wait before the first try again, the second, and so on, with jitter."""
    pause = first
    while True:
        yield pause * random.uniform(0.5, 1.0)  # noqa: S311
        pause = min(pause * 2, longest)


async def until_stored(act: Callable[[], Awaitable[T]]) -> T:
    """Do what must be done, as soon as Redis lets it; what came of it."""
    rests = pauses()
    while True:
        try:
            return await act()
        except StoreUnavailable as error:
            log.warning("store away", error=str(error))
        await asyncio.sleep(next(rests))
