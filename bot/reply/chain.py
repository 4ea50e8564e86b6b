"""The messages of one answer, in order.

Every section starts a new message and rolls over into further ones before one is full. A
section opens only when the one before it is done, so the order holds however the choices
stream. Message number k is part `str(k)` of the job, whatever it shows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import count

from bot import words
from bot.completion.ask import Ask, conversation_of
from bot.completion.excerpt import excerpt
from bot.completion.result import Answer, Section
from bot.markdown.characters import weigh
from bot.markdown.filling import Room
from bot.reply.final import Cut, final_sections, last_line, why_no_more
from bot.reply.flow import Flow
from bot.reply.route import Route, Way, is_private, notice_of
from bot.slack.blocks import (
    ANSWER_BUTTONS,
    BARE,
    Button,
    Foot,
    Kind,
    Message,
    Question,
    further_message,
    mention,
    with_notice,
)
from bot.slack.plain_blocks import with_blocks_of

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
        feedback: bool = False,
    ) -> None:
        """`private`: its asker may share it. `opens_thread`: its further messages, and whatever
        goes on with it, stand in the thread of the first. `continued`: the sections that
        something goes on with already. `behind`: the text that this answer goes on with.
        `feedback`: people may vote on it.

        `job_id`: what the buttons are about. `in_thread`: the first message holds the
        question alone. `notice`: a small line of the bot's above everything. `most`: messages
        that hold something of the answer. `kinds` of blocks to show it in, the best first."""
        self._question = question
        self._buttons = (*ANSWER_BUTTONS, *((_SHARE,) if private else ()))
        self._job_id = job_id
        self._head = [words.IN_THREAD] if in_thread else []
        self._opens_thread = opens_thread and not in_thread
        self._continued = continued
        self._keeps_notes = False
        self._behind = behind
        self._feedback = feedback
        self._notice = notice
        self._most = None if most is None else most + len(self._head)
        self._cut: Cut | None = None
        self._level = 0
        self._kinds = kinds
        self._kind, *self._other_kinds = kinds
        self._given_up = False
        self._flows: list[Flow] = []
        self._breaks: dict[int, tuple[int, ...]] = {}
        self._made: dict[int, tuple[tuple[str, Foot], Message]] = {}

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
        foot = Foot(self._job_id, self._buttons, (last_line(answer),), feedback=votable)
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
        foot = Foot(self._job_id, ("stop",), (words.WRITING,), (words.ON_IN_THREAD,))
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
        message = self._make(number, markdown, foot)
        if self._kind != "markdown":
            message = with_blocks_of(message, self._kind)
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


_BY_URL: tuple[Kind, ...] = ("markdown", "section")
"""What is sent through a `response_url` is never edited, and the oldest blocks are safest there."""


def kinds_of(route: Route) -> tuple[Kind, ...]:
    """The blocks that an answer is shown in on this way, the best first."""
    return _BY_URL if route.way is Way.RESPONSE else KINDS


def chain_of(
    ask: Ask,
    route: Route,
    job_id: str,
    *,
    most: int | None,
    continued: Collection[int] = (),
    kinds: Sequence[Kind] = (),
) -> Chain:
    """What lays out the answer of a job for its way; `continued` are the sections that something
    goes on with. `kinds` of blocks to show it in, the best first; none: those of its way."""
    return Chain(
        _question(ask, route),
        job_id,
        in_thread=not route.why and ask.reply == "thread" and ask.thread_ts is None,
        notice=notice_of(ask, route),
        most=most,
        private=is_private(ask),
        opens_thread=_opens_thread(ask, route),
        continued=continued,
        behind=ask.begun.text if ask.begun else "",
        feedback=ask.feedback,
        kinds=kinds or kinds_of(route),
    )


def _question(ask: Ask, route: Route) -> Question:
    text, here = "\n\n".join(ask.request.prompts), not route.why
    begun = ask.begun
    if begun is None:
        return Question(ask.user, text, visible=here and _stands_above(ask))
    asker = mention(ask.user) or excerpt(ask.user)
    heading = words.ASKED_TO_GO_ON(mention=asker, answer=begun.answer, answers=begun.of)
    same = ask.user == begun.user and begun.of == 1 and not is_private(ask)
    return Question(ask.user, text, visible=here and same, heading=heading)


def _opens_thread(ask: Ask, route: Route) -> bool:
    """Whether further messages of the answer stand in the thread of its first."""
    return route.way in (Way.SHOWN, Way.DIRECT) and (bool(route.why) or ask.thread_ts is None)


def _stands_above(ask: Ask) -> bool:
    """Whether the asker's own message stands right above the answer.

    It does not when another asks the same again, or when a question from a thread is answered
    in the channel.
    """
    if ask.question_ts is None or ask.retry_of:
        return False
    asked_at_top = ask.conversation in (None, conversation_of(ask.channel, ask.question_ts))
    return ask.thread_ts is not None or asked_at_top
