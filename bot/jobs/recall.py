"""What goes along with a question: the turns before it, a shared message, the thread it is in, and
files."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import structlog
from attrs import frozen

from bot.completion.ask import BYTES_PER_TOKEN, Ask, Begun, Said, Turn, estimate_tokens
from bot.completion.transcript import (
    PER_MESSAGE,
    Past,
    carried,
    fit,
    most_enclosed,
    most_read,
    one_fewer,
    shared,
    texts_of,
)
from bot.errors import SlackError, what_it_says
from bot.files.file import MOST_FILES, Enclosure, FileRef, Unread
from bot.rules.hold import LEAST_ROOM, Hold
from bot.slack.files import Files
from bot.slack.reading.thread import ThreadReader
from bot.store.conversations import Conversations
from bot.words import talk

log = structlog.get_logger(__name__)

READ_SECONDS = 10.0
"""How long reading a thread may hold up an answer."""

COUNT_SECONDS = 5.0
"""How long counting may."""
MOST_COUNTS = 3

_MARGIN = 0.95
"""Of what would fit: tokens are not spread evenly over a text."""

Count = Callable[[str, str, float], Awaitable[int | None]]
"""How many tokens a text is to a model; None when nobody says so within so many seconds."""


@dataclass(frozen=True, slots=True)
class Recalled:
    """`past` goes along; `forgotten` of the oldest turns do not, for want of room. `said` is
    what the context of `past` was made of, `files` are those that were found in the thread. Whoever
    has it gives it back (`Recall.release`)."""

    past: Past
    forgotten: int = 0
    said: tuple[Said, ...] = ()
    files: tuple[FileRef, ...] = ()
    held: int = 0
    """How much memory its files were given."""


@frozen
class Recall:
    """Collects what goes along with a question, `tokens` of it at most (estimated).

    `count` counts exactly, where what was reserved is less than the bound; None: nobody does.
    """

    _conversations: Conversations
    _threads: ThreadReader
    _tokens: int
    _count: Count | None = None
    _files: Files | None = None

    async def __call__(self, ask: Ask, window: int | None, hold: Hold | None = None) -> Recalled:
        """What goes along with `ask` when the model holds `window` tokens (None: unknown), no
        more than `hold` has reserved.

        Raises `StoreUnavailable`. A thread that Slack does not show is no reason not to answer:
        the model is told that it could not be read.
        """
        known = await self._known(ask)
        most = max(LEAST_ROOM, min(self._tokens, _room(ask, window)))
        recalled = known.within(most)
        if hold is not None and recalled.past:
            recalled = await self._reserved(ask, hold, known, recalled)
        room = most * BYTES_PER_TOKEN if hold is None else hold.copies * hold.room
        room -= added(ask, recalled.past)
        return await self._with_files(ask, recalled, room, None if hold is None else hold.files)

    async def _with_files(
        self, ask: Ask, recalled: Recalled, room: int, reserved: int | None = None
    ) -> Recalled:
        """`recalled` with the files that go along: those of the question, for which so much was
        `reserved` (None: their bound), and those of its thread in the `room` that is left, the
        newest first; both in tokens. A PDF for which nothing was reserved to look into it goes
        along as what is written in it."""
        own, past = ask.enclosed, recalled.past
        ids = {ref.id for ref in own}
        left = MOST_FILES - sum(not ref.unread for ref in own)
        found = {
            file.id: file
            for said in reversed(recalled.said)
            for file in said.files
            if file.id not in ids
        }
        wanted = list(found.values())[: max(0, left)] if room > 0 else []
        if self._files is None or not (own or wanted):
            return recalled
        more = self._files.kept(wanted)
        known = await self._files.look_up((*own, *more))
        known_own, known_more = known[: len(own)], known[len(own) :]
        held = await self._files.hold(known)
        try:
            read, read_more = await asyncio.gather(
                self._files.read(known_own), self._files.read(known_more, most=max(0, room))
            )
        except BaseException:
            self._files.release(held)
            raise
        read = carried(read, pictures=True, pdfs=ask.encloses_pdf)
        sure = _fitting(
            ask, past, read, self._files.bounds.all(own) if reserved is None else reserved
        )
        texts = carried(read_more, pictures=True, pdfs=ask.encloses_pdf)
        beside = _fitting(ask, replace(past, files=sure), texts, room)
        along = zip(known_more, beside, strict=True)
        gone_along = self._files.kept(each for each, file in along if not isinstance(file, Unread))
        past = replace(past, files=(*sure, *beside))
        return replace(recalled, past=past, files=gone_along, held=held)

    def release(self, recalled: Recalled) -> None:
        """Let go of the files that were recalled."""
        if self._files is not None and recalled.held:
            self._files.release(recalled.held)

    async def _reserved(self, ask: Ask, hold: Hold, known: _Known, recalled: Recalled) -> Recalled:
        """As much of what is `known` as was reserved for: surely by its bound, else by counting."""
        room = hold.copies * hold.room
        for _ in range(MOST_COUNTS):
            if added(ask, recalled.past) <= room:
                return recalled
            read = await self._read(ask, hold, recalled.past)
            if read is None:
                break
            files = hold.copies * hold.files
            if read <= hold.input - files:
                return recalled
            share = room / max(room, read - (hold.prompt - files))
            recalled = known.within(int(_weight(recalled.past) * share * _MARGIN))
        tokens = hold.room // BYTES_PER_TOKEN
        while added(ask, (recalled := known.within(tokens)).past) > room:
            tokens //= 2
        return recalled

    async def _read(self, ask: Ask, hold: Hold, past: Past) -> int | None:
        """All that is to be read of a question, counted; None when nobody counts it."""
        if self._count is None:
            return None
        texts = texts_of(ask.request, ask.system, past)
        text = "\n\n".join(texts)
        counted = await self._count(ask.request.model, text, COUNT_SECONDS)
        return None if counted is None else hold.beside + PER_MESSAGE * len(texts) + counted

    async def _known(self, ask: Ask) -> _Known:
        if ask.begun is not None:
            return await self._known_before(ask, ask.begun)
        asker = Past(user=ask.user, name=ask.name)
        note = ""
        thread: tuple[Said, ...] = ()
        try:
            thread = await self._thread(ask)
        except (SlackError, TimeoutError) as error:
            log.warning("thread not read", error=what_it_says(error))
            note = talk.THREAD_UNREADABLE
        if ask.conversation is None:
            return _Known(asker, (*thread, *ask.context), note)
        remembered = await self._conversations.read(ask.conversation)
        turns = _before(remembered.turns, ask.retry_of)
        said = (*(_since_answer(thread) if turns else thread), *ask.context)
        return _Known(asker, said, note, turns, remembered.dropped)

    async def _known_before(self, ask: Ask, begun: Begun) -> _Known:
        """What went along with an answer that is gone on with: the same goes along once more."""
        asker = Past(user=begun.user, name=begun.name, begun=begun.text)
        if ask.conversation is None:
            return _Known(asker, (), begun.context)
        remembered = await self._conversations.read(ask.conversation)
        turns = _before(remembered.turns, begun.turn)
        return _Known(asker, (), begun.context, turns, remembered.dropped)

    async def _thread(self, ask: Ask) -> tuple[Said, ...]:
        if not (ask.reads_thread and ask.question_ts):
            return ()
        async with asyncio.timeout(READ_SECONDS):
            return await self._threads.read(
                ask.channel, ask.reads_thread, ask.question_ts, asker=ask.user
            )


@dataclass(frozen=True, slots=True)
class _Known:
    """All that could go along; `note` stands for what people said where that is not known."""

    asker: Past
    said: tuple[Said, ...]
    note: str
    turns: tuple[Turn, ...] = ()
    dropped: int = 0

    def within(self, tokens: int) -> Recalled:
        """As much as is estimated at `tokens`: what people said, then the newest turns."""
        note = self.note if estimate_tokens(self.note) <= tokens else ""
        context = note or shared(self.said, tokens)
        turns, left_out = fit(self.turns, max(0, tokens - estimate_tokens(context)))
        past = replace(self.asker, context=context, turns=turns)
        return Recalled(past, self.dropped + left_out, self.said)


def _fitting(ask: Ask, past: Past, files: Sequence[Enclosure], room: int) -> tuple[Enclosure, ...]:
    """As many of `files` as are sure to add no more than `room` to what goes along with `past`;
    where there is no room to name the others, they are not named."""
    before = most_enclosed(ask.request, ask.system, past)
    kept = tuple(files)
    while kept:
        with_them = replace(past, files=(*past.files, *kept))
        if most_enclosed(ask.request, ask.system, with_them) - before <= room:
            break
        kept = one_fewer(kept) or kept[:-1]
    return kept


def added(ask: Ask, past: Past) -> int:
    """The most tokens that `past` can add to a question, all its prompts together."""
    request, system = ask.request, ask.system
    bare = Past(begun=past.begun)
    return most_read(texts_of(request, system, past)) - most_read(texts_of(request, system, bare))


def _weight(past: Past) -> int:
    """What a past is estimated at, in tokens."""
    return estimate_tokens(past.context) + sum(turn.tokens for turn in past.turns)


def less(recalled: Recalled) -> Recalled | None:
    """With half of the turns, or half of what people said, for a model that cannot take it all;
    None when there is nothing left to leave out."""
    past, turns = recalled.past, recalled.past.turns
    if turns:
        kept = turns[len(turns) // 2 + 1 :]
        forgotten = recalled.forgotten + len(turns) - len(kept)
        return replace(recalled, past=replace(past, turns=kept), forgotten=forgotten)
    tokens = estimate_tokens(past.context)
    if not recalled.said or tokens <= LEAST_ROOM:
        files = one_fewer(past.files)
        return None if files is None else replace(recalled, past=replace(past, files=files))
    return replace(recalled, past=replace(past, context=shared(recalled.said, tokens // 2)))


def _since_answer(said: tuple[Said, ...]) -> tuple[Said, ...]:
    """What was said after the newest answer: the turns hold what was before it."""
    newest = max((index for index, each in enumerate(said) if each.own), default=-1)
    return said[newest + 1 :]


def _before(turns: tuple[Turn, ...], job_id: str) -> tuple[Turn, ...]:
    """The turns before that of `job_id`; all of them when it is not among them."""
    for index, turn in enumerate(turns):
        if turn.job_id == job_id:
            return turns[:index]
    return turns


def _room(ask: Ask, window: int | None) -> int:
    """What the model's window leaves beside the question and the answer, in tokens."""
    if window is None:
        return 2**31
    begun = (ask.begun.text,) if ask.begun else ()
    asked = sum(map(estimate_tokens, (ask.system, *ask.request.prompts, *begun)))
    return max(0, window - asked - (ask.request.max_tokens or 0))
