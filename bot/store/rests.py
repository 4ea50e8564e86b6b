"""Methods of Slack that rest after a 429, for all replicas together."""

from __future__ import annotations

import asyncio
import time

import structlog

from bot.errors import StoreUnavailable
from bot.store.connection import Store, redis_errors
from bot.store.keys import Keys

log = structlog.get_logger(__name__)

ASK_SECONDS = 0.3
"""How long Redis may take to say so: whoever asks has an ack to give."""


class Rests:
    """Knows for how long which method rests. While Redis does not say, each process knows what
    Slack has told it: never raises."""

    def __init__(self, store: Store, keys: Keys) -> None:
        self._redis = store.redis
        self._rest = store.script("rest")
        self._keys = keys
        self._until: dict[str, float] = {}

    async def left(self, method: str) -> float:
        """For how many seconds `method` must not be called; 0: it may be."""
        own = self._until.get(method, 0.0) - time.monotonic()
        return max(own, await self._left_of_all(method))

    async def begin(self, method: str, seconds: float) -> None:
        """Let `method` rest for `seconds`. A longer rest stands."""
        self._until[method] = max(self._until.get(method, 0.0), time.monotonic() + seconds)
        try:
            async with asyncio.timeout(ASK_SECONDS):
                await self._rest([self._keys.rest(method)], [round(seconds * 1000)])
        except (StoreUnavailable, TimeoutError) as error:
            log.warning("only this process rests", method=method, error=str(error))

    async def _left_of_all(self, method: str) -> float:
        try:
            async with asyncio.timeout(ASK_SECONDS):
                with redis_errors():
                    left = int(await self._redis.pttl(self._keys.rest(method)))
        except (StoreUnavailable, TimeoutError) as error:
            log.warning("rest not known", method=method, error=str(error))
            return 0.0
        return max(0, left) / 1000
