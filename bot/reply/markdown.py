"""Growing markdown cut into messages, each within Slack's limits and valid on its own.

Boundaries depend on the text alone, not on how it arrived: a sealed message never changes
when more text comes, and another process that lays out the same text cuts it the same way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from bot.reply.characters import whole_characters
from bot.reply.inline_markup import InlineMarkup
from bot.reply.lines import (
    LONGEST_FENCE,
    WIDE_TABLE,
    Context,
    Fence,
    Table,
    begins_paragraph,
    ends_paragraph,
    is_begun,
    is_divider,
    is_heading,
    may_be_fence,
    opened_fence,
    starts_table,
    starts_wide_table,
    undecided,
)
from bot.reply.pieces import Piece, Room, most_within, weigh
from bot.reply.safety import hold_back

HEADING_CHARS = 100
"""What a heading counts on top of its text (measured live, see `slack_limits`)."""

_TABLE_ROWS = 90
_TABLE_CHARS = 9_000
"""Slack's table blocks hold 100 rows, and 10,000 characters in one message ("Table block")."""
_TABLE_HEAD = 1_000
"""A head that counts for more is not repeated, since it must leave room for rows."""

_CLOSING = 2 + 3 * LONGEST_FENCE
"""Room kept for closing a fence and its language, or the inline markup that is open."""

_HALF_CHARACTER = re.compile(r"[\r\ud800-\udbff]\Z")


@dataclass(frozen=True, slots=True)
class _Paragraph:
    """Lines across which inline markup may go on: where they begin, and what is open there."""

    at: int
    above: Context


@dataclass(frozen=True, slots=True)
class _Mark:
    """A place where a message may end, and what is open there."""

    at: int
    chars: int
    context: Context
    paragraph: _Paragraph


@dataclass(frozen=True, slots=True)
class _Followed:
    """The inline markup of a paragraph, from `start` on, as far as it was read."""

    start: int
    end: int
    markup: InlineMarkup


class Layout:
    """Text cut into pieces while it grows. The work is linear in the text."""

    def __init__(self, first: Room, rest: Room) -> None:
        """`first` is the room of the first message, `rest` that of each further one."""
        self.sealed: list[Piece] = []
        self._first = first
        self._rest = rest
        self._open = ""
        self._begin(None, "")

    def feed(self, text: str) -> None:
        """More text. A carriage return before a newline counts as part of the line."""
        self._open += text
        while True:
            end = self._open.find("\n", max(self._at, self._searched)) + 1
            line = self._open[self._at : end or None]
            if self._turns_into_code(line, whole=end > 0):
                continue
            if not end and self._still_fits():
                return
            if end and self._fits(line):
                self._take(line)
            else:
                self._seal(self._boundary(line))

    def tail(self, *, growing: bool = False) -> Piece:
        """The message still open.

        While it is `growing`, what cannot be told yet is left out, such as half a row or half a
        link, and what is open is closed.
        """
        if not growing:
            return self._piece(self._open, self._context)
        end = self._settled()
        if isinstance(self._inside(), Fence):
            return self._piece(self._open[:end], self._context)
        return self._prose(end)

    def closing(self) -> str:
        """What closes what is open, to be fed before words that do not belong to it."""
        closing = self._piece(self._open, self._context).after
        if self._context is WIDE_TABLE:
            return ""
        if closing or self._context:
            return closing
        end = len(self._open)
        markup, base = self._follow(self._paragraph_of(end).at, end, None)
        shown = markup.shown()
        return shown.closing if base + shown.end == end else ""

    def _begin(self, context: Context, opening: str) -> None:
        """Start the next message, inside `context`, or with the inline markup `opening`."""
        self._room = self._rest if self.sealed else self._first
        self._opening = opening
        self._before = _reopening(context) or opening
        self._context = context
        self._at = 0
        self._searched = 0
        self._weighed = (0, 0)
        self._chars = weigh(self._before) + _CLOSING
        self._blocks = 3 if isinstance(context, Table) else 1
        self._rows = 0
        self._table_chars = len(self._before) if isinstance(context, Table) else 0
        self._doubtful = _is_doubtful(context)
        self._last_line = ""
        self._paragraph = self._last_paragraph = _Paragraph(0, context)
        self._followed: _Followed | None = None
        self._gap: _Mark | None = None
        self._line: _Mark | None = None

    def _turns_into_code(self, line: str, *, whole: bool) -> bool:
        """Begin a message of code where `line` shows that a wide table has begun, and one of
        text where it shows that it has ended."""
        if self._context is WIDE_TABLE:
            ended = (whole or line.strip()) and WIDE_TABLE.leaves(line)
            return bool(ended) and self._begin_at(self._mark(), None)
        if self._context or not whole or not starts_wide_table(self._last_line, line):
            return False
        at = self._at - len(self._last_line)
        paragraph = self._last_paragraph
        context = paragraph.above if paragraph.at == at else None
        head = _Mark(at, self._chars, context, paragraph)
        return self._begin_at(head, WIDE_TABLE)

    def _begin_at(self, mark: _Mark, context: Context) -> bool:
        """Go on in a new message, inside `context`, with the line that begins at `mark`."""
        sealed = 0
        if mark.at:
            self._seal(mark)
            sealed = len(self.sealed[-1].text)
        if sealed == mark.at:
            self._begin(context, "")
        return True

    def _still_fits(self) -> bool:
        """Whether the unfinished line fits, each character of it weighed once."""
        self._searched = len(self._open)
        upto, weight = self._weighed if self._weighed[0] > self._at else (self._at, 0)
        weight += weigh(self._open[upto:])
        self._weighed = self._searched, weight
        return weight <= self._room.chars - self._chars

    def _fits_length(self, line: str) -> bool:
        room = self._room.chars - self._chars
        return len(line) <= room and weigh(line) <= room

    def _fits(self, line: str) -> bool:
        if not self._fits_length(line):
            return False
        if self._line is None:
            return True
        if isinstance(self._context, Table) and "|" in line:
            return self._rows < _TABLE_ROWS and self._table_chars + len(line) <= _TABLE_CHARS
        chars, blocks = self._extra(line)
        return (
            self._chars + weigh(line) + chars <= self._room.chars
            and self._blocks + blocks <= self._room.blocks
        )

    def _extra(self, line: str) -> tuple[int, int]:
        """What `line` costs besides its text: counted characters and rendered blocks."""
        if isinstance(self._context, Fence) and not self._doubtful:
            return 0, 0
        if is_heading(line):
            return HEADING_CHARS, 2
        if is_divider(line) or starts_table(self._last_line, line):
            return 0, 2
        return 0, 0

    def _take(self, line: str) -> None:
        """Add a whole line that fits."""
        chars, blocks = self._extra(line)
        before, begin = self._context, self._mark()
        self._last_paragraph = self._paragraph_with(line)
        self._context = self._context_after(line)
        self._at += len(line)
        self._paragraph = self._paragraph_behind(line, before)
        stray = not (before or self._context) and may_be_fence(line)
        self._doubtful = self._doubtful or stray or _is_doubtful(self._context)
        self._chars += weigh(line) + chars
        self._blocks += blocks
        self._last_line = line
        self._note_marks(line, before, begin, heading=chars > 0)

    def _mark(self) -> _Mark:
        return _Mark(self._at, self._chars, self._context, self._paragraph)

    def _note_marks(self, line: str, before: Context, begin: _Mark, *, heading: bool) -> None:
        """Remember where a message may end, now that `line` has been added."""
        end = self._mark()
        opens_fence = isinstance(self._context, Fence) and before is not self._context
        if self._context is None and not line.strip():
            self._gap = end
        elif begin.at and before is None and (opens_fence or heading):
            self._gap = begin
        if isinstance(self._context, Table) and before is not self._context:
            return
        leads = opens_fence or heading or (self._context is None and "|" in line)
        if not leads:
            self._line = end
        elif begin.at:
            self._line = begin

    def _context_after(self, line: str) -> Context:
        context = self._context
        if isinstance(context, Fence) and not context.leaves(line):
            return None if context.closes(line) else context
        if opened := opened_fence(line):
            return opened
        if isinstance(context, Table) and "|" in line:
            self._rows += 1
            self._table_chars += len(line)
            return context
        if starts_table(self._last_line, line):
            self._rows = 0
            self._table_chars += len(self._last_line) + len(line)
            return Table(self._last_line + line)
        return None

    def _paragraph_with(self, line: str) -> _Paragraph:
        """The paragraph that `line`, the next one, belongs to."""
        if self._context or begins_paragraph(line, self._last_line):
            return _Paragraph(self._at, self._context)
        return self._paragraph

    def _paragraph_behind(self, line: str, before: Context) -> _Paragraph:
        """The paragraph that goes on below `line`, above which `before` was open."""
        closes = isinstance(before, Fence) and not before.leaves(line)
        if self._context or closes or ends_paragraph(line):
            return _Paragraph(self._at, self._context)
        return self._last_paragraph

    def _boundary(self, line: str) -> _Mark:
        """Where the open message ends, `line` being the first that does not fit."""
        if self._gap and 2 * self._gap.chars >= self._room.chars:
            return self._gap
        too_long = not self._fits_length(line)
        if self._line and (not too_long or 4 * self._line.chars >= self._room.chars):
            return self._line
        at = self._at + self._cut(line)
        return _Mark(at, self._room.chars, self._context, self._paragraph_of(at))

    def _cut(self, line: str) -> int:
        """How much of a line that does not fit still goes into the open message."""
        most = most_within(line, self._room.chars - self._chars)
        least = most // 2
        space = max(line.rfind(" ", least, most), line.rfind("\t", least, most)) + 1
        if space > least:
            return space
        return max(whole_characters(line, most, least), 1 if self._at == 0 else 0)

    def _seal(self, mark: _Mark) -> None:
        piece = self._piece(self._open[: mark.at], mark.context)
        opening = ""
        if mark.context is None and not piece.after:
            piece, opening = self._mended(piece, mark)
        self.sealed.append(piece)
        self._open = self._open[len(piece.text) :]
        self._begin(mark.context, opening)

    def _mended(self, piece: Piece, mark: _Mark) -> tuple[Piece, str]:
        """`piece`, ended before the inline markup that is open at `mark`, if that is not far
        back; else closed, and what opens it again."""
        text = piece.text
        markup, base = self._follow(mark.paragraph.at, mark.at, None)
        first = min(base + markup.first_open(), mark.at - hold_back(text))
        line = text.rfind("\n", 0, first) + 1
        if is_begun(text[line:first]) or opened_fence(text[line:first]):
            first = line
        if first > mark.at // 2:
            return replace(piece, text=text[:first]), ""
        shown = markup.shown(growing=False)
        inset = mark.at - base - shown.end
        if not shown.closing or text[mark.at - inset :].strip():
            return piece, ""
        opening = shown.opening if self._goes_on(mark.at) else ""
        opening = "" if opened_fence(opening) else opening
        return replace(piece, after=shown.closing, inset=inset), opening

    def _goes_on(self, at: int) -> bool:
        """Whether the paragraph in front of `at` goes on right there."""
        text, start = self._open, self._open.rfind("\n", 0, at) + 1
        if text[at : at + 1].isspace():
            return False
        line = text[at : text.find("\n", at) + 1 or None]
        last = text[text.rfind("\n", 0, max(start - 1, 0)) + 1 : start]
        begins = begins_paragraph(line, last) or opened_fence(line) is not None
        return at > start or not (begins or ends_paragraph(line))

    def _prose(self, end: int) -> Piece:
        """What is open of the message, as it can be shown up to `end`."""
        paragraph = self._paragraph_of(end)
        markup, base = self._follow(paragraph.at, end, self._followed)
        shown = markup.shown()
        end = max(base + shown.end, 0)
        if end <= paragraph.at:
            return self._piece(self._open[:end], paragraph.above) if end else Piece("")
        line = self._open.rfind("\n", 0, end) + 1
        if end > line and is_begun(self._open[line:end]):
            return self._prose(line)
        return Piece(self._open[:end], self._before, shown.closing)

    def _settled(self) -> int:
        """The end of what is not still waiting for more to be told what it is."""
        text = self._open
        end = len(text) - (hold_back(text) or bool(_HALF_CHARACTER.search(text[-1:])))
        waits = undecided(text[self._at :], self._last_line, self._inside())
        return end if waits is None else min(end, self._at + waits)

    def _inside(self) -> Context:
        """What the unfinished line stands in."""
        line, context = self._open[self._at :], self._context
        leaves = isinstance(context, Fence) and line and context.leaves(line)
        return None if leaves else context

    def _paragraph_of(self, end: int) -> _Paragraph:
        """The paragraph in which the text ends when it is cut at `end`, which is in the last
        line or in the unfinished one."""
        if end < self._at:
            return self._last_paragraph
        return self._paragraph_with(self._open[self._at :]) if end > self._at else self._paragraph

    def _follow(self, start: int, end: int, known: _Followed | None) -> tuple[InlineMarkup, int]:
        """The inline markup of the paragraph from `start`, read up to `end`, and where in the
        text its first character stands. Not read again is what is `known`; for what must not
        depend on how the text arrived that is nothing."""
        goes_on = known and known.start == start and known.end <= end
        markup = known.markup if known and goes_on else InlineMarkup()
        opening = "" if start else self._opening
        markup.read(opening + self._open[start:end])
        self._followed = _Followed(start, end, markup)
        return markup, start - len(opening)

    def _piece(self, text: str, context: Context) -> Piece:
        """`context` is what is open at the start of the last line of `text`."""
        line = text[text.rfind("\n") + 1 :]
        if line and isinstance(context, Fence) and not context.leaves(line):
            context = None if context.closes(line) else context
        elif line:
            context = opened_fence(line)
        after = ""
        if isinstance(context, Fence):
            after = ("\n" if line else "") + context.indent + context.marker
        return Piece(text, self._before, after)


def _reopening(context: Context) -> str:
    if isinstance(context, Fence):
        return context.opening
    return context.head if context and weigh(context.head) <= _TABLE_HEAD else ""


def _is_doubtful(context: Context) -> bool:
    """Whether not every reader sees the same code here, so that headings may be seen in it."""
    return isinstance(context, Fence) and not context.plain
