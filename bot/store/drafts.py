"""What an open form holds beside its fields: Slack gives a view room for 3,000 characters."""

from __future__ import annotations

from bot.store.connection import Store, redis_errors
from bot.store.keys import Keys

DRAFT_SECONDS = 2 * 3600
"""How long a form may stay open and still be sent."""


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
