"""A port that anybody may knock at: cheap to refuse, slow for nobody else, bounded."""

from __future__ import annotations

import asyncio
import gzip
import resource
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing, suppress
from typing import Any

import pytest
from aiohttp import web

from bot.net import http_connection, listening
from bot.net.listening import Handler, Listening
from tests.raw_http import exchange, post

pytestmark = pytest.mark.integration

ENOUGH = 3


class Door(Listening):
    """Takes what is posted to `/slack/events`, and says how long it was."""

    def __init__(self, most: int = 128) -> None:
        routes: dict[str, dict[str, Handler]] = {
            "/slack/events": {"POST": self.receive},
            "/livez": {"GET": self.fine},
            "/slow": {"POST": self.wait, "GET": self.wait},
            "/large": {"GET": self.large},
            "/broken": {"GET": self.broken},
        }
        super().__init__(routes, "127.0.0.1", 0, variable="PORT", grace=1, most=most)
        self.go_on = asyncio.Event()
        self.waiting = 0

    async def receive(self, request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text=str(len(await self.body(request))))

    async def fine(self, _: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text="fine")

    async def wait(self, request: web.BaseRequest) -> web.StreamResponse:
        await self.body(request)
        self.waiting += 1
        await self.go_on.wait()
        return web.Response(text="waited")

    async def large(self, _: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=bytes(32 * 1024 * 1024))

    async def broken(self, _: web.BaseRequest) -> web.StreamResponse:
        raise LookupError("ours")

    @property
    def connections(self) -> int:
        return len(self._open)


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with Door() as open_door:
        yield open_door


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """The deadlines, shorter."""
    monkeypatch.setattr(http_connection, "HEAD_SECONDS", 0.3)
    monkeypatch.setattr(http_connection, "BODY_SECONDS", 0.3)
    monkeypatch.setattr(listening, "BODY_SECONDS", 0.3)
    monkeypatch.setattr(http_connection, "LEAVE_SECONDS", 0.3)


async def until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


GET = b"GET /livez HTTP/1.1\r\nHost: bot\r\n\r\n"


async def test_what_is_right_is_served(door: Door) -> None:
    reply = await exchange(door.port, post(b"12345"))
    assert (reply.status, reply.body) == (200, b"5")
    assert (await exchange(door.port, GET)).body == b"fine"
    assert (await exchange(door.port, b"GET /livez HTTP/1.0\r\n\r\n")).status == 200
    assert (await exchange(door.port, GET.replace(b"GET", b"HEAD"))).status == 200
    assert (await exchange(door.port, coded("chunked"), b"3\r\nabc\r\n0\r\n\r\n")).body == b"3"
    assert (await exchange(door.port, post(b"123"), half_close=True)).body == b"3"


async def test_no_answer_tells_what_serves_it(door: Door) -> None:
    for request in (GET, post(b"x"), b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n", b"nonsense\r\n\r\n"):
        head = (await exchange(door.port, request)).head.lower()
        assert "aiohttp" not in head
        assert "python" not in head


async def test_a_connection_carries_one_request(door: Door) -> None:
    reply = await exchange(door.port, GET + GET)

    assert reply.body == b"fine"
    assert "connection: close" in reply.head.lower()


def coded(coding: str) -> bytes:
    """The head of a POST whose body comes in another form than whole."""
    return post(b"").replace(b"Content-Length: 0", f"Transfer-Encoding: {coding}".encode())


REFUSED = {
    "nonsense": b"\x00\x01\x02\xff\xfe\r\n\r\n",
    "tls": bytes.fromhex("16030100c8010000c40303") + bytes(200),
    "http2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "version": b"GET /livez HTTP/3.7\r\nHost: a\r\n\r\n",
    "no version": b"POST /slack/events\r\nHost: a\r\n\r\n",
    "version 0.9": b"GET /livez HTTP/0.9\r\nHost: a\r\n\r\n",
    "version 2": b"GET /livez HTTP/2.0\r\nHost: a\r\n\r\n",
    "no host": b"GET /livez HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "method": b"GROK /slack/events HTTP/1.1\r\nHost: a\r\n\r\n",
    "known method": b"DELETE /slack/events HTTP/1.1\r\nHost: a\r\n\r\n",
    "get": b"GET /slack/events HTTP/1.1\r\nHost: a\r\n\r\n",
    "connect": b"CONNECT evil:443 HTTP/1.1\r\nHost: evil:443\r\n\r\n",
    "options": b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    "trace": b"TRACE /livez HTTP/1.1\r\nHost: a\r\n\r\n",
    "websocket": b"GET /slack/events HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Key: AAAA\r\nSec-WebSocket-Version: 13\r\n\r\n",
    "path": b"POST /slack/events/../events HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    "absolute": b"GET http://[::1 HTTP/1.1\r\nHost: a\r\n\r\n",
    "punycode": b"GET http://xn--/livez HTTP/1.1\r\nHost: a\r\n\r\n",
    "punycode that is none": b"POST http://a.xn--\xff.b/slack/events HTTP/1.1\r\nHost: a\r\n\r\n",
    "label": b"GET http://xn--" + b"a" * 300 + b"/livez HTTP/1.1\r\nHost: a\r\n\r\n",
    "port": b"GET http://a:99999999/ HTTP/1.1\r\nHost: a\r\n\r\n",
    "percent": b"GET /%zz%00%ff HTTP/1.1\r\nHost: a\r\n\r\n",
    "raw bytes in the path": b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
    "long path": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "long header": post(b"x", "X: " + "a" * 100_000),
    "long name": post(b"x", "X" * 100_000 + ": a"),
    "many headers": post(b"x", *(f"X-{number}: a" for number in range(1_000))),
    "nul in a header": post(b"x", "X: a\x00b"),
    "bare lf": b"POST /slack/events HTTP/1.1\nHost: a\nX: y\n\n",
    "space before colon": post(b"x", "X-A : b"),
    "folded": post(b"x", "X-A: b\r\n c"),
    "no colon": post(b"x", "nothing"),
    "length is no number": post(b"x", length=None).replace(b"Length: 1", b"Length: one"),
    "negative length": post(b"x", length=-1),
    "plus length": post(b"x").replace(b"Length: 1", b"Length: +1"),
    "huge length": post(b"x", length=10**30),
    "two lengths": post(b"x", "Content-Length: 2"),
    "list of lengths": post(b"x").replace(b"Length: 1", b"Length: 1, 1"),
    "length and chunked": post(b"0\r\n\r\n", "Transfer-Encoding: chunked"),
    "two codings": coded("gzip, chunked"),
    "chunked not last": coded("chunked, gzip"),
    "odd coding": coded("xchunked"),
    "chunked twice": coded("chunked\r\nTransfer-Encoding: chunked"),
    "too long": post(b"x", length=10**7),
    "expectation": post(b"x", "Expect: 100-continue"),
    "odd expectation": post(b"x", "Expect: a-pony"),
    **{
        f"encoding {coding}": post(b"garbage", f"Content-Encoding: {coding}")
        for coding in ("gzip", "deflate", "br", "zstd", "identity", "x", "", "gzip, gzip")
    },
}  # fmt: skip


@pytest.mark.parametrize("request_", REFUSED.values(), ids=REFUSED)
async def test_what_is_wrong_gets_a_4xx_and_no_traceback(
    door: Door, request_: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    reply = await exchange(door.port, request_)

    assert 400 <= reply.status < 500
    assert len(reply.body) < 200
    logged = "".join(capsys.readouterr())
    assert "Traceback" not in logged
    assert "garbage" not in logged


CHUNKS = {
    "size": b"zz\r\nabc\r\n",
    "negative": b"-1\r\nabc\r\n",
    "huge": b"fffffffffffffffff\r\nabc\r\n",
    "longer than said": b"2\r\nabc\r\n0\r\n\r\n",
    "bare lf": b"3\nabc\n0\n\n",
    "too much": (b"10000\r\n" + b"x" * 0x10000 + b"\r\n") * 40,
}


@pytest.mark.parametrize("chunks", CHUNKS.values(), ids=CHUNKS)
async def test_chunks_that_are_none(door: Door, chunks: bytes, hurry: None) -> None:
    reply = await exchange(door.port, coded("chunked"), chunks)

    assert reply.status == 0 or 400 <= reply.status < 500


async def test_a_packed_body_is_never_unpacked(door: Door) -> None:
    """A thousandfold of it would come out, on the event loop."""
    bomb = gzip.compress(bytes(64 * 1024 * 1024), 1)
    began = asyncio.get_running_loop().time()
    replies = await asyncio.gather(
        *(exchange(door.port, post(bomb, "Content-Encoding: gzip")) for _ in range(8))
    )
    took = asyncio.get_running_loop().time() - began

    assert {reply.status for reply in replies} == {415}
    began = asyncio.get_running_loop().time()
    for _ in range(8):
        gzip.decompress(bomb)
    assert took < asyncio.get_running_loop().time() - began


SILENT = {
    "nothing": b"",
    "blank lines": b"\r\n\r\n\r\n",
    "half a head": b"POST /sl",
    "half a body": post(b"abc", length=100),
    "half a chunk": coded("chunked") + b"5\r\na",
}


@pytest.mark.parametrize("sent", SILENT.values(), ids=SILENT)
async def test_who_falls_silent_is_cut_off(door: Door, sent: bytes, hurry: None) -> None:
    reply = await exchange(door.port, sent, wait=5)

    assert reply.status in (0, 408)
    await until(lambda: door.connections == 0)


async def test_who_dribbles_is_cut_off(door: Door, hurry: None) -> None:
    async def dribble(first: bytes) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        with closing(writer):
            writer.write(first)
            async with asyncio.timeout(5):
                while not reader.at_eof():
                    writer.write(b"x")
                    await asyncio.sleep(0.02)
                    try:
                        async with asyncio.timeout(0.001):
                            await reader.read(1024)
                    except TimeoutError:
                        continue
                    except ConnectionError:
                        return

    await asyncio.gather(dribble(b"POST /"), dribble(post(b"", length=100_000)))


async def test_who_does_not_fetch_the_answer_is_cut_off(door: Door, hurry: None) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port, limit=1024)
    writer.write(GET.replace(b"/livez", b"/large"))
    await until(lambda: door.connections == 1)
    await until(lambda: door.connections == 0)
    writer.transport.abort()
    del reader


async def test_half_a_request_is_given_up_when_its_sender_has_closed(door: Door) -> None:
    await exchange(door.port, post(b"abc", length=100), half_close=True, wait=4)
    await until(lambda: door.connections == 0)


async def test_the_oldest_unfinished_connection_makes_room() -> None:
    async with Door(most=8) as door, AsyncExitStack() as stack:
        idle = [await stack.enter_async_context(opened(door)) for _ in range(20)]
        assert (await exchange(door.port, post(b"12345"))).body == b"5"
        assert door.connections <= 8
        await until(lambda: sum(reader.at_eof() for reader, _ in idle) >= 12)
        assert not idle[-1][0].at_eof()


async def test_who_has_most_connections_makes_room_first() -> None:
    async with Door(most=8) as door, AsyncExitStack() as stack:
        alone, _ = await stack.enter_async_context(opened(door, source="127.0.0.2"))
        crowd = [await stack.enter_async_context(opened(door)) for _ in range(30)]
        await until(lambda: sum(reader.at_eof() for reader, _ in crowd) >= 23)
        assert not alone.at_eof()


async def test_what_is_being_answered_makes_no_room() -> None:
    async with Door(most=4) as door, AsyncExitStack() as stack:
        asked = [
            asyncio.create_task(exchange(door.port, post(b"x", path="/slow"))) for _ in range(4)
        ]
        await until(lambda: door.waiting == 4)
        for _ in range(10):
            await stack.enter_async_context(opened(door))
        assert (await exchange(door.port, GET)).status == 0
        door.go_on.set()
        assert [(await each).body for each in asked] == [b"waited"] * 4
        assert (await exchange(door.port, GET)).status == 200


async def test_few_large_bodies_are_read_at_once_and_small_ones_always(door: Door) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(listening.MOST_LARGE):
            await stack.enter_async_context(opened(door, post(bytes(10), length=500_000)))
        await until(lambda: door._large == listening.MOST_LARGE)
        assert (await exchange(door.port, post(bytes(70_000)))).status == 429
        assert (await exchange(door.port, coded("chunked"), b"3\r\nabc\r\n")).status == 429
        assert (await exchange(door.port, post(bytes(60_000)))).body == b"60000"
    await until(lambda: door._large == 0)
    assert (await exchange(door.port, post(bytes(70_000)))).body == b"70000"


async def test_bodies_are_held_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "MOST_HELD", 100_000)
    async with Door() as door, AsyncExitStack() as stack:
        half = post(bytes(30_000), length=60_000)
        for _ in range(10):
            await stack.enter_async_context(opened(door, half))
            await until(lambda: door._held < 130_000)
        await until(lambda: door.connections <= 4)
        assert (await exchange(door.port, post(bytes(5_000)))).body == b"5000"
        await until(lambda: door._held <= 100_000)
    assert door._held == 0


@asynccontextmanager
async def opened(
    door: Door, sent: bytes = b"POST /", *, source: str = "127.0.0.1"
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection that has sent something, and waits."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port, local_addr=(source, 0))
    waiting = asyncio.create_task(_read(reader))
    try:
        writer.write(sent)
        yield reader, writer
    finally:
        writer.transport.abort()
        waiting.cancel()
        await asyncio.wait([waiting])


async def _read(reader: asyncio.StreamReader) -> None:
    try:
        while await reader.read(1024):
            pass
    except ConnectionError:
        reader.feed_eof()


@pytest.fixture
def few_files() -> Iterator[int]:
    """A process that may open few files more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    few = 256
    resource.setrlimit(resource.RLIMIT_NOFILE, (few, hard))
    yield few
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def all_files() -> list[socket.socket]:
    """Sockets, until the system gives no more."""
    taken: list[socket.socket] = []
    with suppress(OSError):
        while True:
            taken.append(socket.socket())
    return taken


async def test_where_no_file_is_left_it_says_so_once_and_serves_when_there_is(
    few_files: int, capsys: pytest.CaptureFixture[str]
) -> None:
    async with Door() as door:
        taken = all_files()
        taken.pop().close()
        asked = asyncio.create_task(exchange(door.port, GET))
        await asyncio.sleep(ENOUGH * listening._PAUSE_SECONDS)
        assert not asked.done()
        for each in taken:
            each.close()
        assert (await asked).body == b"fine"
    logged = "".join(capsys.readouterr())
    assert logged.count("no file left") == 1
    assert "Traceback" not in logged


async def test_connections_take_a_part_of_the_files_there_are(few_files: int) -> None:
    async with Door(most=10_000) as door, AsyncExitStack() as stack:
        for _ in range(few_files // 3):
            await stack.enter_async_context(opened(door))
        assert (await exchange(door.port, GET)).status == 200
        assert door.connections <= few_files // 4


async def test_a_flood_is_no_flood_of_lines(door: Door, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(200):
        await exchange(door.port, b"nonsense\r\n\r\n")

    assert len("".join(capsys.readouterr()).splitlines()) < 5


async def test_a_fault_of_ours_is_a_500_and_logged(
    door: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    reply = await exchange(door.port, GET.replace(b"/livez", b"/broken"))

    assert reply.status == 500
    assert "LookupError" in "".join(capsys.readouterr())


async def test_a_connection_that_cannot_be_taken_is_not_the_last(
    door: Door, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    loop = asyncio.get_running_loop()
    with monkeypatch.context() as broken:

        async def fail(*_: object, **__: object) -> None:
            raise MemoryError("no room for it")

        broken.setattr(loop, "connect_accepted_socket", fail)
        assert (await exchange(door.port, GET)).status == 0

    assert (await exchange(door.port, GET)).body == b"fine"
    assert "connection not taken" in "".join(capsys.readouterr())


async def test_it_closes_with_connections_open() -> None:
    async with AsyncExitStack() as stack:
        async with Door() as door:
            for sent in (b"", b"POST", post(b"a", length=10)):
                await stack.enter_async_context(opened(door, sent))
            await until(lambda: door.connections == 3)
        assert door.connections == 0


async def test_connections_that_came_together_are_taken_together() -> None:
    """What the system's queue has no room for tries again after a second: Slack waits three."""
    crowd = 300
    async with Door(most=64) as door, AsyncExitStack() as stack:
        for _ in range(crowd):  # the loop stands still meanwhile: nobody takes them
            stack.enter_context(closing(socket.create_connection(("127.0.0.1", door.port), 0.5)))
        turns = 0
        while door.connections < 64:
            await asyncio.sleep(0)
            turns += 1
            assert turns < 32


async def test_who_comes_as_it_closes_is_let_go() -> None:
    """However far the taking of the connection has come, nobody is left with one that is open."""
    for steps in range(6):
        with ExitStack() as clients:
            async with Door() as door:
                connected = socket.create_connection(("127.0.0.1", door.port), ENOUGH)
                client = clients.enter_context(closing(connected))
                for _ in range(steps):
                    await asyncio.sleep(0)
            with suppress(ConnectionResetError):  # also a way to say it
                assert client.recv(1) == b"", steps
