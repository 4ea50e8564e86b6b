"""Ports for servers that tests start."""

from __future__ import annotations

import itertools
import os
import socket

_FIRST, _COUNT = 10_000, 20_000
"""Below those that the system gives by itself, from 32,768 on Linux: one of these could be
another's before the server that it is for listens there."""

_STEP = 7_919
"""Processes with ids that follow each other begin far apart."""

_number = itertools.count()


def free_port() -> int:
    """A port of this machine that nobody listens on, and that no other process of the tests is
    likely to be given."""
    while True:
        port = _FIRST + (os.getpid() * _STEP + next(_number)) % _COUNT
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
