"""The message that is being filled, line by line: what it holds, and what there is room for."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from bot.characters import most_within, weigh
from bot.markdown.lines import (
    BELOW,
    LIST_MARKER,
    LONGEST_FENCE,
    LONGEST_KEPT,
    Context,
    Effect,
    Fence,
    Table,
    begins_paragraph,
    standing_at,
    traits_of,
)

_REST = r"[^\n`~]*+(?:(?:`{1,2}+(?!`)|~{1,2}+(?!~))[^\n`~]*+)*+\n"
"""To the end of a line in which no fence can begin."""

_TEXT = (
    r"[ \t\r]*+(?:(?=[\n`~])|[^\s#=\-*_|:`~]"
    r"|#(?=[^#\s])|[=\-*_][=\-*_ \t\r]*+(?=[^\s|:])|[*_][*_ \t\r]*+(?=[|:])"
    rf"|[|:][|: \t\r]*+(?=[^\-\s]|\n)){_REST}"
)
"""A line that is no heading, no divider, no fence and no rule below the head of a table."""

_CODE = r"(?![^\S\n]*+(?:```|~~~))[^\n]*+\n"
"""A line that does not close a fence, nor look so to anybody."""

_TEXTS = re.compile(rf"(?:({_TEXT}))++")
_CODES = re.compile(rf"(?:{_CODE})++")
_LAST_BLANK = re.compile(r"(?s:.*)^[ \t\r]*+\n", re.MULTILINE)
_LAST_PARAGRAPH = re.compile(
    r"(?s:.*)(?:^[ \t\r]*+(?:>[ \t\r>]*+)?\n|^(?![ \t\r]*+>)[^\n]*+\n(?=[ \t\r]*>)"
    rf"|^(?=[ \t\r]*+{LIST_MARKER}))",
    re.MULTILINE,
)


def text_in(text: str, at: int, end: int) -> tuple[int, int]:
    """Where the lines end that are nothing but text, the first of them at `at`, and where the last
    one begins."""
    run = _TEXTS.match(text, at, end)
    return (run.end(), run.start(1)) if run else (at, at)


def end_of_code(text: str, at: int) -> int:
    """Where lines end that stand in a block of code and leave it open, the first at `at`."""
    run = _CODES.match(text, at)
    return run.end() if run else at


def last_blank(text: str, at: int, end: int) -> int | None:
    """Where the last blank line ends, from `at` to `end`, which are nothing but text."""
    found = _LAST_BLANK.match(text, at, end)
    return found.end() if found else None


def last_paragraph(text: str, at: int, end: int) -> int | None:
    """Where the last paragraph begins, from `at` to `end`, which are nothing but text; None where
    it goes on from the first line."""
    found = _LAST_PARAGRAPH.match(text, at, end)
    return found.end() if found else None


_TABLE_ROWS = 90
_TABLE_CHARS = 9_000
"""Slack's table blocks hold 100 rows, and 10,000 characters in one message ("Table block")."""
_TABLE_HEAD = 1_000
"""A head that counts for more is not repeated, since it must leave room for rows."""

_LEAST_RUN = 64
"""Of text of fewer characters each line is taken by itself."""

_AHEAD = 240
"""Lines of so many characters are added at once, if it is known what they do; then it is looked
whether those below are but text."""

_CLOSING = 2 + 3 * LONGEST_FENCE
"""Room kept for closing a fence and its language, or the inline markup that is open."""


@dataclass(frozen=True, slots=True)
class Room:
    """What one message may hold: counted characters, and blocks as Slack renders them."""

    chars: int
    blocks: int


@dataclass(frozen=True, slots=True)
class Piece:
    """The part of the text that one message shows.

    `text` is as it was fed; `before` opens again what was open where the message before it
    ended, or repeats a table's head; `after` closes what is open, `inset` characters before
    the end.
    """

    text: str
    before: str = ""
    after: str = ""
    inset: int = 0
    moved: Callable[[str], str] | None = field(default=None, compare=False)
    """What a message that begins inside a list makes of its lines (`outdent`)."""

    @property
    def markdown(self) -> str:
        end = len(self.text) - self.inset
        written = f"{self.before}{self.text[:end]}{self.after}{self.text[end:]}"
        return self.moved(written) if self.moved else written


class Paragraph(NamedTuple):
    """Lines across which inline markup may go on: where they begin, and what is open there."""

    at: int
    above: Context


_new = tuple.__new__
"""Makes a `Paragraph` at once: there may be thousands in a text."""

Noted = tuple[int, int, int, Context, Paragraph]
"""What a `Mark` holds (`bot.markdown.open_message`), of which most are never asked for."""


class Filling:
    """One message while it is filled."""

    def __init__(
        self,
        room: Room,
        context: Context = None,
        opening: str = "",
        moved: Callable[[str], str] | None = None,
    ) -> None:
        """It begins inside `context`, with the inline markup `opening` or what a line of code is
        indented that it goes on with. `moved`: what becomes of its lines where it begins inside a
        list."""
        self._moved = moved
        self.text = ""
        self.at = 0
        self.context = context
        self.opening = "" if context else opening
        self._goes_on = bool(context and opening)
        """It begins within a line of code."""
        self.before = _reopening(context) + opening
        self.last_line = ""
        self._room = room
        self._searched = 0
        self._weighed = (0, 0)
        self._chars = weigh(self.before) + _CLOSING
        self._blocks = 3 if isinstance(context, Table) else 1
        self._rows = 0
        self._table_chars = len(self.before) if isinstance(context, Table) else 0
        self._standing = standing_at(context, within=self._goes_on)
        self._paragraph = self._last_paragraph = Paragraph(0, context)
        self._gap: Noted | None = None
        self._line: Noted | None = None

    @property
    def unfinished(self) -> str:
        """What came behind the lines that were taken."""
        return self.text[self.at :]

    def append(self, text: str) -> None:
        """More text, of which nothing is taken yet."""
        self.text += text

    def end_with(self, closing: str, instead_of: int) -> None:
        """Put `closing` in place of the last characters; what was taken of them, if it is nothing
        but space, stays below."""
        cut = len(self.text) - instead_of
        taken = self.text[cut : self.at].strip(" \t\r")
        below = "" if taken.strip() else taken
        self._searched, self._weighed = 0, (0, 0)
        self.text = f"{self.text[:cut]}{closing}{below}"
        if taken:
            self.at = len(self.text)
            self._chars += weigh(closing)
            self._pass_line(self.text[self.text.rfind("\n", 0, -1) + 1 :])

    def next_line(self) -> tuple[str, bool]:
        """The line behind those that were taken, and whether all of it came."""
        end = self.text.find("\n", max(self.at, self._searched)) + 1
        return self.text[self.at : end or None], end > 0

    def still_fits(self) -> bool:
        """Whether the unfinished line fits, each character of it weighed once."""
        self._searched = len(self.text)
        upto, weight = self._weighed if self._weighed[0] > self.at else (self.at, 0)
        weight += weigh(self.text[upto:])
        self._weighed = self._searched, weight
        return weight <= self._left

    def fits_below(self, words: str) -> bool:
        """Whether `words` fit below all that came."""
        return weigh(self.unfinished) + weigh(words) <= self._left

    def fits_length(self, line: str) -> bool:
        """Whether there is room for `line`, the next one, as far as its length goes."""
        left = self._left
        return len(line) <= left and traits_of(line).weight <= left

    def take(self, line: str) -> bool:
        """Add the next line, a whole one, and some of those below it of which it is known what they
        do. False: there is no room for it."""
        if len(line) > self._left:
            return False
        effect = self._standing.effect(line, self.last_line)
        if not self._has_room(line, effect):
            return False
        self._add(line, effect)
        return True

    def _has_room(self, line: str, effect: Effect) -> bool:
        """Whether `line` fits, which has `effect`."""
        left = self._left - effect.weight
        if left < 0 or not self._line:
            return left >= 0
        if effect.row:
            return self._rows < _TABLE_ROWS and self._table_chars + len(line) <= _TABLE_CHARS
        return left >= effect.chars and self._blocks + effect.blocks <= self._room.blocks

    def _add(self, line: str, effect: Effect) -> None:
        """Add `line`, which has `effect`, and lines below it that are remembered and fit."""
        most_chars, most_blocks = self._room.chars, self._room.blocks
        end = self.at, self._chars, self._blocks, self.context, self._paragraph
        at, chars, blocks, context, paragraph = end
        noted, size = self._line, len(line)
        rows, table_chars = self._rows, self._table_chars
        below = self._known_below(at + size, effect)
        last = below[-1]
        for following in below:
            weight, more, added, begins, ends, goes_on, opened, _, gap, line_end, standing = effect
            if isinstance(opened, Table):
                rows = rows + 1 if goes_on else 0
                table_chars += size + (0 if goes_on else len(self.last_line))
            begin, above = end, paragraph
            if begins and paragraph[0] != at:
                above = _new(Paragraph, (at, context))
            context = context if goes_on else opened
            begun, at = at, at + size
            paragraph = _new(Paragraph, (at, context)) if ends else above
            chars += weight + more
            blocks += added
            end = at, chars, blocks, context, paragraph
            if gap and (begun or gap == BELOW):
                self._gap = end if gap == BELOW else begin
            if line_end and (begun or line_end == BELOW):
                noted = end if line_end == BELOW else begin
            known = standing.known.get(following)
            if known is None or following is last:
                break
            weight, more, added, _, _, _, _, row, _, _, _ = known
            left = most_chars - chars - weight
            if row:
                full = rows >= _TABLE_ROWS or table_chars + len(following) >= _TABLE_CHARS
            else:
                full = left < more or blocks + added > most_blocks
            if left < 0 or (noted and full):
                break
            effect, size = known, len(following) + 1
        self._rows, self._table_chars = rows, table_chars
        self.at, self._chars, self._blocks, self.context, self._paragraph = end
        self._last_paragraph, self._line, self._standing = above, noted, standing
        self.last_line = self.text[at - size : at]

    def _known_below(self, at: int, effect: Effect) -> list[str]:
        """The lines from `at` on, behind a line that has `effect`, without their ends, if it is
        known what the first of them does; the last is but the beginning of one."""
        end = self.text.find("\n", at, at + LONGEST_KEPT)
        if end < 0 or self.text[at:end] not in effect.behind.known:
            return [""]
        return self.text[at : at + _AHEAD].split("\n")

    def take_run(self) -> None:
        """Take at once those of the next lines that are nothing but text, or code, as far as they
        fit, and leave it to `take` to take the last of them."""
        context = self.context
        if context is None and self._blocks <= self._room.blocks:
            self._take_run_of_text()
        elif isinstance(context, Fence) and not (context.of_table or self._standing.doubtful):
            self._take_run_of_code()

    def _take_run_of_text(self) -> None:
        text, at = self.text, self.at
        end, last = text_in(text, at, len(text))
        if last - at < _LEAST_RUN:
            return
        if (weight := weigh(text[at:last])) + weigh(text[last:end]) > self._left:
            _, last = text_in(text, at, self._within_room(end))
            weight = weigh(text[at:last])
        if at == last:
            return
        self._gap, self._paragraph = self._gap_above(last), self._paragraph_above(last)
        self._pass(last, weight)

    def _take_run_of_code(self) -> None:
        room = self._within_room(end_of_code(self.text, self.at))
        end = self.text.rfind("\n", self.at, room) + 1
        last = self.text.rfind("\n", self.at, max(end - 1, 0)) + 1
        if self.at < last:
            self._pass(last, weigh(self.text[self.at : last]))

    def _gap_above(self, end: int) -> Noted | None:
        """What is to be remembered as a gap below the text that goes on to `end`."""
        gap = last_blank(self.text, self.at, end)
        if gap is None:
            return self._gap
        chars = self._chars + weigh(self.text[self.at : gap])
        return gap, chars, self._blocks, None, self._paragraph_above(gap)

    def _paragraph_above(self, end: int) -> Paragraph:
        """The paragraph that goes on below the text that goes on to `end`."""
        if end == self.at:
            return self._paragraph
        begin = last_paragraph(self.text, self.at, end)
        line = self.text[self.at : self.text.find("\n", self.at) + 1]
        if begin is None and begins_paragraph(line, self.last_line):
            begin = self.at
        return self._paragraph if begin is None else Paragraph(begin, None)

    def _pass(self, end: int, weight: int) -> None:
        """Count the lines up to `end` as taken."""
        self._chars += weight
        line = self.text.rfind("\n", self.at, end - 1) + 1 or self.at
        self.at = end
        self._pass_line(self.text[line:end])

    def _pass_line(self, line: str) -> None:
        """Take it that `line` is the last that was taken."""
        self.last_line = line
        self._standing = self._standing.below(line)

    def _within_room(self, end: int) -> int:
        """`end`, or the last place above for which there is room."""
        lines = self.text[self.at : end]
        room = self._left
        return end if weigh(lines) <= room else self.at + max(most_within(lines, room), 0)

    @property
    def _left(self) -> int:
        """Counted characters for which there is room behind the lines that were taken."""
        return self._room.chars - self._chars


def _reopening(context: Context) -> str:
    if isinstance(context, Fence):
        return context.opening
    return context.head if context and weigh(context.head) <= _TABLE_HEAD else ""
