"""Growing markdown cut into messages, each within Slack's limits and valid on its own.

Boundaries depend on the text alone, not on how it arrived: a sealed message never changes
when more text comes, and another process that lays out the same text cuts it the same way.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass

HEADING_CHARS = 100
"""What a heading counts on top of its text (measured live, see `slack_limits`)."""

_TABLE_ROWS = 90
_TABLE_CHARS = 9_000
"""Slack's table blocks hold 100 rows, and 10,000 characters in one message ("Table block")."""
_TABLE_HEAD = 1_000
"""A head that counts for more is not repeated, since it must leave room for rows."""

_FENCE_CHARS = 64
_CLOSING = 2 + 3 * _FENCE_CHARS
"""Room kept for closing a fence, and its language."""

_FENCE = re.compile(r"([ \t]*)(`{3,}|~{3,})[ \t]*([^\s`]*)[^`\n]*$", re.MULTILINE)
_BEGUN_FENCE = re.compile(r"[ \t]*(?:`{1,2}|~{1,2}|(?:`{3,}|~{3,})[^\s`]*)\Z")
_HEADING = re.compile(r"#{1,6}(?:\s.*)?|=+|-+")
_DIVIDER = re.compile(r"(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}")
_TABLE_RULE = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?")
_BEGUN_ENTITY = re.compile(r"&[#\w]{0,10}\Z")
_JOINS = "\u200d\ufe0e\ufe0f"


def weigh(text: str) -> int:
    """At most what Slack counts for `text` once it was made safe.

    UTF-16 units, with `&` as `&amp;`, `<` and `>` likewise, and a joiner for every `&`, `<`
    and `@` that may need one.
    """
    units = len(text.encode("utf-16-le", "surrogatepass")) // 2
    return units + 5 * text.count("&") + 4 * text.count("<") + 3 * text.count(">") + text.count("@")


def most_within(text: str, room: int) -> int:
    """How many characters from the start of `text` weigh `room` at most."""
    ends = range(min(len(text), max(room, 0)) + 1)
    return bisect_right(ends, room, key=lambda end: weigh(text[:end])) - 1


@dataclass(frozen=True, slots=True)
class Room:
    """What one message may hold: counted characters, and blocks as Slack renders them."""

    chars: int
    blocks: int


@dataclass(frozen=True, slots=True)
class Piece:
    """The part of the text that one message shows.

    `text` is as it was fed; `before` reopens a code fence or repeats a table's head, `after`
    closes an open fence.
    """

    text: str
    before: str = ""
    after: str = ""

    @property
    def markdown(self) -> str:
        return self.before + self.text + self.after


@dataclass(frozen=True, slots=True)
class _Fence:
    indent: str
    marker: str
    language: str

    @property
    def reopening(self) -> str:
        return f"{self.indent}{self.marker}{self.language}\n"

    def closes(self, line: str) -> bool:
        bare = line.strip(" \t\r\n")
        return len(bare) >= len(self.marker) and not bare.strip(self.marker[0])


@dataclass(frozen=True, slots=True)
class _Table:
    head: str

    @property
    def reopening(self) -> str:
        return self.head if weigh(self.head) <= _TABLE_HEAD else ""


_Context = _Fence | _Table | None


@dataclass(frozen=True, slots=True)
class _Mark:
    """A place where a message may end, and what is open there."""

    at: int
    chars: int
    context: _Context


class Layout:
    """Text cut into pieces while it grows. The work is linear in the text."""

    def __init__(self, first: Room, rest: Room) -> None:
        """`first` is the room of the first message, `rest` that of each further one."""
        self.sealed: list[Piece] = []
        self._first = first
        self._rest = rest
        self._open = ""
        self._begin(None)

    def feed(self, text: str) -> None:
        """More text. A carriage return before a newline counts as part of the line."""
        self._open += text
        while True:
            end = self._open.find("\n", self._at) + 1
            line = self._open[self._at : end or None]
            if end and self._fits(line):
                self._take(line)
            elif end or not self._fits_length(line):
                self._seal(self._boundary(line))
            else:
                return

    def tail(self, *, growing: bool = False) -> Piece:
        """The message still open; `growing` leaves out a fence of which only a part came."""
        text = self._open
        if growing and (begun := _BEGUN_FENCE.match(text, self._at)):
            text = text[: begun.start()]
        return self._piece(text, self._context)

    def closing(self) -> str:
        """What ends the open code fence, to be fed before words that are not code."""
        return self._piece(self._open, self._context).after

    def _begin(self, context: _Context) -> None:
        """Start the next message, inside `context`."""
        self._room = self._rest if self.sealed else self._first
        self._before = context.reopening if context else ""
        self._context = context
        self._at = 0
        self._chars = weigh(self._before) + _CLOSING
        self._blocks = 3 if isinstance(context, _Table) else 1
        self._rows = 0
        self._table_chars = len(self._before) if isinstance(context, _Table) else 0
        self._last_line = ""
        self._paragraph: _Mark | None = None
        self._line: _Mark | None = None

    def _fits_length(self, line: str) -> bool:
        room = self._room.chars - self._chars
        return len(line) <= room and weigh(line) <= room

    def _fits(self, line: str) -> bool:
        if not self._fits_length(line):
            return False
        if self._line is None:
            return True
        if isinstance(self._context, _Table) and "|" in line:
            return self._rows < _TABLE_ROWS and self._table_chars + len(line) <= _TABLE_CHARS
        chars, blocks = self._extra(line)
        return (
            self._chars + weigh(line) + chars <= self._room.chars
            and self._blocks + blocks <= self._room.blocks
        )

    def _extra(self, line: str) -> tuple[int, int]:
        """What `line` costs besides its text: counted characters and rendered blocks."""
        if isinstance(self._context, _Fence) and len(self._context.indent) <= 3:
            return 0, 0
        bare = line.strip()
        if _HEADING.fullmatch(bare):
            return HEADING_CHARS, 2
        if _DIVIDER.fullmatch(bare) or self._starts_table(line):
            return 0, 2
        return 0, 0

    def _starts_table(self, line: str) -> bool:
        return "|" in self._last_line and "|" in line and bool(_TABLE_RULE.fullmatch(line.strip()))

    def _take(self, line: str) -> None:
        """Add a whole line that fits."""
        chars, blocks = self._extra(line)
        before, begin = self._context, _Mark(self._at, self._chars, self._context)
        self._context = self._context_after(line)
        self._at += len(line)
        self._chars += weigh(line) + chars
        self._blocks += blocks
        self._last_line = line
        self._note_marks(line, before, begin, heading=chars > 0)

    def _note_marks(self, line: str, before: _Context, begin: _Mark, *, heading: bool) -> None:
        """Remember where a message may end, now that `line` has been added."""
        end = _Mark(self._at, self._chars, self._context)
        opens_fence = isinstance(self._context, _Fence) and before is not self._context
        if self._context is None and not line.strip():
            self._paragraph = end
        elif begin.at and before is None and (opens_fence or heading):
            self._paragraph = begin
        if isinstance(self._context, _Table) and before is not self._context:
            return
        leads = opens_fence or heading or (self._context is None and "|" in line)
        if not leads:
            self._line = end
        elif begin.at:
            self._line = begin

    def _context_after(self, line: str) -> _Context:
        context = self._context
        if isinstance(context, _Fence):
            return None if context.closes(line) else context
        if opened := _opened_fence(line):
            return opened
        if isinstance(context, _Table) and "|" in line:
            self._rows += 1
            self._table_chars += len(line)
            return context
        if self._starts_table(line):
            self._rows = 0
            self._table_chars += len(self._last_line) + len(line)
            return _Table(self._last_line + line)
        return None

    def _boundary(self, line: str) -> _Mark:
        """Where the open message ends, `line` being the first that does not fit."""
        if self._paragraph and 2 * self._paragraph.chars >= self._room.chars:
            return self._paragraph
        too_long = not self._fits_length(line)
        if self._line and (not too_long or 4 * self._line.chars >= self._room.chars):
            return self._line
        return _Mark(self._at + self._cut(line), self._room.chars, self._context)

    def _cut(self, line: str) -> int:
        """How much of a line that does not fit still goes into the open message."""
        most = most_within(line, self._room.chars - self._chars)
        least = most // 2
        space = max(line.rfind(" ", least, most), line.rfind("\t", least, most)) + 1
        if space > least:
            link = line.rfind("[", least + 1, space)
            return link if link > 0 and ")" not in line[link:space] else space
        return max(_whole_characters(line, most, least), 1 if self._at == 0 else 0)

    def _seal(self, mark: _Mark) -> None:
        self.sealed.append(self._piece(self._open[: mark.at], mark.context))
        self._open = self._open[mark.at :]
        self._begin(mark.context)

    def _piece(self, text: str, context: _Context) -> Piece:
        """`context` is what is open at the start of the last line of `text`."""
        line = text[text.rfind("\n") + 1 :]
        if line and isinstance(context, _Fence):
            context = None if context.closes(line) else context
        elif line:
            context = _opened_fence(line)
        after = ""
        if isinstance(context, _Fence):
            after = ("\n" if line else "") + context.indent + context.marker
        return Piece(text, self._before, after)


def _opened_fence(line: str) -> _Fence | None:
    match = _FENCE.match(line)
    if match is None:
        return None
    indent, marker, language = match.group(1), match.group(2), match.group(3)
    if len(marker) > _FENCE_CHARS or len(indent) > _FENCE_CHARS:
        return None
    return _Fence(indent, marker, language if weigh(language) <= _FENCE_CHARS else "")


def _whole_characters(line: str, end: int, least: int) -> int:
    """The nearest place at or before `end` that cuts no entity and no combined character."""
    if entity := _BEGUN_ENTITY.search(line, max(least, end - 11), end):
        return entity.start()
    cut = end
    while cut > least and _joined(line[cut - 1], line[cut]):
        cut -= 1
    return cut if cut > least else end


def _joined(left: str, right: str) -> bool:
    return (
        right in _JOINS
        or left == "\u200d"
        or unicodedata.combining(right) > 0
        or "\U0001f3fb" <= right <= "\U0001f3ff"
    )
