"""The messages of one answer, in order.

Every section starts a new message and rolls over into further ones before one is full. A
section opens only when the one before it is done, so the order holds however the choices
stream. Message number k is part `str(k)` of the job, whatever it shows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace
from hashlib import blake2b
from itertools import count

from bot import words
from bot.completion.result import Answer, Section
from bot.markdown.markdown import Layout
from bot.markdown.pieces import Room, weigh
from bot.markdown.rewriting import Rewriting
from bot.markdown.safety import Safe, SafeGrowth
from bot.reply.cut import Cut
from bot.reply.final import final_sections, why_no_more
from bot.reply.last_line import last_line
from bot.slack.blocks import (
    ANSWER_BUTTONS,
    BARE,
    Button,
    Foot,
    Message,
    Question,
    further_message,
    with_notice,
)
from bot.slack.plain_blocks import Kind, with_blocks_of

ROOMS = (Room(11_000, 40), Room(5_500, 20), Room(2_700, 8), Room(1_300, 4))
"""What a message is filled to: safely below Slack's 12,000 characters of markdown, 13,200
counted characters and 50 rendered blocks, and less each time Slack says that it is too long."""

_SHARE: Button = "share"

_LEAST_ROOM = 800
"""Left for the answer below the longest question, in counted characters."""

_FOOT_CHARS = 800
"""Left for what stands below the first message where it says where the answer goes on."""

_COMPARED = 200
"""The last characters of what was shown, by which a section that grows is known again."""

KINDS: tuple[Kind, ...] = ("markdown", "rich_text", "section")
"""The blocks that an answer is shown in, each where Slack takes none of those before."""

_FENCES = ("```", "~~~")
"""What the fence of a code block begins with."""

_SLICE_CHARS = 4_000
"""Laid out at a stretch: a few milliseconds, and some tens for the worst of texts."""


class _Flow:
    """One section laid out while it grows."""

    def __init__(self, first: Room, rest: Room, most: int | None, behind: str = "") -> None:
        """No more is laid out once it takes more messages than `most`. `behind`: the text that
        the section goes on with, which is shown elsewhere."""
        self._rooms = first, rest
        self._most = most
        self._behind = behind
        self._restart("")

    def _restart(self, title: str) -> None:
        self._layout = Layout(*self._rooms)
        self._rewriting = Rewriting()
        self._full: list[Safe] = []
        self._growth = SafeGrowth()
        self._settled_growth = SafeGrowth()
        self._title = title
        self._head = f"{title}\n\n" if title else ""
        self._ahead = self._behind
        self._shown_ahead = 0
        self._seen = 0
        self._last = ""
        self._taken = blake2b()
        self._end: tuple[str, str] | None = None
        self._layout.feed(self._head)

    async def prepare(self, section: Section) -> None:
        """Do most of the work of `show`, in slices between which others have their turn."""
        self._follow(section)
        while self._ahead and self._begins(section):
            self._take_ahead(section.text)
            await asyncio.sleep(0)
        while len(section.text) - self._seen > _SLICE_CHARS:
            self._take_slice(section.text)
            await asyncio.sleep(0)

    def show(self, section: Section) -> Sequence[str]:
        """Markdown of each message of `section`, of which more text may have come.

        A message that is full is made once, and only the last line of the others anew.
        """
        self._follow(section)
        while self._ahead and self._begins(section):
            self._take_ahead(section.text)
        while self._seen < len(section.text) and not self._ahead:
            self._take_slice(section.text)
        if section.done and self._end is None:
            self._finish(section.text, section.note)
            self._make_full()
        last = self._layout.tail(growing=not section.done)
        if last.text.isspace() or not last.text:
            return self._full.copy() or [self._growth.safe(last.markdown)]
        return [*self._full, self._growth.safe(last.markdown)]

    def settled(self, section: Section) -> Sequence[str]:
        """The beginning of the markdown of each of those messages that stays as it is,
        whatever follows; all of it where the section is done."""
        shown = self.show(section)
        if not section.text.strip():
            return [""] * len(shown)
        if section.done:
            return shown
        stays = self._settled_growth.safe(self._layout.settled().markdown)
        more = stays.strip() or len(shown) > len(self._full)
        return [*self._full, stays] if more else self._full.copy()

    def _follow(self, section: Section) -> None:
        if not self._continues(section):
            self._restart(section.title)

    def _begins(self, section: Section) -> bool:
        """Whether enough has come to lay out how it goes on: a line, where that may be a fence."""
        text = section.text.lstrip()
        begun = any(fence.startswith(text[:3]) for fence in _FENCES)
        return bool(text) and (section.done or not begun or "\n" in text)

    def _take_ahead(self, text: str) -> None:
        """Lay out a slice of what it goes on with, and after the last one go on from there."""
        ahead = self._rewriting.feed(self._ahead[:_SLICE_CHARS])
        self._ahead = self._ahead[_SLICE_CHARS:]
        ahead += "" if self._ahead else self._rewriting.end()
        self._layout.feed(ahead)
        self._shown_ahead += len(ahead)
        if not self._ahead:
            self._head = self._layout.go_on(text)

    def _take_slice(self, text: str) -> None:
        """Lay out what comes next of `text`, and make the messages that are full by then."""
        end = self._seen + _SLICE_CHARS
        if not self._overflows:
            taken = text[self._seen : end]
            self._taken.update(taken.encode(errors="surrogatepass"))
            self._layout.feed(self._rewriting.feed(taken))
        self._seen = min(end, len(text))
        self._last = text[max(0, self._seen - _COMPARED) : self._seen]
        self._make_full()

    def _make_full(self) -> None:
        for piece in self._layout.sealed[len(self._full) :]:
            self._full.append(self._growth.safe(piece.markdown))

    @property
    def _overflows(self) -> bool:
        return self._most is not None and len(self._layout.sealed) > self._most

    @property
    def messages(self) -> int:
        """How many messages it takes, as it was shown last."""
        tail = self._layout.tail().text
        return len(self._full) + bool(tail.strip()) or 1

    def end_of(self, messages: int) -> int:
        """How many characters of the text the first so many of its messages show."""
        fed = sum(len(piece.text) for piece in self._layout.sealed[:messages])
        shown = self._shown_ahead + max(0, fed - len(self._head))
        return max(0, self._rewriting.given(shown) - len(self._behind))

    def _continues(self, section: Section) -> bool:
        """Whether `section` is what was shown, or that and more.

        All of it is compared at its end alone: to hold and compare it at each look would make
        the work grow with the square of the text.
        """
        if section.title != self._title:
            return False
        if self._end is not None:
            return (section.text, section.note) == self._end
        if section.done:
            begun = section.text[: self._seen].encode(errors="surrogatepass")
            return blake2b(begun).digest() == self._taken.digest()
        return section.text.startswith(self._last, self._seen - len(self._last))

    def _finish(self, text: str, note: str) -> None:
        self._end = text, note
        if not self._overflows:
            self._layout.feed(self._rewriting.end())
        if note and not self._overflows:
            self._layout.conclude(note)


class Chain:
    """Sections in, messages out. The work is linear in the text."""

    def __init__(
        self,
        question: Question,
        job_id: str,
        *,
        in_thread: bool = False,
        notice: str = "",
        most: int | None = None,
        kinds: Sequence[Kind] = KINDS,
        private: bool = False,
        opens_thread: bool = False,
        continued: Collection[int] = (),
        behind: str = "",
    ) -> None:
        """`private`: its asker may share it. `opens_thread`: its further messages, and whatever
        goes on with it, stand in the thread of the first. `continued`: the sections that
        something goes on with already. `behind`: the text that this answer goes on with.

        `job_id`: what the buttons are about. `in_thread`: the first message holds the
        question alone. `notice`: a small line of the bot's above everything. `most`: messages
        that hold something of the answer. `kinds` of blocks to show it in, the best first."""
        self._question = question
        self._buttons = (*ANSWER_BUTTONS, *((_SHARE,) if private else ()))
        self._job_id = job_id
        self._head = [words.IN_THREAD] if in_thread else []
        self._opens_thread = opens_thread and not in_thread
        self._continued = continued
        self._behind = behind
        self._notice = notice
        self._most = None if most is None else most + len(self._head)
        self._cut: Cut | None = None
        self._level = 0
        self._kinds = kinds
        self._kind, *self._other_kinds = kinds
        self._given_up = False
        self._flows: list[_Flow] = []
        self._made: dict[int, tuple[tuple[str, Foot], Message]] = {}

    async def prepare(self, sections: Sequence[Section]) -> None:
        """Lay out what has come, however long it is, without keeping the event loop from others:
        the other methods then have little left to do."""
        for index, section in enumerate(sections):
            if index:
                await asyncio.sleep(0)
            await self._flow(index).prepare(section)
            if not section.done:
                break

    async def prepare_all(self, answer: Answer) -> None:
        """The same for `complete`."""
        await self.prepare(final_sections(answer))

    def growing(self, sections: Sequence[Section], waiting: str = words.THINKING) -> list[Message]:
        """The messages of an answer that is still being written; at least one. `waiting` stands
        there until there is anything of it."""
        shown: list[str] = []
        writing: tuple[str, ...] = ()
        for index, section in enumerate(sections):
            messages = self._flow(index).show(section)
            if not (section.done or any(_says_more(markdown, section) for markdown in messages)):
                shown.append(_waiting(section))
                break
            shown += messages
            writing = (words.WRITING,)
            if not section.done:
                break
        foot = Foot(self._job_id, ("stop",), writing)
        messages = [*self._head, *(shown or [waiting])][: self._most]
        return self._messages(messages, self._feet(len(messages), foot))

    def settled(self, sections: Sequence[Section]) -> list[str]:
        """For each message of `growing`, the markdown of its beginning that stays as it is,
        whatever follows, until `tighten`; made safe, with nothing closed for the moment.

        A message that is full and a section that is done are there as a whole: as `complete`
        shows them, a note below apart.
        """
        settled: list[str] = []
        for index, section in enumerate(sections):
            settled += self._flow(index).settled(section)
            if not section.done:
                break
        return [*self._head, *(settled or [""])]

    def complete(self, answer: Answer, most: int | None = None) -> list[Message]:
        """The messages of the final answer: at least one, and `most` at most; the last one
        says how many are left out for that. Where they end is the `cut` from here on."""
        whole: list[str] = []
        offered: dict[int, int] = {}
        for index, section in enumerate(final_sections(answer)):
            whole += self._flow(index).show(section)
            if answer.goes_on(index) and index not in self._continued:
                offered[len(self._head) + len(whole) - 1] = index
        shown, below = self._limited(answer, whole, most)
        feet = self._feet(
            len(shown), Foot(self._job_id, self._buttons, (last_line(answer),)), below
        )
        for number, index in offered.items():
            if number < len(shown) and not self._given_up:
                feet[number] = feet[number].offering(self._job_id, index)
        return self._messages(shown, feet)

    def opened(self, messages: Sequence[Message]) -> Message | None:
        """The first of the `messages` of `complete` as long as others are not in its thread yet:
        that the answer is complete is told last. None where no message opens a thread."""
        if not self._opens_thread or len(messages) == 1:
            return None
        foot = Foot(self._job_id, ("stop",), (words.WRITING,), (words.ON_IN_THREAD,))
        (markdown, _), _ = self._made[0]
        return self._message(0, markdown, foot)

    def continued(self, sections: Collection[int]) -> None:
        """Something goes on with these sections by now."""
        self._continued = sections

    @property
    def tight(self) -> bool:
        """Whether less is put into each message than there could be."""
        return self._level > 0

    @property
    def cut(self) -> Cut | None:
        """Where what `complete` shows ends; None when it shows everything."""
        return self._cut

    def tighten(self) -> bool:
        """Put less into each message. False: less makes no sense."""
        if self._level + 1 >= len(ROOMS):
            return False
        self._level += 1
        self._flows.clear()
        return True

    def plainer(self) -> bool:
        """Show it in another kind of block. False: there is none left."""
        if not self._other_kinds:
            return False
        self._kind = self._other_kinds.pop(0)
        self._made.clear()
        return True

    def give_up(self) -> bool:
        """Let the final answer be a sentence that says that Slack does not show it. False: it
        was that already."""
        if self._given_up:
            return False
        self._given_up = True
        if not self._other_kinds:
            self._kind, self._other_kinds = self._kinds[0], [self._kinds[-1]]
        return True

    def _flow(self, index: int) -> _Flow:
        while len(self._flows) <= index:
            room = ROOMS[self._level]
            beside = weigh(self._question.shown) + (_FOOT_CHARS if self._opens_thread else 0)
            chars = room.chars if self._flows else room.chars - beside
            most = None if self._most is None else self._most + words.MOST_COUNTED
            first = Room(max(chars, _LEAST_ROOM), room.blocks)
            behind = "" if self._flows else self._behind
            self._flows.append(_Flow(first, room, most, behind))
        return self._flows[index]

    def _limited(
        self, answer: Answer, whole: Sequence[str], most: int | None
    ) -> tuple[Sequence[str], tuple[str, ...]]:
        """What is shown of the `whole` answer, and what is said below it of the rest."""
        if self._given_up:
            self._cut = Cut(0, 0)
            return [*self._head, words.UNSHOWABLE], ()
        limits = [each for each in (most, self._most) if each is not None]
        shown = [*self._head, *whole][: min(limits, default=None)]
        missing = len(self._head) + len(whole) - len(shown)
        if not missing:
            self._cut = None
            return shown, ()
        self._cut = self._cut_after(len(shown) - len(self._head))
        ended = bool(answer.stopped or answer.failure)
        why = (why_no_more(answer)[1],) if ended else ()
        return shown, (*why, words.left_out(missing))

    def _cut_after(self, messages: int) -> Cut:
        """The end of so many messages of the answer."""
        for index, flow in enumerate(self._flows):
            if messages < flow.messages:
                return Cut(index, flow.end_of(messages))
            messages -= flow.messages
        raise AssertionError("there is more than is shown")

    def _feet(self, count: int, foot: Foot, below: tuple[str, ...] = ()) -> list[Foot]:
        """`foot` below the last of so many messages, with `below` under it; and below the first
        one too where the others are in its thread, and not seen beside it."""
        feet = [*[BARE] * (count - 1), replace(foot, lines=(*foot.lines, *below))]
        if self._opens_thread and (count > 1 or self._continued):
            first = foot if count > 1 else feet[0]
            feet[0] = replace(first, above=(words.ON_IN_THREAD,))
        return feet

    def _messages(self, shown: Sequence[str], feet: Sequence[Foot]) -> list[Message]:
        return [self._message(*each) for each in zip(count(), shown, feet)]

    def _message(self, number: int, markdown: str, foot: Foot) -> Message:
        """What was made already is taken from there: most messages are full and stay."""
        known = self._made.get(number)
        if known and known[0] == (markdown, foot):
            return known[1]
        message = with_blocks_of(self._make(number, markdown, foot), self._kind)
        self._made[number] = (markdown, foot), message
        return message

    def _make(self, number: int, markdown: str, foot: Foot) -> Message:
        if number:
            return further_message(number, markdown, foot)
        first = self._question.first_message(markdown, foot)
        return with_notice(first, self._notice) if self._notice else first


def _says_more(markdown: str, section: Section) -> bool:
    """Whether there is more than the title in `markdown`, made from `section`."""
    return markdown.strip() not in ("", section.title)


def _waiting(section: Section) -> str:
    return f"{section.title}\n\n{words.THINKING}" if section.title else words.THINKING
