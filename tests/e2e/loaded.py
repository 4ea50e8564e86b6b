"""Bots that need not load what they are made of: each is forked from one process that has.

For tests in which a process has to die, to stand still or to be another one, and how it starts is
not what is tested. `tests.e2e.process` starts one as an operator does.
"""

from __future__ import annotations

import signal
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.parent import Forked, shared


@dataclass(frozen=True, eq=False, slots=True)
class Loaded(Forked):
    """A bot as `asyncio.subprocess.Process` shows one; what it prints is read when it has ended."""

    printed: tuple[Path, Path]

    @property
    def returncode(self) -> int | None:
        return self.status

    def send_signal(self, number: signal.Signals) -> None:
        self.send(number)

    def terminate(self) -> None:
        self.send(signal.SIGTERM)

    def kill(self) -> None:
        self.send(signal.SIGKILL)

    async def communicate(self) -> tuple[bytes, bytes]:
        await self.wait()
        out, err = self.printed
        return out.read_bytes(), err.read_bytes()


@asynccontextmanager
async def loaded_bot(
    env: Mapping[str, str], *arguments: str, cwd: Path, program: str = "bot.cli:main"
) -> AsyncIterator[Loaded]:
    """`python -m bot …` (`serve` when nothing is said), killed at the end if it still runs; or
    another `program`, as `module:NAME` of what takes the arguments and returns the exit code."""
    with tempfile.TemporaryDirectory(prefix="printed-") as directory:
        printed = Path(directory) / "out", Path(directory) / "err"
        order = {
            "env": dict(env),
            "cwd": str(cwd),
            "log": str(printed[0]),
            "errors": str(printed[1]),
            "seconds": {},
            "program": program,
            "arguments": list(arguments or ("serve",)),
        }
        process = Loaded(*await shared().start(order), printed)
        try:
            yield process
        finally:
            process.kill()
            await process.wait()
