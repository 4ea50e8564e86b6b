"""What all replicas remember for a while: what one of them found out, what was done already though
Slack says again that it is to be done, and what an open form holds beside its fields, since Slack
gives a view room for 3,000 characters."""

from __future__ import annotations

import uuid
from collections import OrderedDict

import structlog

from bot.errors import StoreUnavailable
from bot.slack_limits import EVENT_RETRY_SECONDS
from bot.store.keys import Keys
from bot.store.redis.connection import Records, Store, answered

log = structlog.get_logger(__name__)


DRAFT_SECONDS = 2 * 3600
"""How long a form may stay open and still be sent."""


class Memory(Records):
    """Short texts under names of the caller's, for so many seconds. Every method raises
    `StoreUnavailable`."""

    async def read(self, name: str) -> str | None:
        """What is remembered; None when nothing is."""
        found = await answered(self._redis.get(self._keys.remembered(name)))
        return None if found is None else str(found)

    async def save(self, name: str, text: str, seconds: int) -> None:
        """Remember `text` for so long, in place of what was remembered."""
        await answered(self._redis.set(self._keys.remembered(name), text, ex=seconds))


class Drafts(Records):
    """Keeps drafts under names of the caller's, each written once."""

    async def save(self, name: str, json: str) -> None:
        """Keep `json` for `DRAFT_SECONDS`. Raises `StoreUnavailable`."""
        await self._script("draft_save")([self._keys.draft(name)], [json, DRAFT_SECONDS])

    async def read(self, name: str) -> str | None:
        """What was saved; None when that is too long ago. Raises `StoreUnavailable`."""
        found = await answered(self._redis.get(self._keys.draft(name)))
        return None if found is None else str(found)


MOST_KNOWN = 1_000

GREETED_SECONDS = 400 * 86_400
"""How long it is remembered who was shown how to begin."""


class Once(Records):
    """Tells the first who asks, of all replicas, from all others."""

    def __init__(self, store: Store, keys: Keys) -> None:
        super().__init__(store, keys)
        self._known: OrderedDict[str, None] = OrderedDict()

    async def first(self, name: str, seconds: int = EVENT_RETRY_SECONDS) -> bool:
        """Whether nobody has asked for `name` within so many seconds; never raises.

        While Redis is away this process alone is asked: better twice than never.
        """
        return await self._first(self._keys.claimed(name), seconds)

    async def greets(self, user: str) -> bool:
        """The same of showing `user` how to begin, which is done once and not again."""
        return await self._first(self._keys.greeted(user), GREETED_SECONDS)

    async def _first(self, key: str, seconds: int) -> bool:
        if key in self._known:
            return False
        self._known[key] = None
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        try:
            return bool(await self._script("claim")([key], [uuid.uuid4().hex, seconds]))
        except StoreUnavailable as error:
            log.warning("not sure to be the first", error=str(error))
            return True
