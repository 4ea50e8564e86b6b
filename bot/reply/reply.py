"""One answer in Slack, from "thinking" to its last edit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence

import structlog

from bot import words
from bot.backoff import pauses
from bot.completion.ask import Ask
from bot.completion.result import Answer, Section
from bot.errors import PostingDenied, RateLimited, SlackError, StoreUnavailable, TooLong
from bot.reply.blocks import Message, Question
from bot.reply.chain import Chain
from bot.reply.ledger import Ledger
from bot.reply.messages import Messages, passes
from bot.reply.pacing import EditBudget, pause
from bot.reply.slack import Slack
from bot.reply.whisper import Whisper

log = structlog.get_logger(__name__)

_OPEN_SECONDS = 2.0
"""How long asking Grok may wait for the turn to post the question."""

_LONGEST_PAUSE = 30.0
_NEVER = 1e6


class Reply:
    """Shows the answer to one ask, under the lease of its job.

    `open`, then `run` beside the stream from Grok with a `changed` for each step of it and a
    `close` at its end, then `deliver`. Each may be left out, and `deliver` may be called again
    by another process. An answer that is not streamed is posted whole, by `deliver`.
    """

    def __init__(
        self, slack: Slack, budget: EditBudget, ledger: Ledger, ask: Ask, *, backoff: float = 0.5
    ) -> None:
        """`backoff`: the first pause after a failed call, in seconds; each further one doubles."""
        self._budget = budget
        self._ledger = ledger
        self._quiet = not ask.request.streams
        self._chain = Chain(
            Question(ask.user, "\n\n".join(ask.request.prompts)),
            in_thread=ask.reply == "thread" and ask.thread_ts is None,
        )
        self._messages = Messages(
            slack, budget, ledger, channel=ask.channel, thread_ts=ask.thread_ts
        )
        self._channel = ask.channel
        self._private = ask.reply == "private"
        self._whisper = Whisper(slack, ledger, ask) if ask.response_url else None
        self._notice = "" if self._private else words.INVITE_ME
        self._aside = self._private or (self._whisper is not None and self._whisper.begun)
        self._backoff = backoff
        self._changed = asyncio.Event()
        self._closing = asyncio.Event()
        self._edited_at = -_NEVER

    @property
    def deleted(self) -> bool:
        """Whether somebody deleted the answer: there is nobody left to write for."""
        return self._messages.deleted

    async def open(self) -> None:
        """Show the question, and that Grok is thinking, unless an earlier worker did.

        Raises `PostingDenied` when there is no place to answer in, `SlackError` when Slack
        refuses for good, `LeaseLost` and `StoreUnavailable`. When the message cannot be posted
        within moments, `run` sees to it.
        """
        await self._ledger.check()
        if self._private and self._whisper is None:
            raise PostingDenied("no_response_url")
        if self._quiet or self._aside or self._messages.is_posted("0"):
            return
        try:
            async with asyncio.timeout(_OPEN_SECONDS):
                await self._turn("0")
        except TimeoutError:
            return
        try:
            await self._messages.write("0", self._chain.growing(())[0])
        except PostingDenied as error:
            if self._whisper is None:
                raise
            self._turn_aside(error)
        except SlackError as error:
            if not (passes(error) or isinstance(error, TooLong)):
                raise
            log.warning("question not shown yet", error=str(error))

    def changed(self) -> None:
        """There is new text to show."""
        self._changed.set()

    def close(self) -> None:
        """No more text comes: `run` ends after the call it is in."""
        self._closing.set()
        self._changed.set()

    async def run(self, sections: Callable[[], Sequence[Section]]) -> None:
        """Show the newest text whenever it is this answer's turn, until `close`.

        What goes wrong in Slack is left to `deliver`: only `LeaseLost` is raised. Ends early
        when nothing more can be shown before the end.
        """
        if self._quiet or self._aside:
            return
        rests = pauses(self._backoff, _LONGEST_PAUSE)
        while not (self._closing.is_set() or self.deleted):
            try:
                await self._show_newest(sections)
                rests = pauses(self._backoff, _LONGEST_PAUSE)
            except (SlackError, StoreUnavailable) as error:
                if not self._can_go_on(error):
                    return
                await pause(_rest(error, rests), self._closing)

    async def deliver(self, answer: Answer, *, afresh: bool = False) -> None:
        """Bring every message to its final state, as often as it takes.

        Needs nothing but `answer` and the posts in the ledger, and changes nothing when called
        again. `afresh`: write every message again, since somebody else may have written over
        them. A message that somebody deleted stays deleted.

        Raises `PostingDenied` when there is no place to answer in, `LeaseLost`, and
        `SlackError` when Slack refuses for good. While Slack or Redis is away it tries on,
        until cancelled.
        """
        if afresh:
            self._messages.start_afresh()
        rests = pauses(self._backoff, _LONGEST_PAUSE)
        while True:
            try:
                await self._finish(answer)
                return
            except PostingDenied as error:
                if self._aside or self._whisper is None:
                    raise
                self._turn_aside(error)
            except TooLong:
                if not self._chain.tighten():
                    raise
            except (SlackError, StoreUnavailable) as error:
                if isinstance(error, SlackError) and not passes(error):
                    raise
                log.warning("delivery goes on later", error=str(error))
                await asyncio.sleep(_rest(error, rests))

    async def _show_newest(self, sections: Callable[[], Sequence[Section]]) -> None:
        """One post or edit, when there is something new."""
        pending = self._pending(sections())
        if pending is None:
            self._changed.clear()
            await self._changed.wait()
        elif await self._turn(pending[0]) and (newest := self._pending(sections())):
            await self._messages.write(*newest)

    def _pending(self, sections: Sequence[Section]) -> tuple[str, Message] | None:
        """The part to write next, and its message. What an earlier worker showed stays until
        there is text."""
        blank = not any(section.text.strip() or section.done for section in sections)
        if blank and self._messages.is_posted("0"):
            return None
        messages = self._chain.growing(sections)
        part = self._messages.pending(messages)
        return (part, messages[int(part)]) if part else None

    async def _turn(self, part: str) -> bool:
        """Wait for the turn of an interim edit, or of a post; False when closed first."""
        if not self._messages.is_posted(part):
            return await self._budget.post(self._channel, self._closing)
        since = time.monotonic() - self._edited_at
        if not await self._budget.interim(self._ledger.job_id, since, self._closing):
            return False
        self._edited_at = time.monotonic()
        return True

    def _can_go_on(self, error: SlackError | StoreUnavailable) -> bool:
        if isinstance(error, StoreUnavailable) or passes(error):
            return True
        if isinstance(error, TooLong):
            return self._chain.tighten()
        log.warning("not shown before the end", error=str(error))
        return False

    async def _finish(self, answer: Answer) -> None:
        await self._ledger.check()
        messages = self._chain.complete(answer)
        if self._aside:
            await self._tell_aside(messages)
            return
        while part := self._messages.pending(messages, final=True):
            if self._messages.is_posted(part):
                await self._budget.final()
            else:
                await self._budget.post(self._channel)
            await self._messages.write(part, messages[int(part)], final=True)
        await self._messages.keep_only(len(messages))
        await self._messages.remove_strays()

    def _turn_aside(self, error: PostingDenied) -> None:
        self._aside = True
        if error.code == "is_archived":
            self._notice = words.ARCHIVED

    async def _tell_aside(self, messages: Sequence[Message]) -> None:
        if self._whisper is None:
            raise PostingDenied("no_response_url")
        await self._whisper.tell(messages, self._notice)


def _rest(error: SlackError | StoreUnavailable, rests: Iterator[float]) -> float:
    if isinstance(error, RateLimited):
        return error.retry_after
    return next(rests)
