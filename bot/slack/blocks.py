"""The blocks that messages and views are of, and Slack's JSON of one message of an answer. No other
file knows its form.

Every text here comes from `bot.words` or was made safe. The answer is one `markdown` block
in every state, since Slack refuses to swap kinds of blocks in an edit; the buttons of an
answer go between it and the last line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal

from bot import words
from bot.characters import beginning, boundary, excerpt, most_within, printable, shortened, weigh
from bot.markdown import safety
from bot.rules.votes import Choice
from bot.slack_limits import SECTION_FIELDS, SECTION_TEXT_CHARS
from bot.words import talk
from bot.words import votes as votes_words

FEEDBACK = "feedback"
"""`action_id` of Slack's own thumbs ("Feedback buttons element")."""

BUTTONS: Mapping[str, Choice] = {"vote_up": "up", "vote_down": "down"}
"""`action_id`s of the buttons in their place."""

FEEDBACK_BLOCK = "answer_feedback"
"""The `block_id` of either."""

THUMBS = "context_actions"
"""The kind of block that Slack's own stand in."""

_LABELS: Mapping[Choice, str] = {"up": votes_words.GOOD, "down": votes_words.BAD}

Block = Mapping[str, object]
Kind = Literal["markdown", "rich_text", "section"]
"""Of blocks that an answer stands in."""

Button = Literal["stop", "continue", "retry", "edit", "details", "share"]

BUTTONS_BLOCK = "answer_buttons"
STOP_BLOCK = "stop_button"
"""The `block_id` of the buttons below an answer, and of Stop above one that streams."""

DIVIDER: Block = {"type": "divider"}
_QUESTION_CHARS = SECTION_TEXT_CHARS - 100
_NOTIFICATION_CHARS = 120
_OFFER_CHARS = 2_800
"""Of each text for one person: one with a long text to copy is to fit into a message."""

_SECTION_DIGITS = 4

_USER = re.compile(r"[UW][A-Z0-9]+")


def heading(words: str) -> Block:
    """A heading of ours."""
    return {"type": "header", "text": _plain(words)}


def section(mrkdwn: str) -> Block:
    """A paragraph."""
    return {"type": "section", "text": _mrkdwn(mrkdwn)}


def small(mrkdwn: str) -> Block:
    """A small line."""
    return {"type": "context", "elements": [_mrkdwn(mrkdwn)]}


def fields(mrkdwns: Iterable[str]) -> Iterator[Block]:
    """Short texts in two columns."""
    texts = [_mrkdwn(text) for text in mrkdwns]
    for first in range(0, len(texts), SECTION_FIELDS):
        yield {"type": "section", "fields": texts[first : first + SECTION_FIELDS]}


def lines(mrkdwns: Iterable[str]) -> Iterator[Block]:
    """Lines, as many to a paragraph as it holds."""
    paragraph = ""
    for line in mrkdwns:
        longer = f"{paragraph}\n{line}" if paragraph else line
        if paragraph and len(longer) > SECTION_TEXT_CHARS:
            yield section(paragraph)
            longer = line
        paragraph = longer
    if paragraph:
        yield section(paragraph)


def long_text(text: str) -> Iterator[Block]:
    """`text` in paragraphs as long as Slack allows, cut at the end of a line or word."""
    whole = text.strip()
    at = 0
    while at < len(whole):
        start = whole[at : at + SECTION_TEXT_CHARS]
        end = _end_of_piece(start, last=at + SECTION_TEXT_CHARS >= len(whole))
        end = boundary(whole, at + end, at) - at
        if shown := safety.neutralise(printable(start[:end])).strip():
            yield {"type": "section", "text": _plain(shown)}
        at += end


def _end_of_piece(start: str, *, last: bool) -> int:
    """How much of `start` goes into one paragraph; `last`: nothing follows behind it."""
    most = most_within(start, SECTION_TEXT_CHARS)
    if last and most == len(start):
        return most
    cuts = (start.rfind(mark, most // 2, most) for mark in ("\n", " "))
    return next((cut for cut in cuts if cut > 0), most)


def _mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}


def moment(at: float, tz_offset: int = 0) -> str:
    """A Unix time in Slack's mrkdwn: “today at 10:12”, in the reader's own way.

    Where that cannot be shown, it is the time `tz_offset` seconds east of UTC, with its zone.
    """
    plain = plain_moment(at, tz_offset)
    return f"<!date^{int(at)}^{{date_short_pretty}} at {{time}}|{plain}>"


def plain_moment(at: float, tz_offset: int = 0) -> str:
    """A Unix time where Slack turns nothing into the reader’s: `Nov 14, 22:13 UTC`."""
    there = datetime.fromtimestamp(at + tz_offset, UTC)
    return f"{there:%b} {there.day}, {there:%H:%M} {_zone(tz_offset)}"


def _zone(tz_offset: int) -> str:
    """`UTC`, `UTC+2`, `UTC-3:30`."""
    if not tz_offset:
        return "UTC"
    hours, minutes = divmod(abs(tz_offset) // 60, 60)
    sign = "-" if tz_offset < 0 else "+"
    return f"UTC{sign}{hours}:{minutes:02}" if minutes else f"UTC{sign}{hours}"


def thumbs(job_id: str) -> Block:
    """Both thumbs, for the answer of a job."""
    element = {
        "type": "feedback_buttons",
        "action_id": FEEDBACK,
        "positive_button": _half(job_id, "up"),
        "negative_button": _half(job_id, "down"),
    }
    return {"type": THUMBS, "block_id": FEEDBACK_BLOCK, "elements": [element]}


def voted(value: str) -> tuple[str, Choice | None]:
    """The job that the value of a thumb names, and which thumb it is; None: of neither."""
    job_id, _, choice = value.partition(":")
    return job_id, next((each for each in _LABELS if each == choice), None)


def plain(blocks: Sequence[Block]) -> list[Block]:
    """`blocks` with buttons for thumbs."""
    return [_with_buttons(block) if block["type"] == THUMBS else block for block in blocks]


def _with_buttons(block: Mapping[str, Any]) -> Block:
    (element,) = block["elements"]
    halves = zip(BUTTONS, ("positive_button", "negative_button"), ("👍", "👎"), strict=True)
    buttons = [
        {
            "type": "button",
            "action_id": action_id,
            "text": {"type": "plain_text", "text": sign, "emoji": True},
            "accessibility_label": element[half]["text"]["text"],
            "value": element[half]["value"],
        }
        for action_id, half, sign in halves
    ]
    return {"type": "actions", "block_id": FEEDBACK_BLOCK, "elements": buttons}


def _half(job_id: str, choice: Choice) -> Mapping[str, object]:
    text = {"type": "plain_text", "text": _LABELS[choice]}
    return {"text": text, "value": f"{job_id}:{choice}"}


@dataclass(frozen=True, slots=True)
class Message:
    """What Slack is to show: blocks, and the short plain text of its notification.

    `settled` is the beginning of its markdown that stays as it is, whatever follows.
    """

    blocks: tuple[Block, ...]
    text: str
    settled: str = field(default="", compare=False)

    @property
    def head(self) -> tuple[Block, ...]:
        """What stands above its markdown."""
        return self.blocks[: self._middle]

    @property
    def body(self) -> str:
        """Its markdown."""
        return "".join(str(block["text"]) for block in self.blocks[self._middle :][:1])

    @property
    def foot(self) -> tuple[Block, ...]:
        """What stands below its markdown."""
        return self.blocks[self._middle + 1 :]

    def has_text_of(self, other: Message) -> bool:
        """Whether it says what `other` does, apart from what stands below."""
        return (self.head, self.body) == (other.head, other.body)

    @property
    def _middle(self) -> int:
        kinds = [block["type"] for block in self.blocks]
        return kinds.index("markdown") if "markdown" in kinds else len(kinds)


def with_notice(message: Message, notice: str) -> Message:
    """`message` with one small line of the bot's above it."""
    return replace(message, blocks=(small(notice), *message.blocks))


@dataclass(frozen=True, slots=True)
class Foot:
    """What stands below an answer: the buttons of the job, with small lines `above` and below
    them, and `feedback`: thumbs to vote on it. What *Continue* goes on with is the answer with the
    index `section`."""

    job_id: str = ""
    buttons: tuple[Button, ...] = ()
    lines: tuple[str, ...] = ()
    above: tuple[str, ...] = ()
    section: int = 0
    feedback: bool = False

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The buttons in one block, and a block for each line that says anything."""
        above = map(small, filter(None, self.above))
        buttons = (self._buttons(),) if self.buttons else ()
        votes = (thumbs(self.job_id),) if self.feedback else ()
        return (*above, *buttons, *votes, *map(small, filter(None, self.lines)))

    def offering(self, job_id: str, section: int) -> Foot:
        """The same with *Continue*, for one of the answers of the job."""
        return replace(self, job_id=job_id, buttons=("continue", *self.buttons), section=section)

    def _buttons(self) -> Block:
        shown = [Offered(name, talk.BUTTONS[name], self._value(name)) for name in self.buttons]
        return row(shown, BUTTONS_BLOCK)

    def _value(self, button: Button) -> str:
        return value_of(self.job_id, self.section) if button == "continue" else self.job_id


def stop_above(job_id: str) -> Block:
    """Stop, for above the text of a message that streams."""
    return {**Foot(job_id, ("stop",)).blocks[0], "block_id": STOP_BLOCK}


def value_of(job_id: str, section: int) -> str:
    """What a button says of the answer with the index `section` of a job; `named_by` reads it."""
    return f"{job_id}:{section}" if section else job_id


def named_by(value: str) -> tuple[str, int]:
    """The job that the value of a button names, and the index of one of its answers; -1 for one
    that no button of ours has."""
    job_id, colon, section = value.partition(":")
    known = section.isascii() and section.isdigit() and len(section) <= _SECTION_DIGITS
    return job_id, int(section) if known else -1 if colon else 0


BARE = Foot()
"""Below a message that another one follows."""


ANSWER_BUTTONS: tuple[Button, ...] = ("retry", "edit", "details")
"""What can be done with a finished answer."""


@dataclass(frozen=True)
class Question:
    """Who asked what, as the first message shows it; `visible`: it stands right above in Slack
    already, so that it need not be repeated. `heading` stands in its place, where it is known."""

    user: str
    text: str
    visible: bool = False
    heading: str = ""

    @cached_property
    def shown(self) -> str:
        """The question shortened to what a section holds, and made safe."""
        if self.visible or self.heading:
            return ""
        whole = self.text.strip()
        text = safety.make_safe(beginning(whole, _QUESTION_CHARS)).strip()
        if len(whole) <= _QUESTION_CHARS and weigh(text) <= _QUESTION_CHARS:
            return text
        most = boundary(text, most_within(text, _QUESTION_CHARS))
        return safety.neutralise(f"{text[:most].rstrip()}…")

    def first_message(self, answer: str, foot: Foot) -> Message:
        """The message that shows the question above (the first part of) the answer."""
        return Message(
            (*self._head(), _markdown(answer), *foot.blocks),
            words.ANSWERING(excerpt(self.text, _NOTIFICATION_CHARS)),
        )

    def _head(self) -> tuple[Block, ...]:
        if self.visible:
            return ()
        question = ({"type": "section", "text": _plain(self.shown)}, DIVIDER) if self.shown else ()
        asked = self.heading or words.ASKED(mention(self.user) or excerpt(self.user))
        return (small(asked), *question)


def further_message(number: int, answer: str, foot: Foot) -> Message:
    """The `number`th further message of an answer, counted from 1."""
    return Message((_markdown(answer), *foot.blocks), words.ANSWERING_ON(number))


def apology(user: str, sentence: str, foot: Foot) -> Message:
    """A whole answer that is one sentence of the bot's: who asked, and nothing of what."""
    asked = small(words.ASKED(mention(user) or talk.SOMEBODY))
    return Message((asked, _markdown(words.FAILED(sentence)), *foot.blocks), sentence)


def note(sentence: str, text: str = "") -> Message:
    """A message that is one sentence of the bot's, in Slack's mrkdwn; `text` is its
    notification, where that is to say something else."""
    return Message((section(sentence),), text or sentence)


@dataclass(frozen=True, slots=True)
class Offered:
    """A button: its `action_id`, what stands on it, and what Slack sends with a click."""

    action: str
    label: str
    value: str = ""
    primary: bool = False


def offer(sentence: str, buttons: Sequence[Offered] = (), copy: str = "") -> Message:
    """A sentence for one person, in mrkdwn, with `copy` in a block to be copied to the letter and
    buttons below it; too long a text is cut."""
    blocks = [section(_cut(sentence))]
    if copy.strip():
        text = {"type": "text", "text": _cut(printable(copy))}
        code = {"type": "rich_text_preformatted", "elements": [text]}
        blocks.append({"type": "rich_text", "elements": [code]})
    if buttons:
        blocks.append(row(buttons))
    return Message(tuple(blocks), _cut(sentence))


def _cut(text: str) -> str:
    return shortened(text, _OFFER_CHARS)


def row(offered: Iterable[Offered], block_id: str = "") -> Block:
    """Buttons side by side."""
    named = {"block_id": block_id} if block_id else {}
    return {"type": "actions", **named, "elements": [*map(_button, offered)]}


def _button(offered: Offered) -> Block:
    value = {"value": offered.value} if offered.value else {}
    style = {"style": "primary"} if offered.primary else {}
    shown = {"type": "button", "action_id": offered.action, "text": _plain(offered.label)}
    return {**shown, **value, **style}


def mention(user: str) -> str:
    """What notifies `user`; empty for what is no user's id."""
    return f"<@{user}>" if _USER.fullmatch(user) else ""


def mentions(users: Iterable[str]) -> list[str]:
    """The same of several."""
    return [found for found in map(mention, users) if found]


def _markdown(text: str) -> Block:
    safe = text if isinstance(text, safety.Safe) else safety.make_safe(text)
    return {"type": "markdown", "text": words.BLANK if safe.isspace() or not safe else safe}
