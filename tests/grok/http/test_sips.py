from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import httpx
import pytest
from aiohttp.client_proto import ResponseHandler

from bot.errors import GrokFailed
from bot.grok.http import sips as module
from bot.grok.http.sips import LOOK_SECONDS, Deadlines, SippingTransport, Sips
from bot.settings import Settings
from sandbox.grok import GrokServer, Script
from tests.fixtures.grok import OpenGrokClient
from tests.grok.answers import request

pytestmark = pytest.mark.integration

MANY = 200
PATIENCE = 10.0
FULL_PIECE = module._FULL_PIECE


class Waits(Deadlines):
    """Deadlines that a test sets."""

    left = float("inf")

    def __init__(self) -> None:
        super().__init__(Settings(_env_file=None))
        self.stood_still: list[float] = []

    def give_back(self, seconds: float) -> None:
        self.stood_still.append(seconds)


@dataclass
class Stream:
    """Bytes from one end to the other, read in sips."""

    writer: asyncio.StreamWriter
    reader: asyncio.StreamReader
    transport: asyncio.Transport
    sips: Sips = field(default_factory=Sips)
    deadlines: Waits = field(default_factory=Waits)
    came: list[bytes] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def say(self, piece: bytes) -> None:
        self.writer.write(piece)
        await self.writer.drain()

    async def read(self) -> None:
        async for piece in self.sips.over(self._pieces(), self.transport, self.deadlines):
            self.came.append(piece)
            self.sips.begin()
            self.changed.set()

    async def _pieces(self) -> AsyncIterator[bytes]:
        while piece := await self.reader.read(FULL_PIECE):
            yield piece

    async def until(self, text: bytes) -> None:
        """Wait until all of `text` came."""
        async with asyncio.timeout(PATIENCE):
            while b"".join(self.came) != text:
                self.changed.clear()
                await self.changed.wait()

    async def until_left_alone(self) -> None:
        async with asyncio.timeout(PATIENCE):
            while self.transport.is_reading():
                await asyncio.sleep(0)


@asynccontextmanager
async def stream() -> AsyncIterator[tuple[Stream, asyncio.Task[None]]]:
    accepted: asyncio.Future[asyncio.StreamWriter] = asyncio.get_running_loop().create_future()
    server = await asyncio.start_server(
        lambda _, writer: accepted.set_result(writer), "127.0.0.1", 0
    )
    host, port = server.sockets[0].getsockname()
    reader, own = await asyncio.open_connection(host, port)
    assert isinstance(own.transport, asyncio.Transport)
    found = Stream(await accepted, reader, own.transport)
    reading = asyncio.create_task(found.read())
    try:
        yield found, reading
    finally:
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
        for each in (own, found.writer):
            each.close()
        server.close()


async def test_the_socket_is_left_alone_until_somebody_wants_what_came() -> None:
    async with stream() as (found, _):
        await found.say(b"a")
        await found.until(b"a")
        await found.until_left_alone()

        found.sips.want()
        assert found.transport.is_reading()
        await found.say(b"b")
        await found.until(b"ab")


async def test_when_nothing_more_comes_what_came_is_read_though_nobody_wants_it() -> None:
    async with stream() as (found, _):
        await found.say(b"a")
        await found.until_left_alone()
        await found.say(b"b")

        await found.until(b"ab")


async def test_what_came_is_there_before_it_is_shown() -> None:
    async with stream() as (found, _):
        await found.say(b"a")
        await found.until_left_alone()
        await found.say(b"b")
        await asyncio.sleep(LOOK_SECONDS / 10)  # through the socket

        await found.sips.fresh()

        assert b"".join(found.came) == b"ab"


async def test_who_has_nothing_to_wait_for_does_not_wait() -> None:
    async with stream() as (found, _):
        await found.sips.fresh()
        await found.say(b"a")
        await found.until_left_alone()

        await found.sips.fresh()

        assert found.came == [b"a"]


async def test_the_end_is_seen_though_nobody_wants_it() -> None:
    async with stream() as (found, reading):
        await found.say(b"a")
        await found.until_left_alone()
        found.writer.close()

        async with asyncio.timeout(PATIENCE):
            await reading


@pytest.mark.parametrize("in_order", [True, False])
async def test_a_connection_that_ends_unread_is_seen_to_end(*, in_order: bool) -> None:
    async with stream() as (found, reading):
        await found.say(b"a")
        await found.until_left_alone()
        await found.say(b"b")
        if in_order:
            found.writer.close()
        else:
            found.writer.transport.abort()

        async with asyncio.timeout(PATIENCE):
            with suppress(ConnectionError):
                await reading
        assert b"".join(found.came) == b"ab"


@asynccontextmanager
async def trickling(found: Stream) -> AsyncIterator[None]:
    """More and more comes, little by little."""

    async def trickle() -> None:
        while True:
            await found.say(b"a")
            await asyncio.sleep(LOOK_SECONDS / 10)

    task = asyncio.create_task(trickle())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_pause_ends_with_the_time_there_is_for_the_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_LONGEST_SECONDS", 2 * PATIENCE)
    async with stream() as (found, _), trickling(found):
        found.deadlines.left = 2 * LOOK_SECONDS

        async with asyncio.timeout(PATIENCE):
            while len(found.came) < 3:
                found.changed.clear()
                await found.changed.wait()


async def test_a_pause_ends_before_the_socket_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LONGEST_SECONDS", 2 * PATIENCE)
    async with stream() as (found, _), trickling(found):
        await found.until_left_alone()
        await found.say(b"b" * 1024 * 1024)

        least = 1024 * 1024 - module._MOST_WAITING
        async with asyncio.timeout(PATIENCE):
            while b"".join(found.came).count(b"b") < least:
                found.changed.clear()
                await found.changed.wait()


@pytest.mark.parametrize("wanted", [True, False])
async def test_a_pause_tells_for_how_long_the_process_stood_still(
    monkeypatch: pytest.MonkeyPatch, *, wanted: bool
) -> None:
    monkeypatch.setattr(module, "LATE_SECONDS", LOOK_SECONDS)
    standstill = 5 * LOOK_SECONDS
    async with stream() as (found, _):
        await found.say(b"a")
        await found.until_left_alone()
        time.sleep(standstill)  # nothing runs meanwhile
        if wanted:
            found.sips.want()
        await found.say(b"b")
        await found.until(b"ab")

        assert sum(found.deadlines.stood_still) > standstill / 2


async def test_what_came_by_a_connection_that_is_closed_already_is_read() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"all of it"

    async with stream() as (found, _):
        found.transport.close()
        await asyncio.sleep(0)
        sips = Sips()
        sips.begin()

        read = sips.over(pieces(), found.transport, found.deadlines)
        assert [piece async for piece in read] == [b"all of it"]


@pytest.mark.parametrize(
    ("share", "most", "together"), [(0.75, 25, True), (0.25, 25, False), (0.75, 1, False)]
)
async def test_who_waits_for_long_is_read_when_another_has_to_be(
    monkeypatch: pytest.MonkeyPatch, *, share: float, most: int, together: bool
) -> None:
    monkeypatch.setattr(module, "_LONGEST_SECONDS", 2 * PATIENCE)
    monkeypatch.setattr(module, "_MOST_TOGETHER", most)
    async with stream() as (full, _), stream() as (beside, _):
        for each in (full, beside):
            await each.say(b"a")
            await each.until_left_alone()
        async with trickling(full), trickling(beside):
            await beside.say(b"b" * int(share * module._MOST_WAITING))
            await asyncio.sleep(2 * LOOK_SECONDS)
            assert len(beside.came) == 1  # for its own sake nobody reads it yet
            full.changed.clear()
            await full.say(b"c" * 2 * module._MOST_WAITING)

            async with asyncio.timeout(PATIENCE):
                await full.changed.wait()
            await asyncio.sleep(LOOK_SECONDS / 2)
            assert (len(beside.came) > 1) is together


async def test_who_stops_leaves_the_connection_as_it_was() -> None:
    async with stream() as (found, reading):
        await found.say(b"a")
        await found.until_left_alone()

        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading

        assert found.transport.is_reading()


async def test_a_steady_stream_is_read_in_few_sips() -> None:
    async with stream() as (found, _):
        for _ in range(MANY):
            await found.say(b"a")
            await asyncio.sleep(LOOK_SECONDS / 10)

        await found.until(b"a" * MANY)

        assert len(found.came) < MANY / 5


@pytest.mark.parametrize("sips", [False, True])
async def test_an_answer_is_the_same_in_sips(
    grok: GrokServer, open_grok_client: OpenGrokClient, *, sips: bool
) -> None:
    pieces = [f"word {number} " for number in range(MANY)]
    grok.script(Script(pieces=pieces, speed=400))
    client = await open_grok_client(grok)
    completion = client.complete(request())
    if sips:
        completion.sip()

    assert "".join([chunk.text async for chunk in completion]) == "".join(pieces)


async def test_a_stream_that_falls_silent_between_sips_is_told(
    grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    grok.script(Script(pieces=["a"] * 40, speed=200, stall_after=20))
    client = await open_grok_client(grok, grok_silence_seconds=0.1)
    completion = client.complete(request())
    completion.sip()
    said: list[str] = []

    async def read() -> None:
        async for chunk in completion:
            said.append(chunk.text)  # noqa: PERF401 - what came before the failure counts

    with pytest.raises(GrokFailed, match="silent"):
        await read()

    assert "".join(said) == "a" * 20


async def test_what_came_before_a_connection_broke_between_sips_is_kept(
    grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    grok.script(Script(pieces=["a"] * 40, speed=200, cut_after=30))
    client = await open_grok_client(grok)
    completion = client.complete(request())
    completion.sip()
    said: list[str] = []

    async def read() -> None:
        async for chunk in completion:
            said.append(chunk.text)  # noqa: PERF401 - what came before the failure counts

    with pytest.raises(GrokFailed):
        await read()

    assert "".join(said) == "a" * 30


async def test_many_chunks_of_http_are_taken_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    fed = 0
    received = ResponseHandler.data_received

    def counting(handler: ResponseHandler, data: bytes) -> None:
        nonlocal fed
        fed += 1
        received(handler, data)

    monkeypatch.setattr(ResponseHandler, "data_received", counting)
    words = [f"word {number} ".encode() for number in range(MANY)]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        chunks = [b"%x\r\n%b\r\n" % (len(word), word) for word in words]
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(chunks))
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, httpx.AsyncClient(transport=SippingTransport()) as client:
        host, port = server.sockets[0].getsockname()
        async with client.stream("GET", f"http://{host}:{port}/") as response:
            assert b"".join([piece async for piece in response.aiter_raw()]) == b"".join(words)

    assert fed < MANY / 5
