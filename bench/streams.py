"""How many streams one process carries: CPU, memory, and how late the last text of answers is."""

from __future__ import annotations

import argparse
import asyncio
import re
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from bench._lean_grok import ENDED_AT, TIMED, TOKENS_PER_SECOND, lean_grok
from bench._process import running_bot, use_of
from bench._report import print_heads, verdict, write_down
from bench.pictures import DOCS, keep
from bench.streaming.rows import Bars, Question, Row
from bench.streaming.stage import answer_text, channel_id, open_workspace
from bot.store.redis.embedded import EmbeddedServer
from sandbox.workspace import ANA, Workspace

PLOT = DOCS / "streams.svg"

STREAMS = (1, 50, 100, 200, 400, 600)
BAR_STREAMS = 400
BAR_SECONDS = 1.0

TIMED_ANSWERS = 20
_APART_SECONDS = 1.0
"""Between the ends of those, as one workspace has few edits and posts a minute for all."""

_TOKENS = 100_000
"""Of the streams that go on meanwhile."""
_CHANNELS = 100
_A_SECOND = 20.0
_REST_SECONDS = 5.0
_START_SECONDS = 60.0
_LONGEST_SECONDS = 120.0
_MOST_FILES = 8_192
_ENDED = re.compile(re.escape(ENDED_AT) + r"([0-9]{10}\.[0-9]{3})")


@dataclass(frozen=True, slots=True)
class Measured:
    """So many `streams`, each of 50 tokens a second: the share of a core that the bot took, MiB
    that it held, and seconds from the end of each of some answers among them to its last text
    visible. An answer that never came whole is infinitely late."""

    streams: int
    core: float
    memory: float
    late: tuple[float, ...]

    @property
    def latest(self) -> float:
        """The 95th percentile of those."""
        return sorted(self.late)[len(self.late) * 95 // 100 - 1]


def main(streams: Sequence[int] = STREAMS, plot: Path | None = PLOT) -> None:
    """Measure each number of streams, and draw all into `plot`, with the figures beside it."""
    if not Path("/proc/self/stat").exists():
        print("this is measured on Linux")
        return
    print(
        f"{TOKENS_PER_SECOND:g} tokens a second each; the last text of {TIMED_ANSWERS} answers "
        "among them, p95"
    )
    print_heads("streams", "of a core", "us a token", "MiB", "last text", width=12)
    measured = []
    for number in streams:
        found = asyncio.run(_measure(number))
        measured.append(found)
        each = found.core / number / TOKENS_PER_SECOND * 1e6
        said = "" if found.streams < BAR_STREAMS else verdict(found.latest <= BAR_SECONDS)
        print(
            f"{found.streams:>12,}{found.core:>12.2f}{each:>12.0f}{found.memory:>12.0f}"
            f"{found.latest:>10.2f} s {said}",
            flush=True,
        )
    figures = [asdict(each) | {"latest": each.latest} for each in measured]
    write_down("streams", figures)
    if plot is not None:
        keep(plot, "streams", figures)


async def _measure(streams: int) -> Measured:
    """`streams` at once; the timed answers come and go among them."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(_MOST_FILES, hard), hard))
    channels = tuple(Question(0, number) for number in range(_CHANNELS))
    workspace = open_workspace(Row("streams", "streams", channels, Bars(final=0)))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(workspace)
        grok = await stack.enter_async_context(lean_grok(_TOKENS))
        home = stack.enter_context(tempfile.TemporaryDirectory())
        store = await stack.enter_async_context(EmbeddedServer(home))
        most = str(1_000 + streams)
        settings = {
            "REDIS_URL": store.url,
            "QUESTIONS_PER_MINUTE": most,
            "QUESTIONS_AT_ONCE": most,
        }
        bot = await stack.enter_async_context(
            running_bot(
                workspace,
                grok,
                answers=streams + TIMED_ANSWERS,
                tokens=_TOKENS,
                endpoint="chat",
                settings=settings,
            )
        )
        await workspace.connected(seconds=_START_SECONDS)
        await _ask(workspace, streams, 1 / _A_SECOND, "")
        await asyncio.sleep(_REST_SECONDS)
        started, before = time.monotonic(), use_of(bot.pid).cpu
        await _ask(workspace, TIMED_ANSWERS, _APART_SECONDS, f", {TIMED}")
        core = (use_of(bot.pid).cpu - before) / (time.monotonic() - started)
        late = await _late(workspace)
        return Measured(streams, core, use_of(bot.pid).resident, late)


async def _ask(workspace: Workspace, questions: int, apart: float, words: str) -> None:
    started = time.monotonic()
    for number in range(questions):
        await asyncio.sleep(started + number * apart - time.monotonic())
        channel = channel_id(number % _CHANNELS)
        question = f"/grok Explain slow start to reader {number}{words}"
        await _until_taken(workspace, channel, question)


async def _until_taken(workspace: Workspace, channel: str, question: str) -> None:
    """Ask as people do: a machine that is busy may miss Slack's 3 s."""
    while True:
        if (await workspace.command(ANA, channel, question)).error is None:
            return
        await asyncio.sleep(1)


async def _late(workspace: Workspace) -> tuple[float, ...]:
    """How late the last text of each timed answer was, once all are there or cannot come."""
    until = time.monotonic() + _LONGEST_SECONDS
    found: list[float] = []
    while len(found) < TIMED_ANSWERS and time.monotonic() < until:
        await asyncio.sleep(1)
        found = list(_ends(workspace))
    missing = [float("inf")] * (TIMED_ANSWERS - len(found))
    return (*found, *missing)


def _ends(workspace: Workspace) -> Iterator[float]:
    for timeline in workspace.state.timelines.values():
        for message in timeline.values():
            for revision in message.revisions:
                if ended := _ENDED.search(answer_text(revision)):
                    yield revision.at - float(ended[1])
                    break


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.streams", description=__doc__)
    parser.add_argument("--streams", type=int, nargs="+", default=STREAMS, help="at once")
    parser.add_argument("--plot", type=Path, help="where the plot goes")
    return parser.parse_args()


if __name__ == "__main__":
    main(**vars(_options()))
