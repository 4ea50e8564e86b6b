"""One message of an answer that stands in Slack: the ways in which it comes to show what it should,
and what is known of it besides where it stands (`bot.reply.ledger`)."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Protocol

import structlog

from bot.errors import MessageGone, SlackError, TooLong, TryAgain
from bot.reply.calls import Calls
from bot.reply.ledger import Ledger
from bot.slack.blocks import Message
from bot.slack.pacing import Slot, Turn
from bot.slack.slack import STREAMING, passes

log = structlog.get_logger(__name__)

_EDITS_REFUSED = 2
_STAYS = 3
"""So often is Stop to be taken away from above a text that Slack shows already."""

STAYS_SECONDS = 0.5
"""What lies between: who refused it at once may take it then."""

"""A message that Slack would not let be edited so often is left alone until the end."""


@dataclass(slots=True)
class Stream:
    """What is known of a message that streams. Unless `certain`, nobody knows what it says;
    `lasts`: it says everything, and its end is put off."""

    began: float
    said: str = ""
    certain: bool = True
    lasts: bool = False


@dataclass(slots=True)
class Part:
    """`name`: what the ledger calls it. `shown`: what it is known to show. `unrecorded`: where it
    was posted, as long as that is not in the ledger. `gone`: somebody has deleted it. `stream`: it
    grows by one, as far as is known; `streamed`: it does or did, and an edit of it has to say what
    part it is. `has_stop`: Stop stands above its text, until an edit takes it away. `stop_refused`:
    Slack has refused to end its stream, so that it may be edited once that ends by itself."""

    name: str
    shown: Message | None = None
    refused: Message | None = None
    too_long: Message | None = None
    unrecorded: str | None = None
    gone: bool = False
    edits_refused: int = 0
    stream: Stream | None = None
    streamed: bool = False
    has_stop: bool = False
    stop_refused: bool = False

    def streams_by(self, stream: Stream) -> None:
        """It grows by `stream` from here on."""
        self.stream, self.streamed = stream, True

    def refuse(self, message: Message, error: SlackError) -> None:
        """Slack did not take `message`."""
        if not passes(error):
            self.refused = message
        if isinstance(error, TooLong):
            self.too_long = message

    def is_refused(self, message: Message) -> bool:
        """Whether it is of no use to send `message` before the end."""
        return self.edits_refused >= _EDITS_REFUSED or self.refused == message

    def deleted(self) -> None:
        """The bot has deleted it."""
        self.shown, self.stream, self.streamed, self.has_stop = None, None, False, False
        self.stop_refused = False


class Parts(dict[str, Part]):
    """Those of an answer, by their names: nothing is known of one that was not asked for before."""

    def __missing__(self, name: str) -> Part:
        self[name] = part = Part(name)
        return part


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
        tries = _STAYS if before == message else 1
        try:
            slot = await self._edited(part, ts, message, turn, tries)
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

    async def _edited(self, part: Part, ts: str, message: Message, turn: Turn, tries: int) -> Slot:
        """The same edit once more where Slack refuses it, up to so many `tries`."""
        while True:
            try:
                return await self._calls.edit(part.name, ts, message, turn, streamed=part.streamed)
            except SlackError as error:
                tries -= 1
                own = passes(error) or isinstance(error, MessageGone) or error.code == STREAMING
                if own or not tries:
                    raise
            await asyncio.sleep(STAYS_SECONDS)
