"""Slack's own streaming: a message grows by what is appended to it.

What was appended stands there for good, so only text that stays as it is, whatever follows, is
appended (`Message.settled`). The rest of it and its foot come with the end of the stream. Where
anything is in doubt the stream is ended as it stands, and the message edited from there on, so that
nothing is lost or shown twice.

A stream begins without text, since Slack takes metadata only at its end: what carries the job
until then is the id of an unseen line, by which one is found whose ts was lost. While it lasts,
Stop stands above its text, since what was streamed can be taken away by an edit alone. A message
with anything else above its markdown is not streamed.

Slack ends a stream after a while. So a message that has streamed for long ends between two blocks
of its text, or at last wherever it can, and the answer goes on in another one (`Native.age`,
`Chain.end_message`).
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import structlog
from attrs import define, field

from bot.errors import (
    MessageGone,
    OutcomeUnknown,
    PostingDenied,
    RateLimited,
    SlackError,
    TooLong,
    TryAgain,
)
from bot.reply.ledger import Ledger, Part, Stream
from bot.reply.session import Session
from bot.slack.blocks import Block, Message
from bot.slack.pacing import EditBudget, Slot, TakeSlot
from bot.slack.refusals import STREAM_ENDED
from bot.slack.slack import Slack
from bot.slack_limits import (
    STREAM_APPENDS_PER_MINUTE,
    STREAM_SECONDS,
    STREAM_STARTS_PER_MINUTE,
    STREAM_STOPS_PER_MINUTE,
)

log = structlog.get_logger(__name__)

BETWEEN_BLOCKS = 0.6
ANYWHERE = 0.75
_EDITED = 0.9
"""Shares of the life of a stream: from when on its message ends between two blocks (3 minutes), or
wherever it can (3 3/4), or is edited from there on (4 1/2)."""

APPEND = "chat.appendStream"
_START = "chat.startStream"
_STOP = "chat.stopStream"
_MOST = {
    _START: STREAM_STARTS_PER_MINUTE,
    APPEND: STREAM_APPENDS_PER_MINUTE,
    _STOP: STREAM_STOPS_PER_MINUTE,
}

_STOPPED = "stopped_by_user"
_OVER = (_STOPPED, STREAM_ENDED)


@define(eq=False)
class Native:
    """Writes messages of one job by streams, each from its `start` until it is edited or whole.
    `user`, of `team`, is the asker; `session` that of the thread in `channel`, where it may have
    one.

    Every method that calls Slack checks the lease before and after, and raises `LeaseLost`,
    `StoreUnavailable`, and the errors of `Slack` that are named there.
    """

    _slack: Slack
    _budget: EditBudget
    _ledger: Ledger
    _channel: str = field(kw_only=True)
    _user: str = field(kw_only=True)
    _team: str = field(kw_only=True)
    _session: Session | None = field(default=None, kw_only=True)
    wanted: bool = field(default=False, init=False)
    """Whether messages that are new are streamed, for as long as Slack lets it be done."""
    stopped: bool = field(default=False, init=False)
    """Whether somebody has stopped the answer by Slack's own means."""
    _reserved: bool = field(default=False, init=False)

    def waits(self, message: Message) -> bool:
        """Whether a new message will grow into `message` once some of it is settled."""
        return self.wanted and not (message.head or message.settled)

    def lacks(self, part: Part, message: Message, *, final: bool) -> bool:
        stream = _stream_of(part)
        if not _is_whole(message, final):
            return stream.said != message.settled or not _goes_on(stream, message)
        return final or not stream.lasts or stream.said != message.body

    def age(self, part: Part) -> float:
        """Which share of the life of its stream is over: 0 where it has none, or is left anyway."""
        stream = part.stream
        return _age(stream) if self.wanted and stream and stream.certain else 0.0

    async def may_start(self, message: Message) -> bool:
        """Whether a new message may grow into `message`: a start is reserved for it then, and
        kept until `start`."""
        if not self._can_start(message):
            return False
        self._reserved = self._reserved or await self._takes(_START)
        return self._reserved

    def is_reserved(self, message: Message) -> bool:
        """Whether a start was reserved that `message` can use."""
        return self._reserved and self._can_start(message)

    async def start(self, part: Part, thread_ts: str) -> str | None:
        """Begin `part` with the start that was reserved; its ts. None when Slack refuses: it is
        not there, and to be posted.

        Raises `OutcomeUnknown`: look for it before it is posted. The intent was recorded before.
        """
        self._reserved = False
        if self._session is not None:
            await self._session.streams(thread_ts)
        began = time.monotonic()
        try:
            async with self._budget.resting(_START):
                ts = await self._slack.start_stream(
                    self._channel,
                    thread_ts,
                    user=self._user,
                    team=self._team,
                    job_id=self._ledger.job_id,
                    part=part.name,
                )
        except OutcomeUnknown:
            raise
        except SlackError as error:
            if not isinstance(error, RateLimited):
                log.info("not streamed", error=str(error))
                self.wanted = False
            return None
        part.streams_by(Stream(began))
        part.has_stop = True
        return ts

    async def write(
        self, part: Part, ts: str, message: Message, turn: TakeSlot, *, final: bool
    ) -> Slot:
        """Let `part` grow into `message`: by what of it is settled, which takes a `turn`, or to its
        end when it is `final` or another message follows it.

        Once it shows the whole of it, or is to be edited, it streams no more. Raises `MessageGone`,
        `TooLong`; `OutcomeUnknown` and `RateLimited`, which pass: call again.
        """
        stream, whole = _stream_of(part), _is_whole(message, final)
        continues = not message.head and message.body.startswith(stream.said)
        try:
            if not whole and _goes_on(stream, message):
                return await self._append(part, ts, message.settled, turn)
            if whole and stream.certain and continues:
                await self._end(part, ts, message, final=final)
            else:
                await self._leave(part, ts)
        except SlackError as error:
            part.refuse(message, error)
            if isinstance(error, MessageGone):
                part.stream = None
            raise
        return Slot(0.0)

    def _can_start(self, message: Message) -> bool:
        return self.wanted and bool(message.settled) and not message.head

    async def _takes(self, method: str) -> bool:
        return not await self._budget.try_take(method, _MOST[method])

    async def _append(self, part: Part, ts: str, text: str, turn: TakeSlot | None = None) -> Slot:
        """Without a `turn` it was taken by the caller."""
        stream, slot = _stream_of(part), Slot(0.0)
        new = text[len(stream.said) :]
        if not new:
            return slot
        if turn is None:
            await self._ledger.check()
        elif (slot := await self._ledger.take(turn)).wait:
            return slot
        stream.certain = False
        try:
            await self._slack.append_stream(self._channel, ts, new)
        except SlackError as error:
            await self._refuse(part, ts, APPEND, error)
            return slot
        stream.said, stream.certain = text, True
        await self._ledger.check()
        return slot

    async def _end(self, part: Part, ts: str, message: Message, *, final: bool) -> None:
        """End it as `message`. While no stream may be stopped, its text is shown at least; what
        others follow then ends with the last of them."""
        stream = _stream_of(part)
        try:
            await self._stop(part, ts, message.body[len(stream.said) :], message.foot, final=final)
        except RateLimited as limit:
            stream.certain = True
            if message.body != stream.said and await self._takes(APPEND):
                await self._append(part, ts, message.body)
            stream.lasts = stream.certain and stream.said == message.body
            if part.stream and (final or not stream.lasts):
                raise limit from None
        except SlackError as error:
            await self._refuse(part, ts, _STOP, error)
        else:
            part.shown = message
            await self._ledger.check()

    async def _refuse(self, part: Part, ts: str, method: str, error: SlackError) -> None:
        """Go on without the stream, after what came of a call of `method`."""
        if isinstance(error, MessageGone | OutcomeUnknown | TooLong):
            raise error
        log.info("streamed no further", part=part.name, error=str(error))
        if isinstance(error, RateLimited):
            await self._budget.rest(method, error.retry_after)
        if not self._is_over(part, error):
            await self._leave(part, ts)

    async def _leave(self, part: Part, ts: str) -> None:
        """End the stream as it stands, for the message to be edited."""
        try:
            await self._stop(part, ts)
        except (RateLimited, OutcomeUnknown, MessageGone):
            raise
        except SlackError as error:
            part.stream = None
            if self._is_over(part, error):
                return
            part.stop_refused = True
            if isinstance(error, PostingDenied):
                raise
            raise TryAgain(error.code, str(error)) from None
        else:
            await self._ledger.check()

    async def _stop(
        self,
        part: Part,
        ts: str,
        text: str = "",
        below: Sequence[Block] = (),
        *,
        final: bool = False,
    ) -> None:
        """End the stream with `text` as its last and `below` under it; `final`: that is the end of
        the answer. Raises `RateLimited` while no stream may be stopped."""
        if wait := await self._budget.try_take(_STOP, _MOST[_STOP]):
            raise RateLimited(wait)
        await self._ledger.check()
        session = self._session
        _stream_of(part).certain = False
        async with self._budget.resting(_STOP):
            await self._slack.stop_stream(
                self._channel,
                ts,
                job_id=self._ledger.job_id,
                part=part.name,
                text=text,
                below=below,
                session_status=session.when_streamed(final=final) if session else "",
            )
        part.stream = None
        if final and session:
            await session.streamed()

    def _is_over(self, part: Part, error: SlackError) -> bool:
        """Whether Slack says with `error` that it streams no more."""
        self.stopped = self.stopped or error.code == _STOPPED
        if error.code in _OVER:
            part.stream = None
        return error.code in _OVER


def _stream_of(part: Part) -> Stream:
    if part.stream is None:
        raise LookupError(f"part {part.name} does not stream")
    return part.stream


def _age(stream: Stream) -> float:
    return (time.monotonic() - stream.began) / STREAM_SECONDS


def _goes_on(stream: Stream, message: Message) -> bool:
    return _age(stream) < _EDITED and stream.certain and message.settled.startswith(stream.said)


def _is_whole(message: Message, final: bool) -> bool:
    """Whether nothing is added to it any more. What is still written has a foot that says so."""
    return final or not message.foot
