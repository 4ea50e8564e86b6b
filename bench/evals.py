"""`python -m bot eval` beside a bare loop with httpx, and what it costs to be killed on the way."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from httpx_sse import aconnect_sse

from bench._process import ROOT
from sandbox.grok import GrokServer

PROMPTS = 1_000
GRID = ("temperature=0.2,0.8", "model=grok-4.3,grok-4.7")
SETTINGS = 4
AT_ONCE = 16
KILLS = 10
BAR = 1.05
"""The most that an eval may take, times what the bare loop does."""

_FIRST_SECONDS, _SPEED = 0.3, 100.0
"""How the Grok answers: after so many seconds, so many tokens a second."""


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds on the clock, and of CPU."""

    wall: float
    cpu: float


def main(prompts: int = PROMPTS, kills: int = KILLS) -> None:
    """Measure both loops with so many prompts, then kill an eval so many times."""
    asyncio.run(_main(prompts, kills))


async def _main(prompts: int, kills: int) -> None:
    """Eval, bare loop, bare loop, eval: so that what else the machine does weighs on both."""
    with tempfile.TemporaryDirectory() as home:
        async with GrokServer(first_delay=_FIRST_SECONDS, speed=_SPEED) as grok:
            data = _sums(Path(home), prompts)
            print(f"{prompts:,} prompts x {SETTINGS} settings, {AT_ONCE} at once; seconds, CPU")
            ours = [await _finished(await _eval(grok, data, "whole.jsonl"))]
            path, bodies = grok.requests[0].path, [request.body for request in grok.requests]
            bare = [await _bare(grok, path, bodies) for _ in range(2)]
            ours.append(await _finished(await _eval(grok, data, "again.jsonl")))
            for name, took in (("bare loop", bare), ("eval", ours)):
                print(f"{name:<10}", *(f"{each.wall:8.1f}{each.cpu:8.1f}" for each in took))
            ratio = sum(each.wall for each in ours) / sum(each.wall for each in bare)
            verdict = "met" if ratio <= BAR else "MISSED"
            print(f"x {ratio:.3f}, the bar {BAR}: {verdict}", flush=True)
            await _killed(grok, data, kills, prompts * SETTINGS)


async def _killed(grok: GrokServer, data: Path, kills: int, answers: int) -> None:
    """The same once more, killed at random moments: what was asked, and what it cost."""
    before, chance = len(grok.requests), random.Random(kills)
    moments = sorted(chance.sample(range(answers), kills))
    for moment in moments:
        process = await _eval(grok, data, "killed.jsonl")
        await grok.arrived(before + moment + 1)
        process.send_signal(signal.SIGKILL)
        await process.wait()
    await _finished(await _eval(grok, data, "killed.jsonl"))
    costs = [_costs(data.with_name(name)) for name in ("whole.jsonl", "killed.jsonl")]
    asked = len(grok.requests) - before
    print(f"killed {kills} times: {asked:,} requests for {answers:,} answers")
    print("micro-dollars of the answers: {:,} whole, {:,} killed".format(*costs))


def _costs(record: Path) -> int:
    entries: list[dict[str, Any]] = [json.loads(line) for line in record.read_text().splitlines()]
    return sum(entry.get("micro_dollars", 0) for entry in entries)


def _sums(home: Path, prompts: int) -> Path:
    path = home / "sums.jsonl"
    lines = (
        json.dumps({"prompt": f"What is {number} + 7?", "expected": f"= {number + 7}"})
        for number in range(1, prompts + 1)
    )
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _environment(grok: GrokServer) -> Mapping[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "XAI_API_KEY": grok.api_key or "any",
        "XAI_BASE_URL": grok.base_url,
        "GROK_DIALECT": grok.dialect,
        "GROK_ENDPOINT": "chat",
        "GROK_MAX_TOKENS": "100",
    }


async def _eval(grok: GrokServer, data: Path, out: str) -> Process:
    grid = [each for axis in GRID for each in ("--grid", axis)]
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "eval", str(data), *grid, "--budget", "100"),
        *("--at-once", str(AT_ONCE), "--out", str(data.with_name(out))),
        cwd=data.parent,
        env=_environment(grok),
        stdout=DEVNULL,
        stderr=DEVNULL,
    )


async def _finished(process: Process, given: bytes | None = None) -> Took:
    """What `process` takes from its start, which was just now, to its end."""
    started, before = time.monotonic(), _children_cpu()
    await process.communicate(given)
    if process.returncode:
        raise RuntimeError("it did not end well")
    return Took(time.monotonic() - started, _children_cpu() - before)


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def _bare(grok: GrokServer, path: str, bodies: Sequence[Mapping[str, Any]]) -> Took:
    """A process that asks the same, as many at once, and does nothing else."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.evals", "--bare", grok.base_url.removesuffix("/v1") + path),
        cwd=ROOT,
        env=_environment(grok),
        stdin=PIPE,
        stdout=DEVNULL,
    )
    return await _finished(process, json.dumps(bodies).encode())


async def _ask_bare(url: str, bodies: Sequence[Mapping[str, Any]]) -> None:
    headers = {"Authorization": f"Bearer {os.environ['XAI_API_KEY']}"}
    waiting = iter(bodies)
    async with httpx.AsyncClient(headers=headers, timeout=None) as client:

        async def work() -> None:
            for body in waiting:
                async with aconnect_sse(client, "POST", url, json=body) as events:
                    pieces = [event.data async for event in events.aiter_sse()]
                if pieces[-1] != "[DONE]":
                    raise RuntimeError("an answer broke off")

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(work())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.evals", description=__doc__)
    parser.add_argument("--prompts", type=int, default=PROMPTS)
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--bare", metavar="URL", help="ask this what standard input has")
    return parser.parse_args()


if __name__ == "__main__":
    options = _options()
    if options.bare:
        asyncio.run(_ask_bare(options.bare, json.loads(sys.stdin.read())))
    else:
        main(options.prompts, options.kills)
