"""Events that are written alike, but for their text and for what they count.

Nearly all events of an answer are the one before them with another text. Those are known by what
stands around it, without reading all of their JSON: that takes a fifth of the time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import NamedTuple

_DECODER = json.JSONDecoder()
"""A string with a line break in it is none: the event ends there."""

_SAYS = re.compile(r'"(?:content|reasoning_content|delta)": ?(?=")')
_TOKENS = re.compile(r"[1-9][0-9]{0,8}")
_TICKS = re.compile(r"[1-9][0-9]{0,15}")
"""No more than `usage.py` takes for an amount, and never nothing: so what the last event says is
used holds for all of them."""
_COUNTS = re.compile(
    r'"(?:(?:sequence_number|completion_tokens|output_tokens|reasoning_tokens|total_tokens)": ?'
    r'(?P<tokens>[1-9][0-9]{0,8})|cost_in_usd_ticks": ?(?P<ticks>[1-9][0-9]{0,15}))(?![0-9])'
)

_Parts = Sequence[tuple[str, re.Pattern[str] | None]]
"""What is written, to the letter, each with the number behind it."""


class Run(NamedTuple):
    """Events that follow each other, at least one: the text of each, where the last one begins,
    and where it ends."""

    texts: list[str]
    last: int
    end: int


class Form:
    """How one event is written."""

    def __init__(self, before: _Parts, behind: _Parts) -> None:
        self._before = before
        self._behind = behind

    @classmethod
    def of(cls, event: str, text: str) -> Form | None:
        """The form of `event`, with its blank line; None where it is not clear which of its
        strings is the `text`."""
        found = [place for place in _SAYS.finditer(event) if _string(event, place.end())[0] == text]
        if not text or len(found) != 1:
            return None
        start = found[0].end()
        return cls(_parts(event[:start]), _parts(event[_string(event, start)[1] :]))

    def run(self, text: str, place: int) -> Run | None:
        """The events of this form from `place` on, each with some text; None: there is none."""
        texts: list[str] = []
        last = end = place
        while (start := _past(self._before, text, end)) >= 0:
            said, behind = _string(text, start)
            behind = _past(self._behind, text, behind)
            if not said or behind < 0:
                break
            texts.append(said)
            last, end = end, behind
        return Run(texts, last, end) if texts else None


def _string(text: str, place: int) -> tuple[str, int]:
    """The string of JSON at `place`, and where it ends; empty where there is none."""
    try:
        said, end = _DECODER.raw_decode(text, place)
    except (ValueError, RecursionError):
        return "", place
    return (said, end) if type(said) is str else ("", place)


def _parts(written: str) -> _Parts:
    parts: list[tuple[str, re.Pattern[str] | None]] = []
    place = 0
    for count in _COUNTS.finditer(written):
        name = count.lastgroup or ""
        parts.append((written[place : count.start(name)], {"tokens": _TOKENS}.get(name, _TICKS)))
        place = count.end(name)
    return [*parts, (written[place:], None)]


def _past(parts: _Parts, text: str, place: int) -> int:
    """Where `parts` end that stand at `place`; -1 where they do not."""
    for written, number in parts:
        if not text.startswith(written, place):
            return -1
        place += len(written)
        if number is not None:
            found = number.match(text, place)
            if found is None:
                return -1
            place = found.end()
    return place
