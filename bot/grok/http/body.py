"""The body of a response in bounded pieces: however it was packed, however long it would be, and
before the three deadlines of an answer: its first event, any silence after that, and its end.

No server is trusted to end: not a line, not an event, not an answer, not what a packed body
unpacks to. A slice is small enough that nothing made of it blocks the loop. Time in which this
process stood still is nobody's silence: it does not count.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterator,
)
from dataclasses import dataclass
from typing import TypeVar

from bot.completion.result import Chunk
from bot.grok.call import Call
from bot.grok.errors import Failure
from bot.patience import Patience, patience
from bot.settings import Settings
from bot.words import grok as words

T = TypeVar("T")

SLICE_BYTES = 64 * 1024
"""What is worked on before others have their turn: a sip of the usual events takes 2 ms. Who reads
events of other kinds gives way in between (`EVENTS_AT_A_STRETCH`)."""

EVENTS_AT_A_STRETCH = 1_500
"""About 20 ms of the shortest."""

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


class Deadlines:
    """Watches over the waits of one answer; made when asking begins, for all its attempts."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._total_at = asyncio.get_running_loop().time() + settings.grok_total_seconds
        self._begun = False
        self._works = False
        self._patient = False

    @property
    def left(self) -> float:
        """Seconds until the answer must be complete."""
        return self._total_at - asyncio.get_running_loop().time()

    def attempt(self, *, stream: bool) -> None:
        """A new attempt begins; without a stream only the total counts."""
        self._begun = self._works = False
        self._patient = not stream

    def event(self) -> None:
        """An event came: from now on the deadline for silence counts."""
        self._begun, self._works = True, False

    def working(self) -> None:
        """A tool is at work, and then what it found is thought about: that takes as long as to
        begin."""
        self._begun, self._works = False, True

    async def within(self, wait: Awaitable[T]) -> T:
        """Wait for the next sign of life; raises `Failure` when it is too late."""
        now = asyncio.get_running_loop().time()
        quiet_at = self._total_at if self._patient else now + self._quiet
        scope: Patience | None = None
        try:
            async with patience(min(quiet_at, self._total_at) - now) as scope:
                return await wait
        except TimeoutError:
            if scope is None or not scope.expired():
                raise
            raise Failure(self._sentence(quiet_at), kind="timeout") from None
        finally:
            self._total_at += scope.stood_still if scope else 0.0

    async def over(self, body: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
        """A body under the deadlines: whatever comes, keep-alive comments too, is a sign of
        life."""
        pieces = aiter(body)
        while (piece := await self.within(anext(pieces, None))) is not None:
            yield piece

    def give_back(self, seconds: float) -> None:
        """For so long this process stood still while nobody's silence was counted."""
        self._total_at += seconds

    @property
    def _quiet(self) -> float:
        if self._begun:
            return self._settings.grok_silence_seconds
        return self._settings.grok_first_event_seconds

    def _sentence(self, quiet_at: float) -> str:
        if quiet_at >= self._total_at:
            return words.GROK_TOO_SLOW(self._settings.grok_total_seconds)
        if self._begun:
            return words.GROK_SILENT(self._settings.grok_silence_seconds)
        late = words.GROK_LOST_IN_SEARCH if self._works else words.GROK_LATE
        return late(self._settings.grok_first_event_seconds)


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
                self._came += len(slice_)
                self._since += len(slice_)
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


def _unpacker(encoding: str) -> Callable[[bytes], Iterator[bytes]]:
    """What `Accept-Encoding: identity` asks for; gzip, of gateways that do not care, as well."""
    names = [name for name in (each.strip().lower() for each in encoding.split(",")) if name]
    if not names or names == ["identity"]:
        return _sliced
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


def _size(text: str) -> int:
    return len(text.encode(errors="replace"))


def _prompt_bytes(call: Call) -> int:
    """Of the longest prompt, as it is sent."""
    prompt = call.body.get("prompt", "")
    return max(map(_size, [prompt] if isinstance(prompt, str) else prompt), default=0)
