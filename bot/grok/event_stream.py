"""A stream of events, read piece by piece: all events that a piece completes come at once.

Nearly all of an answer comes as events of one form: a line of JSON, perhaps with a name before it.
Those are taken from the text as they stand there; everything else that the grammar of event
streams allows is left to httpx-sse.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from httpx_sse import ServerSentEvent

# The halves of `EventSource`, which reads from a whole response only.
from httpx_sse._decoders import SSEDecoder, SSELineDecoder

_DECODER = json.JSONDecoder(strict=False)
_NAME = "event: "
_DATA = "data:"
_END = "\n\n"
_NAMELESS = "message"
"""The name of an event that has none, by the grammar."""


class Said(NamedTuple):
    """An event that was one line of JSON, a map; `event` is its name."""

    event: str
    value: dict[str, Any]


class EventStream:
    """Reads one stream. It is in UTF-8, whatever its header says."""

    def __init__(self) -> None:
        self._text = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._lines = SSELineDecoder()
        self._events = SSEDecoder()
        self._inside = False
        """Whether a part of an event, or of a line, waits for the rest."""

    def feed(self, piece: bytes) -> Iterator[Said | ServerSentEvent]:
        """The events that are complete now that `piece` came. Iterate to the end before the next
        one, unless nothing more is to be read."""
        text = self._text.decode(piece)
        plain = "\r" not in text
        place = 0
        while place < len(text):
            if plain and not self._inside:
                for said, end in _plain_events(text, place):
                    place = end
                    yield said
                if place == len(text):
                    return
            end = text.find(_END, place) + len(_END) if plain else 0
            part = text[place : end if end > place else len(text)]
            yield from self._by_lines(part)
            self._inside = not part.endswith(_END)
            place += len(part)

    def _by_lines(self, text: str) -> Iterator[ServerSentEvent]:
        for line in self._lines.decode(text):
            if (event := self._events.decode(line)) is not None:
                yield event


def _plain_events(text: str, place: int) -> Iterator[tuple[Said, int]]:
    """The events of the usual form that stand one after the other from `place` on, each with where
    it ends."""
    while True:
        start, name = place, ""
        if text.startswith(_NAME, place):
            start = text.find("\n", place) + 1 or place
            name = text[place + len(_NAME) : start - 1]
        if not text.startswith(_DATA, start):
            return
        start += len(_DATA)
        if text.startswith(" ", start):
            start += 1
        end = text.find(_END, start)
        if end < 0 or not text.startswith("{", start):
            return
        try:
            value, stop = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            return
        if stop != end or text.find("\n", start, end) >= 0:
            return
        place = end + len(_END)
        yield Said(name or _NAMELESS, value), place
