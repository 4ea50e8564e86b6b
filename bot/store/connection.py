"""The way to Redis: one client for commands, one for reads that block, and scripts."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any

from redis import exceptions
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from bot import metrics
from bot.crash_points import passing
from bot.errors import StartupError, StoreUnavailable
from bot.settings import Settings
from bot.store.address import address_fault
from bot.store.embedded import EmbeddedServer
from bot.store.scripts import load

CONNECTIONS = 32
CONNECT_SECONDS = 2.0
REPLY_SECONDS = 4.0
BLOCK_SECONDS = 2.0
"""How long a read may wait for news; the client for reads waits this and `REPLY_SECONDS`."""

ATTEMPTS = 3
BACKOFF_SECONDS = 0.05

_NO_REPLY = (exceptions.ConnectionError, exceptions.TimeoutError)


class _NotSentError(exceptions.ConnectionError):
    """There was no connection to send a command on."""


class _Pool(BlockingConnectionPool):
    """Tells "could not connect" from "no reply": after the first, nothing was written."""

    async def get_connection(self, *_: Any, **__: Any) -> Any:
        try:
            return await super().get_connection()  # type: ignore[no-untyped-call]
        except _NO_REPLY as error:
            raise _NotSentError(str(error)) from error


@contextmanager
def redis_errors() -> Iterator[None]:
    """Turns every error of redis-py into `StoreUnavailable`, and counts it.

    Every command goes through here, for a second reason: redis-py sends with
    `asyncio.wait_for`, which on Python 3.11 can swallow a cancel.
    """
    task = asyncio.current_task()
    cancels = task.cancelling() if task else 0
    try:
        yield
    except exceptions.RedisError as error:
        metrics.REDIS_ERRORS.inc()
        no_reply = isinstance(error, _NO_REPLY)
        refused = isinstance(error, _NotSentError | exceptions.BusyLoadingError)
        cause = error.__cause__ if isinstance(error, _NotSentError) else error
        raise StoreUnavailable(
            f"{type(cause).__name__}: {error}", maybe_applied=no_reply and not refused
        ) from cause
    finally:
        if task and task.cancelling() > cancels:
            raise asyncio.CancelledError


class Script:
    """A Lua script that is harmless when it runs twice, so a lost reply is asked for again."""

    def __init__(self, redis: Redis, name: str) -> None:
        self._script = load(redis, name)
        self._name = name

    async def once(self, keys: Sequence[str], args: Sequence[str | int | float]) -> Any:
        """The script's reply. Raises `StoreUnavailable`."""
        passing("before", self._name)
        with redis_errors():
            reply = await self._script(keys=keys, args=args)
        passing("after", self._name)
        return reply

    async def __call__(self, keys: Sequence[str], args: Sequence[str | int | float]) -> Any:
        """The script's reply, asked for up to `ATTEMPTS` times. Raises `StoreUnavailable`."""
        maybe_applied = False
        attempt = 0
        while True:
            try:
                return await self.once(keys, args)
            except StoreUnavailable as error:
                attempt += 1
                maybe_applied |= error.maybe_applied
                error.maybe_applied = maybe_applied
                if attempt == ATTEMPTS or not isinstance(error.__cause__, _NO_REPLY):
                    raise
            await asyncio.sleep(BACKOFF_SECONDS * attempt * random.uniform(0.5, 1.5))  # noqa: S311


class Store:
    """Two clients of one Redis, and the bot's own server when there is one.

    `redis` is for commands, `reads` for those that block up to `BLOCK_SECONDS`. Neither
    retries by itself: redis-py would apply a write again whose reply was lost. `alone`: no
    other process works on what is stored here.
    """

    def __init__(self, url: str, *, alone: bool = False) -> None:
        self.alone = alone
        self._scripts: dict[str, Script] = {}
        self.redis = _client(url, reply_seconds=REPLY_SECONDS)
        self.reads = _client(url, reply_seconds=BLOCK_SECONDS + REPLY_SECONDS)

    async def __aenter__(self) -> Store:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close both clients."""
        try:
            await self.redis.aclose()
        finally:
            await self.reads.aclose()

    def script(self, name: str) -> Script:
        """The script `name`.lua. Everything the bot writes goes through one."""
        if name not in self._scripts:
            self._scripts[name] = Script(self.redis, name)
        return self._scripts[name]

    async def ping(self) -> None:
        """Returns when Redis answers and is ready; raises `StoreUnavailable`."""
        with redis_errors():
            await self.redis.ping()


@asynccontextmanager
async def open_store(settings: Settings, *, join: bool = False) -> AsyncIterator[Store]:
    """The store that `settings` name: `REDIS_URL`, or the bot's own server in `DATA_DIR`.

    With `join` (for tools beside a running bot) the server of a bot that is using `DATA_DIR`
    is shared; without, that is a `StartupError`. A server behind `REDIS_URL` may be away: ask
    `Store.ping`.
    """
    async with AsyncExitStack() as stack:
        if settings.redis_url is not None:
            store = Store(_checked(settings.redis_url.get_secret_value()))
        else:
            server = await stack.enter_async_context(EmbeddedServer(settings.data_dir, join=join))
            store = Store(server.url, alone=not join)
        yield await stack.enter_async_context(store)


def _checked(url: str) -> str:
    if fault := address_fault(url):
        raise StartupError([fault])
    return url


def _client(url: str, *, reply_seconds: float) -> Redis:
    pool = _Pool.from_url(
        url,
        max_connections=CONNECTIONS,
        timeout=CONNECT_SECONDS,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=reply_seconds,
        health_check_interval=30,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
        decode_responses=True,
    )
    return Redis.from_pool(pool)
