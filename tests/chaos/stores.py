"""Stores of one run that are more than one server: a Cluster of three, and one behind a Sentinel.

What happens to a single Valkey happens to the server that holds a workspace. What only one can
do, such as coming back younger, is on a Cluster that its slot moves to another server, and behind a
Sentinel that the replica takes its place; what the primary had not told it then is forgotten.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from redis.asyncio import Redis
from redis.crc import key_slot

from bot.store.keys import Keys
from tests.chaos.history import Span
from tests.chaos.plan import Fault
from tests.chaos.store import store_server
from tests.store.several import Cluster, Guarded, Server, cluster_of_three, guarded_server

DOWN_AFTER_MS = 1_500
"""A server that stands still for less stays the primary."""
NOT_REPLICATED = 1.0
"""Of what was written in so many seconds before a failover some may be forgotten."""

T = TypeVar("T")


class Disturbed(Protocol):
    """A store that goes wrong as a plan says."""

    @property
    def url(self) -> str: ...

    def serving(self, keys: Keys) -> Redis:
        """A way to the server that holds the workspace of `keys` now."""

    async def disturb(self, fault: Fault, keys: Keys) -> Span | None:
        """Let that server go wrong for as long as `fault` lasts; what was forgotten by that. May
        raise what redis-py does."""


class _Servers:
    """What the two have in common: one of several servers holds a workspace."""

    def __init__(self) -> None:
        self._clients: dict[int, Redis] = {}

    def holder(self, keys: Keys) -> Server:
        """That server."""
        raise NotImplementedError

    def serving(self, keys: Keys) -> Redis:
        """A way to it."""
        port = self.holder(keys).port
        if port not in self._clients:
            self._clients[port] = Redis(
                port=port,
                protocol=2,
                decode_responses=True,
                socket_timeout=5,
                socket_connect_timeout=2,
            )
        return self._clients[port]

    async def disturb(self, fault: Fault, keys: Keys) -> Span | None:
        """As `Disturbed` says."""
        match fault.kind:
            case "store kill":
                return await self.kill(fault.seconds, keys)
            case "store younger" | "store replica":
                return await self.change(fault.seconds, keys)
            case "store freeze":
                server = self.holder(keys)
                server.signal(signal.SIGSTOP)
                await asyncio.sleep(min(fault.seconds, 0.7 * DOWN_AFTER_MS / 1_000))
                server.signal(signal.SIGCONT)
            case "store flush scripts":
                await self.serving(keys).script_flush()
            case kind:
                name = "maxmemory" if kind == "store full" else "min-replicas-to-write"
                holder = self.serving(keys)
                await holder.config_set(name, 1 if kind == "store full" else 9)
                await asyncio.sleep(fault.seconds)
                await holder.config_set(name, 0)
        return None

    async def kill(self, seconds: float, keys: Keys) -> Span | None:
        raise NotImplementedError

    async def change(self, seconds: float, keys: Keys) -> Span | None:
        raise NotImplementedError

    async def aclose(self) -> None:
        for client in self._clients.values():
            await client.aclose()


class OnCluster(_Servers):
    """Three primaries."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__()
        self._cluster = cluster
        self._moved: dict[int, Server] = {}
        self.url = cluster.url

    def holder(self, keys: Keys) -> Server:
        found = self._moved.get(key_slot(keys.queue.encode()))
        return found or self._cluster.of(keys.queue)

    async def kill(self, seconds: float, keys: Keys) -> Span | None:
        """It is gone, and comes back with all that it had."""
        server = self.holder(keys)
        server.kill()
        await asyncio.sleep(seconds)
        await _apart(server.start)
        await _apart(self._cluster.is_whole)
        return None

    async def change(self, seconds: float, keys: Keys) -> Span | None:
        """The workspace's slot moves to the next of them, key by key."""
        primaries, source = self._cluster.primaries, self.holder(keys)
        to = primaries[(primaries.index(source) + 1) % len(primaries)]
        await _apart(lambda: self._cluster.move(keys.queue, to, source=source))
        self._moved[key_slot(keys.queue.encode())] = to
        return None


class BehindSentinel(_Servers):
    """A primary and a replica, which change places once."""

    def __init__(self, guarded: Guarded) -> None:
        super().__init__()
        self._guarded = guarded
        self._changed = False
        self.url = guarded.url

    def holder(self, keys: Keys) -> Server:
        return self._guarded.replica if self._changed else self._guarded.primary

    async def kill(self, seconds: float, keys: Keys) -> Span | None:
        """It is gone, and the replica takes its place; where there is none, it comes back."""
        began, old = time.time(), self.holder(keys)
        if self._changed:
            return None
        await _apart(self._guarded.fail_over)
        self._changed = True
        await asyncio.sleep(seconds)
        await _apart(old.start)
        return began - NOT_REPLICATED, time.time()

    async def change(self, seconds: float, keys: Keys) -> Span | None:
        """The same, while it lives: it takes nothing without its replica, as docs/reliability.md
        tells, or else it would for as long as it does not know."""
        began, old = time.time(), self.serving(keys)
        if self._changed:
            return None
        await old.config_set("min-replicas-to-write", 1)
        await _apart(self._guarded.change_places)
        async with asyncio.timeout(20):
            while not await _apart(self._guarded.changed_places):
                await asyncio.sleep(0.05)
        await old.config_set("min-replicas-to-write", 0)
        self._changed = True
        return began - NOT_REPLICATED, time.time()


async def _apart(work: Callable[[], T]) -> T:
    """`work`, which blocks."""
    return await asyncio.to_thread(work)


@asynccontextmanager
async def on_cluster(where: Path) -> AsyncIterator[OnCluster]:
    async for found in _entered(lambda: cluster_of_three(where), OnCluster):
        yield found


@asynccontextmanager
async def behind_sentinel(where: Path) -> AsyncIterator[BehindSentinel]:
    def opened() -> Any:
        return guarded_server(where, down_after_ms=DOWN_AFTER_MS)

    async for found in _entered(opened, BehindSentinel):
        yield found


async def _entered(opening: Callable[[], Any], made: Callable[[Any], Any]) -> AsyncIterator[Any]:
    servers = opening()
    found = made(await _apart(servers.__enter__))
    try:
        yield found
    finally:
        await found.aclose()
        await _apart(lambda: servers.__exit__(None, None, None))


Opening = Callable[[Path], AbstractAsyncContextManager[Disturbed]]

STORES: dict[str, Opening] = {
    "valkey": store_server,
    "cluster": on_cluster,
    "sentinel": behind_sentinel,
}
"""By the name that `make chaos ARGS=--store=…` takes."""
