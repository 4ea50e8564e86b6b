"""What comes back on a call: a stream of events or one body, whatever it says that it is."""

from __future__ import annotations

import asyncio
import codecs
import json
import re
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import aiohttp
import httpx
from httpx_sse import ServerSentEvent

from bot.completion.result import Chunk
from bot.grok import errors
from bot.grok.call import Call
from bot.grok.endpoints import choices, responses
from bot.grok.endpoints.choices import TextStep, name_of, usage_after
from bot.grok.errors import Failure
from bot.grok.http.event_stream import (
    BODY_BYTES,
    BODY_PARTS,
    DECODER,
    EVENT_BYTES,
    EVENT_PARTS,
    EVENTS_AT_A_STRETCH,
    Bounded,
    EventStream,
    JsonEvent,
    More,
)
from bot.grok.http.sips import Deadlines
from bot.grok.text.progress import AnswerBounds, Progress
from bot.words import grok as words

BROKEN = (httpx.HTTPError, aiohttp.ClientError, OSError)
"""What a connection that fails or breaks raises; the transport maps some of it only."""

_EVENTS = re.compile(rb"(?:data|event|id|retry)\s*:|:")
_BARE = re.compile(rb"(?<=[\r\n])\{")
_BODY = re.compile(rb"[{\[<]")
_BLANKS_AND_MARKS = re.compile(rb"\A(?:\xef\xbb\xbf|[ \t\r\n])+")
_LEAST_SEEN = 8
"""Bytes by which a stream of events is known from a body."""

_MOST_VALUES = 30_000
"""In one body, or event: each takes 3 µs, and an answer of 4 MB has 20,000 events of 200 bytes."""

_DONE = "[DONE]"
_SMALL_TALK = re.compile(r"[^{}\"]{0,40}")
"""Events of gateways that hold no JSON at all: `ping`, `keep-alive`."""


class Receiving:
    """Reads what comes back on `call`; `secret` is never repeated."""

    def __init__(self, call: Call, deadlines: Deadlines, secret: str) -> None:
        self._call = call
        self._deadlines = deadlines
        self._secret = secret
        self._bounds = AnswerBounds.of(call)
        reads = responses.ResponsesReader if call.endpoint == "responses" else choices.ChoicesReader
        self._read = reads()
        repeats = self._read.repeats and call.request.logprobs is not None
        self._event_bytes = BODY_BYTES if repeats else EVENT_BYTES
        self._event_parts = BODY_PARTS if repeats else EVENT_PARTS
        self._progress = Progress()
        self._spent = False
        self._done = False
        self._worked = 0

    async def read(
        self, response: httpx.Response, pieces: AsyncIterable[bytes]
    ) -> AsyncGenerator[Chunk]:
        """Every step of the answer, whose body comes in `pieces`; raises `Failure`, and what a
        broken connection raises."""
        packed = response.headers.get("content-encoding", "")
        body = Bounded(pieces, packed, self._bounds.wire, each=self._event_bytes)
        said_so = "text/event-stream" in response.headers.get("content-type", "").lower()
        async with aclosing(aiter(body)) as opened:
            start = await _start_of(opened)
            of_events = not _BODY.match(start) if said_so else bool(_EVENTS.match(start))
            if of_events:
                chunks = self._events(_as_events(start, opened), body)
            else:
                body.each = BODY_BYTES
                chunks = self._body(start, opened, response.charset_encoding)
            async with aclosing(chunks):
                try:
                    async for chunk in chunks:
                        yield self._bounds.follow(chunk)
                except (Failure, *BROKEN) as error:
                    for chunk in self._progress.held():
                        yield chunk
                    if not self._over(error):
                        raise
        for chunk in self._progress.rest():
            yield chunk

    def _over(self, error: Exception) -> bool:
        """Whether all had come before the connection broke, or fell silent."""
        if isinstance(error, Failure) and error.kind != "timeout":
            return False
        return self._progress.ended(self._call.request.choices)

    async def _events(self, pieces: AsyncIterable[bytes], body: Bounded) -> AsyncGenerator[Chunk]:
        stream = EventStream()
        async for piece in pieces:
            for chunk in self._in_steps(stream, piece, body):
                if chunk is None:
                    await asyncio.sleep(0)
                else:
                    yield chunk
            if self._done:
                break
        else:
            if self._progress.said and not self._progress.complete:
                raise Failure(words.GROK_CUT, kind="cut")
        if not self._progress.begun and self._progress.said:
            raise Failure(words.GROK_CUT, kind="cut")
        if not self._progress.said and not self._progress.complete:
            raise _nothing(spent=self._spent)

    def _in_steps(self, stream: EventStream, piece: bytes, body: Bounded) -> Iterator[Chunk | None]:
        """What the events in `piece` say: those that go on with a text, one after the other, in one
        step. None: others should have their turn before it is read on."""
        steps: list[TextStep] = []
        count = 0
        for event in stream.feed(piece):
            if self._gives_way():
                yield None
            events = event.events if isinstance(event, More) else 1
            body.done()
            self._bounds.event(events)
            step = None if isinstance(event, ServerSentEvent) else self._step(event, stream)
            if step is None or (steps and not step.goes_on(steps[-1])):
                yield from self._follow_steps(steps, count)
                steps, count = [], 0
            if step is not None:
                steps.append(step)
                count += events
            elif isinstance(event, ServerSentEvent):
                for value in self._values(event):
                    if self._gives_way():
                        yield None
                    yield from self._follow(value, event.event)
                if event.data.rstrip().endswith(_DONE):
                    self._done = True
                    return
            else:
                said = event.last if isinstance(event, More) else event
                yield from self._follow(said.value, said.event)
        yield from self._follow_steps(steps, count)

    def _gives_way(self) -> bool:
        """Whether others should have their turn, now that one more is read."""
        self._worked += 1
        if self._worked < EVENTS_AT_A_STRETCH:
            return False
        self._worked = 0
        return True

    def _step(self, event: JsonEvent | More, stream: EventStream) -> TextStep | None:
        if isinstance(event, More):
            step = self._read.step(event.last.value, event.last.event)
            return step and step.instead(event.last_text, event.text)
        step = self._read.step(event.value, event.event)
        if step and (text := step.text or step.thought):
            stream.usual(text)
        return step

    def _follow_steps(self, steps: Sequence[TextStep], count: int) -> Iterator[Chunk]:
        if not steps:
            return
        self._deadlines.event()
        model = name_of(steps[0].model) or None
        text = "".join([step.text for step in steps])
        thought = "".join([step.thought for step in steps])
        chunk = Chunk(choice=steps[0].choice, text=text, reasoning=thought, model=model)
        said = list(self._progress.follow([chunk], steps=count))
        if usage := usage_after([step.told for step in steps if step.told]):
            self._spent = True
            last = said.pop() if said else Chunk(model=model)
            said.append(replace(last, usage=usage))
        yield from said

    def _values(self, event: ServerSentEvent) -> list[Any]:
        """What an event says: one value, or several where no blank lines stand between them."""
        value = read_json(event.data, self._event_parts)
        if event.event == "error" and not isinstance(value, Mapping | list):
            return [{"error": value or event.data}]
        if value is not None:
            return value if isinstance(value, list) else [value]
        values = read_all_json(event.data, self._event_parts)
        if values is not None:
            return values
        if _SMALL_TALK.fullmatch(event.data):
            return []
        raise Failure(words.GROK_GARBLED, kind="cut", retry=not self._progress.said)

    def _follow(self, value: Any, event: str = "") -> Iterator[Chunk]:
        if not isinstance(value, Mapping):
            return
        if self._read.begins(value, event):
            self._deadlines.event()
        error, chunks = self._read.error_in(value, event), self._read(value, event)
        self._worked += len(chunks)
        for chunk in self._progress.follow(chunks):
            self._spent = self._spent or chunk.usage is not None
            if chunk.step is not None:
                self._deadlines.working()
            yield chunk if error is None else replace(chunk, finish_reason=None)
        if error is None:
            return
        begun = self._progress.said
        raise errors.from_event(error, self._call, self._secret, begun=begun)

    async def _body(
        self, start: bytes, pieces: AsyncIterable[bytes], charset: str | None
    ) -> AsyncGenerator[Chunk]:
        raw = b"".join([start, *[piece async for piece in pieces]])
        if not raw.strip():
            raise _nothing()
        values = read_all_json(decoded(raw, charset)) or []
        if len(values) == 1 and isinstance(values[0], list):
            values = values[0]
        if not values or not all([self._is_answer(each) async for each in self._in_turn(values)]):
            raise Failure(words.GROK_STRANGE, kind="unavailable", spent=False)
        async for value in self._in_turn(values):
            for chunk in self._follow(value):
                yield chunk
        if not self._progress.begun:
            raise _nothing(spent=self._spent)
        if len(values) > 1 and not self._progress.complete:
            raise Failure(words.GROK_CUT, kind="cut")

    async def _in_turn(self, values: Sequence[Any]) -> AsyncIterator[Any]:
        """Each of them. Others have their turn in between."""
        for value in values:
            if self._gives_way():
                await asyncio.sleep(0)
            yield value

    def _is_answer(self, value: Any) -> bool:
        if not isinstance(value, Mapping):
            return False
        return self._read.answers(value) or self._read.error_in(value, "") is not None


async def _start_of(pieces: AsyncIterator[bytes]) -> bytes:
    """What a body begins with, blanks and byte order marks apart: some bytes, or all there are."""
    start = b""
    while len(start) < _LEAST_SEEN and b"\n" not in start:
        piece = await anext(pieces, None)
        if piece is None:
            break
        start = _BLANKS_AND_MARKS.sub(b"", start + piece, count=1)
    return start


async def _as_events(start: bytes, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """A stream of events with its last line ended, and with events for lines of bare JSON, which
    the grammar would leave out without a word."""
    piece: bytes | None = start
    at_line = True
    while piece is not None:
        bare = at_line and piece.startswith(b"{")
        if piece:
            at_line = piece.endswith((b"\n", b"\r"))
        if b"\n{" in piece or (b"\r" in piece and b"\r{" in piece):
            piece = _BARE.sub(b"data: {", piece)
        yield b"data: " + piece if bare else piece
        piece = await anext(pieces, None)
    yield b"\n\n"


def _nothing(*, spent: bool = False) -> Failure:
    """A reply without any answer in it; unless it says that it was `spent` on, nobody pays."""
    return Failure(words.GROK_NOTHING, kind="unavailable", spent=spent, retry=not spent)


def decoded(raw: bytes, charset: str | None = None) -> str:
    """JSON is in Unicode (RFC 8259), whatever a header says; what it says counts where that cannot
    be. A byte order mark is left out."""
    try:
        return raw.decode(json.detect_encoding(raw)).removeprefix("\ufeff")
    except UnicodeDecodeError:
        pass
    try:
        named = codecs.lookup(charset or "utf-8").name
        return raw.decode("utf-8" if named in _OF_HOSTS else named, errors="replace")
    except (LookupError, ValueError):  # none, or one that replaces nothing
        return raw.decode(errors="replace")


_OF_HOSTS = frozenset({"idna", "punycode"})
"""What Python has for names of hosts: of a longer text one takes minutes."""


def read_json(text: str, most_parts: int = BODY_PARTS) -> Any:
    """What `text` says; None when it is no JSON. Raises `Failure` when it is too intricate."""
    bear(text, most_parts)
    try:
        return DECODER.decode(text)
    except (ValueError, RecursionError):
        return None


def read_all_json(text: str, most_parts: int = BODY_PARTS) -> list[Any] | None:
    """Every map and list in `text`, one after the other, with or without the `data:` of events
    and their `[DONE]`; None where anything else stands there. Raises as `read_json`, and where
    there are too many."""
    bear(text, most_parts)
    values, place = [], 0
    while (between := _BETWEEN.match(text, place)) and between.end() < len(text):
        try:
            value, place = DECODER.raw_decode(text, between.end())
        except (ValueError, RecursionError):
            return None
        if not isinstance(value, dict | list):
            return None
        values.append(value)
        if len(values) > _MOST_VALUES:
            raise Failure(words.GROK_TOO_MUCH, kind="cut")
    return values


_BETWEEN = re.compile(r"(?:[\s,\x1e\ufeff]+|^data:|\[DONE\]|^:[^\r\n]*)*+", re.MULTILINE)

_STRING = re.compile(r'"[^"\\]*+(?:\\.?+[^"\\]*+)*+(?:"|\Z)', re.DOTALL)
"""A string of JSON, also one without an end, so that no quote is looked at twice."""


def bear(text: str, most_parts: int = BODY_PARTS) -> None:
    """Raises `Failure` when `text` would be more values than so many."""
    if _parts(text) > most_parts < _parts(_STRING.sub("", text)):
        raise Failure(words.GROK_TOO_MUCH, kind="cut")


def _parts(text: str) -> int:
    return text.count(",") + text.count("[") + text.count("{")
