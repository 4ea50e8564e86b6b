"""The messages of one job in Slack: written under the lease, each of them once.

The intent to post is recorded before posting, the ts after it. A post whose ts is not known
is looked for by its metadata, and adopted, before it is posted again. Its poster, should it
still live, takes it back only if it was not adopted: Redis decides who came first. Where the
bot may not read a channel's history nothing can be found again, and a post whose reply was
lost may come twice.

What stands there is written by edits, or by Slack's own streaming where it was begun so, until its
stream has ended (`bot.reply.writers`).

What Slack has not answered it may carry out later, after newer calls, also for a holder before.
So at the end it is waited until that cannot happen any more, and shown again what may have been
written over (`Destination.settled`).
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property, partial

import structlog

from bot.errors import (
    LeaseLost,
    MessageGone,
    OutcomeUnknown,
    PostingDenied,
    SlackError,
    StoreUnavailable,
    TryAgain,
)
from bot.reply.ledger import THREAD_GONE, KnownParts, LateCall, Ledger, Part, begun, withdrawn
from bot.reply.writers import APPEND, Editing, Native, Writer
from bot.slack.blocks import Message
from bot.slack.pacing import POST, EditBudget, Slot, TakeSlot
from bot.slack.refusals import MESSAGE_DELETED, passes
from bot.slack.slack import DELETE, HISTORY, REPLIES, Posted, Slack
from bot.slack_limits import STREAM_APPENDS_PER_MINUTE, TIER_3_PER_MINUTE

log = structlog.get_logger(__name__)

_DELETES_REFUSED = 5
"""A message that Slack would not let be deleted so often stays where it is."""


class Messages:
    """Posts, edits and deletes the messages of one job. Part k is message number k.

    Every method raises `LeaseLost`, `StoreUnavailable` and the errors of `Slack`.
    """

    def __init__(
        self,
        slack: Slack,
        budget: EditBudget,
        ledger: Ledger,
        *,
        native: Native,
        channel: str,
        thread_ts: str | None,
    ) -> None:
        """`native` streams in `channel`. `thread_ts`: the thread that the answer goes to."""
        self.native = native
        self.edited = False
        """Whether any text was shown by an edit, of which Slack notifies nobody."""
        self._slack = slack
        self._budget = budget
        self._ledger = ledger
        self._channel = channel
        self._thread_ts = thread_ts
        self._since = min((post.at for post in ledger.posts.values()), default=time.time())
        self._strays_possible = begun(ledger.posts)
        former = ledger.posts.get(withdrawn("0"))
        self._former_roots = [former.ts] if former else []
        self._parts = KnownParts()
        self._editing = Editing(slack, budget, ledger, channel)
        self._deletes_refused: Counter[str] = Counter()

    @property
    def deleted(self) -> bool:
        """Whether somebody deleted the first message. It is not posted again, nor is what
        would follow it."""
        return self._parts["0"].gone

    def shows_text(self, first: Message) -> bool:
        """Whether the first message is known to have the text of `first`."""
        shown = self._parts["0"].shown
        return shown is not None and shown.has_text_of(first)

    def pending(self, messages: Sequence[Message | None], *, final: bool = False) -> str | None:
        """The first part that does not show its message yet and can be written; None: whatever it
        shows stays. What Slack has refused comes again only when this is `final`."""
        for number, message in enumerate(messages):
            part = str(number)
            known = self._parts[part]
            if message is None or known.gone:
                continue
            if not self._writer_of(known).lacks(known, message, final=final):
                continue
            left_alone = not final and known.is_refused(message)
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
        return any(self._parts[str(n)].too_long == each for n, each in enumerate(messages))

    def is_posted(self, part: str) -> bool:
        """Whether writing `part` is an edit."""
        post = self._ledger.posts.get(part)
        return bool(self._parts[part].unrecorded or (post and post.ts))

    def start_afresh(self) -> None:
        """Take nothing for granted about what Slack shows."""
        for part in self._parts.values():
            part.shown = None
        self._strays_possible = True

    def streamed(self, part: str) -> tuple[str, float]:
        """What `part` says by a stream, and which share of the life of that is over."""
        known = self._parts[part]
        return known.stream.said if known.stream else "", self.native.age(known)

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
        streams = self._parts[part].stream or self.native.is_reserved(message)
        return self._appends if streams else self._budget

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
        known, stood = self._parts[part], self.is_posted(part)
        ts = await self._locate(part)
        if ts and not stood:  # found where an earlier holder posted it: that takes another turn
            return Slot(0.0)
        if ts is None:
            root = self.thread_of(part)
            if not (root and self.native.is_reserved(message)):
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
            if ts := await self._locate(part):
                await self._remove(part, ts)
            else:
                await self._ledger.forget(part)

    async def clear(self) -> None:
        """Delete what there is of this job, as far as Slack lets it be deleted."""
        await self.keep_only(0)
        await self.remove_strays()

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

    async def remove_strays(self) -> None:
        """Delete messages of this job that nobody knows of, where there may be any."""
        if not self._strays_possible:
            return
        posts = self._ledger.posts.items()
        known = {post.ts for part, post in posts if not part.startswith(withdrawn(""))}
        # What was meant for a thread that is gone may stand in the channel (`Slack.post`), or there
        # all the same, if it came before the root was deleted.
        threads = (self._thread_ts, self.thread_of("1"), *self._former_roots)
        for root in dict.fromkeys((None, *threads)):
            for posted in await self._find(root):
                if posted.ts not in known:
                    log.info("stray message deleted", part=posted.part)
                    await self._delete(posted.ts)
        self._strays_possible = False

    def _writer_of(self, part: Part) -> Writer:
        return self.native if part.stream else self._editing

    async def _lose(self, part: str, ts: str, code: str, *, final: bool) -> None:
        """Take in that the message at `ts` cannot be edited: it was deleted, or Slack does not
        let it be. What is to be posted anew is deleted, and with it what stands in its thread."""
        mark = self._ledger.posts.get(withdrawn(part))
        if code != MESSAGE_DELETED:
            log.warning("message cannot be edited", part=part, error=code)
            self._parts[part].edits_refused += 1
            if not final:
                return
        elif not (mark and mark.ts == ts):
            log.info("message deleted", part=part)
            self._parts[part].gone = True
            return
        await self._remove(part, ts)

    async def _locate(self, part: str) -> str | None:
        """The ts of `part`, looked for in Slack when it was perhaps posted."""
        if ts := self._parts[part].unrecorded:
            await self._record(part, ts)
        post = self._ledger.posts.get(part)
        if post is None or post.ts:
            return post.ts if post else None
        found = await self._find(self.thread_of(part))
        adopted = None
        for ts in sorted(posted.ts for posted in found if posted.part == part):
            if adopted or not await self._ledger.adopt(part, self._channel, ts):
                await self._delete(ts)
            else:
                adopted = ts
        return adopted

    async def _post(self, part: str, message: Message) -> None:
        """Post `message`, unless it would follow one in whose thread it is to stand, and which
        somebody has deleted."""
        known = self._parts[part]
        try:
            await self._create(part, partial(self._send, part, message))
        except SlackError as error:
            known.refuse(message, error)
            own_thread = part != "0" and self._thread_ts is None
            if not own_thread or error.code != THREAD_GONE:
                raise
            log.info("message deleted", part="0")
            self._parts["0"].gone = True
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
            await self._take_back(ts)
            raise
        return ts

    async def _record(self, part: str, ts: str) -> None:
        self._parts[part].unrecorded = ts
        await self._ledger.posted(part, self._channel, ts)
        self._parts[part].unrecorded = None

    async def _take_back(self, ts: str) -> None:
        """Delete what was posted without a lease, unless the new holder has adopted it: their
        sweep is the second chance."""
        try:
            if await self._ledger.disown(ts):
                await self._slack.delete(self._channel, ts)
        except (SlackError, StoreUnavailable) as error:
            log.warning("post not taken back", error=str(error))

    async def _remove(self, part: str, ts: str) -> None:
        """Delete the message of a part, after what stands in its thread. That is recorded first:
        once it is gone, nobody is to think that somebody else has deleted it."""
        if part == "0" and self._thread_ts is None:
            await self._remove_thread()
        await self._ledger.posted(withdrawn(part), self._channel, ts)
        self._parts[part].deleted()
        if part == "0":
            self._former_roots.append(ts)
        await self._delete(ts)
        await self._ledger.forget(part)

    async def _remove_thread(self) -> None:
        """Delete what the bot has posted in the thread of the first message."""
        await self.keep_only(1)
        for part, post in list(self._ledger.posts.items()):
            if post.ts and part != "0" and not part.startswith(withdrawn("")):
                await self._remove(part, post.ts)

    async def _delete(self, ts: str) -> None:
        """Delete a message, or leave it when Slack has refused that often enough."""
        await self._budget.turn(DELETE, TIER_3_PER_MINUTE)
        try:
            async with self._budget.resting(DELETE):
                with self._ledger.late.sending(self._slack.deadline, ts):
                    await self._ledger.check()
                    await self._slack.delete(self._channel, ts)
        except SlackError as error:
            if passes(error):
                raise
            self._deletes_refused[ts] += 1
            for_good = self._deletes_refused[ts] >= _DELETES_REFUSED
            if not (for_good or isinstance(error, PostingDenied)):
                raise TryAgain(error.code, str(error)) from None
            log.warning("message not deleted", error=str(error))
        await self._ledger.check()

    async def _find(self, thread_ts: str | None) -> list[Posted]:
        """The messages of the job in the channel or one of its threads; none where the bot may not
        look."""
        method = REPLIES if thread_ts else HISTORY
        await self._budget.turn(method, TIER_3_PER_MINUTE)
        try:
            async with self._budget.resting(method):
                await self._ledger.check()
                job_id = self._ledger.job_id
                return await self._slack.find(self._channel, thread_ts, job_id, self._since)
        except SlackError as error:
            if passes(error):
                raise
            tell = log.info if isinstance(error, PostingDenied) else log.warning
            tell("messages not looked for", error=str(error))  # where it is not invited, as usual
            return []
