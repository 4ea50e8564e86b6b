"""One cell of the table: one load under one system."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from pydantic import BaseModel

from bench.streaming.grok import Times
from bench.streaming.others import baseline, buffer_256, clock, every_20_chunks
from bench.streaming.ours import ours
from bench.streaming.rows import TOKENS, Row
from bench.streaming.stage import Answers, Sight, lag, open_workspace, sights, unchanged
from sandbox.workspace import Message, Workspace

FAILING = 0.3

System = Callable[[Row, Workspace, Times, Answers], Awaitable[None]]

OURS = "ours"
COMPARED: Mapping[str, System] = {
    OURS: ours,
    "1 s clock": partial(baseline, clock),
    "20 chunks": partial(baseline, every_20_chunks),
    "256 chars": partial(baseline, buffer_256),
}
"""What stands side by side in the table and the plot."""

SYSTEMS: Mapping[str, System] = {
    **COMPARED,
    "ours, failing": partial(ours, failing=FAILING),
    "ours, threads": partial(ours, threads=True),
    "ours, native": partial(ours, threads=True, streaming="native"),
    "ours, auto": partial(ours, threads=True, streaming="auto"),
}
"""Also ours with that share of Slack's calls failing, and in threads, the three ways to stream."""


class Seen(BaseModel):
    """One answer as it was seen, in seconds. `arrival` is its first token, after the start of
    the row; `first` from there to the first text visible, `final` from Grok's end to the whole
    text visible: None when that never came."""

    number: int
    arrival: float
    lag: float
    first: float | None
    final: float | None
    posts: int
    edits: int
    unchanged: int


class Measured(BaseModel):
    """One run of a cell. `doubled`: messages that stand beside another one with the same part of
    an answer. `late`: how late the measuring process itself was woken, the 99th
    percentile in seconds; `cpu` is what it used, in seconds."""

    row: str
    system: str
    refused: int
    doubled: int = 0
    answers: list[Seen]
    seconds: float
    late: float
    cpu: float


async def measure(row: Row, system: str) -> Measured:
    """Run `row` under `system` until every answer is whole, or `row.longest` is over."""
    times, answers = Times(), Answers()
    started, cpu = time.time(), time.process_time()
    async with open_workspace(row) as workspace:
        lateness = _Lateness()
        watching = asyncio.create_task(lateness.watch())
        try:
            async with asyncio.timeout(row.longest):
                await SYSTEMS[system](row, workspace, times, answers)
        except TimeoutError:
            pass
        finally:
            watching.cancel()
        found, doubled = answers.messages(workspace), answers.doubled(workspace)
        refused = sum(call.status == 429 for call in workspace.calls)
    until = time.time()
    seen = [
        seen_of(number, parts, times, started, until) for number, parts in sorted(found.items())
    ]
    return Measured(
        row=row.name,
        system=system,
        refused=refused,
        doubled=doubled,
        answers=seen,
        seconds=until - started,
        late=lateness.p99,
        cpu=time.process_time() - cpu,
    )


def seen_of(
    number: int, parts: dict[int, Message], times: Times, started: float, until: float
) -> Seen:
    """Answer `number` as its messages showed it by the Unix time `until`, in a row that was
    `started`."""
    sent = times.tokens(number)
    seen = sights(parts)
    first = next((sight.at for sight in seen if sight.tokens), None)
    whole = whole_from(seen)
    edits = [len(message.revisions) - 1 for message in parts.values()]
    return Seen(
        number=number,
        arrival=sent[0] - started,
        lag=lag(sent, seen, until),
        first=None if first is None else first - sent[0],
        final=None if whole is None else whole - sent[-1],
        posts=len(edits),
        edits=sum(edits),
        unchanged=sum(map(unchanged, parts.values())),
    )


def whole_from(seen: list[Sight]) -> float | None:
    """From when on the whole text stands."""
    whole = None
    for sight in seen:
        if sight.tokens < TOKENS:
            whole = None
        elif whole is None:
            whole = sight.at
    return whole


class _Lateness:
    """How late timers of this process fire."""

    def __init__(self) -> None:
        self._late = [0.0]

    async def watch(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            due = clock() + 0.01
            await asyncio.sleep(0.01)
            self._late.append(clock() - due)

    @property
    def p99(self) -> float:
        return sorted(self._late)[len(self._late) * 99 // 100]
