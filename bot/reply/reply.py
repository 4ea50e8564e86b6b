"""One answer in Slack, from "thinking" to its last edit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from itertools import chain, repeat

import structlog

from bot import words
from bot.backoff import pauses
from bot.completion.ask import Ask
from bot.completion.result import Answer, Section
from bot.errors import PostingDenied, RateLimited, SlackError, StoreUnavailable, TooLong
from bot.reply.blocks import Message, mention, note
from bot.reply.clock import Clock
from bot.reply.ledger import Ledger
from bot.reply.messages import Messages
from bot.reply.native import APPEND, Native, Streaming, natively
from bot.reply.pacing import EditBudget, pause
from bot.reply.passage import Passage
from bot.reply.route import TOO_LONG, Way, is_private
from bot.reply.slack import Slack, passes
from bot.reply.status import ThreadStatus
from bot.reply.whisper import tell_note
from bot.slack_limits import STREAM_APPENDS_PER_MINUTE
from bot.words import talk

log = structlog.get_logger(__name__)

TOLD = "told"
"""The part of a job that tells its asker that the answer is ready."""

_ELSEWHERE = "elsewhere"

_OPEN_SECONDS = 0.2
"""How long asking Grok may wait for the turn to post the question."""

_PATIENCE_SECONDS = 2.0
"""How long the first text is waited for when edits are scarce, so that the post can carry it."""

_TELL_SECONDS = 10.0
"""How often the asker is told how long Grok thinks."""

_LONGEST_PAUSE = 30.0

_REFUSALS = 3
"""How often the shortest messages are tried once more when Slack finds them too long: that
may pass."""


class Reply:
    """Shows the answer to one ask, under the lease of its job.

    `open`, then `run` beside the stream from Grok with a `changed` for each step of it and a
    `close` at its end, then `deliver`. Each may be left out, and `deliver` may be called again
    by another process. An answer that is not streamed, or private, is sent whole, by `deliver`.

    Where Slack refuses to show it, the answer takes another way to its asker (`bot.reply.route`).
    """

    def __init__(
        self,
        slack: Slack,
        budget: EditBudget,
        ledger: Ledger,
        ask: Ask,
        *,
        backoff: float = 0.5,
        tell_after: float = 60.0,
        streaming: Streaming = "edit",
    ) -> None:
        """`backoff`: the first pause after a failed call, in seconds; each further one doubles.
        `tell_after`: whose answer took more seconds than this is told when it is ready.
        `streaming`: how messages in threads grow."""
        self._slack = slack
        self._budget = budget
        self._streaming: Streaming = streaming
        self._status: ThreadStatus | None = None
        self._ledger = ledger
        self._ask = ask
        self._backoff = backoff
        self._tell_after = tell_after
        self._recover()
        self._passage = Passage(slack, budget, ledger, ask)
        self._changed = asyncio.Event()
        self._closing = asyncio.Event()
        self._clock = Clock()
        self._taken_over = "0" in ledger.posts
        self._begun = False
        self._behind: int | None = None

    @property
    def deleted(self) -> bool:
        """Whether somebody deleted the answer: there is nobody left to write for."""
        return self._messages.deleted

    @property
    def stopped(self) -> bool:
        """Whether somebody stopped the answer by Slack's own means."""
        return self._native.stopped

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
                self._passage.turn_aside(error)
            except SlackError as error:
                if not (passes(error) or isinstance(error, TooLong)):
                    raise
                log.warning("question not shown yet", error=str(error))
                return

    def behind(self, count: int | None) -> None:
        """Grok is asked when `count` other questions have been; None: it is asked now."""
        if count != self._behind:
            self._behind = count
            self._taken_over = False
            self._clock.wait_anew()
            self._changed.set()

    def changed(self) -> None:
        """There is new text to show."""
        self._changed.set()

    def close(self) -> None:
        """No more text comes: `run` ends after the call it is in."""
        self._clock.end()
        self._closing.set()
        self._changed.set()

    async def run(self, sections: Callable[[], Sequence[Section]]) -> None:
        """Show the newest text whenever it is this answer's turn, until `close`.

        What goes wrong in Slack is left to `deliver`: only `LeaseLost` is raised. Ends early
        when nothing more can be shown before the end.
        """
        self._recover()
        while self._grows and not (self._closing.is_set() or self.deleted):
            try:
                await self._show_newest(sections)
                self._recover()
            except (SlackError, StoreUnavailable) as error:
                if not self._can_go_on(error):
                    return
                await pause(_rest(error, self._rests), self._closing)

    async def deliver(self, answer: Answer, *, afresh: bool = False) -> None:
        """Bring every message to its final state, as often as it takes, and tell an asker who
        waited long.

        Needs nothing but `answer` and the posts in the ledger, and changes nothing when called
        again. `afresh`: write every message again, since somebody else may have written over
        them. A message that somebody deleted stays deleted.

        Raises `PostingDenied` when there is no place to answer in, `LeaseLost`, and
        `SlackError` when Slack refuses for good. While Slack or Redis is away it tries on,
        until cancelled.
        """
        if self._never_began(answer):
            await self._say_no_more()
            return
        if afresh:
            self._messages.start_afresh()
        self._recover()
        while True:
            try:
                await self._finish(answer, afresh=afresh)
                return
            except PostingDenied as error:
                self._passage.turn_aside(error)
            except TooLong:
                if not self._passage.chain.tighten():
                    self._refusals += 1
                    if self._refusals > _REFUSALS and not self._passage.chain.give_up():
                        raise
                    await asyncio.sleep(next(self._rests))
            except (SlackError, StoreUnavailable) as error:
                if isinstance(error, SlackError) and not passes(error):
                    raise
                log.warning("delivery goes on later", error=str(error))
                await asyncio.sleep(_rest(error, self._rests))

    @property
    def _messages(self) -> Messages:
        return self._passage.messages

    @property
    def _native(self) -> Native:
        return self._passage.native

    @cached_property
    def _appends(self) -> EditBudget:
        return self._budget.of(APPEND, STREAM_APPENDS_PER_MINUTE)

    @property
    def _grows(self) -> bool:
        """Whether the answer is shown while it is written."""
        shown = self._passage.route.way in (Way.SHOWN, Way.DIRECT)
        return shown and self._ask.request.streams and not is_private(self._ask)

    def _never_began(self, answer: Answer) -> bool:
        """Whether it was stopped before there was anything of it, here or in Slack: then there
        is nothing to show."""
        if not answer.stopped or any(part.isdigit() for part in self._ledger.posts):
            return False
        return not any(section.text.strip() for section in answer.sections)

    async def _show_question(self) -> None:
        await self._passage.arrive()
        if not await self._begins_without_text():
            return
        self._begun = True
        try:
            async with asyncio.timeout(_OPEN_SECONDS):
                await self._turn("0")
        except TimeoutError:
            return
        await self._write_newest(lambda: ())

    async def _begins_without_text(self) -> bool:
        """Whether the question is shown before there is text, which takes an edit to add. How
        the answer grows is decided here: where it is streamed, a status stands for the message."""
        self._status = None
        waiting = self._pending(())
        root = self._messages.thread_of("0")
        fits = bool(root and waiting and self._native.fits(waiting[1]))
        always = natively(self._streaming, edits_are_scarce=False)
        plenty = not (always and fits) and await self._budget.may_begin(self._ledger.job_id)
        if natively(self._streaming, edits_are_scarce=not plenty):
            self._native.want()
            if root and fits:
                self._status = ThreadStatus(self._slack, self._passage.route.channel, root)
                await self._say_status(self._status)
        return plenty

    async def _say_status(self, status: ThreadStatus) -> None:
        """Where Slack does not let that be said, a message says it when text is long in
        coming."""
        if not await status.say(self._waiting_in_status):
            self._status = None
            self._native.give_up()

    async def _say_no_more(self) -> None:
        if self._status:
            with suppress(SlackError):
                await self._status.say("")

    async def _show_newest(self, sections: Callable[[], Sequence[Section]]) -> None:
        """One post or edit, when there is something new."""
        await self._passage.arrive()
        self._changed.clear()
        shown = sections()
        if not _says_anything(shown):
            await self._show_waiting(sections)
            return
        self._clock.begin()
        pending = self._pending(shown)
        if pending is None:
            await self._changed.wait()
        elif await self._turn(*pending):
            await self._write_newest(sections)

    async def _show_waiting(self, sections: Callable[[], Sequence[Section]]) -> None:
        """Say what the asker waits for when that is news, or else wait for text. What an earlier
        worker showed stays until there is text."""
        if not self._messages.is_posted("0"):
            if self._status:
                await self._say_status(self._status)
                await self._until_news()
            else:
                await self._post_waiting(sections)
            return
        if self._taken_over:
            await self._changed.wait()
            return
        pending = self._pending(())
        tells = pending is not None and self._messages.is_posted(pending[0])
        if pending and tells and await self._budget.may_tell(self._ledger.job_id):
            await self._messages.write(*pending)
        else:
            await self._until_news()

    async def _until_news(self) -> None:
        await pause(_TELL_SECONDS - self._clock.waited % _TELL_SECONDS, self._changed)

    async def _post_waiting(self, sections: Callable[[], Sequence[Section]]) -> None:
        """Post that the asker waits, when text is long in coming."""
        if not self._begun and self._clock.waited < _PATIENCE_SECONDS:
            await pause(_PATIENCE_SECONDS - self._clock.waited, self._changed)
        elif self._pending(()) is None:
            await self._changed.wait()
        elif await self._turn("0"):
            await self._write_newest(sections)

    async def _write_newest(self, sections: Callable[[], Sequence[Section]]) -> None:
        """Write what has come by now: the turn was waited for."""
        shown = sections()
        if _says_anything(shown):
            self._clock.begin()
            self._clock.show()
        if newest := self._pending(shown):
            await self._messages.write(*newest)

    def _pending(self, sections: Sequence[Section]) -> tuple[str, Message] | None:
        """The part to write next, and its message."""
        said = sections if _says_anything(sections) else ()
        messages = self._fitting(lambda: self._growing(said))
        part = self._messages.pending(messages)
        return (part, messages[int(part)]) if part else None

    def _growing(self, sections: Sequence[Section]) -> list[Message]:
        messages = self._passage.chain.growing(sections, self._waiting)
        if not self._native.wanted:
            return messages
        settled = chain(self._passage.chain.settled(sections), repeat(""))
        return [replace(message, settled=next(settled)) for message in messages]

    @property
    def _waiting(self) -> str:
        """What the asker waits for."""
        if self._behind is not None:
            return talk.queued_behind(self._behind)
        return talk.thinking_for(self._thought) if self._thought else words.THINKING

    @property
    def _waiting_in_status(self) -> str:
        if self._behind is not None:
            return talk.status_queued(self._behind)
        return talk.status_thinking(self._thought)

    @property
    def _thought(self) -> float:
        return self._clock.waited // _TELL_SECONDS * _TELL_SECONDS

    async def _turn(self, part: str, message: Message | None = None) -> bool:
        """Wait for the turn of an interim edit, or of a post; False when closed first."""
        job_id, clock, closing = self._ledger.job_id, self._clock, self._closing
        if message and self._native.streams(part):
            if not self._native.appends(part, message):
                return True
            return await self._appends.interim(job_id, clock.text, clock.shown, closing)
        if self._messages.is_posted(part):
            return await self._budget.interim(job_id, clock.text, clock.shown, closing)
        if message and await self._messages.may_stream(part, message):
            return True
        if part == "0" and not self._begun:
            worth_showing = clock.text or 0.0
            if not await self._budget.first_post(job_id, worth_showing, closing):
                return False
            self._begun = True
        return await self._budget.post(self._passage.route.channel, closing)

    def _can_go_on(self, error: SlackError | StoreUnavailable) -> bool:
        if isinstance(error, StoreUnavailable) or passes(error):
            return True
        if isinstance(error, TooLong):
            self._passage.chain.tighten()
            return True
        log.warning("not shown before the end", error=str(error))
        return False

    async def _finish(self, answer: Answer, *, afresh: bool) -> None:
        await self._ledger.check()
        await self._passage.arrive()
        if self._passage.route.way not in (Way.SHOWN, Way.DIRECT):
            await self._whisper_all(answer)
            return
        messages = self._fitting(lambda: self._passage.chain.complete(answer))
        await self._show_all(messages)
        if not answer.stopped:
            await self._tell_if_late(afresh=afresh)
        while not await self._messages.settled():
            await self._show_all(messages)
        if self._passage.route.why == TOO_LONG:
            elsewhere = note(talk.IN_DIRECT_MESSAGE)
            await tell_note(self._slack, self._ledger, self._ask, _ELSEWHERE, elsewhere)
        await self._budget.end(self._ledger.job_id, self._clock.text)
        if self._native.wanted:
            await self._appends.end(self._ledger.job_id, self._clock.text)

    def _recover(self) -> None:
        """Forget the failures so far: something has succeeded."""
        self._rests = pauses(self._backoff, _LONGEST_PAUSE)
        self._refusals = 0

    def _fitting(self, lay_out: Callable[[], Sequence[Message]]) -> Sequence[Message]:
        """Messages of which Slack has found none too long, as far as they can be shorter."""
        messages = lay_out()
        while self._messages.too_long(messages) and self._passage.chain.tighten():
            messages = lay_out()
        return messages

    async def _show_all(self, messages: Sequence[Message]) -> None:
        while part := self._messages.pending(messages, final=True):
            if self._messages.is_posted(part):
                if not self._native.streams(part):
                    await self._budget.final(self._ledger.job_id)
            else:
                await self._budget.post(self._passage.route.channel)
            await self._messages.write(part, messages[int(part)], final=True)
            self._recover()
        await self._messages.keep_only(len(messages))

    async def _whisper_all(self, answer: Answer) -> None:
        messages = self._passage.chain.complete(answer, self._passage.whisper.most)
        if self._passage.route.way is Way.EPHEMERAL and len(messages) > 1:
            raise PostingDenied(TOO_LONG)
        await self._passage.whisper.tell(messages)

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
        await self._budget.post(self._passage.route.channel)
        try:
            await self._messages.post_once(TOLD, note(talk.ready(mentioned), talk.ANSWER_READY))
        except SlackError as error:
            if passes(error):
                raise
            log.warning("asker not told", error=str(error))


def _says_anything(sections: Sequence[Section]) -> bool:
    return any(
        section.done or not (section.text.isspace() or not section.text) for section in sections
    )


def _rest(error: SlackError | StoreUnavailable, rests: Iterator[float]) -> float:
    if isinstance(error, RateLimited):
        return error.retry_after
    return next(rests)
