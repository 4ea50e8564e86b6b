"""Bots that need not load what they are made of: each is forked from one process that has.

For tests in which a process has to die, to stand still or to be another one, and how it starts is
not what is tested. `tests.e2e.process` starts one as an operator does.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import Future
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Thread

from tests.e2e.process import ROOT

START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Loaded:
    """A bot as `asyncio.subprocess.Process` shows one; what it prints is read when it has ended."""

    pid: int
    ended: Future[int]
    printed: tuple[Path, Path]

    @property
    def returncode(self) -> int | None:
        return self.ended.result() if self.ended.done() else None

    def send_signal(self, number: signal.Signals) -> None:
        if not self.ended.done():
            os.kill(self.pid, number)

    async def wait(self) -> int:
        return await asyncio.shield(asyncio.wrap_future(self.ended))

    async def communicate(self) -> tuple[bytes, bytes]:
        await self.wait()
        out, err = self.printed
        return out.read_bytes(), err.read_bytes()


class _Parent:
    """The process that has loaded the bot. It is told what to start, and tells who has ended."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.forks"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._starting: deque[Future[tuple[int, Future[int]]]] = deque()
        self._running: dict[int, Future[int]] = {}
        self._hearing = Thread(target=self._hear, daemon=True)
        self._hearing.start()

    def start(self, order: Mapping[str, object]) -> Future[tuple[int, Future[int]]]:
        """The id of a new process, and its exit code, or minus the signal, when it has ended."""
        started: Future[tuple[int, Future[int]]] = Future()
        self._starting.append(started)
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        return started

    def close(self) -> None:
        """Ends it, and all that it has started."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        self._hearing.join()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _hear(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            match json.loads(line):
                case {"started": pid}:
                    self._running[pid] = Future()
                    self._starting.popleft().set_result((pid, self._running[pid]))
                case {"ended": pid, "status": status}:
                    self._running.pop(pid).set_result(status)


@cache
def _parent() -> _Parent:
    return _Parent()


def close() -> None:
    """At the end of all tests: ends the process that others are forked from, if there is one."""
    if _parent.cache_info().currsize:
        _parent().close()
        _parent.cache_clear()


@asynccontextmanager
async def loaded_bot(env: Mapping[str, str], *arguments: str, cwd: Path) -> AsyncIterator[Loaded]:
    """`python -m bot …` (`serve` when nothing is said), killed at the end if it still runs."""
    with tempfile.TemporaryDirectory(prefix="printed-") as directory:
        printed = Path(directory) / "out", Path(directory) / "err"
        order = {
            "env": dict(env),
            "cwd": str(cwd),
            "log": str(printed[0]),
            "errors": str(printed[1]),
            "seconds": {},
            "arguments": list(arguments or ("serve",)),
        }
        started = asyncio.wrap_future(_parent().start(order))
        pid, ended = await asyncio.wait_for(started, START_SECONDS)
        process = Loaded(pid, ended, printed)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGKILL)
            await process.wait()
