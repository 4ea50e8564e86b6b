"""A stream of events, read piece by piece: all events that a piece completes come at once.

Nearly all of an answer comes as events of one form: a line of JSON, perhaps with a name before it.
Those are taken from the text as they stand there; everything else that the grammar of event
streams allows is left to httpx-sse. Nearly all events of an answer are the one before them with
another text: those are known by what stands around it, without reading all of their JSON, which
takes a fifth of the time.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from json.decoder import scanstring  # type: ignore[attr-defined]  # a string, without the rest
from typing import Any, NamedTuple

from httpx_sse import ServerSentEvent
from httpx_sse._decoders import SSEDecoder, SSELineDecoder

_STRICT_DECODER = json.JSONDecoder()
"""A string with a line break in it is none: the event ends there."""

_SAYS = re.compile(r'"(?:content|reasoning_content|delta)": ?(?=")')
_TOKENS = "[1-9][0-9]{0,8}"
_TICKS = "[1-9][0-9]{0,15}"
"""No more than `usage.py` takes for an amount, and never nothing: so what the last event says is
used holds for all of them."""
_COUNTS = re.compile(
    r'"(?:(?:sequence_number|completion_tokens|output_tokens|reasoning_tokens|total_tokens)": ?'
    rf'(?P<tokens>{_TOKENS})|cost_in_usd_ticks": ?(?P<ticks>{_TICKS}))(?![0-9])'
)
_MOST_COUNTS = 8
"""Numbers of one event: no API counts more with every token, and each takes 20 µs to be looked for
in events that come."""
_BRIEF = 24
"""Characters between two numbers that are looked at together with these."""

_Numbers = Callable[[str, int], re.Match[str] | None]
_Parts = Sequence[tuple[str, int, _Numbers | None]]
"""What is written, to the letter, and how long it is, each with what finds the numbers behind it,
and what little stands between those."""

_DECODER = json.JSONDecoder(strict=False)
_NAME = "event: "
_DATA = "data:"
_END = "\n\n"
_MOST_HELD = 4 * 1024
"""Characters of an event that a piece cuts in two: five of xAI's. What is longer is read by lines,
so that nothing is looked through again and again."""

_NAMELESS = "message"
"""The name of an event that has none, by the grammar."""


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
        strings is the `text`, or where it counts too much."""
        if len([*islice(_COUNTS.finditer(event), _MOST_COUNTS + 1)]) > _MOST_COUNTS:
            return None
        found = [place for place in _SAYS.finditer(event) if _string(event, place.end())[0] == text]
        if not text or len(found) != 1:
            return None
        start = found[0].end()
        return cls(_parts(event[:start]), _parts(event[_string(event, start)[1] :]))

    def run(self, text: str, place: int) -> Run | None:
        """The events of this form from `place` on, each with some text; None: there is none."""
        texts: list[str] = []
        before, behind = self._before, self._behind
        last = end = place
        while (start := _past(before, text, end)) >= 0 and text.startswith('"', start):
            try:
                said, stop = scanstring(text, start + 1)
            except ValueError:
                break
            stop = _past(behind, text, stop)
            if not said or stop < 0:
                break
            texts.append(said)
            last, end = end, stop
        return Run(texts, last, end) if texts else None


def _string(text: str, place: int) -> tuple[str, int]:
    """The string of JSON at `place`, and where it ends; empty where there is none."""
    try:
        said, end = _STRICT_DECODER.raw_decode(text, place)
    except (ValueError, RecursionError):
        return "", place
    return (said, end) if type(said) is str else ("", place)


def _parts(written: str) -> _Parts:
    parts: list[tuple[str, str]] = []
    for between, number in _counted(written):
        literal, numbers = parts[-1] if parts else ("", "")
        if numbers and len(between) <= _BRIEF:
            parts[-1] = literal, numbers + re.escape(between) + number
        else:
            parts.append((between, number))
    return [
        (literal, len(literal), _pattern(numbers).match if numbers else None)
        for literal, numbers in parts
    ]


@lru_cache(maxsize=64)
def _pattern(numbers: str) -> re.Pattern[str]:
    """Of a few numbers and what little stands between them."""
    return re.compile(numbers)


def _counted(written: str) -> Iterator[tuple[str, str]]:
    """What stands before each number that may change, and the pattern of that; at last what stands
    behind them all."""
    place = 0
    for count in _COUNTS.finditer(written):
        name = count.lastgroup or ""
        yield written[place : count.start(name)], {"tokens": _TOKENS}.get(name, _TICKS)
        place = count.end(name)
    yield written[place:], ""


def _past(parts: _Parts, text: str, place: int) -> int:
    """Where `parts` end that stand at `place`; -1 where they do not."""
    for written, size, numbers in parts:
        if not text.startswith(written, place):
            return -1
        place += size
        if numbers is not None:
            found = numbers(text, place)
            if found is None:
                return -1
            place = found.end()
    return place


class Said(NamedTuple):
    """An event that was one line of JSON, a map; `event` is its name."""

    event: str
    value: dict[str, Any]


class More(NamedTuple):
    """So many events like one that was said to be `usual`: their `text` all together, and the last
    of them, with its own text."""

    last: Said
    last_text: str
    text: str
    events: int


class EventStream:
    """Reads one stream. It is in UTF-8, whatever its header says."""

    def __init__(self) -> None:
        self._text = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._lines = SSELineDecoder()
        self._events = SSEDecoder()
        self._inside = False
        """Whether a part of an event, or of a line, waits for the rest."""
        self._held = ""
        """What may be an event of the usual form, of which the rest comes with the next piece."""
        self._form: Form | None = None
        self._written = ""
        """The event that was told last, until it was said whether it is usual."""

    def usual(self, text: str) -> None:
        """What was told last says `text` and nothing else but what it counts: others that only
        do the same come together. Of each piece one such event is enough to know."""
        if self._written:
            self._form = Form.of(self._written, text) or self._form
            self._written = ""

    def feed(self, piece: bytes) -> Iterator[Said | More | ServerSentEvent]:
        """The events that are complete now that `piece` came. Iterate to the end before the next
        one, unless nothing more is to be read."""
        text, self._held = self._held + self._text.decode(piece), ""
        plain = "\r" not in text
        place = 0
        while place < len(text):
            if plain and not self._inside:
                for said, end in self._plain_events(text, place):
                    place = end
                    yield said
                if place == len(text):
                    return
            end = text.find(_END, place) + len(_END) if plain else 0
            whole = end > place
            if plain and not whole and not self._inside and len(text) - place <= _MOST_HELD:
                self._held = text[place:]
                return
            part = text[place : end if whole else len(text)]
            yield from self._by_lines(part)
            self._inside = not part.endswith(_END)
            place += len(part)

    def _plain_events(self, text: str, place: int) -> Iterator[tuple[Said | More, int]]:
        """The events of the usual form that stand one after the other from `place` on, each with
        where it ends."""
        learns = True
        while True:
            run = self._form.run(text, place) if self._form else None
            if run is not None and (last := _plain_event(text, run.last)):
                yield More(last[0], run.texts[-1], "".join(run.texts), len(run.texts)), run.end
                place = run.end
            found = _plain_event(text, place)
            if found is None:
                return
            said, end = found
            self._written = text[place:end] if learns else ""
            yield said, end
            learns = learns and bool(self._written)
            place = end

    def _by_lines(self, text: str) -> Iterator[ServerSentEvent]:
        for line in self._lines.decode(text):
            if (event := self._events.decode(line)) is not None:
                yield event


def _plain_event(text: str, place: int) -> tuple[Said, int] | None:
    """The event of the usual form that stands at `place`, and where it ends."""
    start, name = place, ""
    if text.startswith(_NAME, place):
        start = text.find("\n", place) + 1 or place
        name = text[place + len(_NAME) : start - 1]
    if not text.startswith(_DATA, start):
        return None
    start += len(_DATA)
    if text.startswith(" ", start):
        start += 1
    end = text.find(_END, start)
    if end < 0 or not text.startswith("{", start):
        return None
    try:
        value, stop = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    if stop != end or text.find("\n", start, end) >= 0:
        return None
    return Said(name or _NAMELESS, value), end + len(_END)
