"""Bots as processes of their own, forked from one that has loaded everything."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
START_SECONDS = 30.0


@dataclass(eq=False, slots=True)
class Process:
    """One bot. `status` is its exit code, or minus the signal that ended it, once it has ended."""

    pid: int
    log: Path
    status: int | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def running(self) -> bool:
        return self.status is None

    @property
    def stands_still(self) -> bool:
        """Whether it was stopped by a signal, its own or somebody's (proc(5): state `T`)."""
        try:
            state = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return False
        return state == "T"

    def send(self, number: signal.Signals) -> None:
        if self.running:
            os.kill(self.pid, number)

    async def wait(self) -> int:
        await self.ended.wait()
        assert self.status is not None
        return self.status


class Forks:
    """Starts bots while entered; they end with it."""

    def __init__(self, seconds: Mapping[str, float] | None = None) -> None:
        """`seconds`: constants of the bot that are shorter here, as `module:NAME`."""
        self._seconds = dict(seconds or {})
        self._starting: deque[tuple[Path, asyncio.Future[Process]]] = deque()
        self._processes: dict[int, Process] = {}
        self._parent: asyncio.subprocess.Process | None = None
        self._ready = asyncio.Event()

    async def start(
        self, env: Mapping[str, str], *, cwd: Path, log: Path, arguments: Sequence[str] = ("serve",)
    ) -> Process:
        """`python -m bot …`; what it prints goes into `log`."""
        assert self._parent is not None
        assert self._parent.stdin is not None
        order = {
            "env": dict(env),
            "cwd": str(cwd),
            "log": str(log),
            "seconds": self._seconds,
            "arguments": list(arguments),
        }
        started: asyncio.Future[Process] = asyncio.get_running_loop().create_future()
        self._starting.append((log, started))
        self._parent.stdin.write(json.dumps(order).encode() + b"\n")
        return await asyncio.wait_for(started, START_SECONDS)

    async def run(self, parent: asyncio.subprocess.Process) -> None:
        """Hear what `parent` tells until it is gone."""
        self._parent = parent
        assert parent.stdout is not None
        async for line in parent.stdout:
            self._hear(json.loads(line))

    async def loaded(self) -> None:
        await asyncio.wait_for(self._ready.wait(), START_SECONDS)

    def _hear(self, news: dict[str, Any]) -> None:
        if "ready" in news:
            self._ready.set()
        elif "started" in news:
            log, started = self._starting.popleft()
            self._processes[news["started"]] = process = Process(news["started"], log)
            started.set_result(process)
        else:
            process = self._processes.pop(news["ended"])
            process.status = news["status"]
            process.ended.set()


@asynccontextmanager
async def forks(seconds: Mapping[str, float] | None = None) -> AsyncIterator[Forks]:
    """Starts bots while entered, with constants that are shorter than the bot's own."""
    found = Forks(seconds)
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.chaos.forks"),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    hearing = asyncio.create_task(found.run(parent))
    try:
        await found.loaded()
        yield found
    finally:
        assert parent.stdin is not None
        parent.stdin.close()
        await parent.wait()
        await hearing
