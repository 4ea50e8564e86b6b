"""Keeps the bot's own Valkey: starts it, and ends it when the bot is gone.

`bot.store.redis.embedded` runs this file as a process apart from the bot, so that it outlives a bot
that is killed; it needs nothing but the standard library. Its standard input is a pipe whose
other end only the bot holds: the end of that pipe is the end of the bot. It says `STARTED` on
its standard output when the server has been started, and its standard error is the log.

    keeper.py VALKEY_SERVER DATA_DIR SOCKET SECONDS

SECONDS is how long the server of a bot that was killed may take to let go of DATA_DIR.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import select
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

STARTED = b"started\n"

STOPPED = 0
FAILED = 1
BUSY = 3
UNSAFE = 4
"""Exit codes: stopped as asked, the server ended by itself, another server still uses the
directory, the directory of the socket belongs to somebody else."""

LOCK = "server.lock"
STOP_SECONDS = 10.0
"""How long the server may take to write its data before it is killed."""

_STDIN = 0
_PR_SET_PDEATHSIG = 1


def main(server: str, data_dir: Path, socket: Path, wait_seconds: float) -> int:
    """Run the server until it or the bot ends; returns an exit code."""
    os.umask(0o077)
    with (data_dir / LOCK).open("wb") as lock:
        if not _lock(lock.fileno(), wait_seconds):
            return BUSY
        if socket.parent != data_dir and not _make_safe(socket.parent):
            return UNSAFE
        try:
            return _serve(server, data_dir, socket, lock.fileno())
        finally:
            socket.unlink(missing_ok=True)
            if socket.parent != data_dir:
                with contextlib.suppress(OSError):
                    socket.parent.rmdir()


def _lock(fd: int, wait_seconds: float) -> bool:
    deadline = time.monotonic() + wait_seconds
    while time.monotonic() < deadline:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            bot_gone, _, _ = select.select([_STDIN], [], [], 0.02)
            if bot_gone:
                return False
        else:
            return True
    return False


def _make_safe(directory: Path) -> bool:
    """Whether `directory` is there (made if need be) and nobody else can enter it."""
    directory.mkdir(mode=0o700, exist_ok=True)
    found = directory.lstat()
    mine = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
    return mine and stat.S_IMODE(found.st_mode) & 0o077 == 0


def _serve(server: str, data_dir: Path, socket: Path, lock: int) -> int:
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)

    process = subprocess.Popen(  # noqa: S603
        [server, *_options(data_dir, socket)],
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        cwd=data_dir,
        pass_fds=[lock],  # the directory stays locked for as long as the server lives
        preexec_fn=_die_with_keeper if sys.platform == "linux" else None,  # noqa: PLW1509
    )
    try:
        os.write(sys.stdout.fileno(), STARTED)
        while process.poll() is None:
            ready, _, _ = select.select([_STDIN, woken], [], [])
            if _STDIN in ready:
                return STOPPED
            if set(os.read(woken, 64)) != {signal.SIGCHLD}:
                return STOPPED
        return FAILED
    finally:
        _stop(process)


def _options(data_dir: Path, socket: Path) -> list[str]:
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(data_dir),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "daemonize": "no",
        "loglevel": "warning",
    }
    return [word for name, value in options.items() for word in (f"--{name}", value)]


def _die_with_keeper() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), float(sys.argv[4])))
