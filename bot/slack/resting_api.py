"""Slack's Web API for whoever looks something up: after a 429 the method rests for everybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import RateLimited
from bot.slack.web_api import DEADLINE_SECONDS, WebApi
from bot.store.rests import Rests


class RestingApi(WebApi):
    """As `WebApi`; of the methods that read, none is called while it rests.

    Those that write are paced by whoever calls them, and a view must open before anything else.
    """

    def __init__(
        self, client: AsyncWebClient, rests: Rests, *, deadline: float = DEADLINE_SECONDS
    ) -> None:
        super().__init__(client, deadline=deadline)
        self._rests = rests

    async def resting(self, method: str) -> float:
        """For how many seconds `method` will not be called; 0: it may be."""
        return await self._rests.left(method)

    async def call(
        self, method: str, body: Mapping[str, Any], *, read: bool = False
    ) -> Mapping[str, Any]:
        """The reply to one call. Raises what `WebApi.call` raises, and `RateLimited` without a
        call while the method rests."""
        if not read:
            return await super().call(method, body)
        if left := await self.resting(method):
            raise RateLimited(left)
        try:
            return await super().call(method, body, read=True)
        except RateLimited as error:
            await self._rests.begin(method, error.retry_after)
            raise
