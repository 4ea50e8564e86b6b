"""Messages of the bot's own accord: to a channel, or to one person in direct messages."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from bot.errors import PostingDenied, RateLimited, SlackError
from bot.slack.blocks import Message, note
from bot.slack.slack import Slack

log = structlog.get_logger(__name__)

TRIES = 3

_PART = "notice"


class Announcing:
    """Posts what is no answer. Nothing here raises."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack

    async def announce(self, channel: str, sentence: str) -> bool:
        """Tell everybody in `channel`, in mrkdwn; False when the bot may not write there."""
        try:
            await self._post(channel, note(sentence))
        except SlackError as error:
            log.warning("not announced", error=str(error))
            return not isinstance(error, PostingDenied)
        return True

    async def send(self, messages: Sequence[Message], user: str) -> bool:
        """Send `messages` to `user`, in order; whether that was possible."""
        try:
            channel = await self._slack.direct(user)
            for message in messages:
                await self._post(channel, message)
        except SlackError as error:
            log.warning("messages not sent", error=str(error))
            return False
        return True

    async def _post(self, channel: str, message: Message) -> None:
        for tries_left in reversed(range(TRIES)):
            try:
                await self._slack.post(channel, message, job_id="", part=_PART)
                return
            except RateLimited as error:
                if not tries_left:
                    raise
                await asyncio.sleep(error.retry_after)
