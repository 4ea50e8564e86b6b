"""What public channels are called, for those who look after the workspace."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

import structlog
from attrs import frozen

from bot.errors import SlackError, what_it_says
from bot.slack.web_api import WebApi, mapping

log = structlog.get_logger(__name__)

_INFO = "conversations.info"


@frozen
class ChannelNames:
    """Asks Slack for names."""

    _api: WebApi
    """Lets a method rest after a 429."""

    async def public(
        self, channels: Iterable[str], *, within: float, most: int
    ) -> Mapping[str, str]:
        """What those of `channels` that are public are called, as far as Slack says so within so
        many seconds; `most` are asked for. What a private one is called is the business of those
        who are in it. Never raises."""
        names: dict[str, str] = {}
        try:
            async with asyncio.timeout(within):
                for channel in [each for each in channels if each.startswith("C")][:most]:
                    names[channel] = await self._name(channel)
        except (SlackError, TimeoutError) as error:
            log.info("not every channel is named", error=what_it_says(error))
        return names

    async def _name(self, channel: str) -> str:
        try:
            reply = await self._api.call(_INFO, {"channel": channel}, read=True)
        except SlackError as error:
            if error.code != "channel_not_found":
                raise
            return ""
        said = mapping(reply.get("channel"))
        name = said.get("name")
        public = said.get("is_private") is False and not said.get("is_mpim")
        return name if public and isinstance(name, str) else ""
