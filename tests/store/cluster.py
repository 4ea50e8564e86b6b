"""Valkeys of other kinds than the bot's own: in cluster mode, replicas, full, with users."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import AuthenticationError
from redis.exceptions import ConnectionError as NotReadyError

from bot.store.redis.embedded import _server_binary
from tests.ports import free_port

DEADLINE = 20.0
"""How long a server may take to be what it should be, in seconds."""


@contextmanager
def valkey_server(directory: Path, *arguments: str, **options: str) -> Iterator[int]:
    """The port of a server on this machine, with `options` and further `arguments`, while it
    runs."""
    directory.mkdir(exist_ok=True)
    port = free_port()
    given = {
        "port": str(port),
        "bind": "127.0.0.1",
        "dir": str(directory),
        "save": "",
        "loglevel": "warning",
    } | options
    words = [word for name, value in given.items() for word in (f"--{name}", value)]
    command = [_server_binary(), *words, *arguments]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            with Redis(host="127.0.0.1", port=port) as redis:
                until(lambda: process.poll() is None and _answers(redis))
            yield port
        finally:
            process.kill()


@contextmanager
def cluster_server(directory: Path) -> Iterator[str]:
    """The address of one node with all slots, as strict about keys as many nodes are."""
    with cluster_node(directory) as port, Redis(host="127.0.0.1", port=port) as redis:
        give_slots(redis, 0, 16383)
        until(lambda: _state(redis) == "ok")
        yield f"redis://127.0.0.1:{port}"


@contextmanager
def cluster_node(directory: Path) -> Iterator[int]:
    """The port of a node that has no slots yet."""
    bus = {"cluster-port": str(free_port()), "cluster-enabled": "yes"}
    with valkey_server(directory, **bus) as port:
        yield port


def give_slots(redis: Any, first: int, last: int) -> None:
    """Give a node these slots."""
    redis.execute_command("CLUSTER ADDSLOTSRANGE", first, last)


def join_cluster(one: Any, other_port: int, other_bus: int) -> None:
    """Let a node meet another one, and wait until both have all slots between them."""
    one.execute_command("CLUSTER MEET", "127.0.0.1", other_port, other_bus)
    until(lambda: _state(one) == "ok")


def bus_port(redis: Any) -> int:
    """The port at which other nodes reach this one."""
    return int(redis.config_get("cluster-port")["cluster-port"])


def _state(redis: Any) -> str:
    return str(redis.execute_command("CLUSTER INFO")["cluster_state"])


def until(true: Any) -> None:
    """Wait for `true()`."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        try:
            if true():
                return
        except NotReadyError:
            pass
        time.sleep(0.01)
    raise RuntimeError("the server did not become what it should be")


def _answers(redis: Any) -> bool:
    try:
        return bool(redis.ping())
    except AuthenticationError:
        return True
