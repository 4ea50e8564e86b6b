"""The messages of one job in Slack: written under the lease, each of them once.

The intent to post is recorded before posting, the ts after it. A post whose ts is not known
is looked for before it is posted again (`bot.reply.sweeping`). What stands there is written by
edits, or by Slack's own streaming where it was begun so, until that has ended (`bot.reply.native`).

What Slack has not answered it may carry out later, after newer calls, also for a holder before.
So at the end it is waited until that cannot happen any more, and shown again what may have been
written over (`Destination.settled`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property, partial

import structlog
from attrs import define, field, frozen

from bot.errors import LeaseLost, MessageGone, OutcomeUnknown, PostingDenied, SlackError, TryAgain
from bot.reply.ledger import Ledger, Part, Stream, begun, withdrawn
from bot.reply.native import APPEND, Native
from bot.reply.sweeping import Sweeping
from bot.slack.blocks import Message
from bot.slack.pacing import EDIT, POST, EditBudget, LateCall, Slot, TakeSlot
from bot.slack.refusals import MESSAGE_DELETED, STREAMING, THREAD_GONE, passes
from bot.slack.slack import Slack
from bot.slack_limits import STREAM_APPENDS_PER_MINUTE

log = structlog.get_logger(__name__)

_EDITS_REFUSED = 2
"""A message that Slack would not let be edited so often is left alone until the end."""

SOON_SECONDS = 1.0
"""Where the next edit may be had so soon, it is taken under the lease then, which is the check
after this one: a round trip to Redis less for each edit of an answer that grows fast."""

_STAYS = 3
"""So often is Stop to be taken away from above a text that Slack shows already."""

STAYS_SECONDS = 0.5
"""What lies between: who refused it at once may take it then."""


@frozen
class Editing:
    """Lets a part show the whole of its message, by edits."""

    _slack: Slack
    _budget: EditBudget
    _ledger: Ledger
    _channel: str

    def lacks(self, part: Part, message: Message, *, final: bool) -> bool:  # noqa: ARG002 - an edit shows all
        return part.shown != message

    async def write(
        self, part: Part, ts: str, message: Message, turn: TakeSlot, *, final: bool
    ) -> Slot:
        before, part.shown = part.shown, None
        tries = _STAYS if before == message else 1
        while True:
            try:
                slot = await self.edit(part.name, ts, message, turn, streamed=part.streamed)
                break
            except SlackError as error:
                if error.code == STREAMING:  # an earlier worker has begun it
                    part.streams_by(Stream(time.monotonic(), certain=False))
                    if part.stop_refused:
                        raise TryAgain(error.code, str(error)) from None
                    return Slot(0.0)
                tries -= 1
                own = passes(error) or isinstance(error, MessageGone)
                if own or not tries:
                    part.refuse(message, error)
                    if own or before != message:
                        raise
                    log.warning("stop stays above an answer", error=str(error))
                    slot = Slot(0.0)
                    break
            await asyncio.sleep(STAYS_SECONDS)
        if slot.wait:
            part.shown = before
            return slot
        part.shown, part.has_stop = message, False
        if final or not 0 < slot.following <= SOON_SECONDS:
            await self._ledger.check()
        return slot

    async def edit(
        self, part: str, ts: str, message: Message, turn: TakeSlot, *, streamed: bool = False
    ) -> Slot:
        """Show `message` in place of what stands at `ts`, if `turn` gives an edit for it; of what
        was `streamed` it is said again that it is this part of the job."""
        job_id = self._ledger.job_id if streamed else ""
        async with self._budget.resting(EDIT):
            with self._ledger.late.sending(self._slack.deadline, ts, message):
                slot = await self._ledger.take(turn)
                if not slot.wait:
                    await self._slack.update(self._channel, ts, message, job_id=job_id, part=part)
                return slot


@define(eq=False)
class Messages:
    """Posts, edits and deletes the messages of one job. Part k is message number k.

    Every method raises `LeaseLost`, `StoreUnavailable` and the errors of `Slack`.
    """

    _slack: Slack
    _budget: EditBudget
    _ledger: Ledger
    native: Native = field(kw_only=True)
    """It streams in this channel."""
    _channel: str = field(kw_only=True)
    _thread_ts: str | None = field(kw_only=True)
    """The thread that the answer goes to."""

    edited: bool = field(default=False, init=False)
    """Whether any text was shown by an edit, of which Slack notifies nobody."""
    _parts: dict[str, Part] = field(factory=dict, init=False)
    _editing: Editing = field(init=False)
    _sweeping: Sweeping = field(init=False)
    _strays_possible: bool = field(default=False, init=False)
    _former_roots: list[str | None] = field(factory=list, init=False)

    def __attrs_post_init__(self) -> None:
        posts = self._ledger.posts
        of_channel = self._slack, self._budget, self._ledger, self._channel
        since = min((post.at for post in posts.values()), default=time.time())
        self._editing, self._sweeping = Editing(*of_channel), Sweeping(*of_channel, since)
        if posts:
            self._strays_possible = begun(posts)
            former = posts.get(withdrawn("0"))
            self._former_roots = [former.ts] if former else []

    @property
    def deleted(self) -> bool:
        """Whether somebody deleted the first message: nothing is posted again, or follows it."""
        return self._part("0").gone

    def shows_text(self, first: Message) -> bool:
        """Whether the first message is known to have the text of `first`."""
        shown = self._part("0").shown
        return shown is not None and shown.has_text_of(first)

    def pending(self, messages: Sequence[Message | None], *, final: bool = False) -> str | None:
        """The first part that does not show its message yet and can be written; None: whatever it
        shows stays. What Slack has refused comes again only when this is `final`."""
        for number, message in enumerate(messages):
            part = str(number)
            known = self._part(part)
            if message is None or known.gone:
                continue
            if not self._writer_of(known).lacks(known, message, final=final):
                continue
            refused = known.refused == message or known.edits_refused >= _EDITS_REFUSED
            left_alone = not final and refused
            if not self.is_posted(part):
                streams = not final and self.thread_of(part) is not None
                waits = streams and self.native.waits(message)  # until some of it is settled
                return None if self.deleted or left_alone or waits else part
            if not left_alone:
                return part
        return None

    @property
    def with_stop(self) -> list[str]:
        """The parts that show all of their messages, and Stop above that."""
        return [name for name, part in self._parts.items() if part.has_stop and part.shown]

    def too_long(self, messages: Sequence[Message]) -> bool:
        """Whether Slack has found one of `messages` too long."""
        return any(self._part(str(n)).too_long == each for n, each in enumerate(messages))

    def is_posted(self, part: str) -> bool:
        """Whether writing `part` is an edit."""
        post = self._ledger.posts.get(part)
        return bool(self._part(part).unrecorded or (post and post.ts))

    def start_afresh(self) -> None:
        """Take nothing for granted about what Slack shows."""
        for part in self._parts.values():
            part.shown = None
        self._strays_possible = True

    def streamed(self, part: str) -> tuple[str, float]:
        """What `part` says by a stream, and which share of the life of that is over."""
        known = self._part(part)
        return (known.stream.said, self.native.age(known)) if known.stream else ("", 0.0)

    def thread_of(self, part: str) -> str | None:
        """The thread that `part` goes to, if it goes to one."""
        if part == "0" or self._thread_ts:
            return self._thread_ts
        first = self._ledger.posts.get("0")
        return first.ts if first else None

    async def may_stream(self, part: str, message: Message) -> bool:
        """Whether `write` begins a stream and needs no turn for a post."""
        return self.thread_of(part) is not None and await self.native.may_start(message)

    def budget_of(self, part: str, message: Message) -> EditBudget:
        """What counts the calls by which `part` grows into `message`."""
        streams = self._part(part).stream or self._is_to_stream(part, message)
        return self._appends if streams else self._budget

    def _is_to_stream(self, part: str, message: Message) -> bool:
        """Whether `part`, which is not there yet, will begin as a stream."""
        return self.thread_of(part) is not None and self.native.is_reserved(message)

    @cached_property
    def _appends(self) -> EditBudget:
        return self._budget.of(APPEND, STREAM_APPENDS_PER_MINUTE)

    async def end(self, text_age: float | None) -> None:
        """No text of them is shown any more, which came for so many seconds: what they grow by is
        for others."""
        await self._budget.ask("end", self._ledger.job_id, age=text_age)
        if any(part.streamed for part in self._parts.values()):
            await self._appends.ask("end", self._ledger.job_id, age=text_age)

    async def write(
        self, part: str, message: Message, turn: TakeSlot, *, final: bool = False
    ) -> Slot:
        """Show `message` as `part`: write what is there, if `turn` gives a call for it; else post
        it, for which the caller has waited. Where a stream cannot be begun, or an edit made while
        one lasts, `part` stays pending.

        What somebody deleted stays deleted. What can no longer be edited is left alone until
        this is `final`: then it is deleted, and pending as a post.
        """
        known, stood = self._part(part), self.is_posted(part)
        ts = await self._locate(part)
        if ts and not stood:  # found where an earlier holder posted it: that takes another turn
            return Slot(0.0)
        if ts is None:
            root = self.thread_of(part)
            if root is None or not self._is_to_stream(part, message):
                await self._post(part, message)
                return Slot(0.0)
            ts = await self._create(part, partial(self.native.start, known, root))
            if ts is None:
                return Slot(0.0)
        before, writer = known.shown, self._writer_of(known)
        try:
            slot = await writer.write(known, ts, message, turn, final=final)
        except MessageGone as error:
            await self._lose(part, ts, error.code, final=final)
            return Slot(0.0)
        if not slot.wait:
            self.edited |= before is None or not before.has_text_of(message)
        return slot

    async def post_once(self, part: str, message: Message) -> None:
        """Show `message` as `part`, unless it was shown before: it is never edited."""
        if await self._locate(part) is None:
            await self._post(part, message)

    async def keep_only(self, count: int) -> None:
        """Delete parts from number `count` on, the last one first: an earlier attempt was
        longer."""
        numbers = sorted((int(part) for part in self._ledger.posts if part.isdigit()), reverse=True)
        for part in (str(number) for number in numbers if number >= count):
            ts = await self._locate(part)
            await (self._remove(part, ts) if ts else self._ledger.forget(part))

    async def remove_strays(self) -> None:
        """Delete messages of this job that nobody knows of, where there may be any."""
        if not self._strays_possible:
            return
        # What was meant for a thread that is gone may stand in the channel (`Slack.post`), or there
        # all the same, if it came before the root was deleted.
        threads = (None, self._thread_ts, self.thread_of("1"), *self._former_roots)
        await self._sweeping.remove_strays(dict.fromkeys(threads))
        self._strays_possible = False

    def take_in(self, passed: Sequence[LateCall]) -> bool:
        """Whether something is pending again, since calls that have `passed` may have changed
        it."""
        posts = self._ledger.posts
        spoiled = [
            known
            for part, known in self._parts.items()
            if (what := known.shown)
            and any(call.may_change(posts[part].ts, what) for call in passed)
        ]
        for known in spoiled:
            known.shown = None
        self._strays_possible |= any(call.may_appear for call in passed)
        return bool(spoiled)

    def _part(self, name: str) -> Part:
        """What is known of it; nothing of one that was not asked for before."""
        return self._parts.setdefault(name, Part(name))

    def _writer_of(self, part: Part) -> Editing | Native:
        return self.native if part.stream else self._editing

    async def _lose(self, part: str, ts: str, code: str, *, final: bool) -> None:
        """Take in that the message at `ts` cannot be edited: it was deleted, or Slack does not
        let it be. What is to be posted anew is deleted, and with it what stands in its thread."""
        mark = self._ledger.posts.get(withdrawn(part))
        if code != MESSAGE_DELETED:
            log.warning("message cannot be edited", part=part, error=code)
            self._part(part).edits_refused += 1
            if not final:
                return
        elif not (mark and mark.ts == ts):
            log.info("message deleted", part=part)
            self._part(part).gone = True
            return
        await self._remove(part, ts)

    async def _locate(self, part: str) -> str | None:
        """The ts of `part`, looked for in Slack when it was perhaps posted."""
        if ts := self._part(part).unrecorded:
            await self._record(part, ts)
        post = self._ledger.posts.get(part)
        if post is None or post.ts:
            return post.ts if post else None
        return await self._sweeping.adopt(part, self.thread_of(part))

    async def _post(self, part: str, message: Message) -> None:
        """Post `message`, unless it would follow one in whose thread it is to stand, and which
        somebody has deleted."""
        known = self._part(part)
        try:
            await self._create(part, partial(self._send, part, message))
        except SlackError as error:
            known.refuse(message, error)
            own_thread = part != "0" and self._thread_ts is None
            if not own_thread or error.code != THREAD_GONE:
                raise
            log.info("message deleted", part="0")
            self._part("0").gone = True
            return
        known.shown = message

    async def _send(self, part: str, message: Message) -> str:
        async with self._budget.resting(POST):
            return await self._slack.post(
                self._channel,
                message,
                job_id=self._ledger.job_id,
                part=part,
                thread_ts=self.thread_of(part),
            )

    async def _create(self, part: str, create: Callable[[], Awaitable[str | None]]) -> str | None:
        """Have `part` stand in Slack by one call; its ts. None: Slack refuses, and it does not."""
        try:
            with self._ledger.late.sending(self._slack.deadline):
                await self._ledger.intend(part, self._channel)
                ts = await create()
        except (OutcomeUnknown, asyncio.CancelledError):
            self._strays_possible = True
            raise
        except SlackError as error:
            self._strays_possible |= isinstance(error, PostingDenied)
            await self._ledger.forget(part)
            raise
        if ts is None:
            await self._ledger.forget(part)
            return None
        try:
            await self._record(part, ts)
        except LeaseLost:
            await self._sweeping.take_back(ts)
            raise
        return ts

    async def _record(self, part: str, ts: str) -> None:
        self._part(part).unrecorded = ts
        await self._ledger.posted(part, self._channel, ts)
        self._part(part).unrecorded = None

    async def _remove(self, part: str, ts: str) -> None:
        """Delete the message of a part, after what stands in its thread. That is recorded first, so
        that nobody thinks that somebody else has deleted it."""
        if part == "0" and self._thread_ts is None:
            await self._remove_thread()
        await self._ledger.posted(withdrawn(part), self._channel, ts)
        self._part(part).deleted()
        if part == "0":
            self._former_roots.append(ts)
        await self._sweeping.delete(ts)
        await self._ledger.forget(part)

    async def _remove_thread(self) -> None:
        """Delete what the bot has posted in the thread of the first message."""
        await self.keep_only(1)
        for part, post in list(self._ledger.posts.items()):
            if post.ts and part != "0" and not part.startswith(withdrawn("")):
                await self._remove(part, post.ts)
