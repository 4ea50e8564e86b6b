"""Socket Mode: tickets, connections, envelopes and their acks."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import time
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from sandbox.workspace.clock import Ids
from sandbox.workspace.config import Limits
from sandbox.workspace.feed import Feed
from sandbox.workspace.model import Delivery, Json
from sandbox.workspace.state import APP_ID

TICKET_SECONDS = 30.0
CONNECTION_SECONDS = 18_060
LEAVE_SECONDS = 1.0


@dataclass(slots=True, eq=False)
class Connection:
    """One open WebSocket of the app, and what it has not acked yet."""

    id: int
    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    pending: dict[str, asyncio.Future[Json]] = field(default_factory=dict)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, payload: Json) -> None:
        await self.socket.send_str(json.dumps(payload))

    async def end(self, reason: str) -> None:
        """Announce the end; an app that has left already need not hear it."""
        if not self.socket.closed:
            with contextlib.suppress(ConnectionError):
                await self.send(_disconnect(reason))

    def drop(self) -> None:
        """It is closed: nothing it holds will be acked."""
        self.gone.set()
        for waiter in self.pending.values():
            if not waiter.done():
                waiter.set_exception(ConnectionResetError("the connection was closed"))


class SocketMode:
    """Every payload goes to exactly one of the open connections."""

    def __init__(self, limits: Limits, feed: Feed, problems: list[str], *, enabled: bool) -> None:
        self._limits = limits
        self._feed = feed
        self._problems = problems
        self._enabled = enabled
        self._tickets: dict[str, float] = {}
        self._ids = itertools.count(1)
        self._turn = itertools.count()
        self.connections: list[Connection] = []

    @property
    def connected(self) -> bool:
        return bool(self.connections)

    def ticket(self) -> str:
        """A ticket for one connection, good for half a minute."""
        ticket = Ids.secret()
        self._tickets[ticket] = time.monotonic() + TICKET_SECONDS
        return ticket

    async def accept(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection until it closes."""
        if self._tickets.pop(request.query.get("ticket", ""), 0.0) < time.monotonic():
            return web.Response(status=403, text="invalid ticket")
        socket = web.WebSocketResponse(heartbeat=self._limits.socket_ping)
        await socket.prepare(request)
        if refusal := self._refusal():
            await socket.send_str(json.dumps(_disconnect(refusal)))
            await socket.close()
            return socket
        connection = Connection(next(self._ids), socket, request.transport)
        self.connections.append(connection)
        try:
            await connection.send(self._hello())
            self._feed.publish({"type": "bot", "connected": True})
            await self._listen(connection)
        finally:
            self._retire(connection)
            connection.drop()
            self._feed.publish({"type": "bot", "connected": self.connected})
        return socket

    async def send(self, delivery: Delivery) -> None:
        if not self.connections:
            delivery.error = "no_connection"
            return
        connection = self.connections[next(self._turn) % len(self.connections)]
        delivery.via = f"socket:{connection.id}"
        waiter: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        connection.pending[delivery.id] = waiter
        try:
            async with asyncio.timeout(self._limits.ack):
                await connection.send(_envelope(delivery))
                delivery.ack = await waiter
                delivery.status = 200
        except TimeoutError:
            delivery.error = "http_timeout"
        except ConnectionError:
            delivery.error = "connection_failed"
        finally:
            connection.pending.pop(delivery.id, None)

    async def refresh(self, warning: float = 0.0) -> None:
        """Ask every connection to be renewed, as Slack does every few hours: a warning (if it
        is to come `warning` seconds ahead), then the end. New connections are left alone."""
        connections = tuple(self.connections)
        if warning:
            for connection in connections:
                await connection.end("warning")
            await asyncio.sleep(warning)
        for connection in connections:
            self._retire(connection)
            await connection.end("refresh_requested")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_SECONDS):
                for connection in connections:
                    await connection.gone.wait()
        for connection in connections:
            await connection.socket.close()

    def cut(self) -> None:
        """Lose every connection without a word."""
        for connection in self.connections:
            if connection.transport is not None:
                connection.transport.abort()

    def _retire(self, connection: Connection) -> None:
        """Send it nothing more."""
        if connection in self.connections:
            self.connections.remove(connection)
            self._feed.touch()

    async def _listen(self, connection: Connection) -> None:
        async for frame in connection.socket:
            if frame.type is WSMsgType.TEXT:
                self._acked(connection, frame.data)

    def _acked(self, connection: Connection, text: str) -> None:
        try:
            reply = json.loads(text)
            envelope_id = reply["envelope_id"]
        except (ValueError, TypeError, KeyError):
            self._problem(f"not an ack: {text[:200]}")
            return
        waiter = connection.pending.get(envelope_id)
        if waiter is None or waiter.done():
            self._problem(f"acked an envelope that waits for none (or too late): {envelope_id}")
            return
        waiter.set_result(reply.get("payload") or {})

    def _problem(self, text: str) -> None:
        self._problems.append(text)
        self._feed.touch()

    def _refusal(self) -> str | None:
        if not self._enabled:
            return "link_disabled"
        if len(self.connections) >= self._limits.sockets:
            return "too_many_websockets"
        return None

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.connections),
            "debug_info": {
                "host": "sandbox",
                "approximate_connection_time": CONNECTION_SECONDS,
            },
            "connection_info": {"app_id": APP_ID},
        }


def _envelope(delivery: Delivery) -> Json:
    envelope: Json = {
        "envelope_id": delivery.id,
        "payload": delivery.payload,
        "type": delivery.kind,
        "accepts_response_payload": delivery.kind != "events_api",
    }
    if delivery.kind == "events_api":
        envelope |= {"retry_attempt": delivery.retry, "retry_reason": delivery.reason or ""}
    return envelope


def _disconnect(reason: str) -> Json:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}}
