"""Stores that are not one server: a Cluster of three, and a primary with a replica and a Sentinel.

All are the Valkey that the bot runs as its own.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis import Redis
from redis.crc import key_slot
from redis.exceptions import ResponseError

from bot.store.redis.embedded import _server_binary
from tests.ports import free_port
from tests.store.cluster import _answers, bus_port, until

SLOTS = 16_384
NODE_TIMEOUT_MS = 1_000
SERVICE = "grok"


@dataclass(slots=True)
class Server:
    """A server of its own process, to be killed, stopped and started again. `lines` are those of
    its configuration; `mode`: `--sentinel`, for one of those; `tls`: the CA by which it speaks
    TLS alone."""

    directory: Path
    lines: tuple[str, ...] = ()
    mode: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    binary: str = field(default_factory=_server_binary)
    tls: Path | None = None
    password: str = ""
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, with what it has stored."""
        self.directory.mkdir(exist_ok=True)
        config = self.directory / "server.conf"
        plain = 0 if self.tls else self.port
        usual = (f"port {plain}", "bind 127.0.0.1", f"dir {self.directory}", "loglevel warning")
        if not config.exists():
            config.write_text("\n".join([*usual, *self.lines]) + "\n")
        self.process = subprocess.Popen(
            [self.binary, str(config), *self.mode],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with self.client() as redis:
            until(lambda: _answers(redis))

    def client(self) -> Redis:
        """A way to this very server."""
        secure: dict[str, Any] = {"ssl": True, "ssl_ca_certs": str(self.tls)} if self.tls else {}
        return Redis(
            host="127.0.0.1",
            port=self.port,
            password=self.password or None,
            decode_responses=True,
            **secure,
        )

    def signal(self, number: int) -> None:
        """SIGSTOP, SIGCONT."""
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        """As a machine that is gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@dataclass(frozen=True, slots=True)
class Cluster:
    """Three primaries, each with a third of the slots; with `replicas`, one for each."""

    primaries: list[Server]
    replicas: list[Server]

    @property
    def url(self) -> str:
        """As `REDIS_URL` names it."""
        hosts = ",".join(f"127.0.0.1:{server.port}" for server in self.primaries)
        return f"redis+cluster://{hosts}"

    def of(self, key: str) -> Server:
        """The primary that holds `key`, as the Cluster was made."""
        return self.primaries[key_slot(key.encode()) * len(self.primaries) // SLOTS]

    def is_whole(self) -> None:
        """Wait until every primary knows of all the others that they are there."""
        for server in self.primaries:
            with server.client() as redis:
                until(lambda redis=redis: _info(redis)["cluster_state"] == "ok")

    def fail_over(self, key: str) -> None:
        """Kill the primary of `key`, and wait until its replica has taken its place."""
        primary = self.of(key)
        replica = self.replicas[self.primaries.index(primary)]
        primary.kill()
        with replica.client() as redis:
            until(lambda: redis.info()["role"] == "master")

    def begin_move(self, key: str, to: Server, *, source: Server | None = None) -> None:
        """Let what is new of the slot of `key` go to another; what is there stays."""
        slot, source = key_slot(key.encode()), source or self.of(key)
        with source.client() as old, to.client() as new:
            old_id, new_id = (str(each.execute_command("CLUSTER MYID")) for each in (old, new))
            new.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", old_id)
            old.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", new_id)

    def meet(self, server: Server) -> None:
        """Let `server` join, without a slot."""
        with self.primaries[0].client() as first, server.client() as other:
            first.execute_command("CLUSTER MEET", "127.0.0.1", server.port, bus_port(other))
        for each in (server, *self.primaries):
            with each.client() as redis:
                until(lambda redis=redis: _knows(redis, 4))
                until(lambda redis=redis: _info(redis)["cluster_state"] == "ok")

    def move(self, key: str, to: Server, *, source: Server | None = None) -> None:
        """Move the slot of `key` from its primary, or from `source`, to another, key by key, while
        it is used."""
        slot, source = key_slot(key.encode()), source or self.of(key)
        self.begin_move(key, to, source=source)
        with source.client() as old, to.client() as new:
            new_id = str(new.execute_command("CLUSTER MYID"))
            while keys := old.execute_command("CLUSTER GETKEYSINSLOT", slot, 3):
                words = ("MIGRATE", "127.0.0.1", to.port, "", 0, 5000, "KEYS", *keys)
                old.execute_command(*words)
            for server in (to, *self.primaries):
                with server.client() as redis:
                    redis.execute_command("CLUSTER SETSLOT", slot, "NODE", new_id)


@contextmanager
def cluster_member(directory: Path, *, whole: bool = False) -> Iterator[Server]:
    """A server that can join a Cluster, while it runs; `whole` as in `cluster_of_three`."""
    lines = (
        "cluster-enabled yes",
        f"cluster-port {free_port()}",
        f"cluster-node-timeout {NODE_TIMEOUT_MS}",
        "cluster-replica-validity-factor 0",
        f"cluster-require-full-coverage {'yes' if whole else 'no'}",
        "repl-diskless-sync-delay 0",
        "appendonly yes",
        'save ""',
    )
    server = Server(directory, lines)
    server.start()
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def cluster_of_three(
    directory: Path, *, replicas: bool = False, whole: bool = False
) -> Iterator[Cluster]:
    """A Cluster, while it runs; `whole`: it takes nothing while any of its nodes is missing."""
    directory.mkdir(exist_ok=True)
    with ExitStack() as stack:

        def node(name: str) -> Server:
            return stack.enter_context(cluster_member(directory / name, whole=whole))

        cluster = Cluster(
            [node(f"primary{number}") for number in range(3)],
            [node(f"replica{number}") for number in range(3)] if replicas else [],
        )
        _join(cluster)
        yield cluster


def _join(cluster: Cluster) -> None:
    servers = cluster.primaries + cluster.replicas
    clients: list[Any] = [server.client() for server in servers]
    first, bounds = clients[0], [SLOTS * third // 3 for third in range(4)]
    for number in range(3):
        clients[number].execute_command(
            "CLUSTER ADDSLOTSRANGE", bounds[number], bounds[number + 1] - 1
        )
    for epoch, (server, client) in enumerate(zip(servers, clients, strict=True), 1):
        client.execute_command("CLUSTER SET-CONFIG-EPOCH", epoch)
        if client is not first:
            first.execute_command("CLUSTER MEET", "127.0.0.1", server.port, bus_port(client))
    for client in clients:
        until(lambda client=client: _knows(client, len(servers)))
    ids = [str(client.execute_command("CLUSTER MYID")) for client in clients]
    for replica, primary in zip(clients[3:], ids, strict=False):
        replica.execute_command("CLUSTER REPLICATE", primary)
        until(lambda replica=replica: replica.info()["master_link_status"] == "up")
    for client in clients:
        until(lambda client=client: _info(client)["cluster_state"] == "ok")
        client.close()


def _knows(client: Any, nodes: int) -> bool:
    return _info(client)["cluster_known_nodes"] == str(nodes)


def _info(client: Any) -> dict[str, str]:
    found = client.execute_command("CLUSTER INFO")
    return dict(found)


@dataclass(frozen=True, slots=True)
class Guarded:
    """A primary and a replica, and a Sentinel that lets the one take the other's place."""

    primary: Server
    replica: Server
    sentinel: Server

    @property
    def url(self) -> str:
        """As `REDIS_URL` names it; of two Sentinels one is not there."""
        return f"redis+sentinel://127.0.0.1:{free_port()},127.0.0.1:{self.sentinel.port}/{SERVICE}"

    def named(self) -> int:
        """The port of what the Sentinel calls the primary."""
        with self.sentinel.client() as redis:
            return int(redis.sentinel_masters()[SERVICE]["port"])

    def change_places(self) -> None:
        """Begin to let the replica take the place of the primary, which lives on."""

        def begun() -> bool:
            try:
                redis.execute_command("SENTINEL", "FAILOVER", SERVICE)
            except ResponseError:  # it does not know the replica well enough yet
                return False
            return True

        with self.sentinel.client() as redis:
            until(begun)

    def changed_places(self) -> bool:
        """Whether the one is the replica of the other by now; until then both may take writes."""
        with self.primary.client() as old:
            return old.info()["role"] == "slave" and self.named() == self.replica.port

    def fail_over(self) -> None:
        """Kill the primary, and wait until the replica has taken its place."""
        self.primary.kill()
        until(lambda: self.named() == self.replica.port)


@contextmanager
def guarded_server(directory: Path, *, down_after_ms: int = 500) -> Iterator[Guarded]:
    """Such a pair, while it runs."""
    directory.mkdir(exist_ok=True)
    with ExitStack() as stack:
        primary = Server(directory / "primary", ('save ""', "repl-diskless-sync-delay 0"))
        primary.start()
        stack.callback(primary.kill)
        replica = Server(directory / "replica", ('save ""', f"replicaof 127.0.0.1 {primary.port}"))
        replica.start()
        stack.callback(replica.kill)
        with replica.client() as redis:
            until(lambda: redis.info()["master_link_status"] == "up")
        watched = (
            f"sentinel monitor {SERVICE} 127.0.0.1 {primary.port} 1",
            f"sentinel down-after-milliseconds {SERVICE} {down_after_ms}",
            f"sentinel failover-timeout {SERVICE} 2000",
        )
        sentinel = Server(directory / "sentinel", watched, ("--sentinel",))
        sentinel.start()
        stack.callback(sentinel.kill)
        until(lambda: _replicas_known(sentinel) == 1)
        yield Guarded(primary, replica, sentinel)


def _replicas_known(sentinel: Server) -> int:
    with sentinel.client() as redis:
        return len(redis.sentinel_slaves(SERVICE))
