"""What other processes have put into the store, heard by one connection for all workspaces.

The scripts tell of it (news.lua). What is told while nobody listens is lost: whoever needs to know
looks for itself from time to time, and each time that listening begins anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal, NoReturn, Protocol, cast

import structlog
from redis.asyncio.connection import AbstractConnection

from bot.errors import StoreUnavailable
from bot.patience import pauses
from bot.store.redis.clients import another_connection
from bot.store.redis.connection import REPLY_SECONDS, Store, redis_errors
from bot.store.redis.pool import NotSentError, reading

log = structlog.get_logger(__name__)

CHANNEL = "grokbot:news"
"""The same for all databases of a server: what is heard of others does no harm."""

SILENT_SECONDS = 10.0
"""Nothing came for so long: the server is asked whether it is there."""

What = Literal["queue", "stops", "policy"]


class Listener(Protocol):
    """Who wants to hear."""

    def hear(self, what: What, team: str) -> None:
        """There is news of `what` in `team`."""

    def hear_again(self) -> None:
        """Listening has begun: what was told before may be lost."""


async def listen(store: Store, listener: Listener) -> NoReturn:
    """Tell `listener` of all there is to hear, until cancelled."""
    away = pauses()
    while True:
        try:
            async with _subscribed(store) as connection:
                listener.hear_again()
                away = pauses()
                await _pass_on(connection, listener)
        except StoreUnavailable as error:
            log.warning("store away", error=str(error))
            await asyncio.sleep(next(away))


@asynccontextmanager
async def _subscribed(store: Store) -> AsyncIterator[AbstractConnection]:
    with redis_errors():
        connection = await another_connection(store.redis)
    try:
        with redis_errors():
            await connection.connect()  # type: ignore[no-untyped-call]
            await connection.send_command("SUBSCRIBE", CHANNEL, check_health=False)
            await connection.read_response()
        yield connection
    finally:
        await connection.disconnect(nowait=True)


async def _pass_on(connection: AbstractConnection, listener: Listener) -> NoReturn:
    asked = False
    while True:
        with redis_errors():
            said = await connection.read_response(
                timeout=REPLY_SECONDS if asked else SILENT_SECONDS
            )
            if said is None and (asked or not connection.is_connected):
                raise NotSentError("no reply to a ping")  # one would connect anew, to nothing
            if said is None:
                await connection.send_command("PING", check_health=False)
            with reading("SUBSCRIBE"):
                news = str(said[2]) if said is not None and said[0] == "message" else ""
        asked = said is None
        if news:
            _tell(news, listener)


def _tell(said: str, listener: Listener) -> None:
    what, _, team = said.partition(" ")
    if what in ("queue", "stops", "policy") and team:
        listener.hear(cast("What", what), team)
