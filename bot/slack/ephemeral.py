"""A sentence for one person alone, wherever it can still reach them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import structlog
from attrs import frozen

from bot.characters import shortened
from bot.errors import SlackError, TryAgain
from bot.slack.blocks import Message, note
from bot.slack.inbound.interactions import Click
from bot.slack.slack import Slack
from bot.slack_limits import SECTION_TEXT_CHARS
from bot.store.allowances import Allowances

log = structlog.get_logger(__name__)

TOLD_PER_MINUTE = 15
"""Nobody reads more: Slack lets the whole workspace be told about 100 things in a minute."""

_PART = "aside"


@frozen
class Ephemeral:
    """Tells one person something, and nobody else."""

    _slack: Slack
    _allowances: Allowances

    async def tell(
        self,
        said: str | Message,
        *,
        user: str,
        channel: str = "",
        thread_ts: str = "",
        response_url: str = "",
        replied: bool = False,
        replaces: bool = False,
    ) -> None:
        """Show `said`, a message or a sentence (of `bot.words`, Slack's mrkdwn), to `user`; never
        raises.

        The first way that works is taken: `response_url`, `channel` (in its thread `thread_ts`,
        if it has replies, which is asked of Slack unless it is known that somebody `replied`),
        a direct message. By that of a click it may be told in the place of the message with the
        button (`replaces`). Beyond `TOLD_PER_MINUTE` nothing is told but by a `response_url`.
        """
        message = _message(said) if isinstance(said, str) else said
        respond = self._slack.replace if replaces else self._slack.respond
        if response_url and await _told(partial(respond, response_url, message)):
            return
        if await self._allowances.take(f"told:{user}", TOLD_PER_MINUTE):
            log.warning("not told, since told so much already", user=user)
            return
        if channel and await _told(
            partial(self._in_channel, user, channel, thread_ts, message, replied=replied)
        ):
            return
        await _told(partial(self._direct, user, message))

    async def answer(self, click: Click, said: str | Message, *, replaces: bool = False) -> None:
        """Tell whoever clicked, where they did: what goes through a `response_url` is shown in the
        channel, not in a thread of it, unless it `replaces` what was clicked. In a thread that is a
        reply itself, so nobody need be asked whether there is one."""
        await self.tell(
            said,
            user=click.user,
            channel=click.channel,
            thread_ts=click.thread_ts,
            response_url=click.response_url if replaces or not click.thread_ts else "",
            replied=bool(click.thread_ts),
            replaces=replaces,
        )

    async def _in_channel(
        self, user: str, channel: str, thread_ts: str, message: Message, *, replied: bool
    ) -> None:
        """In a thread that nobody has replied in, Slack would show it to nobody."""
        begun = thread_ts and (replied or await self._slack.is_thread(channel, thread_ts))
        await self._slack.ephemeral(channel, user, message, thread_ts=thread_ts if begun else None)

    async def _direct(self, user: str, message: Message) -> None:
        channel = await self._slack.direct(user)
        await self._slack.post(channel, message, job_id="", part=_PART)


async def _told(telling: Callable[[], Awaitable[None]]) -> bool:
    try:
        try:
            await telling()
        except TryAgain:
            await telling()
    except SlackError as error:
        log.warning("not told this way", error=str(error))
        return False
    return True


def _message(sentence: str) -> Message:
    return note(shortened(sentence, SECTION_TEXT_CHARS))
