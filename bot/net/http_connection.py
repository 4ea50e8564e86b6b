"""One connection to a port of this process, held by nobody longer than it takes.

A connection carries one request. It has some seconds for its head, some for its body and some to
take the answer; who is slower is cut off. Nothing that arrives is unpacked, echoed or logged.
"""

from __future__ import annotations

import asyncio
from typing import Protocol, cast

import structlog
from aiohttp import web
from aiohttp.http import HttpVersion10, HttpVersion11

from bot import metrics
from bot.net.seldom import Seldom

HEAD_SECONDS = 5.0
"""How long a connection may take to send a whole head."""

BODY_SECONDS = 5.0
"""How long it may take, after that, to send a whole body: Slack waits 3 s for the answer."""

LEAVE_SECONDS = 5.0
"""How long it may take to fetch the answer and be gone."""

LINGER_SECONDS = 1.0
LINGER_BYTES = 4 * 1024 * 1024
"""How long, and how much, is read and thrown away of a request that was refused unread: closed
at once, the system would take the answer back with what nobody read."""

HALF_CLOSED_SECONDS = 0.5
"""How long a request may remain incomplete once its sender has said that nothing more comes."""

MOST_HEADERS = 64
LONGEST_HEADER = 8190
"""Bytes of one header, and of the request line."""

VERSIONS = (HttpVersion10, HttpVersion11)
SERVER = "grok-bot"

log = structlog.get_logger(__name__)
_seldom = Seldom(log)


class Gate(Protocol):
    """Whoever counts the open connections."""

    def entered(self, connection: Connection) -> None:
        """It is open, and not yet whole."""

    def whole(self, connection: Connection) -> None:
        """Its request has come whole: it is being answered."""

    def leaving(self, connection: Connection) -> None:
        """It has its answer."""

    def left(self, connection: Connection) -> None:
        """It is closed."""

    def heard(self, connection: Connection) -> None:
        """It sent some bytes of a request that is not yet whole."""


class Connection(web.RequestHandler):
    """aiohttp's connection, with deadlines. `held` is how many bytes of its request have come,
    `address` that of the other side."""

    __slots__ = (
        "_deadline",
        "_discarded",
        "_ended",
        "_gate",
        "_gone",
        "_unread",
        "_wire",
        "address",
        "held",
    )

    def __init__(self, server: web.Server, gate: Gate, *, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            server,
            loop=loop,
            keepalive_timeout=0,
            access_log=None,  # type: ignore[arg-type]  # aiohttp's way to say none
            max_line_size=LONGEST_HEADER,
            max_field_size=LONGEST_HEADER,
            max_headers=MOST_HEADERS,
            lingering_time=0,
            auto_decompress=False,
        )
        self._gate = gate
        self._wire: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._gone = asyncio.Event()
        self._discarded: int | None = None
        self._unread = False
        self._ended = False
        self.held = 0
        self.address = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Opened: the time for its head begins."""
        self._wire = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        self.address = str(peer[0]) if peer else ""
        self._expire(HEAD_SECONDS)
        self._gate.entered(self)
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Closed, by whomever."""
        self._expire(None)
        self._wire = None
        self._gone.set()
        self._gate.left(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some bytes of a request, or of what is left of one that was refused."""
        if self._discarded is None:
            self.held += len(data)
            self._gate.heard(self)
            if self._wire is not None and not self._wire.is_closing():
                super().data_received(data)
            return
        self._discarded += len(data)
        if self._discarded > LINGER_BYTES:
            self._gone.set()

    def eof_received(self) -> bool:  # type: ignore[override]  # true: keep open for writing
        """Nothing more comes; who has sent a whole request may still read the answer."""
        if self._discarded is not None:
            return False
        if self.held == 0:
            return False
        self._ended = True
        if self._deadline is not None:
            self._expire(HALF_CLOSED_SECONDS)
        return True

    def head_came(self) -> None:
        """The time for the body begins."""
        self._expire(HALF_CLOSED_SECONDS if self._ended else BODY_SECONDS + LEAVE_SECONDS)

    def whole(self) -> None:
        """The whole request has come; the answer may take its time."""
        self._expire(None)
        self._gate.whole(self)

    def cut(self) -> None:
        """Close it now, whatever was to come or to go."""
        if self._wire is not None:
            self._wire.abort()

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send the answer and say that it was the last."""
        if self._wire is not None:
            self._gate.leaving(self)
            self._expire(LEAVE_SECONDS)
        if request.version not in VERSIONS:
            # Else the answer would claim to be of that version too.
            request._version = HttpVersion10  # noqa: SLF001
            request._cache.pop("version", None)  # noqa: SLF001
        resp.force_close()
        resp.headers["Server"] = SERVER
        sent = await super().finish_response(request, resp, start_time)
        if self._unread or not request.content.is_eof():
            await self._linger()
        return sent

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002  # it holds what was sent
    ) -> web.StreamResponse:
        """What is no request gets a 400; a fault of ours gets a 500, and a line in the log."""
        if request.writer.output_size > 0:
            raise ConnectionError("a part of the answer was sent already")
        if status >= 500:
            log.error("request failed", exc_info=exc)
            return web.Response(status=500, text="Internal Server Error\n")
        self._unread = True
        refused("malformed")
        return web.Response(status=400, text="Bad Request\n")

    def _expire(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if seconds is not None:
            self._deadline = self._loop.call_later(seconds, self._late)

    def _late(self) -> None:
        self._deadline = None
        refused("slow")
        self.cut()

    async def _linger(self) -> None:
        """Throw away what still comes, until the other side has closed, for a moment at most."""
        wire = self._wire
        if wire is None or wire.is_closing():
            return
        self._discarded = 0
        wire.write_eof()
        wire.resume_reading()
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                await self._gone.wait()
        except TimeoutError:
            return


def refused(why: str) -> None:
    """Count a request or connection that was not served, by one of a few reasons."""
    metrics.HTTP_REFUSED.labels(why).inc()
    _seldom.warning("request refused", why=why)
