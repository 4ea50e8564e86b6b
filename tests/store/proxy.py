"""A proxy before Redis that loses replies, adds latency and cuts connections."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable
from urllib.parse import unquote, urlparse

from bot.store.redis.connection import Store
from tests.ports import free_port

Lose = Callable[[bytes], bool]


class Proxy:
    """Stands between clients and the Redis at `upstream` (a `unix://` or `redis://` address).

    `lose` is asked for each request that carries a script; when it says so, Redis applies the
    script, its reply is dropped and the connection closed. With `hold`, the connection stays
    open and silent instead. `latency` is added before each request, in seconds.
    """

    def __init__(self, upstream: str) -> None:
        self._upstream = urlparse(upstream)
        self._port = free_port()  # what is told that it refuses connections is nobody else's
        self._server: asyncio.Server | None = None
        self._links: set[asyncio.Task[None]] = set()
        self._open = asyncio.Event()
        self.lose: Lose = lambda _: False
        self.hold = False
        self.latency = 0.0
        self.scripts = 0
        self.lost = 0

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._open.set()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await self.cut()
        await self._server.wait_closed()

    async def cut(self) -> None:
        """Close every connection there is."""
        links = list(self._links)
        for link in links:
            link.cancel()
        if links:
            await asyncio.wait(links)

    def close(self) -> None:
        """From now on, new connections are refused."""
        assert self._server is not None
        self._server.close()

    async def away(self) -> None:
        """Cut every connection, and each new one before it carries anything."""
        self._open.clear()
        await self.cut()

    def back(self) -> None:
        """The end of `away`."""
        self._open.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = asyncio.current_task()
        assert link is not None
        self._links.add(link)
        with contextlib.suppress(OSError, asyncio.CancelledError), contextlib.closing(writer):
            if self._open.is_set():
                up_reader, up_writer = await self._connect()
                with contextlib.closing(up_writer):
                    await self._relay(reader, writer, up_reader, up_writer)
        self._links.discard(link)

    async def _relay(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        up_reader: asyncio.StreamReader,
        up_writer: asyncio.StreamWriter,
    ) -> None:
        replies = asyncio.create_task(_copy(up_reader, writer))
        try:
            while request := await reader.read(1 << 20):
                await asyncio.sleep(self.latency)
                lose = self._loses(request)
                if lose:
                    await _end(replies)
                up_writer.write(request)
                if lose:
                    await up_reader.read(1)
                    self.lost += 1
                    if self.hold:
                        await reader.read()
                    return
        finally:
            await _end(replies)

    def _loses(self, request: bytes) -> bool:
        if b"EVALSHA" not in request:
            return False
        self.scripts += 1
        return self.lose(request)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._upstream.scheme == "unix":
            return await asyncio.open_unix_connection(unquote(self._upstream.path))
        return await asyncio.open_connection(self._upstream.hostname, self._upstream.port)


def every_other() -> Lose:
    """Lose the first reply of each script that is asked for again after a lost one."""
    turns = itertools.cycle((True, False))
    return lambda _: next(turns)


def each_once() -> Lose:
    """Lose the first reply to each script, however many are asked for at a time."""
    asked: set[bytes] = set()

    def lose(request: bytes) -> bool:
        new = request not in asked
        asked.add(request)
        return new

    return lose


def always() -> Lose:
    """Lose every reply."""
    return lambda _: True


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()
    writer.close()


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@contextlib.asynccontextmanager
async def stores(redis_url: str) -> AsyncIterator[tuple[Proxy, Store, Store]]:
    """A proxy before an empty store, the store as it is reached through that, and as it is."""
    async with Proxy(redis_url) as proxy, Store(proxy.url) as behind, Store(redis_url) as store:
        await store.redis.flushall()
        yield proxy, behind, store
