"""CPU until a command has done its work, or serves, beside importing slack_bolt and httpx."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
from collections.abc import Sequence

from bench._process import ROOT, running_bot, use_of
from bench._report import verdict
from bench.streaming.rows import Bars, Question, Row
from bench.streaming.stage import open_workspace
from sandbox.grok import GrokServer

ROUNDS = 5
BARS = {"--help": 0.3, "schema": 0.3}
"""Seconds."""
SERVE_RATIO = 1.5

_START_SECONDS = 60.0


def main(rounds: int = ROUNDS) -> None:
    """Print the least of some rounds for each, in seconds. Bytecode is there already."""
    _cpu_of("-c", "import bot.app")
    imports = min(_cpu_of("-c", "import slack_bolt.async_app, httpx") for _ in range(rounds))
    print(f"{'slack_bolt and httpx':>22}{imports:>8.2f}")
    for command, bar in BARS.items():
        seconds = min(_cpu_of("-m", "bot", command) for _ in range(rounds))
        print(f"{command:>22}{seconds:>8.2f}   {verdict(seconds <= bar)}")
    ready = min(asyncio.run(_ready()) for _ in range(rounds))
    said = verdict(ready <= SERVE_RATIO * imports)
    print(f"{'serve, until ready':>22}{ready:>8.2f}   {ready / imports:.2f} of the imports {said}")


def _cpu_of(*arguments: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command: Sequence[str] = (sys.executable, *arguments)
    environment = {"PATH": os.environ["PATH"], **_bytecode()}
    subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


async def _ready() -> float:
    """Of `serve` until Slack is connected, without its embedded Valkey."""
    row = Row("start", "start", (Question(0, 0),), Bars(final=0))
    async with (
        open_workspace(row) as workspace,
        GrokServer() as grok,
        running_bot(workspace, grok, answers=1, tokens=1, settings=_bytecode()) as bot,
    ):
        await workspace.connected(seconds=_START_SECONDS)
        return use_of(bot.pid).cpu


def _bytecode() -> dict[str, str]:
    name = "PYTHONPYCACHEPREFIX"
    return {name: os.environ[name]} if name in os.environ else {}


if __name__ == "__main__":
    main()
