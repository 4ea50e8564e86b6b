"""Brackets: what is named between those that an address or a label follows, and which are crossed.

A reader of CommonMark sees no brackets in the address or the title of a link or an image. Where
they are no pairs among themselves, it pairs those around them otherwise than who counts them all:
`[bank ![a](b]c)](https://evil.example)`.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise
from typing import NamedTuple

from bot.markdown.links.places import Name, names_in, names_of_all

MOST_NAMED = 16
"""What names more places than that hides where it leads."""
TOO_MANY = MOST_NAMED + 1
_FEW_CHARS = 500
"""In so many there may be too much already; else it is looked into twice as many."""

_WHOLE_TARGET = re.compile(
    r"\([ \t]*+(?:<[^<>\\\n`]*+>|[^\s()<>\\\[\]`]*+)(?:[ \t]++\"[^\"\\`]*+\")?[ \t]*+\)"
)
"""One of which there is no doubt."""


_PLAIN = re.compile(r"[^\s()\"'\\]*+\)")
"""An address without brackets, which nearly all are."""
_BLANKS = re.compile(r"[ \t\n]*+")
_ADDRESS = re.compile(r"[^\s()\\]++|\\.?|[()]", re.DOTALL)
_TITLES = {
    '"': re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL),
    "'": re.compile(r"'(?:[^'\\]|\\.)*+'", re.DOTALL),
    "(": re.compile(r"\((?:[^()\\]|\\.)*+\)", re.DOTALL),
}
_DEEPEST = 32
"""Parentheses within one another in an address: more no reader takes for one (CommonMark 6.3)."""
_READ = 4_000
_SHARE_READ = 8
"""Where more than so many letters, and that part of all, are in addresses with brackets or in what
is like them, they are taken for crossed: nobody writes so many."""


class Brackets(NamedTuple):
    """Brackets that an address or a label follows: the text between them."""

    begin: int
    end: int


class NamesInBrackets:
    """What is named between brackets; each part of the text is read once, when it is asked for. An
    address between brackets is not seen, unless what it belongs to was taken apart."""

    __slots__ = ("_addresses", "_apart", "_at", "_names", "_outer", "_pairs", "leaf")

    def __init__(self, leaf: str, pairs: Sequence[Brackets]) -> None:
        self.leaf = leaf
        self._pairs = pairs
        self._apart: bool | None = None if len(pairs) > 1 else True
        """None of `pairs` is in another; None: that was not looked at yet."""
        self._addresses: dict[Brackets, tuple[int, int]] = {}
        self._names: list[Name] = []

    def _read(self) -> bool:
        leaf, pairs = self.leaf, self._pairs
        if all(pair.end < after.begin for pair, after in pairwise(pairs)):
            return True
        wholes = ((pair, _WHOLE_TARGET.match(leaf, pair.end + 1)) for pair in pairs)
        self._addresses = {pair: whole.span() for pair, whole in wholes if whole}
        self._outer = [*_joined(pairs)]
        spans = _without(self._outer, [*self._addresses.values()])
        parts = ((begin, leaf[begin:end]) for begin, end in spans)
        # Where all begin at one place nothing is asked of further names.
        one_place = len({pair.begin for pair in pairs}) == 1
        self._names = sorted(_first(parts) if one_place else names_of_all(parts), key=_at)
        self._at = [name.at for name in self._names]
        return False

    def between(self, pair: Brackets) -> Sequence[Name]:
        """What is named between `pair`, or enough of it to see that it is too much."""
        if self._apart is None:
            self._apart = self._read()
        if self._apart:
            label = self.leaf[pair.begin : pair.end]
            return [*islice(names_in(label, pair.begin), TOO_MANY)]
        first = bisect_left(self._at, pair.begin)
        last = bisect_left(self._at, pair.end, first)
        return self._names[first : min(last, first + TOO_MANY)]

    def show_address(self, pair: Brackets) -> None:
        """The address of `pair` is seen."""
        if pair not in self._addresses:
            return
        begin, end = self._addresses[pair]
        outer = bisect_left(self._outer, (begin, 0)) - 1
        if outer >= 0 and end <= self._outer[outer][1]:
            for name in names_in(self.leaf[begin:end], begin):
                place = bisect_right(self._at, name.at)
                self._at.insert(place, name.at)
                self._names.insert(place, name)


def _first(labels: Iterable[tuple[int, str]]) -> list[Name]:
    """What `labels` name, in order of their places; where that is too much, the first of it."""
    found: list[Name] = []
    few: list[tuple[int, str]] = []
    chars, enough = 0, _FEW_CHARS
    for begin, label in labels:
        few.append((begin, label))
        chars += len(label)
        if chars >= enough:
            found += names_of_all(few, TOO_MANY)
            if len(found) >= TOO_MANY:
                return found
            few, chars, enough = [], 0, 2 * enough
    return [*found, *names_of_all(few, TOO_MANY)]


def _at(name: Name) -> int:
    return name.at


def _joined(pairs: Sequence[Brackets]) -> Iterator[tuple[int, int]]:
    """The parts of the text that are between brackets."""
    spans = sorted((pair.begin, pair.end) for pair in pairs)
    begin = end = 0
    for start, stop in spans:
        if start > end:
            yield begin, end
            begin = start
        end = max(end, stop)
    yield begin, end


def _without(
    spans: Iterable[tuple[int, int]], addresses: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """`spans` without `addresses` in the midst of them."""
    number = 0
    for start, end in spans:
        at = start
        while number < len(addresses) and addresses[number][0] < end:
            if addresses[number][0] >= at:
                yield at, addresses[number][0]
                at = addresses[number][1]
            number += 1
        if at < end:
            yield at, end


class Crossings:
    """Brackets in addresses of `leaf`, whose brackets are all at `marks`."""

    __slots__ = ("_last", "_leaf", "_left", "_marks")

    def __init__(self, leaf: str, marks: Sequence[int]) -> None:
        self._leaf = leaf
        self._marks = marks
        self._last = leaf.rfind(")")
        self._left = _READ + len(leaf) // _SHARE_READ

    def behind(self, number: int) -> bool:
        """Whether what follows the bracket of this number, an address in parentheses, has brackets
        that are no pairs among themselves, or that may be."""
        begin = self._marks[number] + 2
        if begin > self._last or number + 1 == len(self._marks):
            return False
        following = self._marks[number + 1]
        if _PLAIN.match(self._leaf, begin, following):
            return False
        end = self._end_of(begin)
        if self._left < 0:
            return True
        depth, last = 0, bisect_left(self._marks, end)
        for at in self._marks[number + 1 : last]:
            depth += 1 if self._leaf[at] == "[" else -1
            if depth < 0:
                break
        return depth != 0

    def _end_of(self, begin: int) -> int:
        """Where address and title end that begin there; 0 where they are none. One in angles is
        left to who reads tags."""
        leaf = self._leaf
        at, depth = _blanks(leaf, begin), 0
        while depth <= _DEEPEST and (part := _ADDRESS.match(leaf, at)):
            if part[0] == ")" and not depth:
                break
            depth += {"(": 1, ")": -1}.get(part[0], 0)
            at = part.end()
        behind = _blanks(leaf, at)
        if behind > at and (form := _TITLES.get(leaf[behind : behind + 1])):
            title = form.match(leaf, behind)
            self._left -= 0 if title else len(leaf) - behind
            behind = _blanks(leaf, title.end()) if title else behind
        self._left -= behind - begin
        return behind + 1 if not depth and leaf[behind : behind + 1] == ")" else 0


def _blanks(leaf: str, at: int) -> int:
    found = _BLANKS.match(leaf, at)
    return found.end() if found else at
