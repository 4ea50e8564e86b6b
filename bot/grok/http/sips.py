"""When a stream is read: before the three deadlines of an answer (its first event, any silence
after that, its end), and in sips: while nobody wants to know, its socket is left alone.

Time in which this process stood still is nobody's silence: it does not count.

What costs is not to read a token but to wake up for it: the event loop, the parser and every task
on the way. So once text has begun, and until somebody wants what came since, it waits in the
socket. Reading goes on at once when it is wanted, within moments when nothing more comes, such as
at the end, and in any case before long. The deadline for silence runs only while something is
read.

Streams that are read one right after the other cost half as much each as those that are read one by
one: the processor has at hand what it runs. So when one has to be read, others are that have waited
for half as long, and from then on they come together.
"""

from __future__ import annotations

import asyncio
from array import array
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Awaitable
from contextlib import suppress
from fcntl import ioctl
from itertools import islice
from socket import SO_RCVBUF, SOL_SOCKET
from termios import FIONREAD
from typing import TypeVar
from weakref import WeakKeyDictionary

import httpx
from aiohttp import StreamReader
from httpx_aiohttp import AiohttpTransport
from httpx_aiohttp.transport import AiohttpResponseStream, map_aiohttp_exceptions

from bot.grok.errors import Failure
from bot.grok.http.event_stream import SLICE_BYTES
from bot.patience import LATE_SECONDS, TICK_SECONDS, Patience, next_tick, patience
from bot.settings import Settings
from bot.tracing import passing
from bot.words import grok as words

T = TypeVar("T")

LOOK_SECONDS = TICK_SECONDS
"""How often it is looked whether more comes. All streams are looked at together."""

_LONGEST_SECONDS = 2.0
"""One pause lasts no longer."""

_MOST_WAITING = 48 * 1024
"""Bytes that are left in a socket: eighty events of xAI's, and less than the 64 KiB that a
connection may send before any of it was read."""

_BUFFER_BYTES = 256 * 1024
"""What Linux is asked for, to take all of that before the sender has to wait. By itself it has
128 KiB for what was not read yet, and those take 36 KiB of so short segments: each takes up more
than is in it."""

_TOGETHER = 0.5
"""Such a share of a pause is enough where another stream has to be read."""

_MOST_TOGETHER = 25
"""Streams, read within 10 ms; others come next."""

_FULL_PIECE = SLICE_BYTES
"""The longest piece, a whole sip: behind it there may be more that was read already."""

_FRESH_SECONDS = 0.1
"""How long it may take to read what is there."""

_COUNT = array("i", [0])
_TRANSPORT = "bot.transport"


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


class Sips:
    """When one answer is read."""

    def __init__(self) -> None:
        self._begun = False
        self._wanted = False
        self._rest: _Rest | None = None
        self._taken = asyncio.Event()

    def begin(self) -> None:
        """Text has come: from now on it may wait until it is wanted."""
        self._begun = True

    def want(self) -> None:
        """Read what comes as soon as it comes, once."""
        self._wanted = True
        if self._rest:
            self._rest.end()

    async def fresh(self) -> None:
        """Read what waits in the socket, if anything does."""
        if self._rest is None or not _waiting(self._rest.socket):
            return
        self._taken.clear()
        self.want()
        with suppress(TimeoutError):
            async with asyncio.timeout(_FRESH_SECONDS):
                await self._taken.wait()

    async def over(
        self,
        pieces: AsyncIterator[bytes],
        transport: asyncio.ReadTransport,
        deadlines: Deadlines,
    ) -> AsyncIterator[bytes]:
        """`pieces`, which come by `transport`, in sips. Of a pause in which this process did not
        run `deadlines` give back as many seconds."""
        with suppress(OSError):  # of a connection that was closed all that came was read
            transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_RCVBUF, _BUFFER_BYTES)
        try:
            async for piece in pieces:
                self._wanted = False
                yield piece
                self._taken.set()
                if self._begun and not self._wanted and len(piece) < _FULL_PIECE:
                    late = await self._pause(transport, min(deadlines.left, _LONGEST_SECONDS))
                    if late:
                        deadlines.give_back(late)
        finally:
            self._taken.set()

    async def _pause(self, transport: asyncio.ReadTransport, seconds: float) -> float:
        """For how many seconds of it the process stood still."""
        self._rest = rest = _Rest(transport, seconds)
        try:
            passing("before", "sip")
            await rest.over
            passing("after", "sip")
            return rest.stood_still
        finally:
            rest.end()
            self._rest = None


def _waiting(socket: int) -> int:
    """Bytes that wait in a socket; none where it was closed."""
    try:
        ioctl(socket, FIONREAD, _COUNT)
    except (OSError, ValueError):  # a socket that was closed has no number any more
        return 0
    return _COUNT[0]


class _Rest:
    """One pause, in which nothing is read from the socket. `came` is what waits in that, in bytes,
    as it was seen last; `stood_still` for how many seconds of it the loop did not run."""

    __slots__ = (
        *("_ended", "_looking", "_transport", "came", "over", "since", "socket"),
        *("stood_still", "until"),
    )

    def __init__(self, transport: asyncio.ReadTransport, seconds: float) -> None:
        """It lasts so many `seconds` at most."""
        loop = asyncio.get_running_loop()
        self.over: asyncio.Future[None] = loop.create_future()
        self._transport = transport
        self.socket: int = transport.get_extra_info("socket").fileno()
        self.came = _waiting(self.socket)
        self.since = loop.time()
        self.until = self.since + seconds - LOOK_SECONDS / 2
        self.stood_still = 0.0
        transport.pause_reading()
        self._ended = False
        self._looking = _LOOKING.setdefault(loop, _Looking())
        self._looking.join(self)

    def end(self) -> None:
        """Read on."""
        if self._ended:
            return
        self._ended = True
        self._looking.leave(self)
        self._transport.resume_reading()
        # When what waits has been read, so that nobody waits for that.
        asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        if not self.over.done():
            self.over.set_result(None)

    def is_full(self, now: float, share: float = 1.0) -> bool:
        """Whether it has lasted so long, or so much waits, as it may; or such a `share` of that."""
        enough = self.came > share * _MOST_WAITING
        return enough or now - self.since >= share * (self.until - self.since)


class _Looking:
    """Looks at all streams that are left alone, by one timer: that there are hundreds of them
    costs nothing but the looks."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._rests: set[_Rest] = set()
        self._looked = 0.0
        self._armed = False

    def join(self, rest: _Rest) -> None:
        """Look at `rest`, too."""
        self._count(rest.since)
        self._rests.add(rest)
        if not self._armed:
            self._arm()

    def leave(self, rest: _Rest) -> None:
        """Look at it no more."""
        self._count(self._loop.time())
        self._rests.discard(rest)

    def _look(self) -> None:
        now = self._loop.time()
        self._count(now)
        over: list[_Rest] = []
        beside: list[_Rest] = []
        latest = now - LOOK_SECONDS / 2
        for rest in self._rests:
            if rest.since > latest:
                continue
            before, rest.came = rest.came, _waiting(rest.socket)
            quiet = rest.came in (before, 0)
            full = rest.came > _MOST_WAITING or now >= rest.until
            (over if quiet or full else beside).append(rest)
        if any(rest.is_full(now) for rest in over):
            joining = (rest for rest in beside if rest.is_full(now, _TOGETHER))
            over += islice(joining, max(0, _MOST_TOGETHER - len(over)))
        for rest in over:
            rest.end()
        self._armed = False
        if self._rests:
            self._arm()

    def _count(self, now: float) -> None:
        """Tell whoever rests where the loop has not run since it was seen to."""
        passed, self._looked = now - self._looked, now
        if passed >= LOOK_SECONDS + LATE_SECONDS:
            for rest in self._rests:
                rest.stood_still += passed - LOOK_SECONDS

    def _arm(self) -> None:
        self._armed = True
        self._loop.call_at(next_tick(self._loop.time()), self._look)


_LOOKING: WeakKeyDictionary[asyncio.AbstractEventLoop, _Looking] = WeakKeyDictionary()


class _Whole(AiohttpResponseStream):
    """A body of which all that has come is given as one piece."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with map_aiohttp_exceptions():
            content = self._aiohttp_response.content
            while first := await content.read(1):
                yield first + _beside(content)


def _beside(content: StreamReader) -> bytes:
    """What has come of `content` besides what was read.

    A server sends each token as a chunk of its own, and aiohttp takes one after the other: after
    each it has the parser and the connection go on. That is left to the last one.
    """
    chunks = getattr(content, "_buffer", None)
    if isinstance(chunks, deque) and len(chunks) > 1:
        whole = b"".join(chunks)
        chunks.clear()
        chunks.append(whole)
    return content.read_nowait(_FULL_PIECE - 1)


class SippingTransport(AiohttpTransport):
    """One whose responses know what they come by."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The response to `request`, for `transport_of`."""
        if self.proxy and request.url.scheme == "http":
            request.headers.update(self.proxy.headers)  # aiohttp tells them to tunnels alone
        response = await super().handle_async_request(request)
        inner = getattr(response.stream, "_aiohttp_response", None)
        if inner is not None:
            response.stream = _Whole(inner)
        connection = inner.connection if inner is not None else None
        response.extensions[_TRANSPORT] = connection.transport if connection else None
        return response


def transport_of(response: httpx.Response) -> asyncio.ReadTransport | None:
    """What the body of `response` comes by; None where that is not known, or all of it came."""
    transport = response.extensions.get(_TRANSPORT)
    # TLS takes on what it does not show: what is left alone is the connection below it.
    below = getattr(getattr(transport, "_ssl_protocol", None), "_transport", transport)
    if not isinstance(below, asyncio.ReadTransport) or below.get_extra_info("socket") is None:
        return None
    return below
