"""What comes back on a call: a stream of events or one body, whatever it says that it is."""

from __future__ import annotations

import asyncio
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
from bot.grok.endpoints import ENDPOINTS
from bot.grok.endpoints.wire import Step, name_of
from bot.grok.errors import Failure
from bot.grok.http.body import (
    BODY_BYTES,
    BODY_PARTS,
    EVENT_BYTES,
    EVENT_PARTS,
    EVENTS_AT_A_STRETCH,
    Bounded,
    Bounds,
    decoded,
    read_all_json,
    read_json,
)
from bot.grok.http.deadlines import Deadlines
from bot.grok.http.event_stream import EventStream, More, Said
from bot.grok.text.progress import Progress
from bot.grok.usage import usage_after
from bot.words import grok as words

BROKEN = (httpx.HTTPError, aiohttp.ClientError, OSError)
"""What a connection that fails or breaks raises; the transport maps some of it only."""

_EVENTS = re.compile(rb"(?:data|event|id|retry)\s*:|:")
_BARE = re.compile(rb"(?<=[\r\n])\{")
_BODY = re.compile(rb"[{\[<]")
_BLANKS_AND_MARKS = re.compile(rb"\A(?:\xef\xbb\xbf|[ \t\r\n])+")
_LEAST_SEEN = 8
"""Bytes by which a stream of events is known from a body."""

_DONE = "[DONE]"
_SMALL_TALK = re.compile(r"[^{}\"]{0,40}")
"""Events of gateways that hold no JSON at all: `ping`, `keep-alive`."""


class Receiving:
    """Reads what comes back on `call`; `secret` is never repeated."""

    def __init__(self, call: Call, deadlines: Deadlines, secret: str) -> None:
        self._call = call
        self._deadlines = deadlines
        self._secret = secret
        self._bounds = Bounds.of(call)
        self._wire = ENDPOINTS[call.endpoint]
        self._read = self._wire.read()
        repeats = self._wire.repeats and call.request.logprobs is not None
        self._event_bytes = BODY_BYTES if repeats else EVENT_BYTES
        self._event_parts = BODY_PARTS if repeats else EVENT_PARTS
        self._progress = Progress()
        self._spent = False
        self._done = False

    async def read(self, response: httpx.Response) -> AsyncGenerator[Chunk]:
        """Every step of the answer; raises `Failure`, and what a broken connection raises."""
        body = Bounded(response, self._bounds.wire, each=self._event_bytes)
        opened = _Opened(body)
        response.stream = opened
        said_so = "text/event-stream" in response.headers.get("content-type", "").lower()
        start = await opened.start()
        opened.of_events = not _BODY.match(start) if said_so else bool(_EVENTS.match(start))
        body.each = self._event_bytes if opened.of_events else BODY_BYTES
        chunks = self._events(opened, body) if opened.of_events else self._body(response)
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
        steps: list[Step] = []
        count = 0
        for number, event in enumerate(stream.feed(piece), 1):
            if number % EVENTS_AT_A_STRETCH == 0:
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
                    yield from self._follow(value, event.event)
                if event.data.rstrip().endswith(_DONE):
                    self._done = True
                    return
            else:
                said = event.last if isinstance(event, More) else event
                yield from self._follow(said.value, said.event)
        yield from self._follow_steps(steps, count)

    def _step(self, event: Said | More, stream: EventStream) -> Step | None:
        if isinstance(event, More):
            step = self._read.step(event.last.value, event.last.event)
            return step and step.instead(event.last_text, event.text)
        step = self._read.step(event.value, event.event)
        if step and (text := step.text or step.thought):
            stream.usual(text)
        return step

    def _follow_steps(self, steps: Sequence[Step], count: int) -> Iterator[Chunk]:
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
        if self._wire.begins(value, event):
            self._deadlines.event()
        error = self._wire.error_in(value, event)
        for chunk in self._progress.follow(self._read(value, event)):
            self._spent = self._spent or chunk.usage is not None
            if chunk.step is not None:
                self._deadlines.working()
            yield chunk if error is None else replace(chunk, finish_reason=None)
        if error is None:
            return
        begun = self._progress.said
        raise errors.from_event(error, self._call, self._secret, begun=begun)

    async def _body(self, response: httpx.Response) -> AsyncGenerator[Chunk]:
        raw = await response.aread()
        if not raw.strip():
            raise _nothing()
        values = read_all_json(decoded(raw, response.charset_encoding)) or []
        if len(values) == 1 and isinstance(values[0], list):
            values = values[0]
        if not values or not all(map(self._is_answer, values)):
            raise Failure(words.GROK_STRANGE, kind="unavailable", spent=False)
        for value in values:
            for chunk in self._follow(value):
                yield chunk
        if not self._progress.begun:
            raise _nothing(spent=self._spent)
        if len(values) > 1 and not self._progress.complete:
            raise Failure(words.GROK_CUT, kind="cut")

    def _is_answer(self, value: Any) -> bool:
        if not isinstance(value, Mapping):
            return False
        return self._wire.answers(value) or self._wire.error_in(value, "") is not None


class _Opened(httpx.AsyncByteStream):
    """A body whose beginning can be looked at before it is read.

    A stream of events ends its last line, and a line of bare JSON in it, which its grammar would
    leave out without a word, becomes an event.
    """

    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream
        self._pieces = aiter(stream)
        self._start = b""
        self._at_line = True
        self.of_events = False

    async def start(self) -> bytes:
        """What it begins with, blanks and byte order marks apart: some bytes, or all there are."""
        while len(self._start) < _LEAST_SEEN and b"\n" not in self._start:
            piece = await anext(self._pieces, None)
            if piece is None:
                break
            self._start = _without_marks(self._start + piece)
        return self._start

    async def __aiter__(self) -> AsyncIterator[bytes]:
        start, self._start = self._start, b""
        yield self._with_events(start)
        async for piece in self._pieces:
            yield self._with_events(piece)
        if self.of_events:
            yield b"\n\n"

    def _with_events(self, piece: bytes) -> bytes:
        if not self.of_events or not piece:
            return piece
        bare = self._at_line and piece.startswith(b"{")
        self._at_line = piece.endswith((b"\n", b"\r"))
        if b"\n{" in piece or (b"\r" in piece and b"\r{" in piece):
            piece = _BARE.sub(b"data: {", piece)
        return b"data: " + piece if bare else piece

    async def aclose(self) -> None:
        if isinstance(self._pieces, AsyncGenerator):
            await self._pieces.aclose()
        await self._stream.aclose()


def _without_marks(start: bytes) -> bytes:
    return _BLANKS_AND_MARKS.sub(b"", start, count=1)


def _nothing(*, spent: bool = False) -> Failure:
    """A reply without any answer in it; unless it says that it was `spent` on, nobody pays."""
    return Failure(words.GROK_NOTHING, kind="unavailable", spent=spent, retry=not spent)
