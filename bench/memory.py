"""Memory of the bot's process while it streams 100 and 1,000 answers at once."""

from __future__ import annotations

import argparse
import asyncio
import resource
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path

from bench._process import Use, running_bot, use_of
from bench._report import print_heads, verdict, write_down
from bench.streaming.grok import PIECES
from bench.streaming.rows import FIRST_TOKEN_SECONDS, TOKENS, Bars, Question, Row
from bench.streaming.stage import channel_id, open_workspace
from sandbox.grok import GrokServer, Script
from sandbox.workspace import ANA, Workspace

ROOT = Path(__file__).parents[1]

ANSWERS = (100, 1_000)
TOKENS_PER_SECOND = 8.0
TOKENS_PER_CHUNK = 4
"""Slower than Grok is, and in larger chunks, so that two cores are enough for everybody."""

BAR = 300.0
"""MiB, for 1,000 answers."""

CHANNELS = 100
REST_SECONDS = 5.0
"""For the bot to come to rest after its start, and to go on after the last answer's end."""

_STATUS = Path("/proc/self/status")
_LOOK_SECONDS = 0.25
_START_SECONDS = 60.0
_MOST_FILES = 8_192


@dataclass(frozen=True, slots=True)
class Load:
    """So many answers, each of so many tokens."""

    answers: int
    tokens: int

    @property
    def seconds(self) -> float:
        """How long Grok takes for one."""
        return FIRST_TOKEN_SECONDS + self.tokens / TOKENS_PER_SECOND

    @property
    def row(self) -> Row:
        """All are asked for while the first one is in its first half."""
        apart = self.seconds / 2 / self.answers
        asked = tuple(Question(n * apart, n % CHANNELS) for n in range(self.answers))
        return Row(f"{self.answers}", f"{self.answers:,} at once", asked, Bars(final=0))

    @property
    def script(self) -> Script:
        """What Grok says to each."""
        tokens = islice(cycle(PIECES), self.tokens)
        chunks = iter(lambda: "".join(islice(tokens, TOKENS_PER_CHUNK)), "")
        return Script(
            pieces=tuple(chunks),
            speed=TOKENS_PER_SECOND / TOKENS_PER_CHUNK,
            first_delay=FIRST_TOKEN_SECONDS,
            times=None,
        )


@dataclass(frozen=True, slots=True)
class Measured:
    """The bot with nothing to do (`idle`), when the first of all answers was about to end
    (`streaming`), and `seconds` after `idle`, when all had ended (`after`). So many as
    `together` streamed at the same time."""

    load: Load
    together: int
    idle: Use
    streaming: Use
    after: Use
    seconds: float

    @property
    def each(self) -> float:
        """What one answer takes at most, in KiB."""
        return (self.after.most - self.idle.resident) * 1024 / self.load.answers

    @property
    def core(self) -> float:
        """The share of a core that the bot took."""
        return (self.after.cpu - self.idle.cpu) / self.seconds

    @property
    def meets(self) -> bool:
        """Whether all streamed at once, and within the bar."""
        return self.together == self.load.answers and self.after.most <= BAR


def main(answers: Sequence[int] = ANSWERS, tokens: int = TOKENS) -> None:
    """Measure every number of `answers`, of so many `tokens` each, side by side."""
    if not _STATUS.exists():
        print("this is measured on Linux")
        return
    measured = asyncio.run(_measure_all([Load(number, tokens) for number in answers]))
    _print(measured)
    loads = [asdict(each) | {"kib_each": each.each} for each in measured]
    write_down("memory", {"bar_mib": BAR, "loads": loads})


async def _measure_all(loads: Sequence[Load]) -> list[Measured]:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(_MOST_FILES, hard), hard))
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_measure(load)) for load in loads]
    return [task.result() for task in tasks]


async def _measure(load: Load) -> Measured:
    """Run `load` with a bot, a Slack and a Grok of its own."""
    bounds = {"QUESTIONS_PER_MINUTE": str(load.answers)}  # one person asks all of them
    async with (
        open_workspace(load.row) as workspace,
        GrokServer() as grok,
        running_bot(
            workspace, grok, answers=load.answers, tokens=load.tokens, settings=bounds
        ) as bot,
        asyncio.TaskGroup() as group,
    ):
        grok.script(load.script)
        await workspace.connected(seconds=_START_SECONDS)
        await asyncio.sleep(REST_SECONDS)
        idle, started = use_of(bot.pid), time.monotonic()
        asking = group.create_task(_ask(workspace, load.row))
        together, streaming = await _watch(grok, bot.pid, load)
        asking.cancel()
        await asyncio.sleep(REST_SECONDS)
        after = use_of(bot.pid)
        return Measured(load, together, idle, streaming, after, time.monotonic() - started)


async def _ask(workspace: Workspace, row: Row) -> None:
    started = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number, question in enumerate(row.questions):
            await asyncio.sleep(started + question.at - time.monotonic())
            channel = channel_id(question.channel)
            group.create_task(_type(workspace, channel, f"Explain slow start to reader {number}"))


async def _type(workspace: Workspace, channel: str, question: str) -> None:
    """Ask until it is taken, as people do; a machine that is busy may miss Slack's 3 s."""
    while True:
        result = await workspace.command(ANA, channel, f"/grok {question}")
        if result.error is None and not result.ack_body:
            return
        await asyncio.sleep(1)


async def _watch(grok: GrokServer, bot: int, load: Load) -> tuple[int, Use]:
    """Wait until Grok has ended every answer, but no longer than a machine can take that keeps
    up; how many it wrote at the same time, and what the bot used the last time it was so many."""
    until = time.monotonic() + 2 * load.seconds + _START_SECONDS
    together, ended, use = 0, 0, use_of(bot)
    while ended < load.answers and time.monotonic() < until:
        await asyncio.sleep(_LOOK_SECONDS)
        ended = sum(request.closed.is_set() for request in grok.requests)
        writing = len(grok.requests) - ended
        if writing and writing >= together:
            together, use = writing, use_of(bot)
    return together, use


def _print(measured: Sequence[Measured]) -> None:
    tokens = measured[0].load.tokens
    print(
        f"{tokens:,} tokens each, {TOKENS_PER_SECOND:g} a second in chunks of {TOKENS_PER_CHUNK}; "
        f"the whole bot, Grok over HTTP"
    )
    sizes = ("MiB idle", "streaming", "most", "KiB each")
    print_heads("answers", "at once", *sizes, "of a core", width=11)
    for each in measured:
        print(
            f"{each.load.answers:>11,}{each.together:>11,}{each.idle.resident:>11.0f}"
            f"{each.streaming.resident:>11.0f}{each.after.most:>11.0f}{each.each:>11.0f}"
            f"{each.core:>11.0%}"
        )
    print(f"the bar is {BAR:g} MiB: {verdict(all(each.meets for each in measured))}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.memory", description=__doc__)
    parser.add_argument("--answers", type=int, nargs="+", default=ANSWERS, help="at once")
    parser.add_argument("--tokens", type=int, default=TOKENS, help="of each answer")
    return parser.parse_args()


if __name__ == "__main__":
    main(**vars(_options()))
