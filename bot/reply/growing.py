"""Showing an answer while it is written: the newest text whenever it is its turn.

Before there is text it is told what the asker waits for: in a message, where there are edits
enough to fill it later, or in the status of a thread, where the message will be streamed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, repeat

from attrs import define, field

from bot import words
from bot.completion.ask import Ask
from bot.completion.result import Section
from bot.errors import SlackError
from bot.patience import nearest_tick
from bot.reply.destination import Destination
from bot.reply.ledger import Ledger
from bot.reply.messages import Messages
from bot.reply.native import ANYWHERE, BETWEEN_BLOCKS
from bot.reply.session import Session
from bot.settings import Streaming
from bot.slack.agent import ThreadStatus
from bot.slack.blocks import Message
from bot.slack.pacing import EditBudget, SlotKind, TakeSlot, nothing_taken, pause, wait_out
from bot.slack.slack import Slack
from bot.words import talk

OPEN_SECONDS = 0.2
"""How long asking Grok may wait for the turn to post the question."""

PATIENCE_SECONDS = 2.0
"""How long the first text is waited for when edits are scarce, so that the post can carry it."""

FAR_SECONDS = 1.0
"""Who edits seldom asks before the answer is laid out whether it is time: others may have come."""

TELL_SECONDS = 10.0
"""How often the asker is told how long Grok thinks."""

DOING_SECONDS = 2.0
"""No more often the asker is told what is done before there is text: edits are left for that."""

Sections = Callable[[], Sequence[Section]]
"""What has come of the answer by now."""

AskAgain = Callable[[], Awaitable[float]]
"""Asks for how many seconds an answer has to wait yet."""


async def _nothing_waits() -> None:
    """All is read at once."""


@dataclass(frozen=True, slots=True)
class TextSource:
    """How more of an answer is had where it is not read before it is wanted: `want` it once
    nothing else is left to show, and have it `fresh` before it is shown. `doing`: what is done for
    it other than to think and to write, in plain words."""

    want: Callable[[], None] = lambda: None
    fresh: Callable[[], Awaitable[None]] = _nothing_waits
    doing: Callable[[], str] = lambda: ""


READ_AT_ONCE = TextSource()


@define(eq=False)
class Growing:
    """One answer while it is written, on whichever way its destination is, until it is closed.

    Methods that call Slack raise its errors, `LeaseLost` and `StoreUnavailable`.
    """

    _slack: Slack
    _budget: EditBudget
    _ledger: Ledger
    _ask: Ask
    _streaming: Streaming = "edit"
    """How messages in threads grow."""
    _most: int | None = None
    """Messages that the answer may become; None: any number."""
    _given_up: bool = False
    """It is only delivered, and the sentence of its answer shown in the place of everything."""
    _session: Session | None = None
    """That of the thread, on the surface of agents, to be told what is done."""

    _destination: Destination = field(init=False)
    _source: TextSource = field(default=READ_AT_ONCE, init=False)
    _status: ThreadStatus | Session | None = field(default=None, init=False)
    """What says below the thread what the asker waits for, in the place of a message."""
    _changed: asyncio.Event = field(factory=asyncio.Event, init=False)
    _closing: asyncio.Event = field(factory=asyncio.Event, init=False)
    _taken_over: bool = field(init=False)
    """An earlier holder has shown something."""
    _behind: int | None = field(default=None, init=False)
    _begun: bool = field(default=False, init=False)
    _waits_since: float = field(init=False)
    """Since when the asker has waited for the same (monotonic, as all moments here)."""
    _text_began: float | None = field(default=None, init=False)
    _text_ended: float | None = field(default=None, init=False)
    _shown_at: float | None = field(default=None, init=False)
    """By when the text had come that was shown last."""
    _told_at: float | None = field(default=None, init=False)
    """When it was told last what is done."""
    _due: float = field(default=0.0, init=False)
    _far: bool = field(default=False, init=False)
    _following: float = field(default=0.0, init=False)
    _asks_again: AskAgain | None = field(default=None, init=False)
    _edits: bool = field(default=True, init=False)
    """Whether it grows by edits, which are scarcer than what a stream takes."""

    def __attrs_post_init__(self) -> None:
        of_job = self._slack, self._budget, self._ledger, self._ask
        self._destination = Destination(*of_job, self._most, self._given_up, self._session)
        self._taken_over = "0" in self._ledger.posts
        self._waits_since = time.monotonic()

    def behind(self, count: int | None) -> None:
        """Grok is asked when `count` other questions have been; None: it is asked now."""
        if count != self._behind:
            self._behind = count
            self._taken_over = False
            self._waits_since = time.monotonic()
            self._changed.set()

    def changed(self) -> None:
        """There is new text to show."""
        self._changed.set()

    def close(self) -> None:
        """No more text comes: `run` ends after the call it is in."""
        self._text_ended = time.monotonic()
        self._closing.set()
        self._changed.set()

    @property
    def _grows(self) -> bool:
        """Whether the answer is shown while it is written."""
        streams = self._ask.request.streams and not self._ask.is_private
        return self._destination.route.lasts and streams

    @property
    def _messages(self) -> Messages:
        return self._destination.messages

    @property
    def _waited(self) -> float:
        """For how many seconds the asker has waited for the same."""
        return time.monotonic() - self._waits_since

    @property
    def _text_age(self) -> float | None:
        """For how many seconds text has come, None before the first."""
        if self._text_began is None:
            return None
        return (self._text_ended or time.monotonic()) - self._text_began

    def _asking(self, budget: EditBudget, kind: SlotKind) -> TakeSlot:
        """What asks for an edit that shows the text, by how long it has come, and been shown."""
        shown = None if self._shown_at is None else time.monotonic() - self._shown_at
        job_id, age = self._ledger.job_id, self._text_age
        return partial(budget.ask, kind, job_id, age=age, since=shown)

    async def _show_question(self) -> None:
        """Show what was asked, unless the message had better wait for text."""
        await self._destination.arrive()
        if not await self._begins_without_text():
            return
        self._begun = True
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                await self._budget.post(self._destination.route.channel)
        except TimeoutError:
            return
        if pending := await self._pending(()):
            await self._messages.write(*pending, nothing_taken)

    async def _begins_without_text(self) -> bool:
        """Whether the question is shown before there is text, which takes an edit to add. How
        the answer grows is decided here: where it is streamed, a status stands for the message."""
        self._status = None
        waiting = await self._pending(())
        root = self._messages.thread_of("0")
        fits = bool(root and waiting and not waiting[1].head)
        mode = self._streaming if self._slack.takes("streams") else "edit"
        always = mode == "native"
        plenty = False
        if not (always and fits):
            plenty = not (await self._budget.ask("begin", self._ledger.job_id)).wait
        session = self._session
        if always or (mode == "auto" and not plenty):  # streams have a budget of their own
            self._messages.native.wanted = True
            if root and fits:
                # An agent says by its session that the thread is worked on.
                here = self._slack, self._destination.route.channel, root
                self._status = session if session and session.is_of(root) else ThreadStatus(*here)
                await self._say_status(self._status)
        elif root and fits and session and session.stops(root):
            self._status = session
            await self._say_status(session)
            return plenty and self._status is None
        return plenty

    async def _say_status(self, status: ThreadStatus | Session) -> None:
        """Where Slack does not let that be said, a message says it when text is long in
        coming."""
        if not await status.say(self._waiting[1]):
            self._status = None
            self._messages.native.wanted = False

    async def _say_no_more(self) -> None:
        """Nothing will be shown: take back what the status of the thread says."""
        if isinstance(self._status, ThreadStatus):
            with suppress(SlackError):
                await self._status.say("")

    async def _show_newest(self, sections: Sections) -> None:
        """Make one post or edit, or wait until there is something new for one.

        What is laid out is written: it is laid out when its turn is due, and only then asked for.
        """
        await self._destination.arrive()
        await self._until_due()
        await self._source.fresh()
        self._changed.clear()
        if self._closing.is_set():  # which was news until the line before
            return
        shown = sections()
        if not _says_anything(shown):
            await self._show_waiting()
            return
        if self._text_began is None:
            self._text_began = time.monotonic()
        pending = await self._pending(shown)
        if pending is None:
            await self._ledger.check_last()
            self._source.want()
            await self._changed.wait()
        elif await self._turn(*pending):
            await self._write(*pending)

    async def _until_due(self) -> None:
        """Wait until there may be a turn, or no more text comes. Who was told to wait asks again
        before the answer is laid out: others may have come, or ended."""
        while not self._closing.is_set():
            if (left := self._due - time.monotonic()) > 0:
                await (pause if self._far else wait_out)(left, self._closing)
            elif self._asks_again:
                wait = await self._asks_again()
                self._wait(wait, self._asks_again if wait else None)
            else:
                return

    def _wait(self, seconds: float, asks_again: AskAgain | None = None) -> None:
        """It is no turn of this answer for so long."""
        due = time.monotonic() + seconds
        self._far = asks_again is not None and self._edits and seconds > FAR_SECONDS
        self._due, self._asks_again = nearest_tick(due) if self._far else due, asks_again

    async def _write(self, part: str, message: Message) -> None:
        """Show text, where it is its turn; an edit learns only now whether it is."""
        asked = time.monotonic()
        budget = self._messages.budget_of(part, message)
        self._edits = budget is self._budget
        slot = await self._messages.write(part, message, self._asking(budget, "edit"))
        asks_again = partial(self._until_interim, budget)
        if slot.wait:
            self._wait(slot.wait, asks_again)
            return
        self._shown_at = asked
        following, self._following = slot.following or self._following, 0.0
        far = following > FAR_SECONDS
        self._wait(asked + following - time.monotonic(), asks_again if far else None)

    async def _until_interim(self, budget: EditBudget) -> float:
        return (await self._asking(budget, "when")(None)).wait

    async def _until_worth_posting(self) -> float:
        age = self._text_age
        waited = self._waited if age is None else age
        slot = await self._budget.ask("post", self._ledger.job_id, age=waited)
        self._following = slot.following
        self._begun = not slot.wait
        return slot.wait

    async def _show_waiting(self) -> None:
        """Say what the asker waits for when that is news, or else wait for text. What an earlier
        worker showed stays until there is text."""
        if not self._messages.is_posted("0"):
            if self._status:
                await self._say_status(self._status)
                await self._until_news()
            else:
                await self._post_waiting()
            return
        if self._taken_over:
            await self._changed.wait()
            return
        doing = bool(self._source.doing())
        told = None if self._told_at is None else time.monotonic() - self._told_at
        if doing and told is not None and told < DOING_SECONDS:
            await pause(DOING_SECONDS - told, self._changed)
            return
        pending = await self._pending(())
        if pending and self._messages.is_posted(pending[0]):
            turn = partial(self._budget.ask, "tell", self._ledger.job_id)
            if doing:  # news like text, and paid for like that
                turn = partial(self._budget.ask, "edit", self._ledger.job_id, since=told)
            if not (await self._messages.write(*pending, turn)).wait:
                self._told_at = time.monotonic() if doing else None
                return
        await self._until_news()

    async def _until_news(self) -> None:
        await pause(TELL_SECONDS - self._waited % TELL_SECONDS, self._changed)

    async def _post_waiting(self) -> None:
        """Post that the asker waits, when text is long in coming."""
        if not self._begun and self._waited < PATIENCE_SECONDS:
            await pause(PATIENCE_SECONDS - self._waited, self._changed)
            return
        pending = await self._pending(())
        if pending is None:
            await self._changed.wait()
        elif await self._turn("0"):
            await self._messages.write(*pending, nothing_taken)

    async def _pending(self, sections: Sequence[Section]) -> tuple[str, Message] | None:
        """The part to write next, and its message."""
        said = sections if _says_anything(sections) else ()
        messages = await self._laid_out(said)
        if self._goes_on_in_another(said, str(len(messages) - 1)):
            messages = await self._laid_out(said)
        part = self._messages.pending(messages)
        return (part, messages[int(part)]) if part else None

    async def _laid_out(self, sections: Sequence[Section]) -> Sequence[Message]:
        prepare = partial(self._destination.chain.prepare, sections)
        return await self._destination.fitting(prepare, partial(self._as_messages, sections))

    def _goes_on_in_another(self, sections: Sequence[Section], newest: str) -> bool:
        """Whether the `newest` part ends here, since its stream would not last much longer."""
        said, age = self._messages.streamed(newest)
        return age >= BETWEEN_BLOCKS and self._destination.chain.end_message(
            sections, said, between_blocks=age < ANYWHERE
        )

    def _as_messages(self, sections: Sequence[Section]) -> list[Message]:
        writing = words.SEARCHING if self._source.doing() else words.WRITING
        messages = self._destination.chain.growing(sections, self._waiting[0], writing)
        last = self._messages.thread_of(str(len(messages) - 1))
        if not (self._messages.native.wanted and last):
            return messages  # which of them streams is in a thread: the last is if any is
        settled = chain(self._destination.chain.settled(sections), repeat(""))
        return [replace(message, settled=next(settled)) for message in messages]

    @property
    def _waiting(self) -> tuple[str, str]:
        """What the asker waits for, as a message says it, and as a status does."""
        if self._behind is not None:
            return talk.QUEUED_BEHIND(self._behind), talk.STATUS_QUEUED(self._behind)
        if doing := self._source.doing():
            return talk.WORKING(doing), talk.status_working(doing)
        thought = self._waited // TELL_SECONDS * TELL_SECONDS
        in_message = talk.THINKING_FOR(thought) if thought else words.THINKING
        return in_message, talk.STATUS_THINKING(thought)

    async def _turn(self, part: str, message: Message | None = None) -> bool:
        """Whether `part` may be written now; of what stands there that is not known before."""
        if self._messages.is_posted(part) or (
            message and await self._messages.may_stream(part, message)
        ):
            return True
        if part == "0" and not self._begun and (wait := await self._until_worth_posting()):
            self._wait(wait, self._until_worth_posting)
            return False
        if wait := await self._budget.try_post(self._destination.route.channel):
            self._wait(wait)
        return not wait


def _says_anything(sections: Sequence[Section]) -> bool:
    return any(
        section.done or not (section.text.isspace() or not section.text) for section in sections
    )
