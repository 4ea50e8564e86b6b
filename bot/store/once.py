"""What is done once, though Slack says several times that it is to be done."""

from __future__ import annotations

import uuid
from collections import OrderedDict

import structlog

from bot.errors import StoreUnavailable
from bot.slack_limits import EVENT_RETRY_SECONDS
from bot.store.keys import Keys
from bot.store.redis.connection import Store

log = structlog.get_logger(__name__)

MOST_KNOWN = 1_000

GREETED_SECONDS = 400 * 86_400
"""How long it is remembered who was shown how to begin."""


class Once:
    """Tells the first who asks, of all replicas, from all others."""

    def __init__(self, store: Store, keys: Keys) -> None:
        self._claim = store.script("claim")
        self._keys = keys
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
            return bool(await self._claim([key], [uuid.uuid4().hex, seconds]))
        except StoreUnavailable as error:
            log.warning("not sure to be the first", error=str(error))
            return True
