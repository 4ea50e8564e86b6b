"""The ways in which a message of an answer that stands in Slack comes to show what it should."""

from __future__ import annotations

import time
from typing import Protocol

import structlog

from bot.errors import MessageGone, SlackError, TryAgain
from bot.reply.calls import Calls
from bot.reply.ledger import Ledger
from bot.reply.part import Part, Stream
from bot.slack.blocks import Message
from bot.slack.pacing import Slot, Turn
from bot.slack.slack import STREAMING, passes

log = structlog.get_logger(__name__)

SOON_SECONDS = 1.0
"""Where the next edit may be had so soon, it is taken under the lease then, which is the check
after this one: a round trip to Redis less for each edit of an answer that grows fast."""


class Writer(Protocol):
    """One such way."""

    def lacks(self, part: Part, message: Message, *, final: bool) -> bool:
        """Whether there is anything of `message` that `write` could still show."""
        ...

    async def write(
        self, part: Part, ts: str, message: Message, turn: Turn, *, final: bool
    ) -> Slot:
        """Let `part`, which stands at `ts`, show more of `message`, if `turn` gives a call for it.
        What of it is known to be shown then stands in `part`; call again while it `lacks` any, by
        the writer that goes with it.

        Raises `LeaseLost`, `StoreUnavailable` and the errors of `Slack`.
        """
        ...


class Editing:
    """Shows the whole message by each edit."""

    def __init__(self, calls: Calls, ledger: Ledger) -> None:
        self._calls = calls
        self._ledger = ledger

    def lacks(self, part: Part, message: Message, *, final: bool) -> bool:  # noqa: ARG002 - an edit shows all
        return part.shown != message

    async def write(
        self,
        part: Part,
        ts: str,
        message: Message,
        turn: Turn,
        *,
        final: bool,
    ) -> Slot:
        before, part.shown = part.shown, None
        try:
            slot = await self._calls.edit(part.name, ts, message, turn, streamed=part.streamed)
        except SlackError as error:
            if error.code == STREAMING:  # an earlier worker has begun it
                part.streams_by(Stream(time.monotonic(), certain=False))
                if part.stop_refused:
                    raise TryAgain(error.code, str(error)) from None
                return Slot(0.0)
            part.refuse(message, error)
            if before != message or passes(error) or isinstance(error, MessageGone):
                raise
            log.warning("stop stays above an answer", error=str(error))
            slot = Slot(0.0)
        if slot.wait:
            part.shown = before
            return slot
        part.shown, part.has_stop = message, False
        if final or not 0 < slot.following <= SOON_SECONDS:
            await self._ledger.check()
        return slot
