"""The bot as a process of its own, and what it uses."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import tempfile
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from sandbox.grok import GrokServer
from sandbox.workspace import Workspace

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Use:
    """What a process uses: memory that is resident, and the most that ever was, in MiB, and
    CPU since its start in seconds."""

    resident: float
    most: float
    cpu: float


@asynccontextmanager
async def running_bot(
    workspace: Workspace,
    grok: GrokServer | str,
    *,
    answers: int,
    tokens: int,
    endpoint: str = "auto",
    command: Sequence[str] = ("serve",),
    settings: Mapping[str, str] = MappingProxyType({}),
    stdout: int = DEVNULL,
) -> AsyncIterator[Process]:
    """The bot as it is always run, for so many answers at once of at most so many tokens; its
    Valkey is a process of its own. `grok`, or where one is. `settings` come on top, over what is
    usual here."""
    where = (grok, "any", "xai") if isinstance(grok, str) else _where(grok)
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "SLACK_BOT_TOKEN": workspace.credentials.bot_token,
        "SLACK_APP_TOKEN": workspace.credentials.app_token,
        "SLACK_API_URL": workspace.api_url,
        **dict(zip(("XAI_BASE_URL", "XAI_API_KEY", "GROK_DIALECT"), where, strict=True)),
        "GROK_ENDPOINT": endpoint,
        "GROK_MAX_TOKENS": str(tokens),
        "JOBS_AT_ONCE": str(answers),
        "OPS_PORT": "0",
        "LOG_LEVEL": "ERROR",
        "SHUTDOWN_GRACE_SECONDS": "0",
        **settings,
    }
    with tempfile.TemporaryDirectory() as home:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "bot", *command),
            env=environment | {"DATA_DIR": home},
            cwd=home,
            stdout=stdout,
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            await process.wait()


def waited_of(process: int) -> float:
    """For how many seconds the process of this id could have run and had no core, as Linux counts
    it: what others on the machine take."""
    _, waited, _ = Path(f"/proc/{process}/schedstat").read_text(encoding="utf-8").split()
    return int(waited) / 1e9


def ran_of(process: int) -> float:
    """For how many seconds all threads of the process of this id have run: to the nanosecond,
    where `use_of` counts hundredths of a second."""
    threads = Path(f"/proc/{process}/task").glob("*/schedstat")
    return sum(int(each.read_text(encoding="utf-8").split()[0]) for each in threads) / 1e9


def _where(grok: GrokServer) -> tuple[str, str, str]:
    return grok.base_url, grok.api_key or "any", grok.dialect


def use_of(process: int) -> Use:
    """What the process of this id uses, as Linux counts it."""
    proc = Path(f"/proc/{process}")
    status = dict(re.findall(r"(\w+):\s+(\d+) kB", (proc / "status").read_text(encoding="utf-8")))
    _, _, stat = (proc / "stat").read_text(encoding="utf-8").rpartition(") ")
    user, system = stat.split()[11:13]
    cpu = (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    return Use(int(status["VmRSS"]) / 1024, int(status["VmHWM"]) / 1024, cpu)
