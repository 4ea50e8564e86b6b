"""Connections of redis-py to a server, a pool of them, and what is read of what comes by them.

What redis-py does for each command beside sending it, is done here only where it is needed: a lock,
a condition and a timer to wait for a connection, a task and another timer to wait until the system
has taken what is written, and to tell of a connection that is free.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from types import UnionType
from typing import Any

from redis import exceptions
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.client import Pipeline
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.sentinel import MasterNotFoundError

NO_PONG = "PING was not answered with PONG"

NO_REPLY = (exceptions.ConnectionError, exceptions.TimeoutError)


class NotSentError(exceptions.ConnectionError):
    """There was no connection to send a command on."""


NOTHING_WRITTEN = (
    NotSentError,
    MasterNotFoundError,
    exceptions.BusyLoadingError,
    exceptions.MaxConnectionsError,
)
"""Of errors of a connection, those after which nothing can have been written."""


Kind = type | UnionType | tuple[type, ...]
"""Of a reply; a tuple: a list of as much, with this in it."""


def fits(kind: Kind, reply: Any) -> bool:
    """Whether `reply` is of that kind."""
    if not isinstance(kind, tuple):
        return isinstance(reply, kind)
    listed = isinstance(reply, list) and len(reply) == len(kind)
    return listed and all(map(isinstance, reply, kind))


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turns what reading the reply to `what` raises, where Redis would not give it, into
    `InvalidResponse`. Nothing else belongs in it: a fault of the bot's own is to be seen."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise exceptions.InvalidResponse(f"{what}: a reply of another kind") from error


class Pool(BlockingConnectionPool):
    """Tells "could not connect", after which nothing was written, from "no reply"."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.connection_class = direct(self.connection_class)
        self._waiting = 0

    async def get_connection(self, *_: Any, **__: Any) -> Any:
        """A connection, of which others get none until its `release`. Raises `NotSentError`."""
        try:
            if self._waiting or not self.can_get_connection():
                return await self._in_turn()
            connection = self.get_available_connection()  # type: ignore[no-untyped-call]
            try:
                await self.ensure_connection(connection)
            except BaseException:
                await self.release(connection)
                raise
        except (*NO_REPLY, exceptions.InvalidResponse) as error:
            raise NotSentError(str(error)) from error
        return connection

    async def _in_turn(self) -> Any:
        """Who waits is not overtaken by those who come later."""
        self._waiting += 1
        try:
            return await super().get_connection()  # type: ignore[no-untyped-call]
        finally:
            self._waiting -= 1

    async def release(self, connection: AbstractConnection) -> None:
        """Let others have `connection`. Where nobody waits for one, nobody is told."""
        if self._waiting:
            await super().release(connection)
            return
        self._in_use_connections.remove(connection)
        if connection.should_reconnect():  # type: ignore[no-untyped-call]
            await connection.disconnect()
        self._available_connections.append(connection)


class Direct(AbstractConnection):
    """A connection that hands a command to the system at once, and waits only where that takes no
    more."""

    async def send_packed_command(
        self, command: bytes | str | Iterable[bytes], check_health: bool = True
    ) -> None:
        """Send what `pack_command` made; of a connection that failed nothing more is read."""
        if not self.is_connected:
            await self.connect_check_health(check_health=False)
        if check_health:
            await self.check_health()  # type: ignore[no-untyped-call]
        if isinstance(command, str):
            command = command.encode()
        parts = [command] if isinstance(command, bytes) else list(command)
        limit = nullcontext() if self._takes(parts) else asyncio.timeout(self.socket_timeout)
        try:
            async with limit:
                await self._send_packed_command(parts)
        except TimeoutError:
            await self.disconnect(nowait=True)
            raise exceptions.TimeoutError("Timeout writing to socket") from None
        except OSError as error:
            await self.disconnect(nowait=True)
            raise exceptions.ConnectionError(f"Error while writing to socket: {error}") from error
        except BaseException:
            await self.disconnect(nowait=True)
            raise

    async def read_response(self, *args: Any, **options: Any) -> Any:
        """As redis-py does, which falls over what is no reply at all."""
        with reading("a command"):
            return await super().read_response(*args, **options)

    async def _send_ping(self) -> None:
        """As redis-py does, which takes whoever answers something else for one that is away."""
        await self.send_command("PING", check_health=False)
        if await self.read_response() not in ("PONG", b"PONG"):
            await self.disconnect(nowait=True)
            raise exceptions.InvalidResponse(NO_PONG)

    def _takes(self, parts: Sequence[bytes]) -> bool:
        """Whether the system, or the transport, takes all of this at once."""
        if self._writer is None:
            return False
        transport = self._writer.transport
        _, most = transport.get_write_buffer_limits()
        return transport.get_write_buffer_size() + sum(map(len, parts)) <= most


def direct(kind: type[Any]) -> type[Any]:
    """`kind` of connection, as `Direct`."""
    return type(f"Direct{kind.__name__}", (Direct, kind), {})


_REPLIES: Mapping[str, Kind] = {
    **dict.fromkeys(["DEL", "EXISTS", "EXPIRE", "HSET", "INCRBY", "PTTL", "SADD", "SCARD"], int),
    **dict.fromkeys(["SREM", "UNLINK", "ZADD", "ZREM", "ZREMRANGEBYRANK"], int),
    **dict.fromkeys(["HGETALL", "HMGET", "LRANGE", "MGET", "SMEMBERS"], list),
    **dict.fromkeys(["XAUTOCLAIM", "XRANGE", "XREVRANGE", "ZRANGE", "ZREVRANGE"], list),
    **dict.fromkeys(["INFO", "RESTORE", "SCRIPT LOAD", "XADD", "XGROUP CREATE"], str),
    **dict.fromkeys(["HSCAN", "SCAN"], (str, list)),
    **dict.fromkeys(["GET", "HGET", "SET", "ZSCORE"], str | None),
    **dict.fromkeys(["XREAD", "XREADGROUP"], list | None),
    "DUMP": bytes | None,
    "ZRANK": int | None,
}
"""What Redis answers to commands of the bot; what scripts return: `connection.py`."""


def _read(command: str, callback: Callable[..., Any] | None, reply: Any, /, **options: Any) -> Any:
    """What redis-py makes of a reply. Raises `InvalidResponse` for one of another kind."""
    options.pop("keys", None)  # left in a transaction of a Cluster
    with reading(command):
        if not fits(_REPLIES[command], reply):
            raise ValueError
        return callback(reply, **options) if callback else reply


class _Pipeline(Pipeline):
    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        """As redis-py does, which falls over a transaction that is answered by no list."""
        with reading("a transaction"):
            return await super().execute(raise_on_error)


class Server(Redis):
    """A client of one server."""

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        """Commands that go together."""
        return _Pipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)


def read_by_kind(redis: Redis) -> None:
    """Have `redis` take a reply of another kind than its command has for none."""
    for command in _REPLIES:
        callback = redis.response_callbacks.get(command)
        redis.set_response_callback(command, partial(_read, command, callback))
