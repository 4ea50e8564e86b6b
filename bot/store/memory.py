"""What one replica found out, remembered for a short time by all of them."""

from __future__ import annotations

from bot.store.connection import Store, redis_errors
from bot.store.keys import Keys


class Memory:
    """Short texts under names of the caller's, for so many seconds. Every method raises
    `StoreUnavailable`."""

    def __init__(self, store: Store, keys: Keys) -> None:
        self._redis = store.redis
        self._keys = keys

    async def read(self, name: str) -> str | None:
        """What is remembered; None when nothing is."""
        with redis_errors():
            found = await self._redis.get(self._keys.remembered(name))
        return None if found is None else str(found)

    async def save(self, name: str, text: str, seconds: int) -> None:
        """Remember `text` for so long, in place of what was remembered."""
        with redis_errors():
            await self._redis.set(self._keys.remembered(name), text, ex=seconds)
