"""Socket Mode: Slack sends through a WebSocket that the bot opens; no port is listened on."""

from __future__ import annotations

import asyncio
import json
import re
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import aiohttp
import structlog
from aiohttp import ClientWebSocketResponse, WSMsgType
from pydantic import SecretStr
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.crash_points import ACK
from bot.patience import pauses
from bot.slack.inbound import bolt
from bot.slack.inbound.incoming import Acks, Answering, JsonObject, Malformed, json_object
from bot.slack.installation import Ticket
from bot.slack.refusals import retry_after
from bot.slack_limits import ACK_SECONDS
from bot.tracing import passing

if TYPE_CHECKING:
    from slack_bolt.response import BoltResponse

log = structlog.get_logger(__name__)

_AGAIN = 503
"""What a listener answers to what Slack is to deliver once more: it is not acked."""

_ENVELOPE_ID = re.compile(r'"envelope_id"\s*:\s*"([\w-]{1,64})"', re.ASCII)
"""Where it stands in what is no JSON; in a text the quotes before it would be escaped."""

_REASON = re.compile(r"[a-z_]{1,40}")

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

_MOST_REST_SECONDS = 60.0
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


class SocketConnection:
    """Answers what comes until one of the two sides ends it.

    `over` is set as soon as Slack sends nothing more by it: it said so, or it is closed.
    `reason` is what Slack said then, or empty.
    """

    def __init__(self, answer: Answering, socket: ClientWebSocketResponse, acks: Acks) -> None:
        self._answer_payload = answer
        self._acks = acks
        self._socket = socket
        self._due = 0
        self._settled = asyncio.Event()
        self._settled.set()
        self.over = asyncio.Event()
        self.reason = ""

    @property
    def is_open(self) -> bool:
        """Whether Slack can be heard by it."""
        return not self._socket.closed

    async def run(self) -> None:
        """Listen until it is closed and everything that came has been answered."""
        try:
            async with asyncio.TaskGroup() as answering:
                leaving: asyncio.Task[None] | None = None
                async for frame in self._socket:
                    message = self._read(frame.data) if frame.type is WSMsgType.TEXT else None
                    if message is None or message.get("type") == "hello":
                        continue
                    if message.get("type") != "disconnect":
                        answering.create_task(self._answer(message))
                    elif leaving is None:
                        self._end(message.get("reason"))
                        leaving = answering.create_task(self._leave())
                if leaving is not None:
                    leaving.cancel()
        finally:
            await self.close()

    async def close(self) -> None:
        """Say good-bye to Slack, if that is not done."""
        self.over.set()
        await self._socket.close()

    async def settle(self) -> None:
        """Wait until nothing is being answered."""
        await self._settled.wait()

    def _end(self, reason: object) -> None:
        if isinstance(reason, str) and _REASON.fullmatch(reason):
            self.reason = reason
        self.over.set()

    async def _leave(self) -> None:
        """Slack closes it, sooner or later; what was due before is acked first."""
        await asyncio.sleep(ACK_SECONDS)
        await self._socket.close()

    def _read(self, text: str) -> JsonObject | None:
        """The message that `text` is. One that cannot be read is acked as far as it tells its
        id: Slack would only send it again."""
        try:
            return json_object(text)
        except Malformed as error:
            bolt.not_understood(error)
        found = _ENVELOPE_ID.search(text)
        return {"envelope_id": found[1]} if found else None

    async def _answer(self, envelope: JsonObject) -> None:
        envelope_id = envelope.get("envelope_id")
        if not isinstance(envelope_id, str | int):
            bolt.not_understood(Malformed("an envelope without its id"))
            return
        started = time.monotonic()
        self._due += 1
        self._settled.clear()
        try:
            with self._acks.due():
                response = await self._response(envelope)
                if response.status != _AGAIN:
                    await self._ack(envelope_id, response)
        except ConnectionError:
            log.debug("connection closed with an ack due")
        except Exception:
            log.exception("envelope failed")
        finally:
            self._due -= 1
            if not self._due:
                self._settled.set()
            log.debug("envelope acked", seconds=time.monotonic() - started)

    async def _response(self, envelope: JsonObject) -> BoltResponse:
        payload = envelope.get("payload")
        if not isinstance(payload, dict):
            return bolt.not_understood(Malformed("an envelope without a payload"))
        try:
            return await self._answer_payload(payload, envelope.get("retry_attempt", 0))
        except Malformed as error:
            return bolt.not_understood(error)

    async def _ack(self, envelope_id: str | int, response: BoltResponse) -> None:
        ack: JsonObject = {"envelope_id": envelope_id}
        if response.status == 200 and response.body:
            kind = response.headers.get("content-type", [""])[0]
            is_json = kind.startswith("application/json")
            ack["payload"] = json.loads(response.body) if is_json else {"text": response.body}
        passing("before", ACK)
        await self._socket.send_str(json.dumps(ack))
        passing("after", ACK)


class SocketMode:
    """Keeps one connection open, and on leaving lets the acks that are due go out first."""

    def __init__(
        self,
        answer: Answering,
        app_token: SecretStr,
        client: AsyncWebClient,
        *,
        acks: Acks | None = None,
        ticket: Ticket | None = None,
    ) -> None:
        """`answer` is asked what to say. `client` has a session, by which the connections are
        opened too. `acks`: where it is told what Slack waits for. `ticket`: for the first
        connection, if Slack has given one already."""
        self._answer = answer
        self._acks = acks or Acks()
        self._app_token = app_token
        self._client = client
        self._ticket = ticket
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
        async with asyncio.timeout(OPEN_SECONDS):
            ticket, self._ticket = self._ticket, None
            if ticket is not None and ticket.good:
                with suppress(*_NOT_OPENED):  # another is asked for
                    return await self._connect(ticket.url.get_secret_value())
            token = self._app_token.get_secret_value()
            url = (await self._client.apps_connections_open(app_token=token))["url"]
            return await self._connect(str(url))

    async def _connect(self, url: str) -> aiohttp.ClientWebSocketResponse:
        client = self._client
        if client.session is None:
            raise ValueError("the client has no session")
        return await client.session.ws_connect(
            url,
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
        self._retry_after = min(retry_after(reply.headers, unsaid=0.0), _MOST_REST_SECONDS)
        return f"Slack opens no connection ({reply.get('error', 'without a reason')})"

    async def _settle(self) -> None:
        """Wait until nothing is being answered, as long as Slack waits at most."""
        try:
            async with asyncio.timeout(ACK_SECONDS):
                for connection in list(self._connections):
                    await connection.settle()
        except TimeoutError:
            log.warning("closing with acks due")
