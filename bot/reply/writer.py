"""One message of an answer that stands in Slack: the ways in which it comes to show what it should,
what is known of it besides where it stands (`bot.reply.ledger`), and each call for that, made once
it may be."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Protocol, TypeVar

import structlog

from bot.errors import MessageGone, PostingDenied, RateLimited, SlackError, TooLong, TryAgain
from bot.reply.ledger import Ledger
from bot.slack.blocks import Message
from bot.slack.pacing import EditBudget, Slot, Turn
from bot.slack.slack import DELETE, HISTORY, REPLIES, STREAMING, Posted, Slack, passes
from bot.slack_limits import TIER_3_PER_MINUTE

log = structlog.get_logger(__name__)


T = TypeVar("T")

_DELETES_REFUSED = 5
"""A message that Slack would not let be deleted so often stays where it is."""

_EDITS_REFUSED = 2
"""A message that Slack would not let be edited so often is left alone until the end."""

_STAYS = 3
"""So often is Stop to be taken away from above a text that Slack shows already."""

STAYS_SECONDS = 0.5
"""What lies between: who refused it at once may take it then."""


class Calls:
    """Writes and reads in one channel. `Ledger.late` knows which may still be carried out.

    Every method raises `LeaseLost`, `StoreUnavailable` and the errors of `Slack`; after a 429 the
    method rests for everybody. Posts are made at once: whoever calls has waited for their turn.
    """

    def __init__(self, slack: Slack, budget: EditBudget, ledger: Ledger, channel: str) -> None:
        self._slack = slack
        self._budget = budget
        self._ledger = ledger
        self._channel = channel
        self._deletes_refused: Counter[str] = Counter()

    async def post(self, part: str, message: Message, thread_ts: str | None) -> str:
        """Post `message` as a part of the job, which was recorded as intended; its ts. The
        caller expects it to come late."""
        try:
            return await self._slack.post(
                self._channel,
                message,
                job_id=self._ledger.job_id,
                part=part,
                thread_ts=thread_ts,
            )
        except RateLimited as error:
            await self._budget.rest_posts(error.retry_after)
            raise

    async def edit(
        self, part: str, ts: str, message: Message, turn: Turn, *, streamed: bool = False
    ) -> Slot:
        """Show `message` in place of what stands at `ts`, if `turn` gives an edit for it; of what
        was `streamed` it is said again that it is this part of the job."""
        job_id = self._ledger.job_id if streamed else ""
        try:
            with self._ledger.late.sending(self._slack.deadline, ts, message):
                slot = await self._ledger.take(turn)
                if not slot.wait:
                    await self._slack.update(self._channel, ts, message, job_id=job_id, part=part)
                return slot
        except RateLimited as error:
            await self._budget.rest_edits(error.retry_after)
            raise

    async def delete(self, ts: str) -> None:
        """Delete a message, or leave it when Slack has refused that often enough."""
        try:
            await self._in_turn(DELETE, lambda: self._slack.delete(self._channel, ts), of=ts)
        except SlackError as error:
            if passes(error):
                raise
            self._deletes_refused[ts] += 1
            for_good = self._deletes_refused[ts] >= _DELETES_REFUSED
            if not (for_good or isinstance(error, PostingDenied)):
                raise TryAgain(error.code, str(error)) from None
            log.warning("message not deleted", error=str(error))
        await self._ledger.check()

    async def find(self, thread_ts: str | None, since: float) -> list[Posted]:
        """The messages of the job in the channel or one of its threads, from the Unix time
        `since` on; none where the bot may not look."""
        try:
            return await self._in_turn(
                REPLIES if thread_ts else HISTORY,
                lambda: self._slack.find(self._channel, thread_ts, self._ledger.job_id, since),
            )
        except SlackError as error:
            if passes(error):
                raise
            tell = log.info if isinstance(error, PostingDenied) else log.warning
            tell("messages not looked for", error=str(error))  # where it is not invited, as usual
            return []

    async def _in_turn(
        self, method: str, call: Callable[[], Awaitable[T]], *, of: str | None = None
    ) -> T:
        """`of`: the ts of what is deleted by it, if anything is."""
        await self._budget.turn(method, TIER_3_PER_MINUTE)
        try:
            with self._ledger.late.sending(self._slack.deadline, of) if of else nullcontext():
                await self._ledger.check()
                return await call()
        except RateLimited as error:
            await self._budget.rest(method, error.retry_after)
            raise


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
