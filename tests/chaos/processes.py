"""Bots as processes of their own, forked from one that has loaded everything."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.parent import Forked, Parent, shared


@dataclass(frozen=True, eq=False, slots=True)
class Process(Forked):
    """One that prints into `log`."""

    log: Path

    @property
    def stands_still(self) -> bool:
        """Whether it was stopped by a signal, its own or somebody's (proc(5): state `T`)."""
        try:
            state = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return False
        return state == "T"


class Forks:
    """Starts bots, with constants that are shorter than the bot's own."""

    def __init__(self, parent: Parent, seconds: Mapping[str, float] | None = None) -> None:
        """`seconds`: those constants, as `module:NAME`."""
        self._parent = parent
        self._seconds = dict(seconds or {})
        self._started: list[Process] = []

    async def start(
        self, env: Mapping[str, str], *, cwd: Path, log: Path, arguments: Sequence[str] = ("serve",)
    ) -> Process:
        """`python -m bot …`; what it prints goes into `log`."""
        order = {
            "env": dict(env),
            "cwd": str(cwd),
            "log": str(log),
            "seconds": self._seconds,
            "arguments": list(arguments),
        }
        process = Process(*await self._parent.start(order), log)
        self._started.append(process)
        return process

    async def kill(self) -> None:
        """End all that were started."""
        for process in self._started:
            process.send(signal.SIGKILL)
        for process in self._started:
            await process.wait()


@asynccontextmanager
async def forks(seconds: Mapping[str, float] | None = None) -> AsyncIterator[Forks]:
    """Starts bots while entered, with constants that are shorter than the bot's own."""
    parent = shared()
    await parent.loaded()
    bots = Forks(parent, seconds)
    try:
        yield bots
    finally:
        await bots.kill()
