"""A Valkey in cluster mode: one node with all slots, as strict about keys as many nodes are."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import ConnectionError as NotReadyError

from bot.store.embedded import _server_binary


@contextmanager
def cluster_server(directory: Path) -> Iterator[str]:
    """Its address while it runs."""
    port, bus = _free_ports()
    options = {
        "port": str(port),
        "cluster-port": str(bus),
        "cluster-enabled": "yes",
        "bind": "127.0.0.1",
        "dir": str(directory),
        "save": "",
        "loglevel": "warning",
    }
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    with subprocess.Popen([_server_binary(), *words], stdout=subprocess.DEVNULL) as process:
        try:
            with Redis(host="127.0.0.1", port=port) as redis:
                _until_ready(redis, process)
            yield f"redis://127.0.0.1:{port}"
        finally:
            process.kill()


def _until_ready(redis: Any, process: subprocess.Popen[bytes]) -> None:
    given = False
    while process.poll() is None:
        try:
            given = given or bool(redis.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383))
            if redis.execute_command("CLUSTER INFO")["cluster_state"] == "ok":
                return
        except NotReadyError:
            pass
        time.sleep(0.01)
    raise RuntimeError("the server ended")


def _free_ports() -> tuple[int, int]:
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):
        return one.getsockname()[1], two.getsockname()[1]
