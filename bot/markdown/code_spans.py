"""Code in the midst of a line, as CommonMark reads it ("Code spans").

Where readers differ, those who see tables or HTML or a link from those who do not, what is code to
some is text to others: it is doubtful.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Span = tuple[int, int]

BEHIND_ANGLE = (
    r"(?:(?<=<)[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>\x00-\x1f]*>"
    r"|(?<=<)[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255}>)"
)
"""The rest of an address in angles."""

REST_OF_TAG = r"(?<=<)(?:/?[A-Za-z]|[!?])[^<>]*>"
ESCAPED = r"(?<=\\)[!-/:-@\[-`{-~]"
"""What a backslash escapes."""

_LEAST_TICKS = 2
_TICKS = re.compile(r"`+")
_ATOM = re.compile(rf"[\\`<](?:(?<=`)`*|{ESCAPED}|{BEHIND_ANGLE})")
_ATOM_OR_TAG = re.compile(rf"[\\`<](?:(?<=`)`*|{ESCAPED}|{BEHIND_ANGLE}|{REST_OF_TAG})")
_IN_TAG = re.compile(r"<[A-Za-z/!?][^<>`]*`")
_HTML_BLOCK = re.compile(r"^[ \t>]*+<[A-Za-z/!?]", re.MULTILINE)
_HOLDS = (("<!--", "-->"), ("<?", "?>"), ("<![CDATA[", "]]>"))
"""What HTML that may hold tags begins and ends with."""

_IN_LINK = re.compile(
    r"\]\((?:[^()`]|\([^()`]*+\))*+`|\][(:]\s*+<[^<>\n`]*+`|\]\[[^\[\]`]*+`"
    r"|\]\((?:[^\s()\[\]`]|\([^\s()\[\]`]*+\))*+[\[\]]"
    r"|\]\(\s*+[^\s\[\]`]++\s++(?:\"[^\"`]*+`|'[^'`]*+`|\([^()`]*+`)"
)
"""A link whose address or title holds a backtick, or may."""

_DEFINITION = re.compile(
    r"^[ \t>0-9.)*+-]*+\[(?:[^\[\]`\\]|\\.)*+"
    r"(?:`(?:[^\[\]\\]|\\.)*+\]:|\]:(?:[^\n`]*+\n){0,2}[^\n`]*+`)",
    re.MULTILINE | re.DOTALL,
)
"""Of a reference, with a backtick in it or near it."""

_TABLE_RULE = re.compile(
    r"^[ \t>]*+(?:\|[ \t]*+)?:?-++:?[ \t]*+(?:\|[ \t:|-]*+)?\r?$", re.MULTILINE
)
_CELL_END = re.compile(r"\\.|\||\n", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Code:
    """Where code stands in a text: what is code to everybody, and what is to some."""

    certain: tuple[Span, ...] = ()
    doubtful: tuple[Span, ...] = ()


NO_CODE = Code()


def code_in(leaf: str) -> Code:
    """The code in `leaf`, whose inline markup ends where it ends."""
    if leaf.count("`") < _LEAST_TICKS:
        return NO_CODE
    spans = _spans(leaf, _ATOM, 0, len(leaf))
    if _IN_LINK.search(leaf) or ("]:" in leaf and _DEFINITION.search(leaf)):
        return Code((), tuple(spans))
    readings = [spans]
    if "<" in leaf:
        readings.append([*_outside_html(leaf, spans)])
        if _IN_TAG.search(leaf):
            readings.append(_spans(leaf, _ATOM_OR_TAG, 0, len(leaf)))
    if (cells := cells_of(leaf)) != [(0, len(leaf))]:
        readings.append([span for cell in cells for span in _spans(leaf, _ATOM, *cell)])
    if len(readings) == 1:
        return Code(tuple(spans))
    common = set(spans).intersection(*readings[1:])
    other = {span for reading in readings for span in reading} - common
    return Code(tuple(sorted(common)), tuple(sorted(other)))


def _outside_html(leaf: str, spans: Sequence[Span]) -> Iterator[Span]:
    """Those of `spans` that no block of HTML may end, and no comment or its like may hold."""
    blocks = [block.start() for block in _HTML_BLOCK.finditer(leaf)]
    held = [[*_between(leaf, begin, end)] for begin, end in _HOLDS]
    for begin, end in spans:
        parted = bisect_right(blocks, begin) < bisect_right(blocks, end - 1)
        if not (parted or any(within(begin, each) or within(end - 1, each) for each in held)):
            yield begin, end


def _between(leaf: str, begin: str, end: str) -> Iterator[Span]:
    at = 0
    while (start := leaf.find(begin, at)) >= 0 and (stop := leaf.find(end, start)) >= 0:
        at = stop + len(end)
        yield start, at


def cells_of(leaf: str) -> list[Span]:
    """The cells of the table that `leaf` is; all of it where it is none."""
    if not ("|" in leaf and "\n" in leaf and _TABLE_RULE.search(leaf)):
        return [(0, len(leaf))]
    ends = [each.start() for each in _CELL_END.finditer(leaf) if each[0][0] != "\\"]
    return [*zip([0, *(end + 1 for end in ends)], [*ends, len(leaf)], strict=True)]


def spans_in(line: str) -> list[Span]:
    """The code in `line`, as a reader sees it who knows neither tables nor HTML."""
    return _spans(line, _ATOM, 0, len(line)) if "`" in line else []


def _spans(text: str, atoms: re.Pattern[str], start: int, end: int) -> list[Span]:
    runs: dict[int, list[int]] = defaultdict(list)
    for run in _TICKS.finditer(text, start, end):
        runs[len(run[0])].append(run.start())
    if not runs:
        return []
    spans = []
    at = start
    while atom := atoms.search(text, at, end):
        at = atom.end()
        if atom[0][0] != "`":
            continue
        places = runs[len(atom[0])]
        following = bisect_right(places, atom.start())
        if following < len(places):
            at = places[following] + len(atom[0])
            spans.append((atom.start(), at))
    return spans


def within(place: int, spans: Sequence[Span]) -> bool:
    """Whether `place` is inside of one of `spans`, which are in order."""
    number = bisect_right(spans, (place, 1 << 62)) - 1
    return number >= 0 and place < spans[number][1]
