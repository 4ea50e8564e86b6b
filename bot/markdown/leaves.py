"""Markdown read line by line into its leaves (`bot.markdown.containers`): what was told of a line
is remembered, and lines are told together where nothing but text stands in them."""

from __future__ import annotations

import re
from typing import ClassVar

from bot.markdown.containers import CODE, MORE, START, TEXT, Kind, Line, Place

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

_CALM = re.compile(
    r"(?:[^\s>\-+*_=#~`<0-9][^\n]*+\n|\n"
    r"|```[^`|\n]*+\n(?:(?![ ]{0,3}```)[^\n]*+\n)*+```[ \t]*+\n)++"
)
"""Lines of text, blank lines and fenced blocks, outside of all containers."""

_ANY_TEXT = "a"
_ANY_NUMBER = str.maketrans("03456789", "22222222")
"""Only the number 1 is told from others: it may begin a list in the midst of a paragraph."""

_NEVER_CALM = frozenset(" \t>-+*_=#~<0123456789")
"""What no line begins with that is told together with those below it."""

LEAST_CALM = 80
"""Lines of fewer characters in all are told one by one."""

_LONGEST_KEPT = 32
"""Of lines that begin with so many characters of marks is remembered what they are."""

_SHORT_LINE = 7
"""Lines of so many characters are remembered as they are, which is faster."""

_MOST_PLACES, _MOST_KEPT = 1_024, 8_192
"""At so many places is remembered what so many lines are in all."""

_PARAGRAPH = Place(paragraph=True)


class Reader:
    """Tells what a line is that begins at a `place`; what was told is remembered."""

    __slots__ = ("_contained", "_fence", "_goes_on", "calm", "known", "place")

    kept: ClassVar = 0
    """Lines that are remembered, of all places."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._contained, self._fence = bool(place.containers), place.fence
        self.calm = place in (START, _PARAGRAPH)
        """Lines may be told together here (`pass_calm`)."""
        self.known: dict[str, tuple[Kind, Reader]] = {}
        """What some lines are, and who reads those below them: what `read` finds."""
        self._goes_on: tuple[Kind, Reader] | None = None
        """What a line of nothing but text is outside of all containers."""

    def read(self, line: str) -> tuple[Kind, Reader]:
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

    def _read_text(self) -> tuple[Kind, Reader]:
        place = self.place
        kind = MORE if place.paragraph else TEXT
        behind = Place((), True, html=place.html, doubtful=place.doubtful)
        self._goes_on = kind, self if place.paragraph else reader_at(behind)
        return self._goes_on

    def _read(self, line: str) -> tuple[Kind, Reader]:
        kind, place = Line(self.place, line).read()
        found = kind, reader_at(place)
        if len(line) <= _LONGEST_KEPT:
            if Reader.kept == _MOST_KEPT:
                _forget()
            Reader.kept += 1
            self.known[line] = found
        return found

    def forget(self) -> None:
        """Remember nothing."""
        self.known.clear()
        self._goes_on = None


_READERS: dict[Place, Reader] = {}


def reader_at(place: Place) -> Reader:
    """Who reads the line that begins at `place`."""
    if reader := _READERS.get(place):
        return reader
    if len(_READERS) == _MOST_PLACES:
        _forget()
    return _READERS.setdefault(place, Reader(place))


def _forget() -> None:
    for each in _READERS.values():
        each.forget()
    _READERS.clear()
    Reader.kept = 0


def read_all(place: Place, text: str) -> Place:
    """What is open behind `text`, which begins at `place`."""
    return reader_behind(reader_at(place), text).place


def reader_behind(reader: Reader, text: str) -> Reader:
    """Who reads the line below `text`, which `reader` reads."""
    at, calm, size = 0, 0, len(text)
    while at < size:
        if calm <= at < size - LEAST_CALM and reader.calm and text[at] not in _NEVER_CALM:
            passed, _, behind = pass_calm(reader.place, text, at, size)
            calm = passed + LEAST_CALM if passed < at + LEAST_CALM else passed
            if passed > at:
                at, reader = passed, reader_at(behind)
                continue
        end = text.find("\n", at) + 1 or size
        line = text[at:end]
        _, reader = reader.known.get(line) or reader.read(line)
        at = end
    return reader


def pass_calm(place: Place, text: str, at: int, end: int) -> tuple[int, int, Place]:
    """The lines of `text` that are told together, from `at` on, where `place` is, to `end` at most:
    where they end, where the leaf begins that goes on there, below `at` if it has begun above, and
    what is open there."""
    if place.containers or place not in (START, _PARAGRAPH):
        return at, at - 1, place
    calm = _CALM.match(text, at, end)
    if calm is None:
        return at, at - 1, place
    end = calm.end()
    above = max(text.rfind("\n\n", at, end), text.rfind("\n```", at, end))
    leaf = text.find("\n", above + 1) + 1 if above >= 0 else at + (text[at] == "\n")
    if leaf == end:
        return end, end, START
    return end, leaf - (leaf == at and place.paragraph), _PARAGRAPH


def read(place: Place, line: str) -> tuple[Kind, Place]:
    """What `line` is, which begins at `place`, and what is open behind it."""
    reader = reader_at(place)
    kind, behind = reader.known.get(line) or reader.read(line)
    return kind, behind.place
