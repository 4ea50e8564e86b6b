"""The answer for its asker alone, by wish or where the bot may not post: through the command's
`response_url`, when it is done.

Only the asker sees it, nothing of it can be edited or found again, and Slack lets an address
be used five times within half an hour. So it is told at least once: when a worker dies or a
reply is lost in the middle, a message may come twice.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot import words
from bot.completion.ask import Ask
from bot.errors import PostingDenied
from bot.reply.blocks import Message, with_last_line, with_notice
from bot.reply.ledger import Ledger
from bot.reply.slack import Slack
from bot.slack_limits import RESPONSE_URL_USES

RESPONSE = "response"
"""The part of the job that stands for all messages sent this way."""

_TOLD = "told"


class Whisper:
    """One answer told through one `response_url`."""

    def __init__(self, slack: Slack, ledger: Ledger, ask: Ask) -> None:
        self._slack = slack
        self._ledger = ledger
        self._channel = ask.channel
        self._response_url = ask.response_url or ""
        self._sent = 0

    @property
    def begun(self) -> bool:
        """Whether this job is answered this way, now or by an earlier worker."""
        return RESPONSE in self._ledger.posts

    async def tell(self, messages: Sequence[Message], notice: str = "") -> None:
        """Send what was not sent yet, with `notice` above the first; once all is told, nothing.

        Raises `LeaseLost`, `StoreUnavailable` and the errors of `Slack`; call again to go on.
        """
        known = self._ledger.posts.get(RESPONSE)
        if known and known.ts:
            return
        again = known is not None
        await self._ledger.intend(RESPONSE, self._channel)
        try:
            for message in _fitting(messages, notice)[self._sent :]:
                await self._ledger.check()
                await self._slack.respond(self._response_url, message)
                self._sent += 1
        except PostingDenied:
            if not again:
                raise
        await self._ledger.posted(RESPONSE, self._channel, _TOLD)


def _fitting(messages: Sequence[Message], notice: str) -> list[Message]:
    """As many as an address may be used."""
    first, *rest = messages[:RESPONSE_URL_USES]
    fitting = [with_notice(first, notice) if notice else first, *rest]
    if missing := len(messages) - len(fitting):
        fitting[-1] = with_last_line(fitting[-1], words.left_out(missing))
    return fitting
