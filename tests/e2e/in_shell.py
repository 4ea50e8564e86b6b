"""`python tests/e2e/in_shell.py SOCKET …` is `python -m bot …` that has been loaded already.

In a line of a shell: a process that has loaded the bot forks one, which takes the three files of
this process, what is set here and this directory. This one ends as that does.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path


def main(path: str, arguments: list[str]) -> int:
    """The exit code of the fork, or minus the signal that ended it."""
    order = {"env": dict(os.environ), "cwd": str(Path.cwd()), "arguments": arguments}
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.connect(path)
        socket.send_fds(asking, [json.dumps(order).encode()], [0, 1, 2])
        return int(json.loads(asking.recv(64)))


if __name__ == "__main__":
    code = main(sys.argv[1], sys.argv[2:])
    if code < 0:
        os.kill(os.getpid(), -code)
    sys.exit(code)
