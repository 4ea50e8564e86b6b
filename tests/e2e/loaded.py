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
from functools import cache
from pathlib import Path

from tests.chaos.parent import Forked, Parent


@dataclass(frozen=True, eq=False, slots=True)
class Loaded(Forked):
    """A bot as `asyncio.subprocess.Process` shows one; what it prints is read when it has ended."""

    printed: tuple[Path, Path]

    @property
    def returncode(self) -> int | None:
        return self.status

    def send_signal(self, number: signal.Signals) -> None:
        self.send(number)

    async def communicate(self) -> tuple[bytes, bytes]:
        await self.wait()
        out, err = self.printed
        return out.read_bytes(), err.read_bytes()


@cache
def _parent() -> Parent:
    return Parent()


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
        process = Loaded(*await _parent().start(order), printed)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGKILL)
            await process.wait()
