"""Ports for servers that tests start, where the number has to be known before the server is.

Whoever can listens on port 0 and tells its port. A number that is only found to be free is another
process's by the time its server listens there, now and then, and always while that server starts
again: so it is held here.
"""

from __future__ import annotations

import os
import socket
import sys
from collections import deque

MOST_HELD = 64
"""Each takes one of the files that a process may open, and some tests leave it few."""

_held: deque[int] = deque()
"""Files that are open for no other purpose."""


def free_port() -> int:
    """A port of this machine that nobody listens on, and that the system gives to nobody else
    until this process has asked for `MOST_HELD` more.

    Who knows the number can listen there, and again when the server has ended, as every server
    that sets `SO_REUSEADDR` can beside a socket that is bound and does not listen (Linux: ip(7),
    socket(7)). Elsewhere it is free when this returns, and that is all.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    port: int = holder.getsockname()[1]
    if sys.platform == "linux":
        _held.append(holder.detach())
        if len(_held) > MOST_HELD:
            os.close(_held.popleft())
    else:
        holder.close()
    return port
