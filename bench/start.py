"""What a command takes until it is done, or serves, beside importing slack_bolt and httpx."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench._process import ROOT, running_bot, use_of
from bench._report import verdict, write_down
from bench.streaming.rows import LATENCY, Bars, Question, Row
from bench.streaming.stage import open_workspace
from sandbox.grok import GrokServer

ROUNDS = 5
BARS = {"--help": 0.3, "schema": 0.3}
"""Seconds."""
SERVE_RATIO = 1.5

BASELINE = "import slack_bolt.async_app, httpx"
"""As `time` shows it: with the end of the interpreter, which takes 35 ms; what `serve` takes until
it is ready has none."""
LIBRARIES = (
    "import gc; gc.disable(); "
    + BASELINE
    + ", aiohttp.web, attrs, httpx_aiohttp, httpx_sse, prometheus_client, pydantic, "
    "redis.asyncio, structlog\nclass Model(pydantic.BaseModel): some: int = 0"
)
"""All that a question needs until it is answered, without a line of the bot; what only the answer
needs of it is loaded once `serve` is ready."""

_LOADED = "import bot.app, bot.cli, bot.joining.process, bot.ops.logs"

_LEFT_OUT = "opentelemetry"
"""A package of developers, and of who has traces: where it is installed redis-py loads it, which
takes 40 ms. What is measured is a bot as `requirements.lock` has it."""


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of CPU, and on the clock."""

    cpu: float
    wall: float


def main(rounds: int = ROUNDS) -> None:
    """Print the least of some rounds for each, in seconds. Bytecode is there already, and each
    round measures all, one after the other: what else the machine does then takes from all."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, f"{_LEFT_OUT}.py").write_text("raise ImportError", encoding="utf-8")
        _run("-c", _LOADED, without=folder)
        ways: dict[str, Callable[[], Took]] = {
            "imports": partial(_run, "-c", BASELINE, without=folder),
            "libraries": partial(_run, "-c", LIBRARIES, without=folder),
            **{name: partial(_run, "-m", "bot", name, without=folder) for name in BARS},
            "serve": lambda: asyncio.run(_ready(folder)),
        }
        took = [{name: way() for name, way in ways.items()} for _ in range(rounds)]
    found = {name: _least([each[name] for each in took]) for name in ways}
    _print(found)
    write_down("start", {name: [took.cpu, took.wall] for name, took in found.items()})


def _print(found: dict[str, Took]) -> None:
    imports, serve = found["imports"], found["serve"]
    print(f"{'':>22}{'CPU':>8}{'clock':>8}   a load of {os.getloadavg()[0]:.1f}")
    print(f"{'slack_bolt and httpx':>22}{imports.cpu:>8.2f}{imports.wall:>8.2f}")
    needed = found["libraries"]
    print(
        f"{'all that answers need':>22}{needed.cpu:>8.2f}{needed.wall:>8.2f}   "
        f"{needed.cpu / imports.cpu:.2f} times that"
    )
    for command, bar in BARS.items():
        took = found[command]
        print(f"{command:>22}{took.cpu:>8.2f}{took.wall:>8.2f}   {verdict(took.cpu <= bar)}")
    ratio = serve.cpu / imports.cpu
    print(
        f"{'serve, until it says':>22}{serve.cpu:>8.2f}{serve.wall:>8.2f}   {ratio:.2f} times the "
        f"imports by CPU {verdict(ratio <= SERVE_RATIO)}, {serve.wall / imports.wall:.2f} by the "
        f"clock, where Slack takes {LATENCY:.2f} s to say whose both tokens are"
    )


def _least(runs: Sequence[Took]) -> Took:
    return Took(min(run.cpu for run in runs), min(run.wall for run in runs))


def _run(*arguments: str, without: str) -> Took:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command: Sequence[str] = (sys.executable, *arguments)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": without, **_bytecode()}
    subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=True)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - began
    return Took(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, wall)


async def _ready(without: str) -> Took:
    """Of `serve` until it says that it serves, without the CPU of its embedded Valkey."""
    row = Row("start", "start", (Question(0, 0),), Bars(final=0))
    paths = {"PYTHONPATH": f"{ROOT}{os.pathsep}{without}", **_bytecode()}
    async with open_workspace(row) as workspace, GrokServer() as grok:
        began = time.monotonic()
        async with running_bot(
            workspace, grok, answers=1, tokens=1, settings=paths, stdout=PIPE
        ) as bot:
            assert bot.stdout is not None
            assert await bot.stdout.readline()
            return Took(use_of(bot.pid).cpu, time.monotonic() - began)


def _bytecode() -> dict[str, str]:
    name = "PYTHONPYCACHEPREFIX"
    return {name: os.environ[name]} if name in os.environ else {}


if __name__ == "__main__":
    main()
