"""The body of a response in bounded pieces: however it was packed, and however long it would be.

No server is trusted to end: not a line, not an event, not an answer, not what a packed body
unpacks to. A slice is small enough that nothing made of it blocks the loop.
"""

from __future__ import annotations

import asyncio
import json
import re
import zlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from bot.completion.result import Chunk
from bot.grok.call import Call
from bot.grok.errors import Failure
from bot.words import grok as words

SLICE_BYTES = 64 * 1024
"""What is worked on before others have their turn: a sip of the usual events takes 2 ms. Who reads
events of other kinds gives way in between (`EVENTS_AT_A_STRETCH`)."""

EVENTS_AT_A_STRETCH = 1_500
"""About 20 ms of the shortest."""

_COUNTED_CHARS = 16 * 1024
"""Of a list that is counted at a stretch."""

_LEAST_WORK = 512
"""Bytes that a slice counts for, though it be empty."""

BODY_BYTES = 4 * 1024 * 1024
"""The longest body in one piece: 1 million tokens of English."""
EVENT_BYTES = 2 * 1024 * 1024

BODY_PARTS = 250_000
EVENT_PARTS = 50_000
"""Values and brackets in one body, of which there is one, and in one event. Python makes 5,000 of
them in a millisecond; a token with the chances of five alternatives takes 50."""

_WIRE_BYTES = 32 * 1024 * 1024
_WIRE_BYTES_PER_TOKEN = 4 * 1024
"""An event of xAI takes 600 bytes; with the chances of five alternatives about 2,000."""
_MOST_WIRE_BYTES = 512 * 1024 * 1024

_EVENTS = 100_000
_EVENTS_PER_TOKEN = 2
_MOST_EVENTS = 2_000_000

_TEXT_BYTES = 64 * 1024
_TEXT_BYTES_PER_TOKEN = 32
"""English has four or five; a token of nothing but blanks may have a hundred."""
_MOST_TEXT_BYTES = 4 * 1024 * 1024

_TOKENS = 1024
"""When nobody gave an output cap."""

_THOUGHTS_PER_ANSWER = 16_384
"""Tokens of reasoning that are read for each answer, beyond the output cap."""
_MOST_THOUGHT_BYTES = 4 * 1024 * 1024

_GZIP_OR_ZLIB = 47
"""`wbits` that takes either header (zlib's manual, `inflateInit2`)."""
_PACKED = frozenset({"gzip", "x-gzip", "deflate"})


class Bounded(httpx.AsyncByteStream):
    """The body of `response` in slices, unpacked, of at most `most` bytes; raises `Failure`.

    A piece that somebody calls `done` with begins a new count against `each`, in bytes.
    """

    def __init__(self, response: httpx.Response, most: int, each: int | None = None) -> None:
        stream = response.stream
        if not isinstance(stream, httpx.AsyncByteStream):
            raise TypeError("a response of an async client")
        self._stream = stream
        self._most = most
        self.each = most if each is None else each
        self._unpack = _unpacker(response.headers.pop("content-encoding", ""))
        self._came = 0
        self._since = 0
        response.stream = self

    def done(self) -> None:
        """What has come makes a whole: an event, say."""
        self._since = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        worked = 0
        async for piece in self._stream:
            for slice_ in self._unpack(piece):
                self._count(len(slice_))
                yield slice_
                worked += max(len(slice_), _LEAST_WORK)
                if worked >= SLICE_BYTES:
                    worked = 0
                    await asyncio.sleep(0)

    def _count(self, size: int) -> None:
        self._came += size
        self._since += size
        if self._came > self._most or self._since > self.each:
            raise Failure(words.GROK_TOO_MUCH, kind="cut")

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Plain:
    """Nothing was packed."""

    def __call__(self, piece: bytes) -> Iterator[bytes]:
        for start in range(0, len(piece), SLICE_BYTES):
            yield piece[start : start + SLICE_BYTES]


class _Unpacked:
    """gzip, also of several members, and deflate, never more than a slice at once.

    A slice may be empty: what was packed is counted as well.
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


def _unpacker(encoding: str) -> _Plain | _Unpacked:
    """What `Accept-Encoding: identity` asks for; gzip, of gateways that do not care, as well."""
    names = [name for name in (each.strip().lower() for each in encoding.split(",")) if name]
    if not names or names == ["identity"]:
        return _Plain()
    if len(names) == 1 and names[0] in _PACKED:
        return _Unpacked()
    raise Failure(words.GROK_STRANGE, kind="unavailable")


@dataclass(slots=True)
class Bounds:
    """How long the answer to one call may be, by its output cap and rather generously."""

    wire: int
    """Bytes of the stream."""
    events: int
    text: int
    """UTF-8 bytes of all answers together."""
    thoughts: int

    @classmethod
    def of(cls, call: Call) -> Bounds:
        """The bounds of the answer to `call`."""
        request = call.request
        cap, answers = request.max_tokens or _TOKENS, request.choices
        tokens = answers * (cap + _THOUGHTS_PER_ANSWER)
        echo = answers * _prompt_bytes(call) if request.echo else 0
        text = _TEXT_BYTES + answers * cap * _TEXT_BYTES_PER_TOKEN
        thoughts = _TEXT_BYTES + tokens * _TEXT_BYTES_PER_TOKEN
        return cls(
            wire=min(_MOST_WIRE_BYTES, _WIRE_BYTES + tokens * _WIRE_BYTES_PER_TOKEN + echo),
            events=min(_MOST_EVENTS, _EVENTS + tokens * _EVENTS_PER_TOKEN),
            text=min(_MOST_TEXT_BYTES, text) + echo,
            thoughts=min(_MOST_THOUGHT_BYTES, thoughts),
        )

    def event(self, count: int = 1) -> None:
        """One more event, or so many, whatever they say; raises `Failure`."""
        self.events -= count
        if self.events < 0:
            raise Failure(words.GROK_TOO_MUCH, kind="cut")

    def follow(self, chunk: Chunk) -> Chunk:
        """`chunk`, when what it says is not too much; raises `Failure`."""
        if chunk.text:
            self.text -= _size(chunk.text)
        if chunk.reasoning:
            self.thoughts -= _size(chunk.reasoning)
        if self.text < 0 or self.thoughts < 0:
            raise Failure(words.GROK_TOO_MUCH, kind="cut")
        return chunk


def decoded(raw: bytes, charset: str | None = None) -> str:
    """JSON is in Unicode (RFC 8259), whatever a header says; what it says counts where that cannot
    be. A byte order mark is left out."""
    try:
        return raw.decode(json.detect_encoding(raw)).removeprefix("\ufeff")
    except UnicodeDecodeError:
        pass
    try:
        return raw.decode(charset or "utf-8", errors="replace")
    except LookupError:
        return raw.decode(errors="replace")


_DECODER = json.JSONDecoder(strict=False)


def read_json(text: str, most_parts: int = BODY_PARTS) -> Any:
    """What `text` says; None when it is no JSON. Raises `Failure` when it is too intricate."""
    _bear(text, most_parts)
    try:
        return _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None


def read_all_json(text: str, most_parts: int = BODY_PARTS) -> list[Any] | None:
    """Every map and list in `text`, one after the other, with or without the `data:` of events
    and their `[DONE]`; None where anything else stands there. Raises as `read_json`."""
    _bear(text, most_parts)
    values, place = [], 0
    while (between := _BETWEEN.match(text, place)) and between.end() < len(text):
        try:
            value, place = _DECODER.raw_decode(text, between.end())
        except (ValueError, RecursionError):
            return None
        if not isinstance(value, dict | list):
            return None
        values.append(value)
    return values


async def count_listed(text: str, name: str) -> int | None:
    """How many values stand in the list `name` of the map that `text` is; None when there is no
    such list. They are read one by one, in slices, and none is kept: made all at once, 27,000
    tokens hold the loop for 100 ms. What follows the list is not read. Raises as `read_json`."""
    _bear(text, BODY_PARTS)
    try:
        mark, place = _mark(text, 0)
        while mark in ("{", ","):
            key, place = _DECODER.raw_decode(text, place)
            mark, place = _mark(text, place)
            if key == name and text[place] == "[":
                return await _count(text, _mark(text, place)[1])
            _, place = _DECODER.raw_decode(text, place)
            mark, place = _mark(text, place)
    except (ValueError, IndexError, RecursionError):
        pass
    return None


async def _count(text: str, place: int) -> int:
    """How many values stand from `place` to the end of their list; raises `ValueError` or
    `IndexError` where it is none."""
    count, mark, turn = 0, text[place], place + _COUNTED_CHARS
    while mark != "]":
        _, place = _DECODER.raw_decode(text, place)
        count += 1
        mark, place = _mark(text, place)
        if mark not in (",", "]"):
            raise ValueError("no list")
        if place > turn:
            turn = place + _COUNTED_CHARS
            await asyncio.sleep(0)
    return count


_MARK = re.compile(r"[ \t\r\n]*+([][{},:])[ \t\r\n]*+")


def _mark(text: str, place: int) -> tuple[str, int]:
    """The sign of JSON at `place`, and where the next thing begins; raises `ValueError`."""
    found = _MARK.match(text, place)
    if found is None:
        raise ValueError("no sign of JSON")
    return found[1], found.end()


_BETWEEN = re.compile(r"(?:[\s,\x1e\ufeff]+|^data:|\[DONE\]|^:[^\r\n]*)*+", re.MULTILINE)

_STRING = re.compile(r'"[^"\\]*+(?:\\.?+[^"\\]*+)*+(?:"|\Z)', re.DOTALL)
"""A string of JSON, also one without an end, so that no quote is looked at twice."""


def _bear(text: str, most_parts: int) -> None:
    if _parts(text) > most_parts < _parts(_STRING.sub("", text)):
        raise Failure(words.GROK_TOO_MUCH, kind="cut")


def _parts(text: str) -> int:
    return text.count(",") + text.count("[") + text.count("{")


def _size(text: str) -> int:
    return len(text.encode(errors="replace"))


def _prompt_bytes(call: Call) -> int:
    """Of the longest prompt, as it is sent."""
    prompt = call.body.get("prompt", "")
    return max(map(_size, [prompt] if isinstance(prompt, str) else prompt), default=0)
