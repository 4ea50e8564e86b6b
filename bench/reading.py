"""CPU of the whole bot for answers that stream, beside a bare reader of the same streams."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from httpx_sse import aconnect_sse

from bench._process import ROOT, ran_of, running_bot
from bench._report import print_heads, verdict, write_down
from bench.streaming.grok import PIECES
from bench.streaming.rows import Bars, Question, Row
from bench.streaming.stage import channel_id, open_workspace
from sandbox.grok import GrokServer, Script
from sandbox.workspace import ANA, Workspace

TOKENS = 1_000
TOKENS_PER_SECOND = 50.0
BARS = {1: 0.5, 20: 0.3}
"""Answers at once, and the most that the bot may take beside the bare reader."""

REST_SECONDS = 5.0
"""For the bot to come to rest after its start, and to end the last answer."""

_LOOK_SECONDS = 0.25
_START_SECONDS = 60.0
_LONGEST = 4.0
"""Times as long as the answers should take: then the machine was too busy."""


@dataclass(frozen=True, slots=True)
class Measured:
    """CPU seconds for `answers` at once: of the bare reader, and of the bot for the same streams
    from the questions to the last edits, without what it takes with `nothing` to do."""

    answers: int
    bare: float
    bot: float
    nothing: float

    @property
    def ratio(self) -> float:
        """The bot beside the bare reader."""
        return (self.bot - self.nothing) / self.bare


def main(answers: Sequence[int] = tuple(BARS), tokens: int = TOKENS) -> None:
    """Measure each number of answers, of so many tokens."""
    if not Path("/proc/self/stat").exists():
        print("this is measured on Linux")
        return
    print(
        f"{tokens:,} tokens each, {TOKENS_PER_SECOND:g} a second; CPU seconds, without the "
        "embedded Valkey"
    )
    print_heads("answers", "bare reader", "the bot", "ratio", "the bar", width=13)
    measured = []
    for number in answers:
        found = asyncio.run(_measure(number, tokens))
        measured.append(asdict(found) | {"ratio": found.ratio})
        bar = BARS.get(number)
        said = "" if bar is None else verdict(found.ratio <= bar)
        print(
            f"{number:>13}{found.bare:>13.2f}{found.bot - found.nothing:>13.2f}"
            f"{found.ratio:>13.2f}{bar or '':>13} {said}",
            flush=True,
        )
    write_down("reading", measured)


async def _measure(answers: int, tokens: int) -> Measured:
    """The bare reader first, then the bot, with a Slack and a Grok of their own."""
    asked = tuple(Question(number * 0.05, number) for number in range(answers))
    row = Row(f"{answers}", f"{answers:,} at once", asked, Bars(final=0))
    script = Script(
        pieces=tuple(islice(cycle(PIECES), tokens)), speed=TOKENS_PER_SECOND, times=None
    )
    async with open_workspace(row) as workspace, GrokServer() as grok:
        grok.script(script)
        bare = await _bare_process(grok, answers)
        async with running_bot(
            workspace, grok, answers=answers, tokens=tokens, endpoint="chat"
        ) as bot:
            await workspace.connected(seconds=_START_SECONDS)
            await asyncio.sleep(REST_SECONDS)
            started, before = time.monotonic(), ran_of(bot.pid)
            await asyncio.sleep(REST_SECONDS)
            idle = (ran_of(bot.pid) - before) / (time.monotonic() - started)
            started, before = time.monotonic(), ran_of(bot.pid)
            ended = len(grok.requests) + answers
            await _ask(workspace, row)
            await _until_read(grok, ended, _LONGEST * tokens / TOKENS_PER_SECOND)
            await asyncio.sleep(REST_SECONDS)
            seconds = time.monotonic() - started
            return Measured(answers, bare, ran_of(bot.pid) - before, idle * seconds)


async def _ask(workspace: Workspace, row: Row) -> None:
    async def ask(number: int) -> None:
        channel = channel_id(row.questions[number].channel)
        await workspace.command(ANA, channel, f"/grok Explain slow start to reader {number}")

    async with asyncio.TaskGroup() as group:
        for number in range(len(row.questions)):
            group.create_task(ask(number))


async def _until_read(grok: GrokServer, requests: int, seconds: float) -> None:
    ended = 0
    async with asyncio.timeout(seconds):
        while ended < requests:
            await asyncio.sleep(_LOOK_SECONDS)
            ended = sum(request.closed.is_set() for request in grok.requests)


async def _bare_process(grok: GrokServer, answers: int) -> float:
    """CPU seconds of a process that reads so many streams and does nothing else."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bench.reading", "--bare", grok.base_url, "--answers", str(answers)),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "XAI_API_KEY": grok.api_key or "any"},
        stdout=PIPE,
    )
    out, _ = await process.communicate()
    return float(out)


async def _read_bare(base_url: str, answers: int) -> None:
    async with _client(base_url) as client:
        before = time.process_time()
        async with asyncio.TaskGroup() as group:
            for _ in range(answers):
                group.create_task(_read_one(client))
        print(time.process_time() - before)


@asynccontextmanager
async def _client(base_url: str) -> AsyncIterator[httpx.AsyncClient]:
    if urlsplit(base_url).hostname not in ("127.0.0.1", "localhost"):
        raise ValueError("the Grok of this machine only")
    headers = {"Authorization": f"Bearer {os.environ['XAI_API_KEY']}"}
    async with httpx.AsyncClient(base_url=base_url, headers=headers, timeout=None) as client:
        yield client


async def _read_one(client: httpx.AsyncClient) -> None:
    message = {"role": "user", "content": "Explain slow start"}
    body = {"model": "grok-4.3", "messages": [message], "stream": True}
    text = ""
    async with aconnect_sse(client, "POST", "chat/completions", json=body) as events:
        async for event in events.aiter_sse():
            if event.data != "[DONE]" and (choices := json.loads(event.data)["choices"]):
                text += choices[0]["delta"].get("content") or ""
    if not text:
        raise RuntimeError("nothing was read")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.reading", description=__doc__)
    parser.add_argument("--answers", type=int, nargs="+", default=list(BARS), help="at once")
    parser.add_argument("--tokens", type=int, default=TOKENS, help="of each answer")
    parser.add_argument("--bare", metavar="URL", help="read this and do nothing else")
    return parser.parse_args()


if __name__ == "__main__":
    options = _options()
    if options.bare:
        asyncio.run(_read_bare(options.bare, options.answers[0]))
    else:
        main(options.answers, options.tokens)
