"""What the bot does, said below a thread while there is no message to say it in."""

from __future__ import annotations

import structlog

from bot.errors import PostingDenied, SlackError
from bot.slack.slack import Slack, passes

log = structlog.get_logger(__name__)


class ThreadStatus:
    """The "is thinking…" of one thread. Slack takes it away when the bot writes there."""

    def __init__(self, slack: Slack, channel: str, thread_ts: str) -> None:
        self._slack = slack
        self._channel = channel
        self._thread_ts = thread_ts
        self._said = ""

    async def say(self, status: str) -> bool:
        """Say `status` behind the bot's name, unless it stands there; empty: nothing any more.

        False: Slack does not let it be said here. Raises `PostingDenied` where the bot may not
        write either.
        """
        if status == self._said:
            return True
        try:
            await self._slack.set_status(self._channel, self._thread_ts, status)
        except PostingDenied:
            raise
        except SlackError as error:
            log.info("status not shown", error=str(error))
            return passes(error)
        self._said = status
        return True
