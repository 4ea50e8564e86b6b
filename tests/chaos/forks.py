"""`python -m tests.chaos.forks SOCKET`: has loaded the bot, and forks one for each order.

Loading takes most of what a start costs. A fork is a process like any other: with memory, sockets
and a death of its own. Orders come by standard input, one a line as JSON; news go out the same way:
`{"started": pid}` for each order, `{"ended": pid, "status": …}` for each death. When its input
ends, all that it has started is killed.

By the socket, a line of a shell orders one too, as `tests.e2e.in_shell` does: it gives its three
files along, and is told the exit code.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bot.deferred import build_models

LOADED = (
    "bot.app",
    "bot.cli",
    "bot.eval.run",
    "bot.joining.process",
    "bot.ops.heap",
    "bot.ops.logs",
)


def main() -> None:
    for name in LOADED:
        importlib.import_module(name)
    asyncio.run(build_models())
    gc.freeze()
    _Forks().run()


@dataclass(slots=True)
class _Forks:
    """What has been started, and who waits for the exit code of it."""

    running: dict[int, socket.socket | None] = field(default_factory=dict)

    def run(self) -> None:
        wake, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(waker)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        selector = selectors.DefaultSelector()
        selector.register(sys.stdin.fileno(), selectors.EVENT_READ)
        selector.register(wake, selectors.EVENT_READ)
        listening = _listen(sys.argv[1])
        selector.register(listening, selectors.EVENT_READ)
        rest = b""
        _tell({"ready": True})
        while True:
            ready = {key.fd for key, _ in selector.select()}
            if wake in ready:
                os.read(wake, 4096)
            self._bury()
            if listening.fileno() in ready:
                self._start_in_shell(listening.accept()[0])
            if sys.stdin.fileno() not in ready:
                continue
            read = os.read(sys.stdin.fileno(), 1 << 20)
            if not read:
                break
            *orders, rest = (rest + read).split(b"\n")
            for line in orders:
                order = json.loads(line)
                self.running[_start(order, partial(_take_logs, order))] = None
        for pid in self.running:
            os.kill(pid, signal.SIGKILL)

    def _bury(self) -> None:
        for pid, asker in tuple(self.running.items()):
            found, status = os.waitpid(pid, os.WNOHANG)
            if not found:
                continue
            del self.running[pid]
            code = os.waitstatus_to_exitcode(status)
            if asker is None:
                _tell({"ended": pid, "status": code})
            else:
                with asker, suppress(BrokenPipeError):
                    asker.sendall(json.dumps(code).encode())

    def _start_in_shell(self, asker: socket.socket) -> None:
        text, files, _, _ = socket.recv_fds(asker, 1 << 20, 3)
        order = json.loads(text)
        self.running[_start(order, partial(_take_files, files), quiet=True)] = asker
        for each in files:
            os.close(each)


def _listen(path: str) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(path)
    listening.listen()
    return listening


def _start(order: dict[str, Any], take: Callable[[], None], *, quiet: bool = False) -> int:
    """The id of a fork that does what the `order` says, with the files that it is to `take`."""
    pid = os.fork()
    if pid:
        if not quiet:
            _tell({"started": pid})
        return pid
    code = 70
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.environ.clear()
        os.environ.update(order["env"])
        os.chdir(order["cwd"])
        take()
        os.closerange(3, 64)
        _shorten(order.get("seconds", {}))
        module, _, name = order.get("program", "bot.cli:main").partition(":")
        code = getattr(importlib.import_module(module), name)(order["arguments"])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _take_logs(order: dict[str, Any]) -> None:
    log = _log(order["log"])
    errors = _log(order["errors"]) if "errors" in order else log
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, source in enumerate((nothing, log, errors)):
        os.dup2(source, number)


def _take_files(files: Sequence[int]) -> None:
    for number, source in enumerate(files):
        os.dup2(source, number)


def _log(path: str) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def _shorten(seconds: dict[str, float]) -> None:
    """Set constants of the bot that no setting is for, as `module:NAME`."""
    for place, value in seconds.items():
        module, _, name = place.partition(":")
        setattr(importlib.import_module(module), name, value)
    if (deadline := seconds.get("bot.slack.web_api:DEADLINE_SECONDS")) is not None:
        from bot.slack.web_api import WebApi  # noqa: PLC0415

        WebApi.__init__.__kwdefaults__ = {"deadline": deadline}


def _tell(news: dict[str, Any]) -> None:
    os.write(sys.__stdout__.fileno(), json.dumps(news).encode() + b"\n")  # type: ignore[union-attr]


if __name__ == "__main__":
    main()
