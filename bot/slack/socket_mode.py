"""Socket Mode: Slack sends through a WebSocket that the bot opens; no port is listened on."""

from __future__ import annotations

import asyncio
import time

import aiohttp
import structlog
from pydantic import SecretStr
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.acks import Acks
from bot.backoff import pauses
from bot.slack.incoming import Answering
from bot.slack.socket_connection import SocketConnection
from bot.slack_limits import ACK_SECONDS

log = structlog.get_logger(__name__)

LARGEST_ENVELOPE = 4 * 1024 * 1024
"""Bytes that no message from Slack has; its largest, a view of 250 kB with all its texts escaped,
has a quarter of that. A larger one ends the connection, unread, and another is opened."""

PING_SECONDS = 5.0
"""How soon a connection that was lost without a word is missed, and opened again."""

OPEN_SECONDS = 15.0
"""How long opening one may take."""

STEADY_SECONDS = 10.0
"""A connection that lived for so long is opened again at once; after a shorter life there is a
pause, each longer than the one before."""

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 10.0
"""Slack that behaves again is found again within this."""

_MOST_RETRY_AFTER = 60.0
_NOT_OPENED = (
    SlackClientError,
    aiohttp.ClientError,
    OSError,
    TimeoutError,
    ValueError,
    KeyError,
    AttributeError,
)
"""What opening raises; the last ones come from a reply that is none of Slack's."""


class SocketMode:
    """Keeps one connection open, and on leaving lets the acks that are due go out first."""

    def __init__(
        self,
        answer: Answering,
        app_token: SecretStr,
        client: AsyncWebClient,
        *,
        acks: Acks | None = None,
    ) -> None:
        """`answer` is asked what to say. `client` has a session, by which the connections are
        opened too. `acks`: where it is told what Slack waits for."""
        self._answer = answer
        self._acks = acks or Acks()
        self._app_token = app_token
        self._client = client
        self._connections: dict[SocketConnection, asyncio.Task[None]] = {}
        self._keeping: asyncio.Task[None] | None = None
        self._tried = asyncio.Event()
        self._warned = False
        self._retry_after = 0.0
        self._trouble = "no connection was opened yet"

    async def __aenter__(self) -> SocketMode:
        """Returns when a connection was opened, or could not be: it is tried again for ever."""
        self._keeping = asyncio.create_task(self._keep(), name="socket mode")
        await self._tried.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._settle()
        connections = dict(self._connections)
        tasks = [task for task in (self._keeping, *connections.values()) if task]
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        for connection in connections:  # one whose task never began has not closed it
            await connection.close()

    async def connected(self) -> bool:
        """Whether Slack can reach the bot now."""
        return any(connection.is_open for connection in self._connections)

    @property
    def trouble(self) -> str:
        """Why there is no connection, when there is none."""
        return self._trouble

    async def _keep(self) -> None:
        """Have a connection, and another when it is over."""
        rests = pauses(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
        while True:
            began = time.monotonic()
            self._trouble = await self._one()
            if time.monotonic() - began >= STEADY_SECONDS and not self._retry_after:
                rests = pauses(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
                self._warned = False
                log.info("Slack is connected anew", why=self._trouble)
                continue
            if not self._warned:
                self._warned = True
                log.warning("Slack does not stay connected", why=self._trouble)
            await asyncio.sleep(max(next(rests), self._retry_after))
            self._retry_after = 0.0

    async def _one(self) -> str:
        """One connection, from opening it until it is over; says why it is."""
        try:
            connection = SocketConnection(self._answer, await self._open(), self._acks)
        except _NOT_OPENED as error:
            self._tried.set()
            return self._refusal(error)
        reading = asyncio.create_task(connection.run(), name="socket")
        self._connections[connection] = reading
        reading.add_done_callback(lambda _: self._connections.pop(connection, None))
        self._tried.set()
        opened = time.monotonic()
        await connection.over.wait()
        said = f" ({connection.reason})" if connection.reason else ""
        return f"Slack ended the connection after {time.monotonic() - opened:.0f} s{said}"

    async def _open(self) -> aiohttp.ClientWebSocketResponse:
        client = self._client
        if client.session is None:
            raise ValueError("the client has no session")
        async with asyncio.timeout(OPEN_SECONDS):
            token = self._app_token.get_secret_value()
            url = (await client.apps_connections_open(app_token=token))["url"]
            return await client.session.ws_connect(
                str(url),
                heartbeat=PING_SECONDS,
                max_msg_size=LARGEST_ENVELOPE,
                proxy=client.proxy,
                ssl=True if client.ssl is None else client.ssl,
            )

    def _refusal(self, error: Exception) -> str:
        """Why nothing could be opened, with nothing in it of an address, which is a ticket."""
        if not isinstance(error, SlackApiError):
            status = getattr(error, "status", None)
            shown = f"HTTP {status}" if isinstance(status, int) else type(error).__name__
            return f"no connection could be opened ({shown})"
        reply = error.response
        self._retry_after = _retry_after(reply.headers.get("Retry-After"))
        return f"Slack opens no connection ({reply.get('error', 'without a reason')})"

    async def _settle(self) -> None:
        """Wait until nothing is being answered, as long as Slack waits at most."""
        try:
            async with asyncio.timeout(ACK_SECONDS):
                for connection in list(self._connections):
                    await connection.settle()
        except TimeoutError:
            log.warning("closing with acks due")


def _retry_after(header: str | None) -> float:
    try:
        return min(max(float(header or 0), 0.0), _MOST_RETRY_AFTER)
    except ValueError:
        return 0.0
