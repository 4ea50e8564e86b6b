"""One answer in Slack, from "thinking" to its last edit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from functools import partial

import structlog
from attrs import define, field

from bot.completion.result import Answer
from bot.errors import PostingDenied, RateLimited, SlackError, StoreUnavailable, TooLong
from bot.patience import pauses
from bot.reply.destination import TOO_LONG
from bot.reply.ephemeral import EphemeralReply
from bot.reply.growing import READ_AT_ONCE, Growing, Sections, TextSource
from bot.reply.ledger import CUT, Way, nothing_of
from bot.slack.blocks import Message, mention, note
from bot.slack.pacing import SlotKind, pause, wait_out
from bot.slack.refusals import passes, refuses_blocks
from bot.words import talk

log = structlog.get_logger(__name__)

TOLD = "told"
"""The part of a job that tells its asker that the answer is ready."""

_ELSEWHERE = "elsewhere"

_GIVEN_UP = "given up"
"""What names the part of a job that tells its asker alone that it was given up."""

_LONGEST_PAUSE = 30.0

_STOP_STAYS = 60.0
"""For how many seconds Stop may stand above an answer that is complete while edits are scarce."""

WhenShown = Callable[[], Awaitable[None]]
"""Told that an answer can be read."""


@define(eq=False)
class Reply(Growing):
    """Shows the answer to one ask, under the lease of its job.

    `open`, then `run` beside the stream from Grok with a `changed` for each step of it and a
    `close` at its end, then `deliver`. Each may be left out, and `deliver` may be called again
    by another process. An answer that is not streamed, or private, is sent whole, by `deliver`.

    Where Slack refuses to show it, the answer takes another way to its asker
    (`bot.reply.destination`).
    """

    _backoff: float = 0.5
    """The first pause after a failed call, in seconds; each further one doubles."""
    _tell_after: float = 60.0
    """Whose answer took more seconds than this is told when it is ready."""
    _rests: Iterator[float] = field(init=False)
    _ephemeral: EphemeralReply = field(init=False)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        self._ephemeral = EphemeralReply(self._slack, self._ledger, self._ask)
        self._recover()

    @property
    def deleted(self) -> bool:
        """Whether somebody deleted the answer: there is nobody left to write for."""
        return self._messages.deleted

    @property
    def stopped(self) -> bool:
        """Whether somebody stopped the answer by Slack's own means."""
        return self._messages.native.stopped

    async def open(self) -> None:
        """Show the question, and that Grok is thinking, unless an earlier worker did or edits
        are so scarce that the message had better wait for text.

        Raises `PostingDenied` when there is no place to answer in, `SlackError` when Slack
        refuses for good, `LeaseLost` and `StoreUnavailable`. When the message cannot be posted
        within moments, `run` sees to it.
        """
        await self._ledger.check()
        while self._grows and not self._messages.is_posted("0"):
            try:
                await self._show_question()
                return
            except PostingDenied as error:
                self._destination.reroute(error)
            except SlackError as error:
                if passes(error) or isinstance(error, TooLong) or refuses_blocks(error):
                    log.warning("question not shown yet", error=str(error))
                    return
                self._destination.elsewhere(error)

    async def promise(self) -> None:
        """Tell the asker that the answer comes, where it turned out that they alone will see it
        and so not before it is done. Raises `LeaseLost` and `StoreUnavailable`."""
        if self._destination.route.way is Way.RESPONSE:
            await self._ephemeral.promise()

    def continued(self, sections: Collection[int]) -> None:
        """Something goes on with these sections of the answer by now."""
        self._destination.continued(sections)

    def with_breaks(self, answer: Answer) -> Answer:
        """`answer` as it is to be stored, with the ends of messages that came on the way."""
        return self._destination.chain.with_breaks(answer)

    async def run(self, sections: Sections, source: TextSource = READ_AT_ONCE) -> None:
        """Show the newest text whenever it is this answer's turn, until `close`; more of it comes
        from `source`.

        What goes wrong in Slack is left to `deliver`: only `LeaseLost` is raised. Ends early
        when nothing more can be shown before the end.
        """
        self._recover()
        self._source = source
        while self._grows and not (self._closing.is_set() or self.deleted):
            try:
                await self._show_newest(sections)
                self._recover()
            except (SlackError, StoreUnavailable) as error:
                if not self._can_go_on(error):
                    return
                await pause(self._next_rest(error), self._closing)

    async def deliver(
        self, answer: Answer, *, afresh: bool = False, shown: WhenShown | None = None
    ) -> None:
        """Bring every message to its final state, as often as it takes, and tell an asker who
        waited long.

        Needs nothing but `answer` and the posts in the ledger, and changes nothing when called
        again. `afresh`: write every message again, since somebody else may have written over
        them. A message that somebody deleted stays deleted. `shown` is awaited when the answer
        can be read, and only what Slack may carry out late is still waited for.

        Raises `PostingDenied` when there is no place to answer in, `LeaseLost`, and
        `SlackError` when Slack refuses for good. While Slack or Redis is away it tries on,
        until cancelled.
        """
        if afresh and not self._came_to_nothing(answer):
            self._messages.start_afresh()
        self._recover()
        while True:
            try:
                await self._finish(answer, afresh=afresh, shown=shown)
                return
            except StoreUnavailable as error:
                await self._rest(error)
            except SlackError as error:
                try:
                    changed = self._destination.change(error)
                except SlackError:
                    await self._ephemeral.bare(answer.failure or talk.UNSHOWN)
                    raise
                if not changed:
                    await self._rest(error)

    async def _rest(self, error: SlackError | StoreUnavailable) -> None:
        log.warning("delivery goes on later", error=str(error))
        await asyncio.sleep(self._next_rest(error))

    def _next_rest(self, error: SlackError | StoreUnavailable) -> float:
        return error.retry_after if isinstance(error, RateLimited) else next(self._rests)

    def _can_go_on(self, error: SlackError | StoreUnavailable) -> bool:
        if isinstance(error, StoreUnavailable) or passes(error):
            return True
        if isinstance(error, TooLong) or refuses_blocks(error):
            chain = self._destination.chain
            begun = self._messages.is_posted("0")
            if not refuses_blocks(error) or begun or not chain.plainer():
                chain.tighten()
            return True
        tell = log.info if isinstance(error, PostingDenied) else log.warning
        tell("not shown before the end", error=str(error))  # where it is not invited, as usual
        return False

    async def _finish(self, answer: Answer, *, afresh: bool, shown: WhenShown | None) -> None:
        await self._ledger.check()
        if self._came_to_nothing(answer):
            await self._say_no_more()
            await self._settle(shown)
            return
        await self._destination.arrive()
        if not self._destination.route.lasts:
            await self._send_alone(answer)
            await self._settle(shown)
            return
        chain = self._destination.chain
        messages = await self._destination.fitting(
            partial(chain.prepare_all, answer), partial(chain.complete, answer)
        )
        await self._record_cut()
        self._destination.take_in(self._ledger.late.passed())
        await self._show_all(messages)
        if not answer.stopped:
            await self._tell_if_late(afresh=afresh)
        if self._destination.route.why == TOO_LONG:
            await self._ephemeral.note(_ELSEWHERE, note(talk.IN_DIRECT_MESSAGE))
        await self._messages.end(self._text_age)
        if shown is not None and (self._destination.late or self._messages.with_stop):
            await shown()
        settled = False
        while not settled:
            await self._take_stop_away(messages)
            await self._show_all(messages)
            settled = await self._destination.settled()

    def _came_to_nothing(self, answer: Answer) -> bool:
        """Whether it was stopped before there was anything of it to show."""
        return bool(answer.stopped) and nothing_of(answer, self._ledger.posts)

    async def _settle(self, shown: WhenShown | None) -> None:
        """Wait until nothing that nobody edits can come late any more; what does is deleted."""
        if shown is not None and self._destination.late:
            await shown()
        while not await self._destination.settled():
            pass

    def _recover(self) -> None:
        """Forget the failures so far: something has succeeded."""
        self._rests = pauses(self._backoff, _LONGEST_PAUSE)
        self._destination.recover()

    async def _show_all(self, messages: Sequence[Message]) -> None:
        opened = self._destination.chain.opened(messages)
        known = self._messages.shows_text(messages[0])
        there = all(self._messages.is_posted(str(number)) for number in range(len(messages)))
        if opened and (known or not there):
            *middle, last = messages[1:]
            last_first = None if middle or there else last
            await self._write_all([None if known else opened, *middle, last_first])
        await self._write_all(messages)
        await self._messages.keep_only(len(messages))

    async def _write_all(self, messages: Sequence[Message | None]) -> None:
        turn = partial(self._budget.ask, "final", self._ledger.job_id)
        while part := self._messages.pending(messages, final=True):
            if not self._messages.is_posted(part):
                await self._budget.post(self._destination.route.channel)
            if message := messages[int(part)]:
                slot = await self._messages.write(part, message, turn, final=True)
                if slot.wait:
                    await wait_out(slot.wait)
                    continue
            self._recover()

    async def _take_stop_away(self, messages: Sequence[Message]) -> None:
        """Take Stop away that stands above what has streamed: by edits that nobody else needs, or
        by others when there is none for long."""
        needed = time.monotonic() + _STOP_STAYS
        while parts := self._messages.with_stop:
            spare = time.monotonic() < needed
            kind: SlotKind = "spare" if spare else "final"
            turn = partial(self._budget.ask, kind, self._ledger.job_id)
            slot = await self._messages.write(parts[0], messages[int(parts[0])], turn, final=True)
            if slot.wait:
                await wait_out(slot.wait)

    async def _send_alone(self, answer: Answer) -> None:
        chain, route = self._destination.chain, self._destination.route
        await chain.prepare_all(answer)
        messages = chain.complete(answer, self._ephemeral.most(route))
        if route.way is Way.EPHEMERAL and len(messages) > 1:
            raise PostingDenied(TOO_LONG)
        await self._record_cut()
        part = f"{route.way}:{_GIVEN_UP}" if self._given_up else str(route.way)
        await self._ephemeral.tell(messages, route, part)

    async def _record_cut(self) -> None:
        """Record where what is shown ends, for whoever wants to read on."""
        cut, known = self._destination.chain.cut, self._ledger.posts.get(CUT)
        record = cut.record if cut else ""
        if record != (known.cut if known else ""):
            await self._ledger.note(CUT, self._destination.route.channel, cut=record)

    async def _tell_if_late(self, *, afresh: bool) -> None:
        """Tell the asker, once, that the answer is ready if it was long in coming: edits notify
        nobody. Who was told is not told again when the answer is written `afresh`, and who was
        not told then has read it long ago."""
        told = self._ledger.posts.get(TOLD)
        if self.deleted or (told and told.ts):
            return
        mentioned = mention(self._ask.user)
        late = time.time() - self._ask.asked_at > self._tell_after
        grew = self._grows and self._messages.edited
        if not (told or (late and grew and mentioned and not afresh)):
            return
        await self._budget.post(self._destination.route.channel)
        try:
            await self._messages.post_once(TOLD, note(talk.READY(mentioned), talk.ANSWER_READY))
        except SlackError as error:
            if passes(error):
                raise
            log.warning("asker not told", error=str(error))
