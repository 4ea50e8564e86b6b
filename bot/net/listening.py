"""A port of this process, open while entered, and served whoever else knocks.

So many connections are open at once and no more. When another comes, the one that has been
unfinished for longest makes room, of the address that has most of them: a request that was sent
whole takes moments, so it is one that waits for nothing.
"""

from __future__ import annotations

import asyncio
import errno
import resource
import socket
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Self, cast

import structlog
from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import HttpProcessingError, RawRequestMessage
from aiohttp.streams import StreamReader
from yarl import URL

from bot.errors import StartupError
from bot.net.http_connection import BODY_SECONDS, VERSIONS, Connection, refused
from bot.net.seldom import Seldom
from bot.words.terminal import startup as startup_words

log = structlog.get_logger(__name__)

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

LARGEST_BODY = 1024 * 1024
"""Bytes of one request."""

SMALL_BODY = 64 * 1024
MOST_LARGE = 8
"""Bodies larger than small, or of a length that was not told, that are read at once: nearly all
of Slack's are small, and others must not keep the bot busy with reading."""

MOST_HELD = 32 * 1024 * 1024
"""Bytes of all requests that are not yet whole."""

_SHARE_OF_FILES = 4
"""Connections to a port take at most this part of the files that the process may open."""

_OUT_OF_FILES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_PAUSE_SECONDS = 0.1
_BACKLOG = 1024
_NOWHERE = URL()
"""In place of an address that cannot be read."""
_TAKEN_AT_ONCE = 32
"""Connections in a row. One for each turn of the loop is too few when many come: what the system's
queue has no room for tries again a second later, and Slack waits three."""


class Listening:
    """Serves `routes` (path → method → handler) on `host` and `port`; port 0 takes any free one.

    `variable` names the setting of the port, and `host_variable` that of `host`, for the sentence
    that says that it cannot be had.
    `grace` is how long requests may take to finish at the end, in seconds.
    `most` is how many connections may be open, where the system's limit of files allows that.
    """

    def __init__(
        self,
        routes: Mapping[str, Mapping[str, Handler]],
        host: str,
        port: int,
        *,
        variable: str,
        host_variable: str = "HOST",
        grace: float,
        most: int,
    ) -> None:
        self._routes = routes
        self._host = host
        self._port = port
        self._variable = variable
        self._host_variable = host_variable
        self._grace = grace
        self._most = max(1, min(most, _files_allowed() // _SHARE_OF_FILES))
        self._seldom = Seldom(log)
        self._sockets: list[socket.socket] = []
        self._accepting: list[asyncio.Task[None]] = []
        self._server: web.Server | None = None
        self._open: set[Connection] = set()
        self._unfinished: dict[Connection, int] = {}
        self._held = 0
        self._large = 0

    @property
    def port(self) -> int:
        """The port really listened on."""
        port: int = self._sockets[0].getsockname()[1]
        return port

    @property
    def listens(self) -> bool:
        """Whether the port is open."""
        return bool(self._accepting)

    async def __aenter__(self) -> Self:
        """Raises `StartupError` when the port is not to be had."""
        try:
            self._sockets = await _bound(self._host, self._port)
        except (OSError, UnicodeError) as error:
            raise StartupError([self._why_not(error)]) from error
        self._server = web.Server(self._serve, request_factory=_read)
        for listener in self._sockets:
            accepting = self._accept(listener, self._server)
            self._accepting.append(asyncio.create_task(accepting, name=f"{self._variable} accept"))
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._accepting:
            task.cancel()
        await asyncio.wait(self._accepting)
        self._accepting = []
        for listener in self._sockets:
            listener.close()
        for connection in list(self._unfinished):
            connection.cut()
        if self._server is not None:
            self._server.pre_shutdown()
            await self._server.shutdown(self._grace)

    def _why_not(self, error: OSError | UnicodeError) -> str:
        unknown = isinstance(error, socket.gaierror | UnicodeError)
        if unknown or getattr(error, "errno", None) == errno.EADDRNOTAVAIL:
            return startup_words.NO_SUCH_HOST(variable=self._host_variable, host=self._host)
        return startup_words.ADDRESS_TAKEN(
            variable=self._variable, host=self._host, port=self._port
        )

    async def body(self, request: web.BaseRequest) -> bytes:
        """The body of `request`, once it has come whole. Raises `web.HTTPException` (4xx)."""
        connection = _connection(request)
        length = request.content_length
        large = length is None or length > SMALL_BODY
        if large and self._large >= MOST_LARGE:
            raise _refusal("crowded", web.HTTPTooManyRequests())
        self._large += large
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await request.read()
        except TimeoutError:
            raise _refusal("slow", web.HTTPRequestTimeout()) from None
        except (web.RequestPayloadError, HttpProcessingError, ConnectionError):
            raise _refusal("malformed", web.HTTPBadRequest()) from None
        except web.HTTPRequestEntityTooLarge as error:
            raise _refusal("too_large", error) from None
        finally:
            self._large -= large
        connection.whole()
        return body

    # What connections tell, as their `Gate`.

    def entered(self, connection: Connection) -> None:
        """It is open, and not yet whole."""
        self._open.add(connection)
        self._unfinished[connection] = 0

    def whole(self, connection: Connection) -> None:
        """It is being answered."""
        self._held -= self._unfinished.pop(connection, 0)

    def leaving(self, connection: Connection) -> None:
        """It has its answer: it may make room for others again."""
        if connection in self._open:
            self._held -= self._unfinished.pop(connection, 0)
            self._unfinished[connection] = 0

    def left(self, connection: Connection) -> None:
        """It is closed."""
        self._open.discard(connection)
        self._held -= self._unfinished.pop(connection, 0)

    def heard(self, connection: Connection) -> None:
        """It sent some bytes."""
        if connection not in self._unfinished:
            return
        self._held += connection.held - self._unfinished[connection]
        self._unfinished[connection] = connection.held
        if self._held > MOST_HELD:
            # The one that has sent most: what Slack sends is small.
            self._cut(max(self._unfinished, key=self._unfinished.__getitem__))

    async def _accept(self, listener: socket.socket, server: web.Server) -> None:
        """Take connections as they come. Of asyncio's own accepting there is no bound, and where
        no file is left it writes hundreds of thousands of lines to the log."""
        while True:
            try:
                wires = await _accepted(listener)
            except OSError as error:
                await self._no_connection(error)
                continue
            untaken = list(self._with_room(wires))
            try:
                await asyncio.gather(*(self._take(untaken, server) for _ in tuple(untaken)))
            finally:
                for wire in untaken:
                    wire.close()

    def _with_room(self, wires: Sequence[socket.socket]) -> Iterator[socket.socket]:
        """Those of `wires` that there is room for, or that room was made for."""
        room = self._most - len(self._open)
        for wire in wires:
            if room > 0:
                room -= 1
            elif not self._make_room():
                refused("no_room")
                wire.close()
                continue
            yield wire

    async def _take(self, untaken: list[socket.socket], server: web.Server) -> None:
        """Serve one of `untaken`; it leaves the list as soon as it is closed by its own."""
        loop = asyncio.get_running_loop()
        wire = untaken.pop(0)
        try:
            await loop.connect_accepted_socket(lambda: Connection(server, self, loop=loop), wire)
        except OSError:  # it is gone already
            wire.close()
        except Exception:  # whatever it was, the next one is to be taken
            wire.close()
            log.exception("connection not taken")

    async def _no_connection(self, error: OSError) -> None:
        """A connection that was gone before it was taken costs nothing; without a file for it,
        an unfinished one is closed, and there is a pause."""
        if error.errno not in _OUT_OF_FILES:
            await asyncio.sleep(0)
            return
        self._seldom.warning("no file left for a connection", remedy="raise `ulimit -n`")
        self._make_room()
        await asyncio.sleep(_PAUSE_SECONDS)

    def _make_room(self) -> bool:
        """Cut the connection that has been unfinished for longest, of the address that has most
        of them; false when there is none."""
        if not self._unfinished:
            return False
        crowd = Counter(connection.address for connection in self._unfinished)
        most = max(crowd.values())
        self._cut(next(each for each in self._unfinished if crowd[each.address] == most))
        return True

    def _cut(self, connection: Connection) -> None:
        self._held -= self._unfinished.pop(connection)
        refused("crowded")
        connection.cut()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """Route one request; only a handler that asks for it reads a body."""
        connection = _connection(request)
        connection.head_came()
        if request.rel_url is _NOWHERE:
            raise _refusal("malformed", web.HTTPBadRequest())
        methods = self._routes.get(request.rel_url.raw_path)
        if methods is None:
            raise _refusal("not_found", web.HTTPNotFound())
        handler = methods.get("GET" if request.method == "HEAD" else request.method)
        if handler is None:
            not_allowed = web.HTTPMethodNotAllowed(request.method, list(methods))
            raise _refusal("method", not_allowed)
        if (fault := _fault(request)) is not None:
            raise _refusal(*fault)
        if not request.body_exists:
            connection.whole()
        return await handler(request)


def _read(
    message: RawRequestMessage,
    payload: StreamReader,
    connection: web.RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    """One request. aiohttp reads the host of an absolute address as it makes one, and what is no
    name (`http://xn--/`) would end the task of the connection."""
    loop = asyncio.get_running_loop()
    try:
        return web.BaseRequest(message, payload, connection, writer, task, loop)
    except ValueError:
        message = message._replace(url=_NOWHERE)
        return web.BaseRequest(message, payload, connection, writer, task, loop)


def _refusal(why: str, answer: web.HTTPException) -> web.HTTPException:
    refused(why)
    return answer


def _connection(request: web.BaseRequest) -> Connection:
    return cast(Connection, request.protocol)


def _fault(request: web.BaseRequest) -> tuple[str, web.HTTPException] | None:
    """What no honest client sends: a packed body, a wish to be told to go on, one too large."""
    headers = request.headers
    if request.version not in VERSIONS:
        return "malformed", web.HTTPBadRequest()
    if "Content-Encoding" in headers:
        return "encoded", web.HTTPUnsupportedMediaType()
    if headers.get("Transfer-Encoding", "chunked").strip().lower() != "chunked":
        return "encoded", web.HTTPBadRequest()
    if "Expect" in headers:
        return "expect", web.HTTPExpectationFailed()
    if (request.content_length or 0) > LARGEST_BODY:
        return "too_large", web.HTTPRequestEntityTooLarge(LARGEST_BODY)
    return None


def _files_allowed() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 2**20 if soft == resource.RLIM_INFINITY else soft


async def _accepted(listener: socket.socket) -> list[socket.socket]:
    """The connections that wait, at least one. Raises `OSError`.

    None is lost where this is cancelled, as by `loop.sock_accept` of Python 3.11, which takes one
    for a future that is cancelled already.
    """
    while not (wires := _waiting(listener)):
        await _readable(listener)
    return wires


def _waiting(listener: socket.socket) -> list[socket.socket]:
    """The connections that wait now. Raises `OSError` for what ails the first of them."""
    wires: list[socket.socket] = []
    while len(wires) < _TAKEN_AT_ONCE:
        try:
            wire, _ = listener.accept()
        except BlockingIOError:
            break
        except OSError:
            if wires:  # it shows again when the next one is taken
                break
            raise
        wire.setblocking(False)
        wires.append(wire)
    return wires


async def _readable(listener: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    arrived = asyncio.Event()
    loop.add_reader(listener, arrived.set)
    try:
        await arrived.wait()
    finally:
        loop.remove_reader(listener)


async def _bound(host: str, port: int) -> list[socket.socket]:
    """A socket for each address of `host`. Raises `OSError`."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    sockets: list[socket.socket] = []
    try:
        for family, _, _, _, address in dict.fromkeys(found):
            listener = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
            listener.setblocking(False)
            sockets.append(listener)
    except OSError:
        for listener in sockets:
            listener.close()
        raise
    return sockets
