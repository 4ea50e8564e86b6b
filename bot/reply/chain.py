"""The messages of one answer, in order.

Every section starts a new message and rolls over into further ones before one is full. A
section opens only when the one before it is done, so the order holds however the choices
stream. Message number k is part `str(k)` of the job, whatever it shows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import count

from attrs import define, field

from bot import words
from bot.characters import weigh
from bot.completion.result import Answer, Section, last_line
from bot.markdown.filling import Room
from bot.reply.flow import Flow
from bot.reply.ledger import CUT, Cut, Post
from bot.slack.blocks import (
    ANSWER_BUTTONS,
    BARE,
    Button,
    Foot,
    Kind,
    Message,
    Question,
    further_message,
    with_notice,
)
from bot.slack.plain_blocks import with_blocks_of
from bot.words import files as files_words
from bot.words import talk

ROOMS = (Room(11_000, 40), Room(5_500, 20), Room(2_700, 8), Room(1_300, 4))
"""What a message is filled to: safely below Slack's 12,000 characters of markdown, 13,200
counted characters (`&` counts 5, `<` and `>` 4: measured live) and 50 rendered blocks, and less
each time Slack says that it is too long."""

_SHARE: Button = "share"

_LEAST_ROOM = 800
"""Left for the answer below the longest question, in counted characters."""

_FOOT_CHARS = 800
"""Left for what stands below the first message where it says where the answer goes on."""

KINDS: tuple[Kind, ...] = ("markdown", "rich_text", "section")
"""The blocks that an answer is shown in, each where Slack takes none of those before."""


@define(eq=False)
class Chain:
    """Sections in, messages out. The work is linear in the text."""

    _question: Question
    _job_id: str
    """What the buttons are about."""
    _in_thread: bool = False
    """The first message holds the question alone."""
    _notice: str = ""
    """A small line of the bot's above everything."""
    _most: int | None = None
    """Messages that hold something of the answer."""
    _kinds: Sequence[Kind] = KINDS
    """The blocks to show it in, the best first."""
    _private: bool = False
    """Its asker may share it."""
    _opens_thread: bool = False
    """Its further messages, and whatever goes on with it, stand in the thread of the first."""
    _continued: Collection[int] = ()
    """The sections that something goes on with already."""
    _behind: str = ""
    """The text that this answer goes on with."""
    _feedback: bool = False
    """People may vote on it."""

    cut: Cut | None = field(default=None, init=False)
    """Where what `complete` shows ends; None when it shows everything."""
    _head: Sequence[str] = field(init=False)
    _kinds_left: list[Kind] = field(init=False)
    _level: int = field(default=0, init=False)
    _keeps_notes: bool = field(default=False, init=False)
    _given_up: bool = field(default=False, init=False)
    _flows: list[Flow] = field(factory=list, init=False)
    _breaks: dict[int, tuple[int, ...]] = field(factory=dict, init=False)
    _made: dict[int, tuple[tuple[str, Foot], Message]] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        self._head = [words.IN_THREAD] if self._in_thread else []
        self._opens_thread = self._opens_thread and not self._in_thread
        if self._most is not None:
            self._most += len(self._head)
        self._kinds_left = list(self._kinds)

    async def prepare(self, sections: Sequence[Section]) -> None:
        """Lay out what has come, however long it is, without keeping the event loop from others:
        the other methods then have little left to do."""
        for index, section in enumerate(self._broken(sections)):
            if index:
                await asyncio.sleep(0)
            await self._flow(index).prepare(section)
            if not section.done:
                break

    async def prepare_all(self, answer: Answer) -> None:
        """The same for `complete`."""
        self._breaks = {index: each.breaks for index, each in enumerate(answer.sections)}
        await self.prepare(self._final(answer))

    def growing(
        self,
        sections: Sequence[Section],
        waiting: str = words.THINKING,
        writing: str = words.WRITING,
    ) -> list[Message]:
        """The messages of an answer that is still being written; at least one. `waiting` stands
        there until there is anything of it, and `writing` below it from then on."""
        shown: list[str] = []
        lines: tuple[str, ...] = ()
        for index, section in enumerate(self._broken(sections)):
            messages = self._flow(index).show(section)
            if not (section.done or any(_says_more(markdown, section) for markdown in messages)):
                shown.append(_waiting(section))
                break
            shown += messages
            lines = (writing,)
            if not section.done:
                break
        foot = Foot(self._job_id, ("stop",), lines)
        messages = [*self._head, *(shown or [waiting])][: self._most]
        return self._messages(messages, self._feet(len(messages), foot))

    def settled(self, sections: Sequence[Section]) -> list[str]:
        """For each message of `growing`, the markdown of its beginning that stays as it is,
        whatever follows, until `tighten`; made safe, with nothing closed for the moment.

        A message that is full and a section that is done are there as a whole: as `complete`
        shows them, a note below apart.
        """
        settled: list[str] = []
        for index, section in enumerate(self._broken(sections)):
            settled += self._flow(index).settled(section)
            if not section.done:
                break
        return [*self._head, *(settled or [""])]

    def end_message(self, sections: Sequence[Section], said: str, *, between_blocks: bool) -> bool:
        """End the last message of `growing`, of which `said` has to stay: what follows goes on in
        the next one. False: there is no place for that yet."""
        index = next((at for at, each in enumerate(sections) if not each.done), None)
        if index is None:
            return False
        place = self._flow(index).break_behind(said, between_blocks=between_blocks)
        if place is not None:
            self._breaks[index] = (*self._breaks.get(index, ()), place)
        return place is not None

    def with_breaks(self, answer: Answer) -> Answer:
        """`answer` with the ends of messages that `end_message` made, to be stored so."""
        return answer.model_copy(update={"sections": tuple(self._broken(answer.sections))})

    def complete(self, answer: Answer, most: int | None = None) -> list[Message]:
        """The messages of the final answer: at least one, and `most` at most; the last one
        says how many are left out for that. Where they end is the `cut` from here on."""
        whole: list[str] = []
        offered: dict[int, int] = {}
        for index, section in enumerate(self._final(answer)):
            whole += self._flow(index).show(section)
            if answer.goes_on(index) and index not in self._continued:
                offered[len(self._head) + len(whole) - 1] = index
        shown, below = self._limited(answer, whole, most)
        # What somebody stopped is no whole answer, and a second click on Stop is no vote.
        partial = answer.failure or answer.stopped or self._given_up
        votable = self._feedback and not partial
        buttons = (*ANSWER_BUTTONS, *((_SHARE,) if self._private else ()))
        foot = Foot(self._job_id, buttons, (last_line(answer),), feedback=votable)
        feet = self._feet(len(shown), foot, below)
        for number, index in offered.items():
            if number < len(shown) and not self._given_up:
                feet[number] = feet[number].offering(self._job_id, index)
        return self._messages(shown, feet)

    def opened(self, messages: Sequence[Message]) -> Message | None:
        """The first of the `messages` of `complete` as long as others are not in its thread yet:
        that the answer is complete is told last. None where no message opens a thread."""
        if not self._opens_thread or len(messages) == 1:
            return None
        foot = Foot(self._job_id, ("stop",), (words.WRITING,), (self._beside_it,))
        (markdown, _), _ = self._made[0]
        return self._message(0, markdown, foot)

    def continued(self, sections: Collection[int]) -> None:
        """Something goes on with these sections by now."""
        if {*sections} != {*self._continued}:
            self._flows.clear()  # what is said below them is another thing
        self._continued = sections

    def keep_notes(self) -> None:
        """Say below what is continued what was said before: another note changes how many messages
        there are."""
        self._keeps_notes = True
        self._flows.clear()

    @property
    def tight(self) -> bool:
        """Whether less is put into each message than there could be."""
        return self._level > 0

    def tighten(self) -> bool:
        """Put less into each message. False: less makes no sense."""
        if self._level + 1 >= len(ROOMS):
            return False
        self._level += 1
        self._flows.clear()
        return True

    def plainer(self) -> bool:
        """Show it in another kind of block. False: there is none left."""
        if len(self._kinds_left) == 1:
            return False
        del self._kinds_left[0]
        self._made.clear()
        return True

    def give_up(self) -> bool:
        """Let the final answer be a sentence that says that Slack does not show it. False: it
        was that already."""
        if self._given_up:
            return False
        self._given_up = True
        if len(self._kinds_left) == 1:
            self._kinds_left = [self._kinds[0], self._kinds[-1]]
        return True

    def _final(self, answer: Answer) -> list[Section]:
        """The sections of a complete answer; nobody is advised to ask for what is there already."""
        return [
            section.model_copy(update={"note": words.gone_on(section.note)})
            if index in self._continued and answer.goes_on(index) and not self._keeps_notes
            else section
            for index, section in enumerate(final_sections(answer))
        ]

    def _flow(self, index: int) -> Flow:
        while len(self._flows) <= index:
            room = ROOMS[self._level]
            beside = weigh(self._question.shown) + (_FOOT_CHARS if self._opens_thread else 0)
            chars = room.chars if self._flows else room.chars - beside
            first = Room(max(chars, _LEAST_ROOM), room.blocks)
            behind = "" if self._flows else self._behind
            counted = words.MOST_COUNTED
            self._flows.append(Flow(first, room, self._most, behind, counted=counted))
        return self._flows[index]

    def _broken(self, sections: Sequence[Section]) -> Sequence[Section]:
        """The `sections` with the ends of messages that `end_message` made."""
        if not self._breaks:
            return sections
        return [
            section.model_copy(update={"breaks": self._breaks.get(index, ())})
            for index, section in enumerate(sections)
        ]

    def _limited(
        self, answer: Answer, whole: Sequence[str], most: int | None
    ) -> tuple[Sequence[str], tuple[str, ...]]:
        """What is shown of the `whole` answer, and what is said below it of the rest."""
        if self._given_up:
            self.cut = Cut(0, 0)
            return [*self._head, words.UNSHOWABLE], ()
        limits = [each for each in (most, self._most) if each is not None]
        shown = [*self._head, *whole][: min(limits, default=None)]
        missing = len(self._head) + len(whole) - len(shown)
        if not missing:
            self.cut = None
            return shown, ()
        self.cut = self._cut_after(len(shown) - len(self._head))
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
            feet[0] = replace(first, above=(self._beside_it,))
        return feet

    @property
    def _beside_it(self) -> str:
        """What is said of the thread below the first message."""
        whole = len(self._flows) > 1 and self._flows[0].messages == 1 and 0 not in self._continued
        return words.OTHERS_IN_THREAD if whole else words.ON_IN_THREAD

    def _messages(self, shown: Sequence[str], feet: Sequence[Foot]) -> list[Message]:
        return [self._message(*each) for each in zip(count(), shown, feet)]

    def _message(self, number: int, markdown: str, foot: Foot) -> Message:
        """What was made already is taken from there: most messages are full and stay."""
        known = self._made.get(number)
        if known and known[0] == (markdown, foot):
            return known[1]
        if number:
            message = further_message(number, markdown, foot)
        else:
            message = self._question.first_message(markdown, foot)
            message = with_notice(message, self._notice) if self._notice else message
        message = self._in_blocks(message)
        self._made[number] = (markdown, foot), message
        return message

    def _in_blocks(self, message: Message) -> Message:
        """`message` in the blocks that Slack takes, as far as is known."""
        kind = self._kinds_left[0]
        return message if kind == "markdown" else with_blocks_of(message, kind)


def _says_more(markdown: str, section: Section) -> bool:
    """Whether there is more than the title in `markdown`, made from `section`."""
    return markdown.strip() not in ("", section.title)


def _waiting(section: Section) -> str:
    return f"{section.title}\n\n{words.THINKING}" if section.title else words.THINKING


def final_sections(answer: Answer) -> list[Section]:
    """Every section done, and why there is no more told below the last text that came; then which
    files were not read."""
    *before, last = _ended(answer)
    if not answer.unread:
        return [*before, last]
    return [*before, _noted(last, files_words.not_read(answer.unread))]


def _noted(section: Section, note: str) -> Section:
    return section.model_copy(update={"note": "\n\n".join(filter(None, (section.note, note)))})


def _ended(answer: Answer) -> list[Section]:
    sections = [section.model_copy(update={"done": True}) for section in answer.sections]
    if not (answer.stopped or answer.failure):
        return [_spoken(section) for section in sections or [Section(done=True)]]
    while sections and not _says_anything(sections[-1]):
        sections.pop()
    alone, below = why_no_more(answer)
    if not sections:
        return [Section(note=alone, done=True)]
    *whole, last = sections
    cut = bool(last.text.strip())
    return [*map(_spoken, whole), _noted(last.model_copy(update={"cut": cut}), below)]


def why_no_more(answer: Answer) -> tuple[str, str]:
    """What is said when nothing came, and what is said below what came."""
    if answer.stopped:
        return talk.STOPPED_UNWRITTEN, talk.STOPPED
    return words.FAILED(answer.failure), words.BROKEN_OFF(answer.failure)


def _says_anything(section: Section) -> bool:
    return bool(section.text.strip() or section.note)


def _spoken(section: Section) -> Section:
    if _says_anything(section):
        return section
    return section.model_copy(update={"note": words.NOTHING_WRITTEN})


def left_out(answer: Answer, posts: Mapping[str, Post]) -> str:
    """What Slack does not show of `answer`, as it was recorded; empty when it shows everything."""
    post = posts.get(CUT)
    return rest_of(answer, Cut.of(post.cut)) if post and post.cut else ""


def rest_of(answer: Answer, cut: Cut) -> str:
    """What stands behind the `cut` of it: the model's text, and what the bot says about it."""
    first, *others = final_sections(answer)[cut.section :]
    parts = ["" if cut.at else first.title, first.text[cut.at :], first.note]
    for section in others:
        parts += [section.title, section.text, section.note]
    return "\n\n".join(filter(None, (part.strip() for part in parts)))
