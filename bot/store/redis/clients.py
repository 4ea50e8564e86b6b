"""Clients of redis-py for every kind of address: one server, one behind Sentinels, a Cluster.

None retries by itself: redis-py would apply a write again whose reply was lost. Each tells "could
not connect", after which nothing was written, from "no reply".
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from redis import exceptions
from redis._parsers.commands import AsyncCommandsParser
from redis.asyncio import Connection, Redis, SSLConnection
from redis.asyncio.cluster import ClusterNode, NodesManager, PipelineCommand, RedisCluster
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import (
    MasterNotFoundError,
    Sentinel,
    SentinelConnectionPool,
)
from redis.backoff import NoBackoff
from redis.cluster import PRIMARY
from redis.commands.core import AsyncScript

from bot.store.redis.address import DRIVER, Address, parse_address
from bot.store.redis.pool import (
    NO_PONG,
    NO_REPLY,
    Direct,
    NotSentError,
    Pool,
    Server,
    read_by_kind,
    reading,
)

CONNECTIONS = 32
CLUSTER_CONNECTIONS = 512
"""To one node: there a command that finds none free fails, and does not wait."""
READING = 8_000
"""Of those that wait for something to come: two for each queue that is read so."""
CONNECT_SECONDS = 2.0
FREE_SECONDS = 10.0
"""How long a command may wait for a connection that is free: where hundreds of answers begin at
once it is their turn that they wait for, and Redis is not away. Who has less time says so."""
SENTINEL_SECONDS = 1.0
"""How long one Sentinel may take to say which server is the primary."""


class _SentinelPool(SentinelConnectionPool, Pool):
    """Connections to whichever server the Sentinels call the primary, looked up for each."""

    async def get_master_address(self) -> Any:
        """Host and port of the primary; who says nothing of one is not told in every detail."""
        try:
            with reading("SENTINEL MASTERS"):
                return await super().get_master_address()  # type: ignore[no-untyped-call]
        except MasterNotFoundError:
            raise MasterNotFoundError(f"No master found for {self.service_name!r}") from None

    async def aclose(self) -> None:
        """Close these connections and those to the Sentinels."""
        try:
            await super().aclose()
        finally:
            for sentinel in self.sentinel_manager.sentinels:
                await sentinel.aclose()


class _Cluster(RedisCluster):
    async def execute_command(self, *args: Any, **kwargs: Any) -> Any:
        """As redis-py does, which sends what comes before it knows the nodes to any of them."""
        await self.initialize()
        return await super().execute_command(*args, **kwargs)

    def get_node(
        self, host: str | None = None, port: int | None = None, node_name: str | None = None
    ) -> ClusterNode | None:
        """As redis-py does, which falls over a node that it is sent on to (ASK) and does not know:
        one that is new, or was away when it last looked."""
        found = super().get_node(host, port, node_name)
        if found is not None or not node_name:
            return found
        at, _, number = node_name.rpartition(":")
        nodes = self.nodes_manager
        new = ClusterNode(at, int(number), PRIMARY, **nodes.connection_kwargs)
        nodes.set_nodes(nodes.nodes_cache, {new.name: new})
        return new


class _Nodes(NodesManager):
    __slots__ = ()

    async def initialize(self, *args: Any, **options: Any) -> None:
        """As redis-py does, which falls over what is no list of nodes."""
        with reading("CLUSTER SLOTS"):
            await super().initialize(*args, **options)

    async def move_slot(self, e: Any) -> None:
        """As redis-py does, which falls over a slot that has moved (MOVED) and that nobody held
        when it last looked for the nodes; it may have done so since it sent the command."""
        self.slots_cache.setdefault(e.slot_id, [])
        await super().move_slot(e)


class _Node(Direct):
    """A connection to one node of a Cluster, which redis-py closes when another to it has failed,
    in whatever it is just doing."""

    async def connect(self) -> None:
        try:
            await super().connect()  # type: ignore[no-untyped-call]
        except NO_REPLY as error:
            raise NotSentError(str(error)) from error

    async def _send_packed_command(self, command: Iterable[bytes]) -> None:
        if not self.is_connected:
            raise exceptions.ConnectionError("Connection closed by another.")
        await super()._send_packed_command(command)


class _NodeConnection(_Node, Connection):
    """In the clear."""


class _NodeSSLConnection(_Node, SSLConnection):
    """By TLS."""


class _KeysOfCommands(AsyncCommandsParser):
    """Which words of a command are keys, as far as the bot knows commands.

    redis-py asks the first node of a Cluster for it, again whenever it looks for the nodes anew,
    and so finds none while that very node is gone.
    """

    async def initialize(self, node: Any = None) -> None:
        """Nothing is to be asked."""

    async def get_keys(self, *args: Any) -> tuple[str, ...] | None:
        """The keys; None when there are none."""
        command, *words = args
        if command in ("XREAD", "XREADGROUP"):
            words = words[words.index(b"STREAMS") + 1 :]
            return tuple(words[: len(words) // 2])
        return tuple(words if command in ("MGET", "EXISTS", "DEL") else words[:1]) or None


def client(url: str, *, reply_seconds: float, most: int = CONNECTIONS) -> Redis:
    """A client of what `url` names, with so many connections at `most`. Its commands are those of
    `Redis`, of a Cluster too, where the keys of one command have one hash tag. Raises
    `ValueError`."""
    address = parse_address(url)
    usual = {
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": reply_seconds,
        "health_check_interval": 30,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
        "decode_responses": True,
        "driver_info": DRIVER,
    }
    pool = {"max_connections": most, "timeout": FREE_SECONDS}
    if address.kind == "cluster":
        redis = cast("Redis", _cluster(address, usual, max(most, CLUSTER_CONNECTIONS)))
    elif address.kind == "sentinel":
        redis = Server.from_pool(_sentinel_pool(address, usual | pool))
    else:
        redis = Server.from_pool(Pool.from_url(url, **usual, **pool))
    read_by_kind(redis)
    return redis


async def load_scripts(redis: Redis, scripts: Sequence[AsyncScript]) -> None:
    """Have the server, or each primary of a Cluster, know these."""
    if isinstance(redis, RedisCluster):
        for script in scripts:
            await redis.script_load(script.script)
        return
    async with redis.pipeline(transaction=False) as pipe:
        for script in scripts:
            pipe.script_load(script.script)
        await pipe.execute()


async def both(
    redis: Redis, key: str, first: Sequence[Any], second: Sequence[Any]
) -> tuple[Any, Any]:
    """The replies to two commands on one connection to the server that has `key`, errors too."""
    if isinstance(redis, RedisCluster):
        await redis.initialize()
        commands = [PipelineCommand(0, *first), PipelineCommand(1, *second)]
        await redis.get_node_from_key(key).execute_pipeline(commands)
        return commands[0].result, commands[1].result
    async with redis.pipeline(transaction=False) as pipe:
        pipe.execute_command(*first)
        pipe.execute_command(*second)
        replies = await pipe.execute(raise_on_error=False)
    return replies[0], replies[1]


def is_cluster(redis: Redis) -> bool:
    """Whether it is a client of a Cluster."""
    return isinstance(redis, RedisCluster)


async def another_connection(redis: Redis) -> AbstractConnection:
    """A connection that is not there yet, to the server, or to any primary of a Cluster: of nobody
    but whoever asks for it."""
    if isinstance(redis, RedisCluster):
        await redis.initialize()
        node = random.choice(redis.get_primaries())  # noqa: S311
        return cast("AbstractConnection", node.connection_class(**node.connection_kwargs))
    return redis.connection_pool.make_connection()  # type: ignore[no-any-return, no-untyped-call]


async def close(redis: Redis) -> None:
    """Close every connection; redis-py leaves some of a Cluster open that was away of late."""
    await redis.aclose()
    if isinstance(redis, RedisCluster):
        await redis.nodes_manager.aclose()
        await redis.nodes_manager.aclose("startup_nodes")


async def ping(redis: Redis) -> None:
    """Returns when the server, or one node of a Cluster, answers and is ready."""
    if not isinstance(redis, RedisCluster):
        answered = await redis.ping()
    else:
        await redis.initialize()
        for node in (nodes := redis.get_primaries()):
            try:
                answered = await redis.ping(target_nodes=node)
                break
            except exceptions.RedisError:
                if node is nodes[-1]:
                    raise
    if not answered:
        raise exceptions.InvalidResponse(NO_PONG)


async def info(redis: Redis, key: str) -> Mapping[str, Any]:
    """What the server that holds `key` says of itself."""
    if isinstance(redis, RedisCluster):
        await redis.initialize()
        node = redis.get_node_from_key(key)
        return cast("Mapping[str, Any]", await redis.info(target_nodes=node))
    return cast("Mapping[str, Any]", await redis.info())


def _sentinel_pool(address: Address, usual: dict[str, Any]) -> _SentinelPool:
    options = {name: value for name, value in address.options.items() if name != "connection_class"}
    secure = {"ssl": True} if address.tls else {}
    tls = {name: value for name, value in options.items() if name.startswith("ssl_")}
    sentinel = Sentinel(  # type: ignore[no-untyped-call]
        address.hosts,
        sentinel_kwargs={
            **secure,
            **tls,
            **(address.sentinel_options or {}),
            "socket_connect_timeout": SENTINEL_SECONDS,
            "socket_timeout": SENTINEL_SECONDS,
            "retry": usual["retry"],
            "protocol": 2,
        },
    )
    return _SentinelPool(  # type: ignore[no-untyped-call]
        address.service, sentinel, **options, **usual, **secure
    )


def _cluster(address: Address, usual: dict[str, Any], most: int) -> RedisCluster:
    options = {name: value for name, value in address.options.items() if name != "connection_class"}
    cluster = _Cluster(
        startup_nodes=[ClusterNode(host, port) for host, port in address.hosts],
        # The keys of a workspace are on one node: what is wrong with others is no matter.
        require_full_coverage=False,
        # Who asked for by name is asked again when all addresses have changed.
        dynamic_startup_nodes=False,
        # A slot that has moved is looked for by itself: all connections would be closed for it.
        reinitialize_steps=0,
        max_connections=most,
        ssl=address.tls,
        **options,
        **usual,
    )
    cluster.commands_parser = _KeysOfCommands()
    cluster.nodes_manager.__class__ = _Nodes
    connection = _NodeSSLConnection if address.tls else _NodeConnection
    cluster.connection_kwargs["connection_class"] = connection
    for node in cluster.startup_nodes:
        node.connection_class = connection
    return cluster
