"""Markdown read line by line, through the containers that are open where a line begins to the leaf
that it belongs to, as CommonMark does ("Blocks and inlines"). What a line is is remembered.

A leaf is what inline markup cannot cross the end of: the lines of a paragraph, one line of a
heading, one line of a fenced block. Readers who see HTML read some texts otherwise; there is
nothing then of which it is certain that it is code.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import ClassVar, NamedTuple

_MOST_NESTED = 24
"""Containers; deeper ones are text."""

_BEGINS_ITEM = frozenset("-+*0123456789")
_BEGINS_LEAF = frozenset("`~=-#*_<")
"""What a line of a leaf may begin with that is not simply text."""

_DEEPEST = 40
"""Characters of space that are looked at; more make no difference."""

QUOTE = -1
"""Stands for a quotation among the containers; a number is what items of a list are indented."""

_FENCE = re.compile(r"(`{3,})[^`\n]*$|(~{3,}).*$", re.MULTILINE)
_CLOSING = re.compile(r"[ ]{0,3}(`{3,}|~{3,})[ \t]*\r?$", re.MULTILINE)
_HEADING = re.compile(r"#{1,6}(?=[ \t\r\n]|\Z)")
_UNDERLINE = re.compile(r"(?:=+|-+)[ \t]*\r?$", re.MULTILINE)
_DIVIDER = re.compile(r"(?:(?:-[ \t]*){3,}|(?:_[ \t]*){3,}|(?:\*[ \t]*){3,})\r?$", re.MULTILINE)
_MARKER = re.compile(r"(?:[-+*]|(\d{1,9})[.)])(?=[ \t\r\n]|\Z)")

_TO_ITS_END = re.compile(
    r"<(?:script|pre|style|textarea)(?=[\s>]|\Z)|<!--|<\?"
    r"|<!(?!(?:channel|here|everyone|group)[|>&\\]|subteam\\*\^)[A-Za-z]",
    re.IGNORECASE,
)
"""HTML that goes on to an end of its own. What would ping is taken apart, and none then."""

_TO_A_GAP = re.compile(r"</?[A-Za-z][A-Za-z0-9-]*(?=[\s/>]|\Z)")
_COMMENT = re.compile(r"<!--.*?-->[ \t]*\r?$", re.MULTILINE)
_SPACE = " \t\r\n"
_BLANK = frozenset(" \t")


_BEGINS_BLOCK = frozenset(("", *" \t\r\n>-+*_=#~`<0123456789"))
"""What a line may begin with that is not simply text."""

_PING = r"(?i:(?:channel|here|everyone|group)[|>&\\]|subteam\\*\^)"

_MARKS = re.compile(
    r"[ \t>+*0-9.)-]*+(?:(?=[^\s>+*0-9.)_=#~`<-]|~(?!~~)|`{1,2}(?!`)"
    r"|_[_ \t]*+[^_\s]|=[= \t]*+[^=\s]|#{1,6}[^#\s]"
    rf"|<(?:(?![A-Za-z/!?])|[A-Za-z][A-Za-z0-9-]*+[^A-Za-z0-9\s/>-]|!{_PING}))"
    rf"|#{{1,6}}[ \t]|<(?:\?|!(?!{_PING})[A-Za-z]"
    r"|(?!(?i:script|pre|style|textarea)[\s>])/?[A-Za-z][A-Za-z0-9-]*+[ \t/>]))"
)
"""What a line begins with whose further text makes no difference to what the line is: what nothing
but text follows, and the beginning of a heading and of some HTML."""

_ANY_TEXT = "a"
_ANY_NUMBER = str.maketrans("03456789", "22222222")
"""Only the number 1 is told from others: it may begin a list in the midst of a paragraph."""

_LONGEST_KEPT = 32
"""Of lines that begin with so many characters of marks is remembered what they are."""

_SHORT_LINE = 7
"""Lines of so many characters are remembered as they are, which is faster."""

_MOST_PLACES, _MOST_KEPT = 1_024, 8_192
"""At so many places is remembered what so many lines are in all."""


class Kind(Enum):
    """What a line is."""

    TEXT = "text"
    """It begins a leaf."""
    ROWS = "rows"
    """It begins a leaf, and some reader sees each line of that as a row of a table."""
    MORE = "more"
    """It goes on with the leaf of the line above."""
    CODE = "code"
    """It stands in a fenced block."""
    DEEP = "deep"
    """It is so deep that it is code, but not to every reader: nothing in it is certain."""


TEXT, ROWS, MORE, CODE, DEEP = Kind
"""Each by a name of its own, which is found ten times as fast as in its class: that matters where
every line is looked at."""


class _Fence(NamedTuple):
    char: str
    length: int
    certain: bool


class Nesting(NamedTuple):
    """What is open where a line begins."""

    containers: tuple[int, ...] = ()
    paragraph: bool = False
    empty_item: bool = False
    """The line above is nothing but the marker of an item, which a blank line would end."""
    fence: _Fence | None = None
    html: bool = False
    """Some reader sees HTML here that ends at a blank line."""
    doubtful: bool = False
    """Some reader may see fences otherwise from here on."""


START = Nesting()


class _Line:
    """One line being read."""

    def __init__(self, place: Nesting, line: str) -> None:
        self._place = place
        self._line = line
        self._at = 0
        self._column = 0
        self._pending = 0
        """Columns of a tab that were not used yet."""

    def read(self) -> tuple[Kind, Nesting]:
        place = self._place
        matched = self._match()
        whole = matched == len(place.containers)
        if place.fence and whole:
            return self._in_fence(place.fence)
        if place.fence:
            place = place._replace(fence=None)
        blank = not self._line[self._at :].strip(_SPACE)
        if blank:
            return self._blank(place, matched)
        if place.empty_item:
            place = place._replace(empty_item=False)
        return self._begin(place, list(place.containers[:matched]), whole=whole)

    def _blank(self, place: Nesting, matched: int) -> tuple[Kind, Nesting]:
        containers = place.containers[: matched - place.empty_item]
        return TEXT, Nesting(containers, doubtful=place.doubtful)

    def _in_fence(self, fence: _Fence) -> tuple[Kind, Nesting]:
        closing = _CLOSING.match(self._rest())
        if closing and closing[1][0] == fence.char and len(closing[1]) >= fence.length:
            return TEXT, self._place._replace(fence=None)
        return (CODE if fence.certain else TEXT), self._place

    def _match(self) -> int:
        """How many of the open containers go on in this line."""
        for number, container in enumerate(self._place.containers):
            indent = self._indent()
            if container == QUOTE:
                if indent > 3 or not self._quotes():
                    return number
            elif indent >= container:
                self._advance(container)
            elif self._line[self._at :].strip(_SPACE):
                return number
        return len(self._place.containers)

    def _begin(self, place: Nesting, containers: list[int], *, whole: bool) -> tuple[Kind, Nesting]:
        """The blocks that begin in this line, and what it is behind their beginnings."""
        paragraph = place.paragraph
        fresh = False
        while True:
            if len(containers) == _MOST_NESTED:
                place = place._replace(doubtful=True)
                break
            indent = self._indent()
            if indent > 3:
                break
            begin = self._next()
            if begin == ">" and self._quotes():
                containers.append(QUOTE)
            elif begin not in _BEGINS_ITEM:
                break
            elif (width := self._item(interrupts=paragraph and not fresh, whole=whole)) is not None:
                containers.append(width)
            else:
                break
            fresh = True
        goes_on = paragraph and not fresh
        if not self._line[self._at :].strip(_SPACE):
            empty = containers[-1] != QUOTE
            begun = place._replace(containers=tuple(containers), paragraph=False, empty_item=empty)
            return TEXT, begun
        return self._leaf(place, tuple(containers), goes_on=goes_on, whole=whole)

    def _leaf(
        self, place: Nesting, containers: tuple[int, ...], *, goes_on: bool, whole: bool
    ) -> tuple[Kind, Nesting]:
        deep = self._indent() > 3
        text = self._line[self._skip() :]
        inside = containers if not goes_on or whole else place.containers
        if deep:
            kind = MORE if goes_on else DEEP
            return kind, place._replace(containers=inside, paragraph=goes_on)
        open_here = Nesting(inside, True, place.empty_item, place.fence, place.html, place.doubtful)
        if text[:1] not in _BEGINS_LEAF:
            return (MORE if goes_on else TEXT), open_here
        begun = open_here._replace(containers=containers, paragraph=False)
        if opened := _FENCE.match(text):
            marker = opened[1] or opened[2]
            doubtful = place.doubtful or place.html or "|" in text
            fence = _Fence(marker[0], len(marker), certain=not doubtful)
            return TEXT, begun._replace(fence=fence, doubtful=doubtful)
        if goes_on and whole and _UNDERLINE.match(text):
            return MORE, begun
        if _HEADING.match(text) or _DIVIDER.match(text):
            return TEXT, begun
        if text.startswith("<"):
            lazy = goes_on and not whole and _TO_A_GAP.match(text)
            open_here = _with_html(open_here._replace(doubtful=True) if lazy else open_here, text)
        return (MORE if goes_on else TEXT), open_here

    def _item(self, *, interrupts: bool, whole: bool) -> int | None:
        """How far the items of a list that begins here are indented; None: none begins."""
        start = self._skip()
        marker = _MARKER.match(self._line, start)
        if marker is None or _DIVIDER.match(self._line[start:]):
            return None
        empty = not self._line[marker.end() :].strip(_SPACE)
        if interrupts and (empty or marker[1] not in (None, "1")) and whole:
            return None
        if indent := self._indent():
            self._advance(indent)
        width = len(marker[0])
        self._at += width
        self._column += width
        columns = self._indent()
        gap = 1 if empty or columns > 4 else columns
        self._advance(min(gap, columns))
        return indent + width + gap

    def _quotes(self) -> bool:
        """Whether a quotation begins or goes on here; then its mark is read."""
        start = self._skip()
        if self._line[start : start + 1] != ">":
            return False
        if indent := self._indent():
            self._advance(indent)
        self._at += 1
        self._column += 1
        if self._line[self._at : self._at + 1] in _BLANK:
            self._advance(1)
        return True

    def _indent(self) -> int:
        """Columns of space from here on."""
        if not self._pending and self._line[self._at : self._at + 1] not in _BLANK:
            return 0
        columns, column = self._pending, self._column + self._pending
        for char in self._line[self._at : self._at + _DEEPEST]:
            if char == " ":
                columns, column = columns + 1, column + 1
            elif char == "\t":
                width = 4 - column % 4
                columns, column = columns + width, column + width
            else:
                break
        return columns

    def _next(self) -> str:
        """What comes behind the space from here on; empty at the end."""
        at = self._skip()
        return self._line[at : at + 1]

    def _skip(self) -> int:
        """Where the space from here on ends."""
        if self._line[self._at : self._at + 1] not in _BLANK:
            return self._at
        return len(self._line) - len(self._line[self._at :].lstrip(" \t"))

    def _advance(self, columns: int) -> None:
        used = min(columns, self._pending)
        self._pending -= used
        self._column += used
        columns -= used
        while columns > 0 and self._at < len(self._line):
            char = self._line[self._at]
            width = 1 if char == " " else 4 - self._column % 4 if char == "\t" else 0
            if not width:
                return
            self._at += 1
            used = min(width, columns)
            self._column += used
            self._pending = width - used
            columns -= used

    def _rest(self) -> str:
        return " " * self._pending + self._line[self._at :]


def _with_html(place: Nesting, text: str) -> Nesting:
    if _TO_ITS_END.match(text) and not _COMMENT.match(text):
        return place._replace(doubtful=True)
    return place._replace(html=True) if _TO_A_GAP.match(text) else place


class LineReader:
    """Tells what a line is that begins at a `place`; what was told is remembered."""

    __slots__ = ("_contained", "_fence", "_goes_on", "known", "place")

    kept: ClassVar = 0
    """Lines that are remembered, of all places."""

    def __init__(self, place: Nesting) -> None:
        self.place = place
        self._contained, self._fence = bool(place.containers), place.fence
        self.known: dict[str, tuple[Kind, LineReader]] = {}
        """What some lines are, and who reads those below them: what `read` finds."""
        self._goes_on: tuple[Kind, LineReader] | None = None
        """What a line of nothing but text is outside of all containers."""

    def read(self, line: str) -> tuple[Kind, LineReader]:
        """What `line` is, and who reads the one below it; `known` lines need not be read."""
        if len(line) > _SHORT_LINE:
            if not self._contained:
                fence = self._fence
                if fence and not line.lstrip(" ").startswith(fence.char):
                    return (CODE if fence.certain else TEXT), self
                if not fence and line[0] not in _BEGINS_BLOCK:
                    return self._goes_on or self._read_text()
            marks = _MARKS.match(line)
            line = marks[0].translate(_ANY_NUMBER) + _ANY_TEXT if marks else line
        return self.known.get(line) or self._read(line)

    def _read_text(self) -> tuple[Kind, LineReader]:
        place = self.place
        kind = MORE if place.paragraph else TEXT
        behind = Nesting((), True, html=place.html, doubtful=place.doubtful)
        self._goes_on = kind, self if place.paragraph else reader_at(behind)
        return self._goes_on

    def _read(self, line: str) -> tuple[Kind, LineReader]:
        kind, place = _Line(self.place, line).read()
        found = kind, reader_at(place)
        if len(line) <= _LONGEST_KEPT:
            if LineReader.kept == _MOST_KEPT:
                _forget()
            LineReader.kept += 1
            self.known[line] = found
        return found

    def forget(self) -> None:
        """Remember nothing."""
        self.known.clear()
        self._goes_on = None


_READERS: dict[Nesting, LineReader] = {}


def reader_at(place: Nesting) -> LineReader:
    """Who reads the line that begins at `place`."""
    if reader := _READERS.get(place):
        return reader
    if len(_READERS) == _MOST_PLACES:
        _forget()
    return _READERS.setdefault(place, LineReader(place))


def _forget() -> None:
    for each in _READERS.values():
        each.forget()
    _READERS.clear()
    LineReader.kept = 0


def read_all(place: Nesting, text: str) -> Nesting:
    """What is open behind `text`, which begins at `place`."""
    reader, at, size = reader_at(place), 0, len(text)
    while at < size:
        end = text.find("\n", at) + 1 or size
        line = text[at:end]
        _, reader = reader.known.get(line) or reader.read(line)
        at = end
    return reader.place


def read(place: Nesting, line: str) -> tuple[Kind, Nesting]:
    """What `line` is, which begins at `place`, and what is open behind it."""
    reader = reader_at(place)
    kind, behind = reader.known.get(line) or reader.read(line)
    return kind, behind.place
