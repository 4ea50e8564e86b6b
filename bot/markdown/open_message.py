"""Where the message that is being filled may end, and what it is when it ends there;
and what of its last line is but begun."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from bot.characters import boundary, most_within, whole_characters
from bot.markdown.filling import Filling, Paragraph, Piece
from bot.markdown.lines import (
    LIST_MARKER,
    WIDE_TABLE,
    Context,
    Fence,
    Table,
    bare_of,
    begins_paragraph,
    begins_text,
    may_be_rule,
    opened_fence,
    starts_table,
    traits_of,
)
from bot.markdown.links.links import JOINER

_SEEMS_BLOCK = re.compile(r"[ \t]*(?:>|(?:[-*+=_]+|#{1,6}|\d{1,9}[.)])(?=\s|\Z))")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-+)[ \t]*")
_PLAIN = re.compile(r"[ \t\r>\d.)(\[\"'*_+-]*(?:`{1,2}(?!`))?[^\W\d_]")
"""What a line of text begins with: no heading, rule, fence, or row that begins with its bar."""

_DEFINITION = re.compile(r"[ ]{0,3}\[(?:[^\[\]\\]|\\.){1,999}+\]:", re.DOTALL)
_BEGUN_FENCE = re.compile(
    rf"(?:{LIST_MARKER}[ \t\r]+)*(?:`{{1,2}}|~{{1,2}}|`{{3,}}+[^`]*+|~{{3,}}+.*+)"
)
_BEGUN_MARKER = re.compile(
    r"[-*_=+ \t\r]*|#{1,6}|\d{1,9}[.)]?|[-*+][ \t\r]+\[[ xX]?\]?|\d{1,9}[.)][ \t\r]+\[[ xX]?\]?"
)
_LONGEST_MARKER = 100
_MOST_HELD = 200
"""How long a line is held back for what it may become, in characters."""

_MOST_MARKS = 8
_MARK_CHARS = 12
"""What stands at the beginning of a message may be the mark of an item there, and was none."""


class Mark(NamedTuple):
    """A place where a message may end: what it holds there, and what is open."""

    at: int
    chars: int
    blocks: int
    context: Context
    paragraph: Paragraph


class OpenMessage(Filling):
    """One message while it is filled, with the places where it may end."""

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
        if not _PLAIN.match(line[:words]) or self._is_full(end):
            return end
        return end._replace(at=self.at + words, paragraph=self.paragraph_of(self.at + words))

    def _above_heading(self, mark: Mark) -> Mark:
        """`mark`, or above the headings that would stand alone there, if they are less than half
        of the message."""
        at = mark.at
        while not mark.context and (begin := _heading_at(self.text, at)) is not None:
            at = begin
        if at == mark.at or 2 * at < mark.at or not self.text[:at].strip():
            return mark
        return mark._replace(at=at, paragraph=Paragraph(at, None))

    def before_rest(self, at: int, paragraph: Paragraph) -> str:
        """What keeps the text from `at` on shown, which `paragraph` goes on with, in the message
        below: a line that looks like the definition of a reference is one, and seen by nobody, but
        where lines of text stand above it."""
        if at <= paragraph.at or not _DEFINITION.match(self.text, at):
            return ""
        above = ("" if paragraph.at else self.opening) + self.text[paragraph.at : at]
        return "" if all(map(_DEFINITION.match, above.splitlines())) else JOINER

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


@lru_cache(maxsize=64)
def _heading_at(text: str, end: int) -> int | None:
    """Where the heading begins that `text` up to `end` ends with, blank lines apart."""
    bare = text.rstrip(" \t\r\n") if end == len(text) else text[:end].rstrip(" \t\r\n")
    start = bare.rfind("\n") + 1
    line = bare[start:]
    if end < len(text) and "\n" not in text[len(bare) : end]:
        return None
    if line.lstrip().startswith("#"):
        return start if traits_of(line).heading else None
    above = bare.rfind("\n", 0, max(start - 1, 0)) + 1
    underlined = _UNDERLINE.fullmatch(line) and begins_text(bare[above:start])
    return above if start and underlined else None


def seems_block(line: str) -> bool:
    """Whether `line`, which goes on with a paragraph, would begin something else in its place."""
    return _SEEMS_BLOCK.match(line) is not None


def above_begun_line(text: str, end: int) -> int:
    """`end`, or where the line that ends there begins if it is but begun."""
    line = text.rfind("\n", 0, end) + 1
    begun = text[line:end]
    return line if is_begun(begun) or opened_fence(begun) else end


def undecided(line: str, last: str, context: Context) -> int | None:
    """From where on an unfinished `line` has to wait for more of it, counted from its start.

    `last` is the line above; where it is perhaps the head of a table, that waits too, and the
    place is below zero. None: all of it can be shown.
    """
    if isinstance(context, Fence):
        return 0 if context.may_close(line) else None
    if isinstance(context, Table):
        return 0 if "|" in line or len(line) <= _MOST_HELD else None
    if "|" in last and may_be_rule(line) and (head := _table_at(last)) is not None:
        return head - len(last)
    return 0 if is_begun(line) else _table_at(line)


def is_begun(line: str) -> bool:
    """Whether `line` is nothing yet but what a list, a heading, a rule or a fence begins with."""
    return _BEGUN_FENCE.fullmatch(bare_of(line)) is not None or (
        len(line) <= _LONGEST_MARKER and _BEGUN_MARKER.fullmatch(bare_of(line)) is not None
    )


def _table_at(line: str) -> int | None:
    """From where on `line` may be the head of a table."""
    if line.lstrip(" \t\r>").startswith("|"):
        return 0
    bar = line.find("|")
    return bar if bar >= 0 and len(line) - bar <= _MOST_HELD else None
