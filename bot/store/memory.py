"""What is remembered for a short time, by all replicas: what one of them found out, and what an
open form holds beside its fields, since Slack gives a view room for 3,000 characters."""

from __future__ import annotations

from bot.store.keys import Keys
from bot.store.redis.connection import Store, redis_errors

DRAFT_SECONDS = 2 * 3600
"""How long a form may stay open and still be sent."""


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


class Drafts:
    """Keeps drafts under names of the caller's, each written once."""

    def __init__(self, store: Store, keys: Keys) -> None:
        self._redis = store.redis
        self._save = store.script("draft_save")
        self._keys = keys

    async def save(self, name: str, json: str) -> None:
        """Keep `json` for `DRAFT_SECONDS`. Raises `StoreUnavailable`."""
        await self._save([self._keys.draft(name)], [json, DRAFT_SECONDS])

    async def read(self, name: str) -> str | None:
        """What was saved; None when that is too long ago. Raises `StoreUnavailable`."""
        with redis_errors():
            found = await self._redis.get(self._keys.draft(name))
        return None if found is None else str(found)
