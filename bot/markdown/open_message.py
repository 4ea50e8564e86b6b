"""The message that is being filled, line by line: what it holds, and where it may end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from bot.markdown.characters import boundary, whole_characters
from bot.markdown.lines import (
    LONGEST_FENCE,
    WIDE_TABLE,
    Context,
    Fence,
    Table,
    begins_paragraph,
    heading_at,
    is_plain,
    may_be_rule,
    opened_fence,
    seems_block,
    starts_table,
    traits_of,
)
from bot.markdown.pieces import Piece, Room, most_within, weigh
from bot.markdown.runs import Span, end_of_code, last_blank, last_block, last_paragraph, text_in
from bot.markdown.steps import BELOW, LONGEST_KEPT, Step, standing_at

_TABLE_ROWS = 90
_TABLE_CHARS = 9_000
"""Slack's table blocks hold 100 rows, and 10,000 characters in one message ("Table block")."""
_TABLE_HEAD = 1_000
"""A head that counts for more is not repeated, since it must leave room for rows."""

_MOST_MARKS = 8
_MARK_CHARS = 12
"""What stands at the beginning of a message may be the mark of an item there, and was none."""

_LEAST_RUN = 64
"""Of text of fewer characters each line is taken by itself."""

_AHEAD = 240
"""Lines of so many characters are added at once, if it is known what they do; then it is looked
whether those below are but text."""

_CLOSING = 2 + 3 * LONGEST_FENCE
"""Room kept for closing a fence and its language, or the inline markup that is open."""


class Paragraph(NamedTuple):
    """Lines across which inline markup may go on: where they begin, and what is open there."""

    at: int
    above: Context


class Mark(NamedTuple):
    """A place where a message may end: what it holds there, and what is open."""

    at: int
    chars: int
    blocks: int
    context: Context
    paragraph: Paragraph


_new = tuple.__new__
"""Makes a `Paragraph` at once: there may be thousands in a text."""

_Noted = tuple[int, int, int, Context, Paragraph]
"""What a `Mark` holds, of which most are never asked for."""


class OpenMessage:
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
        self._gap: _Noted | None = None
        self._line: _Noted | None = None

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
        step = self._standing.step(line, self.last_line)
        if not self._has_room(line, step):
            return False
        self._add(line, step)
        return True

    def _has_room(self, line: str, step: Step) -> bool:
        """Whether `line` fits, which does `step`."""
        left = self._left - step.weight
        if left < 0 or not self._line:
            return left >= 0
        if step.row:
            return self._rows < _TABLE_ROWS and self._table_chars + len(line) <= _TABLE_CHARS
        return left >= step.chars and self._blocks + step.blocks <= self._room.blocks

    def _add(self, line: str, step: Step) -> None:
        """Add `line`, which does `step`, and lines below it that are remembered and fit."""
        most_chars, most_blocks = self._room.chars, self._room.blocks
        end = self.at, self._chars, self._blocks, self.context, self._paragraph
        at, chars, blocks, context, paragraph = end
        noted, size = self._line, len(line)
        rows, table_chars = self._rows, self._table_chars
        below = self._known_below(at + size, step)
        last = below[-1]
        for following in below:
            weight, more, added, begins, ends, goes_on, opened, _, gap, line_end, standing = step
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
            step, size = known, len(following) + 1
        self._rows, self._table_chars = rows, table_chars
        self.at, self._chars, self._blocks, self.context, self._paragraph = end
        self._last_paragraph, self._line, self._standing = above, noted, standing
        self.last_line = self.text[at - size : at]

    def _known_below(self, at: int, step: Step) -> list[str]:
        """The lines from `at` on, behind a line that does `step`, without their ends, if it is
        known what the first of them does; the last is but the beginning of one."""
        end = self.text.find("\n", at, at + LONGEST_KEPT)
        if end < 0 or self.text[at:end] not in step.behind.known:
            return [""]
        return self.text[at : at + _AHEAD].split("\n")

    def take_run(self) -> None:
        """Take at once those of the next lines that are nothing but text, or code, as far as they
        fit, and leave it to `take` to take the last of them."""
        context, doubtful = self.context, self._standing.doubtful
        if context is None and self._blocks <= self._room.blocks:
            self._take_run_of_text(blocks=not doubtful)
        elif context is not WIDE_TABLE and isinstance(context, Fence) and not doubtful:
            self._take_run_of_code()

    def _take_run_of_text(self, *, blocks: bool) -> None:
        text, at = self.text, self.at
        end, last = text_in(text, at, len(text), blocks=blocks)
        if last - at < _LEAST_RUN:
            return
        if (weight := weigh(text[at:last])) + weigh(text[last:end]) > self._left:
            _, last = text_in(text, at, self._within_room(end), blocks=blocks)
            weight = weigh(text[at:last])
        if at == last:
            return
        block = last_block(text, at, last)
        gap, paragraph = self._gap_above(last, block), self._paragraph_above(last, block)
        self._gap, self._paragraph = gap, paragraph
        self._pass(last, weight)

    def _take_run_of_code(self) -> None:
        room = self._within_room(end_of_code(self.text, self.at))
        end = self.text.rfind("\n", self.at, room) + 1
        last = self.text.rfind("\n", self.at, max(end - 1, 0)) + 1
        if self.at < last:
            self._pass(last, weigh(self.text[self.at : last]))

    def _gap_above(self, end: int, block: Span | None) -> _Noted | None:
        """What is to be remembered as a gap below the text that goes on to `end`, whose last block
        of code is `block`."""
        gap = last_blank(self.text, block[1] if block else self.at, end)
        if gap is None and not (block and block[0]):
            return self._gap
        at = block[0] if block and gap is None else gap or 0
        chars = self._chars + weigh(self.text[self.at : at])
        above = last_block(self.text, self.at, at) if block else None
        return at, chars, self._blocks, None, self._paragraph_above(at, above)

    def _paragraph_above(self, end: int, block: Span | None) -> Paragraph:
        """The paragraph that goes on below the text that goes on to `end`, whose last block of code
        is `block`."""
        if end == self.at:
            return self._paragraph
        begin = last_paragraph(self.text, block[1] if block else self.at, end)
        if begin is None and block:
            begin = block[1]
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

    def mark(self) -> Mark:
        """The end of the lines that were taken."""
        return Mark(self.at, self._chars, self._blocks, self.context, self._paragraph)

    def end(self) -> Mark:
        """The end of all that came."""
        at = len(self.text)
        return Mark(at, self._chars, self._blocks, self.inside(), self.paragraph_of(at))

    def above_end(self) -> Mark:
        """The end of the lines above the last one, be that whole or not."""
        return self.mark() if self.unfinished else self.above_last_line()

    def above_last_line(self) -> Mark:
        """The end of the lines above the last one."""
        at, paragraph = self.at - len(self.last_line), self._last_paragraph
        context = paragraph.above if paragraph.at == at else None
        return Mark(at, self._chars, self._blocks, context, paragraph)

    def breaks(self, *, between_blocks: bool) -> Iterator[int]:
        """Where the message may end though there is room left, the best place first: between two
        blocks, else below a line too."""
        may_begin_table = self.context is None and "|" in self.last_line
        line = self._line if may_begin_table else self.mark()
        for noted in (self._gap,) if between_blocks else (self._gap, line):
            if noted and self.text[: noted[0]].strip():
                yield self._above_heading(Mark(*noted)).at

    def boundary(self, line: str) -> Mark:
        """Where the message ends, `line` being the first that does not fit."""
        return self._above_heading(self._boundary(line))

    def _boundary(self, line: str) -> Mark:
        if full := self._full():
            return full
        if self.fits_length(line):
            parts_table = self.context is None and starts_table(self.last_line, line)
            return Mark(*self._line) if parts_table and self._line else self.mark()
        if not (cut := self._cut(line)):
            return self.mark()
        at, context = self.at + cut, self.inside()
        if isinstance(context, Table) and "|" not in line[:cut]:
            context = None
        return Mark(at, self._room.chars, self._blocks, context, self.paragraph_of(at))

    def least_boundary(self) -> Mark:
        """A place above which `boundary` will not be, whatever follows.

        The last paragraph of a message that is nearly full may still move to the next one; before
        that lines stay, and so do the words of a line that is plain text.
        """
        return self._above_heading(self._least_boundary())

    def _least_boundary(self) -> Mark:
        if full := self._full():
            return full
        end, line = self.mark(), self.unfinished
        if self.context:
            return end
        if "|" in self.last_line and may_be_rule(line):
            return Mark(*self._line) if self._line else end._replace(at=0)
        words = max(line.rfind(" "), line.rfind("\t")) + 1
        if not is_plain(line[:words]) or self._is_full(end):
            return end
        return end._replace(at=self.at + words, paragraph=self.paragraph_of(self.at + words))

    def _above_heading(self, mark: Mark) -> Mark:
        """`mark`, or above the headings that would stand alone there, if they are less than half
        of the message."""
        at = mark.at
        while not mark.context and (begin := heading_at(self.text, at)) is not None:
            at = begin
        if at == mark.at or 2 * at < mark.at or not self.text[:at].strip():
            return mark
        return mark._replace(at=at, paragraph=Paragraph(at, None))

    def inside(self) -> Context:
        """What the unfinished line stands in."""
        line, context = self.unfinished, self.context
        leaves = isinstance(context, Fence) and line and self._leaves(context, line, self.at)
        return None if leaves else context

    def paragraph_of(self, end: int) -> Paragraph:
        """The paragraph in which the text ends when it is cut at `end`, which is in the last
        line or in the unfinished one."""
        if end < self.at:
            return self._last_paragraph
        return self._paragraph_with(self.unfinished) if end > self.at else self._paragraph

    def piece(self, end: int, context: Context) -> Piece:
        """The text up to `end` with its fence closed, `context` being open where the last line
        of it begins."""
        text = self.text[:end]
        line = text[text.rfind("\n") + 1 :]
        at = end - len(line)
        if line and isinstance(context, Fence) and not self._leaves(context, line, at):
            context = None if context.closes(line) else context
        elif line:
            context = opened_fence(line)
        if context is WIDE_TABLE:
            below = len(text) - len(text.rstrip())
            return self.made(text, f"\n{context.marker}", below)
        after = ""
        if isinstance(context, Fence):
            after = ("\n" if line else "") + context.indent + context.marker
        return self.made(text, after)

    def made(self, text: str, after: str = "", inset: int = 0) -> Piece:
        """The piece that begins as this message does."""
        return Piece(text, self.before, after, inset, self._moved)

    def _leaves(self, fence: Fence, line: str, at: int) -> bool:
        """Whether `line`, which begins at `at`, is outside of what the code stands in."""
        return not (at == 0 and self._goes_on) and fence.leaves(line)

    @property
    def _left(self) -> int:
        """Counted characters for which there is room behind the lines that were taken."""
        return self._room.chars - self._chars

    def _full(self) -> Mark | None:
        """Where the message may end because it holds enough to end there, rather than further
        down."""
        noted = (Mark(*each) for each in (self._gap, self._line) if each)
        return next(filter(self._is_full, noted), None)

    def _is_full(self, mark: Mark) -> bool:
        room = self._room
        return 4 * mark.chars >= 3 * room.chars or 4 * mark.blocks >= 3 * room.blocks

    def _cut(self, line: str) -> int:
        """How much of a line that does not fit still goes into the message."""
        most = most_within(line, self._left)
        least = most // 2
        space = max(line.rfind(" ", least, most), line.rfind("\t", least, most)) + 1
        for _ in range(_MOST_MARKS):
            if space <= least or not seems_block(line[space : space + _MARK_CHARS]):
                break
            space = max(line.rfind(" ", least, space - 1), line.rfind("\t", least, space - 1)) + 1
        if space > least and boundary(line, space, least) == space:
            return space
        return max(whole_characters(line, most, least), 1 if self.at == 0 else 0)

    def _paragraph_with(self, line: str) -> Paragraph:
        """The paragraph that `line`, the next one, belongs to."""
        paragraph = self._paragraph
        if paragraph.at == self.at and paragraph.above is self.context:
            return paragraph
        if self.context or begins_paragraph(line, self.last_line):
            return Paragraph(self.at, self.context)
        return paragraph


def _reopening(context: Context) -> str:
    if isinstance(context, Fence):
        return context.opening
    return context.head if context and weigh(context.head) <= _TABLE_HEAD else ""
