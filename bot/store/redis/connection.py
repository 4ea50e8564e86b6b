"""The way to Redis: one client for commands, one for reads that block, and scripts."""

from __future__ import annotations

import asyncio
import os
import random
import re
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

from redis import exceptions
from redis.asyncio import Redis

from bot import metrics
from bot.errors import StartupError, StoreUnavailable, what_it_says
from bot.settings import Settings, serves_several
from bot.store.keys import Keys
from bot.store.redis.address import address_fault
from bot.store.redis.clients import (
    READING,
    both,
    client,
    close,
    info,
    is_cluster,
    load_scripts,
    ping,
)
from bot.store.redis.embedded import EmbeddedServer
from bot.store.redis.pool import NO_REPLY, NOTHING_WRITTEN, Kind, NotSentError, Pool, fits
from bot.tracing import passing

T = TypeVar("T")

REPLY_SECONDS = 4.0
BLOCK_SECONDS = 2.0
"""How long a read may wait for news; the client for reads waits this and `REPLY_SECONDS`."""

_TRIED_AGAIN = (*NO_REPLY, exceptions.ClusterDownError, exceptions.RedisClusterException)
"""No reply, or what a Cluster says while a node takes over: the next try looks for it anew."""

REPLICATED = frozenset({"accept", "deliver", "policy_change"})
"""Scripts after which somebody relies on what is stored: Slack delivers no question again that was
acked, Grok was paid for an answer, and an admin was told that a rule holds."""

OF_A_QUESTION = ("accept", "take", "begin", "slot", "edit_slot", "write", "deliver", "finish")
"""Scripts that run for each."""

WAIT_MS = 100
"""How long a write may wait for replicas: a question has two seconds in all."""

_USES = re.compile(r"^-- uses (\w+)\.lua$", re.MULTILINE)

_REPLIES: Mapping[str, Kind] = {
    "accept": (str, object),
    "adopt": str,
    "begin": (str, list),
    "deliver": str | None,
    "drop": str,
    "edit_slot": (int, int),
    "extend": (str, list),
    "finish": (str, object, int),
    "forget_person": (str, int, list),
    "known": (object, int, int),
    "load": (str, int, str, str, int, int),
    "overflow": list,
    "policy_change": list,
    "renew": list,
    "stop": str | None,
    "sweep": list,
    "take": list,
    "vote": str,
}
"""What scripts return that return no number."""

_OF_A_SCRIPT = re.compile(
    r"(?:Error \w+ script \([^)]*\): )?(?:@\w+: ?[0-9]+: )?"
    r"(?:user_script:[0-9]+: |Wrong number of args|(?:Lua redis lib )?command arguments must)",
    re.IGNORECASE,
)
"""How an error begins that a script raised itself, or what it calls no command by; whatever else
Redis says of one, such as `OOM`, is the server's."""

ATTEMPTS = 3
BACKOFF_SECONDS = 0.05


@contextmanager
def redis_errors() -> Iterator[None]:
    """Turns every error of redis-py, also of a reply that is not what Redis answers (`reading`),
    into `StoreUnavailable`, and counts it. What is wrong with a command, in a script, or in the
    bot, is none.

    Every command goes through here, for a second reason: redis-py sends with
    `asyncio.wait_for`, which on Python 3.11 can swallow a cancel.
    """
    task = asyncio.current_task()
    cancels = task.cancelling() if task else 0
    try:
        yield
    except exceptions.DataError:
        raise  # of redis-py, which was given what is no command
    except (exceptions.RedisError, exceptions.RedisClusterException) as error:
        if isinstance(error, exceptions.ResponseError) and _OF_A_SCRIPT.match(str(error)):
            raise  # of the bot: one of its scripts is wrong
        metrics.REDIS_ERRORS.inc()
        unknown = isinstance(error, (*NO_REPLY, exceptions.InvalidResponse))
        maybe_applied = unknown and not isinstance(error, NOTHING_WRITTEN)
        cause = error.__cause__ if isinstance(error, NotSentError) else error
        raise StoreUnavailable(
            f"{type(cause).__name__}: {what_it_says(error)}", maybe_applied=maybe_applied
        ) from cause
    finally:
        if task and task.cancelling() > cancels:
            raise asyncio.CancelledError


async def answered(command: Awaitable[T]) -> T:
    """The reply to `command`. Raises `StoreUnavailable`."""
    with redis_errors():
        return await command


async def together(
    redis: Redis, commands: Iterable[Sequence[Any]], *, whole: bool = False
) -> list[Any]:
    """The replies to `commands` in one round trip; `whole`: to all of them at one moment, or to
    none. Raises `StoreUnavailable`."""
    with redis_errors():
        async with redis.pipeline(transaction=whole) as pipe:
            for command in commands:
                pipe.execute_command(*command)
            return await pipe.execute()


class Script:
    """A Lua script that is harmless when it runs twice, so a lost reply is asked for again."""

    def __init__(self, redis: Redis, name: str, replicas: int = 0) -> None:
        """`replicas`: how many of these it waits for, for a moment."""
        self.registered = redis.register_script(script_source(name))
        self._redis = redis
        self._name = name
        self._replicas = replicas

    async def once(self, keys: Sequence[str], args: Sequence[str | int | float]) -> Any:
        """The script's reply. Raises `StoreUnavailable`."""
        passing("before", self._name)
        with redis_errors():
            run = self._run_replicated if self._replicas else self._run
            reply = await run(keys, args)
            if not is_reply_of(self._name, reply):
                raise exceptions.InvalidResponse(f"{self._name}: a reply of another kind")
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
                if attempt == ATTEMPTS or not isinstance(error.__cause__, _TRIED_AGAIN):
                    raise
            await asyncio.sleep(BACKOFF_SECONDS * attempt * random.uniform(0.5, 1.5))  # noqa: S311

    async def _run(self, keys: Sequence[str], args: Sequence[Any]) -> Any:
        """What redis-py does for a command beside sending it and reading the reply is left out
        where it is for nothing: to retry, to count, to know commands by name."""
        pool = getattr(self._redis, "connection_pool", None)  # a Cluster has one for each node
        if not isinstance(pool, Pool):
            return await self.registered(keys=keys, args=args)
        connection = await pool.get_connection()
        try:
            await connection.send_command("EVALSHA", self.registered.sha, len(keys), *keys, *args)
            return await connection.read_response()
        except exceptions.NoScriptError:
            pass  # once it is loaded, below
        finally:
            await pool.release(connection)
        await self._redis.script_load(self.registered.script)
        return await self.registered(keys=keys, args=args)

    async def _run_replicated(self, keys: Sequence[str], args: Sequence[Any]) -> Any:
        """The same, and wait a moment for replicas to have what it wrote. Where fewer have it,
        that is counted, and it stands all the same.

        WAIT knows of what its own connection has written: both go on one.
        """
        evaluate = ("EVALSHA", self.registered.sha, len(keys), *keys, *args)
        reply, reached = await both(
            self._redis, keys[0], evaluate, ("WAIT", self._replicas, WAIT_MS)
        )
        if isinstance(reply, exceptions.ResponseError):
            # Not known there, moved elsewhere, refused: the usual way finds out.
            reply, reached = await self.registered(keys=keys, args=args), 0
        if not isinstance(reached, int) or reached < self._replicas:
            metrics.REDIS_UNREPLICATED.inc()
        return reply


def is_reply_of(name: str, reply: Any) -> bool:
    """Whether `reply` is of the kind that the script `name`.lua returns."""
    return fits(_REPLIES.get(name, int), reply)


@cache
def script_source(name: str) -> str:
    """The text of `name`.lua, after what it says it uses: `-- uses other.lua`."""
    text = (files("bot.store") / "scripts" / f"{name}.lua").read_text(encoding="utf-8")
    return "\n".join([*map(script_source, _USES.findall(text)), text])


class Store:
    """Two clients of one Redis, or Cluster, and the bot's own server when there is one.

    `redis` is for commands, `reads` for those that block up to `BLOCK_SECONDS`. Neither
    retries by itself: redis-py would apply a write again whose reply was lost. `alone`: no
    other process works on what is stored here. `replicas`: how many of these have a question,
    an answer and a change of the rules before it is said to be stored, as far as they are quick.
    `several`: it is shared by several workspaces. `process` names whoever uses it here.
    """

    def __init__(
        self, url: str, *, alone: bool = False, replicas: int = 0, several: bool = False
    ) -> None:
        self.alone = alone
        self.several = several
        self.process = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._replicas = replicas
        self._scripts: dict[str, Script] = {}
        self.redis = client(url, reply_seconds=REPLY_SECONDS)
        self.reads = client(url, reply_seconds=BLOCK_SECONDS + REPLY_SECONDS, most=READING)

    async def __aenter__(self) -> Store:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close both clients."""
        try:
            await close(self.redis)
        finally:
            await close(self.reads)

    def script(self, name: str) -> Script:
        """The script `name`.lua. Everything the bot writes goes through one."""
        if name not in self._scripts:
            replicas = self._replicas if name in REPLICATED else 0
            self._scripts[name] = Script(self.redis, name, replicas)
        return self._scripts[name]

    @property
    def spread(self) -> bool:
        """Whether it is a Cluster, of which a part may be away."""
        return is_cluster(self.redis)

    def keys(self, team: str) -> Keys:
        """The names of the keys of `team`."""
        return Keys.among_several(team) if self.several else Keys(team)

    async def load_scripts(self) -> None:
        """Have the server know what a question takes, all in one round trip: else the first one
        waits for two more at each of its steps. Where it is away, the first one does."""
        scripts = [self.script(name).registered for name in OF_A_QUESTION]
        with suppress(StoreUnavailable), redis_errors():
            await load_scripts(self.redis, scripts)

    async def ping(self) -> None:
        """Returns when Redis answers and is ready, of a Cluster one node; raises
        `StoreUnavailable`."""
        with redis_errors():
            await ping(self.redis)

    async def info(self, key: str) -> Mapping[str, Any]:
        """What the server that holds `key` says of itself. Raises `StoreUnavailable`."""
        with redis_errors():
            return await info(self.redis, key)


class Records:
    """Some of what is kept of the workspace of `keys`."""

    def __init__(self, store: Store, keys: Keys) -> None:
        self._redis = store.redis
        self._script = store.script
        self._keys = keys


@asynccontextmanager
async def open_store(settings: Settings, *, join: bool = False) -> AsyncIterator[Store]:
    """The store that `settings` name: `REDIS_URL`, or the bot's own server in `DATA_DIR`.

    With `join` (for tools beside a running bot) the server of a bot that is using `DATA_DIR`
    is shared; without, that is a `StartupError`. A server behind `REDIS_URL` may be away: ask
    `Store.ping`.
    """
    several = serves_several(settings)
    async with AsyncExitStack() as stack:
        if settings.redis_url is not None:
            url = _checked(settings.redis_url.get_secret_value())
            store = Store(url, replicas=settings.redis_wait_replicas, several=several)
        else:
            server = await stack.enter_async_context(EmbeddedServer(settings.data_dir, join=join))
            store = Store(server.url, alone=not join, several=several)
        yield await stack.enter_async_context(store)


def _checked(url: str) -> str:
    if fault := address_fault(url):
        raise StartupError([fault])
    return url
