"""A body in bounded pieces: however it was packed, however long it would be; and the events in it,
all that a piece completes at once.

No server is trusted to end: not a line, not an event, not an answer, not what a packed body
unpacks to. A slice is small enough that nothing made of it blocks the loop.

Nearly all of an answer comes as events of one form: a line of JSON, perhaps with a name before it.
Those are taken from the text as they stand there; everything else that the grammar of event
streams allows is left to httpx-sse. Nearly all events of an answer are the one before them with
another text: those are known by what stands around it, without reading all of their JSON, which
takes a fifth of the time.
"""

from __future__ import annotations

import asyncio
import codecs
import json
import re
import zlib
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from json.decoder import scanstring  # type: ignore[attr-defined]  # a string, without the rest
from typing import Any, NamedTuple

from httpx_sse import ServerSentEvent
from httpx_sse._decoders import SSEDecoder, SSELineDecoder

from bot.grok.errors import Failure
from bot.words import grok as words

SLICE_BYTES = 64 * 1024
"""What is worked on before others have their turn: a sip of the usual events takes 2 ms. Who reads
events of other kinds gives way in between (`EVENTS_AT_A_STRETCH`)."""

EVENTS_AT_A_STRETCH = 1_500
"""About 20 ms of the shortest; of values in one event or body, and of choices in them, as well."""

_LEAST_WORK = 512
"""Bytes that a slice counts for, though it be empty."""

BODY_BYTES = 4 * 1024 * 1024
"""The longest body in one piece: 1 million tokens of English."""
EVENT_BYTES = 2 * 1024 * 1024

BODY_PARTS = 250_000
EVENT_PARTS = 50_000
"""Values and brackets in one body, of which there is one, and in one event. Python makes 5,000 of
them in a millisecond; a token with the chances of five alternatives takes 50."""

_GZIP_OR_ZLIB = 47
"""`wbits` that takes either header (zlib's manual, `inflateInit2`)."""
_PACKED = frozenset({"gzip", "x-gzip", "deflate"})

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

DECODER = json.JSONDecoder(strict=False)
"""Of what servers write: line breaks stand in strings as they are."""
_NAME = "event: "
_DATA = "data:"
_END = "\n\n"
_MOST_HELD = 4 * 1024
"""Characters of an event that a piece cuts in two: five of xAI's. What is longer is read by lines,
so that nothing is looked through again and again."""

_NAMELESS = "message"
"""The name of an event that has none, by the grammar."""


class Bounded:
    """The body of a reply in slices, unpacked, of at most `most` bytes; raises `Failure`.

    A piece that somebody calls `done` with begins a new count against `each`, in bytes.
    """

    def __init__(
        self, pieces: AsyncIterable[bytes], packed: str, most: int, each: int | None = None
    ) -> None:
        """`packed`: how, as the header of its encoding says it."""
        self._pieces = pieces
        self._most = most
        self.each = most if each is None else each
        self._unpack = _unpacker(packed)
        self._came = 0
        self._since = 0

    def done(self) -> None:
        """What has come makes a whole: an event, say."""
        self._since = 0

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        worked = 0
        async for piece in self._pieces:
            for slice_ in self._unpack(piece):
                size = len(slice_) or 1
                self._came += size
                self._since += size
                if self._came > self._most or self._since > self.each:
                    raise Failure(words.GROK_TOO_MUCH, kind="cut")
                yield slice_
                worked += max(len(slice_), _LEAST_WORK)
                if worked >= SLICE_BYTES:
                    worked = 0
                    await asyncio.sleep(0)


def _sliced(piece: bytes) -> Iterator[bytes]:
    """What was not packed."""
    for start in range(0, len(piece), SLICE_BYTES):
        yield piece[start : start + SLICE_BYTES]


class _Unpacked:
    """gzip, also of several members, and deflate, never more than a slice at once.

    A slice may be empty, where what was packed says nothing yet, or nothing at all.
    """

    def __init__(self) -> None:
        self._zip = zlib.decompressobj(_GZIP_OR_ZLIB)

    def __call__(self, piece: bytes) -> Iterator[bytes]:
        while piece:
            try:
                yield self._zip.decompress(piece, SLICE_BYTES)
            except zlib.error:
                raise Failure(words.GROK_STRANGE, kind="unavailable") from None
            piece = self._zip.unconsumed_tail
            if self._zip.eof:
                piece = self._zip.unused_data
                self._zip = zlib.decompressobj(_GZIP_OR_ZLIB)


def _unpacker(encoding: str) -> Callable[[bytes], Iterator[bytes]]:
    """What `Accept-Encoding: identity` asks for; gzip, of gateways that do not care, as well."""
    names = [name for name in (each.strip().lower() for each in encoding.split(",")) if name]
    if not names or names == ["identity"]:
        return _sliced
    if len(names) == 1 and names[0] in _PACKED:
        return _Unpacked()
    raise Failure(words.GROK_STRANGE, kind="unavailable")


class Run(NamedTuple):
    """Events that follow each other, at least one: the text of each, where the last one begins,
    and where it ends."""

    texts: list[str]
    last: int
    end: int


class EventForm:
    """How one event is written."""

    def __init__(self, before: _Parts, behind: _Parts) -> None:
        self._before = before
        self._behind = behind

    @classmethod
    def of(cls, event: str, text: str) -> EventForm | None:
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


class JsonEvent(NamedTuple):
    """An event that was one line of JSON, a map; `event` is its name."""

    event: str
    value: dict[str, Any]


class More(NamedTuple):
    """So many events like one that was said to be `usual`: their `text` all together, and the last
    of them, with its own text."""

    last: JsonEvent
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
        self._form: EventForm | None = None
        self._written = ""
        """The event that was told last, until it was said whether it is usual."""

    def usual(self, text: str) -> None:
        """What was told last says `text` and nothing else but what it counts: others that only
        do the same come together. Of each piece one such event is enough to know."""
        if self._written:
            self._form = EventForm.of(self._written, text) or self._form
            self._written = ""

    def feed(self, piece: bytes) -> Iterator[JsonEvent | More | ServerSentEvent]:
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

    def _plain_events(self, text: str, place: int) -> Iterator[tuple[JsonEvent | More, int]]:
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


def _plain_event(text: str, place: int) -> tuple[JsonEvent, int] | None:
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
        value, stop = DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    if stop != end or text.find("\n", start, end) >= 0:
        return None
    return JsonEvent(name or _NAMELESS, value), end + len(_END)
