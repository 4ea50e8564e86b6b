"""Code in the midst of a line, as CommonMark reads it ("Code spans").

Where readers differ, those who see tables or HTML or a link from those who do not, what is code to
some is text to others: it is doubtful.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

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
_TICKS = re.compile("``*+")  # searched for faster than one or more
_ATOM = re.compile(rf"[\\`<](?:(?<=`)`*|{ESCAPED}|{BEHIND_ANGLE})")
_AUTOLINK = re.compile(f"<{BEHIND_ANGLE}")
_ATOM_OR_TAG = re.compile(rf"[\\`<](?:(?<=`)`*|{ESCAPED}|{BEHIND_ANGLE}|{REST_OF_TAG})")
_IN_TAG = re.compile(r"<[A-Za-z/!?][^<>`]*`")
_TAG = re.compile(r"<[A-Za-z/!?]")
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

_NO_PLAIN_IMAGE = re.compile(r"!\[(?![^\[\]<\\`]*+\])")
_TABLE_RULE = re.compile(
    r"\n[ \t>]*+(?:\|[ \t]*+)?:?-++:?[ \t]*+(?:\|[ \t:|-]*+)?\r?$", re.MULTILINE
)
_CELL_END = re.compile(r"\\.|\||\n", re.DOTALL)
_MOST_KEPT = 4
"""Texts of which the cells are remembered, since they are asked for again right away."""


class Code(NamedTuple):
    """Where code stands in a text: what is code to everybody, and what is to some."""

    certain: tuple[Span, ...] = ()
    doubtful: tuple[Span, ...] = ()


NO_CODE = Code()


def code_in(leaf: str, *, rows: bool = False) -> Code:
    """The code in `leaf`, whose inline markup ends where it ends; `rows`: to some reader that of
    each line ends there."""
    ticks = leaf.count("`")
    if ticks < _LEAST_TICKS:
        return NO_CODE
    angles = "<" in leaf
    autolinks = angles and _AUTOLINK.search(leaf) is not None
    spans = _spans(leaf, 0, len(leaf), autolinks=autolinks)
    if _IN_LINK.search(leaf) or ("]:" in leaf and _DEFINITION.search(leaf)):
        return Code((), tuple(spans))
    readings: list[Sequence[Span]] = []
    if angles and spans and (tags := [tag.start() for tag in _TAG.finditer(leaf)]):
        readings.append([*_outside_html(leaf, spans, tags)])
    if angles and _IN_TAG.search(leaf):
        readings.append(_spans_among(_ATOM_OR_TAG, leaf, 0, len(leaf)))
    if ticks == _LEAST_TICKS:
        if (rows or _has_rule(leaf)) and any(_is_parted(leaf, *span) for span in spans):
            readings.append([])
    elif len(cells := _cells(leaf) if rows else cells_of(leaf)) > 1:
        readings.append(
            [
                span
                for cell in cells
                if leaf.count("`", *cell) >= _LEAST_TICKS
                for span in _spans(leaf, *cell, autolinks=autolinks)
            ]
        )
    if "![" in leaf:
        readings.append([*_outside_images(leaf, spans)])
    if all(reading == spans for reading in readings):
        return Code(tuple(spans))
    common = set(spans).intersection(*readings)
    other = {span for reading in (spans, *readings) for span in reading} - common
    return Code(tuple(sorted(common)), tuple(sorted(other)))


def _outside_html(leaf: str, spans: Sequence[Span], tags: Iterable[int]) -> Iterator[Span]:
    """Those of `spans` in which no block of HTML may begin or end, which one of `tags` begins, and
    that no comment or its like may hold."""
    lines = ((leaf.rfind("\n", 0, tag) + 1, tag) for tag in tags)
    blocks = [line for line, tag in lines if line == tag or not leaf[line:tag].strip(" \t>")]
    held: list[Sequence[Span]] = []
    if "<!" in leaf or "<?" in leaf:
        held = [[*_between(leaf, begin, end)] for begin, end in _HOLDS]
    for begin, end in spans:
        inside, until = bisect_right(blocks, begin), bisect_right(blocks, end - 1)
        # One that has begun before may end with any line, and what is below is text again.
        parted = inside < until or (inside > 0 and "\n" in leaf[begin:end])
        if not (parted or any(within(begin, each) or within(end - 1, each) for each in held)):
            yield begin, end


def _outside_images(leaf: str, spans: Sequence[Span]) -> Iterator[Span]:
    """Those of `spans` that do not stand in what an image shows instead, which is text, its ticks
    too: before the first one that does not end as soon as anything but words comes."""
    edges = [0, *(edge for span in spans for edge in span), len(leaf)]
    text = zip(edges[::2], edges[1::2], strict=True)
    begins = (_NO_PLAIN_IMAGE.search(leaf, *each) for each in text)
    first = next((begin.start() for begin in begins if begin), len(leaf))
    yield from (span for span in spans if span[0] < first)


def _between(leaf: str, begin: str, end: str) -> Iterator[Span]:
    at = 0
    while (start := leaf.find(begin, at)) >= 0 and (stop := leaf.find(end, start)) >= 0:
        at = stop + len(end)
        yield start, at


@lru_cache(maxsize=_MOST_KEPT)
def cells_of(leaf: str) -> Sequence[Span]:
    """The cells of the table that `leaf` is; all of it where it is none."""
    return _cells(leaf) if _has_rule(leaf) else ((0, len(leaf)),)


def _has_rule(leaf: str) -> bool:
    table = "|" in leaf and "\n" in leaf and "-" in leaf
    return table and _TABLE_RULE.search(f"\n{leaf}") is not None


def _is_parted(leaf: str, start: int, end: int) -> bool:
    """Whether a cell ends in the code from `start` to `end`."""
    return any(each[0][0] != "\\" for each in _CELL_END.finditer(leaf, start, end))


def _cells(leaf: str) -> Sequence[Span]:
    ends = [each.start() for each in _CELL_END.finditer(leaf) if each[0][0] != "\\"]
    return (*zip([0, *(end + 1 for end in ends)], [*ends, len(leaf)], strict=True),)


def spans_in(line: str) -> list[Span]:
    """The code in `line`, as a reader sees it who knows neither tables nor HTML."""
    if "`" not in line:
        return []
    return _spans(line, 0, len(line), autolinks=_AUTOLINK.search(line) is not None)


def _spans(text: str, start: int, end: int, *, autolinks: bool) -> list[Span]:
    """The code in `text` from `start` to `end`; there may be `autolinks`, which may hold what looks
    like code."""
    if autolinks:
        return _spans_among(_ATOM, text, start, end)
    begins, lengths = _runs(text, start, end)
    if len(begins) < _LEAST_TICKS:
        return []
    escapes = text.find("\\", start, begins[-1]) >= 0
    if len(begins) == _LEAST_TICKS and not escapes:
        return [(begins[0], begins[1] + lengths[1])] if lengths[0] == lengths[1] else []
    last = dict(zip(lengths, begins, strict=True))
    spans: list[Span] = []
    at, number = start, 0
    while number < len(begins):
        begin, length = begins[number], lengths[number]
        stop = begin + length
        if escapes and text[begin - 1] == "\\":
            before = text[at:begin]
            escaped = (len(before) - len(before.rstrip("\\"))) % 2
            begin, length = begin + escaped, length - escaped
        at, number = stop, number + 1
        if last.get(length, 0) > begin:
            closing = lengths.index(length, number)
            at, number = begins[closing] + length, closing + 1
            spans.append((begin, at))
    return spans


def _runs(text: str, start: int, end: int) -> tuple[list[int], list[int]]:
    """Where runs of ticks begin in `text` from `start` to `end`, and how long they are: two lists,
    since a tuple for each run takes three times the memory, more than what a CPU has nearby."""
    begins: list[int] = []
    lengths: list[int] = []
    for run in _TICKS.finditer(text, start, end):
        begin, stop = run.span()
        begins.append(begin)
        lengths.append(stop - begin)
    return begins, lengths


def _spans_among(atoms: re.Pattern[str], text: str, start: int, end: int) -> list[Span]:
    """The same where what one of `atoms` matches is read as a whole."""
    places = _places([run.span() for run in _TICKS.finditer(text, start, end)])
    spans: list[Span] = []
    at = start
    while places and (atom := atoms.search(text, at, end)):
        begin, at = atom.span()
        if text[begin] == "`" and (closing := _following(places, begin, at - begin)):
            at += closing - begin
            spans.append((begin, at))
    return spans


def _places(runs: Iterable[Span]) -> Mapping[int, Sequence[int]]:
    """Where runs of each length begin."""
    places: dict[int, list[int]] = defaultdict(list)
    for begin, end in runs:
        places[end - begin].append(begin)
    return places


def _following(places: Mapping[int, Sequence[int]], begin: int, length: int) -> int:
    """Where the next run of this length begins behind `begin`; 0: there is none."""
    of_length = places.get(length, ())
    following = bisect_right(of_length, begin)
    return of_length[following] if following < len(of_length) else 0


def within(place: int, spans: Sequence[Span]) -> bool:
    """Whether `place` is inside of one of `spans`, which are in order."""
    number = bisect_right(spans, (place, 1 << 62)) - 1
    return number >= 0 and place < spans[number][1]
