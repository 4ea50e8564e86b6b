"""The process that has loaded the bot, and its forks, as whoever starts them sees them."""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Thread

ROOT = Path(__file__).parents[2]
START_SECONDS = 30.0


@dataclass(frozen=True, eq=False, slots=True)
class Forked:
    """One bot. `ended`: its exit code, or minus the signal that ended it, once it has ended."""

    pid: int
    ended: Future[int]

    @property
    def status(self) -> int | None:
        return self.ended.result() if self.ended.done() else None

    @property
    def running(self) -> bool:
        return not self.ended.done()

    def send(self, number: signal.Signals) -> None:
        if self.running:
            with suppress(ProcessLookupError):  # it ended, and that is on its way here
                os.kill(self.pid, number)

    async def wait(self) -> int:
        return await asyncio.shield(asyncio.wrap_future(self.ended))


class Parent:
    """Starts bots until it is closed; they end with it. Of no event loop, so that tests of
    different ones may share it. `socket`: where lines of a shell have it start one."""

    def __init__(self) -> None:
        self._directory = tempfile.mkdtemp(prefix="forks-")
        self.socket = Path(self._directory) / "socket"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.forks", str(self.socket)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._ready = Future[None]()
        self._starting: deque[Future[tuple[int, Future[int]]]] = deque()
        self._running: dict[int, Future[int]] = {}
        self._hearing = Thread(target=self._hear, daemon=True)
        self._hearing.start()

    async def loaded(self) -> None:
        """Returns once it forks at once."""
        await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(self._ready)), START_SECONDS)

    async def start(self, order: Mapping[str, object]) -> tuple[int, Future[int]]:
        """The id of a new process, and its exit code, or minus the signal, when it has ended.
        `order` is what `tests.chaos.forks` takes."""
        started = Future[tuple[int, Future[int]]]()
        self._starting.append(started)
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        return await asyncio.wait_for(asyncio.wrap_future(started), START_SECONDS)

    def close(self) -> None:
        """Ends it, and all that it has started."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        self._hearing.join()
        assert self._process.stdout is not None
        self._process.stdout.close()
        shutil.rmtree(self._directory)

    def _hear(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            match json.loads(line):
                case {"ready": True}:
                    self._ready.set_result(None)
                case {"started": pid}:
                    self._running[pid] = Future()
                    self._starting.popleft().set_result((pid, self._running[pid]))
                case {"ended": pid, "status": status}:
                    self._running.pop(pid).set_result(status)


@cache
def shared() -> Parent:
    """The one of this process, which takes nearly a second to load; closed at its end."""
    parent = Parent()
    atexit.register(parent.close)
    return parent
