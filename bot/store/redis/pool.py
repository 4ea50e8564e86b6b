"""Connections to one server, each for one command at a time; who finds none free waits for one.

What redis-py does for each command beside sending it, it does here only where it is needed: a lock,
a condition and a timer to wait for a connection, and a task and another timer to wait until the
system has taken what is written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from redis import exceptions
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.connection import AbstractConnection

NO_REPLY = (exceptions.ConnectionError, exceptions.TimeoutError)


class NotSentError(exceptions.ConnectionError):
    """There was no connection to send a command on."""


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
        except NO_REPLY as error:
            raise NotSentError(str(error)) from error
        return connection

    async def _in_turn(self) -> Any:
        """Who waits is not overtaken by those who come later."""
        self._waiting += 1
        try:
            return await super().get_connection()  # type: ignore[no-untyped-call]
        finally:
            self._waiting -= 1


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
        try:
            async with asyncio.timeout(self.socket_timeout):
                await self._send_packed_command(
                    [command] if isinstance(command, bytes) else command
                )
        except TimeoutError:
            await self.disconnect(nowait=True)
            raise exceptions.TimeoutError("Timeout writing to socket") from None
        except OSError as error:
            await self.disconnect(nowait=True)
            raise exceptions.ConnectionError(f"Error while writing to socket: {error}") from error
        except BaseException:
            await self.disconnect(nowait=True)
            raise


def direct(kind: type[Any]) -> type[Any]:
    """`kind` of connection, as `Direct`."""
    return type(f"Direct{kind.__name__}", (Direct, kind), {})
