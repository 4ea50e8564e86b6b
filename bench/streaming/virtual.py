"""A row measured under a clock of its own: the same every time, however busy the machine is.

The bot's own parts run on the event loop, the store and the Slack of `tests/simulation`, where a
call takes its time and nothing else does. What computing adds to a lag is left out.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any
from unittest.mock import patch

import httpx
import structlog
from slack_sdk.errors import SlackApiError

from bench.streaming.cell import Measured, seen_of
from bench.streaming.grok import OnTime, Times
from bench.streaming.ours import ask_of, empty, runner_of
from bench.streaming.rows import EDITS_PER_MINUTE, LATENCY, Row
from bench.streaming.stage import Answers, channel_id, open_workspace
from bot.asking.admission import Acceptor
from bot.crash_points import arrive
from bot.jobs.places import Places
from bot.jobs.queue import Queue
from bot.jobs.worker import Worker
from bot.reply.chain import Chain
from bot.settings import Settings, Streaming
from bot.slack.web_api import WebApi
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from sandbox.workspace import ANA, TEAM_ID
from tests.simulation import loop as simulated
from tests.simulation.loop import Process, SimLoop, spawn
from tests.simulation.seams import drawn_from
from tests.simulation.slack import SimSlack
from tests.simulation.store import FakeStore
from tests.simulation.world import Kind, World

STORE_SECONDS = 0.0005
"""Of a command on its way to Redis, and of its reply."""

VIRTUAL = "in virtual time"


@dataclass(slots=True)
class Costs:
    """What was done between edits of answers while these were written: `edits`, `slots` asked
    for, other round `trips` to Redis, `layouts` of an answer."""

    edits: int = 0
    slots: int = 0
    trips: int = 0
    layouts: int = 0
    _written: set[str] = field(default_factory=set)

    def passed(self, point: str) -> None:
        """A job has passed a crash point."""
        job = _job()
        match point:
            case "after:chat.postMessage" if job not in self._written:
                self._written.add(job)
                self.trips -= 1  # where it was posted is recorded yet
            case "before:deliver":
                self._written.discard(job)
        if job in self._written:
            self.edits += point == "before:chat.update"
            self.slots += point == "before:edit_slot"
            self.trips += point == "before:write"

    def laid_out(self) -> None:
        """The answer of a job was laid out."""
        self.layouts += _job() in self._written


def _job() -> str:
    return str(structlog.contextvars.get_contextvars().get("job_id", ""))


class _World(World):
    """A world without chance: every way takes as long."""

    def span(self, kind: Kind) -> float:
        return LATENCY / 2 if kind == "slack" else STORE_SECONDS


class _Slack(SimSlack):
    """The strict workspace of a row."""

    def __init__(self, world: World, row: Row) -> None:
        super().__init__(world, open_workspace(row))
        self.refused = 0

    async def ask(self, method: str, body: Any) -> Any:
        try:
            return await super().ask(method, body)
        except SlackApiError as error:
            self.refused += error.response.status_code == 429
            raise


def measure(
    row: Row, *, threads: bool = False, streaming: Streaming = "edit"
) -> tuple[Measured, Costs]:
    """Run `row` until every answer is whole; what was seen of it, and what it cost."""
    random = Random(row.name)
    loop = SimLoop(random)
    world = _World(loop, random, [])
    costs = Costs()
    with (
        patch.object(simulated, "MOST_STEPS", 100_000_000),
        drawn_from(Random(row.name), loop.time),
        _silence(),
        _counted(costs),
    ):
        measured = loop.simulate(_run(row, world, threads=threads, streaming=streaming))
    return measured, costs


@contextmanager
def _silence() -> Iterator[None]:
    def drop(*_: Any) -> Any:
        raise structlog.DropEvent

    kept = structlog.get_config()
    structlog.configure(processors=[drop])
    try:
        yield
    finally:
        structlog.configure(**kept)


@contextmanager
def _counted(costs: Costs) -> Iterator[None]:
    growing = Chain.growing

    def counting(chain: Chain, sections: Any, *rest: Any) -> Any:
        if sections:
            costs.laid_out()
        return growing(chain, sections, *rest)

    with patch.object(Chain, "growing", counting), arrive(costs.passed):
        yield


async def _run(row: Row, world: World, *, threads: bool, streaming: Streaming) -> Measured:
    settings = Settings(
        _env_file=None, slack_edits_per_minute=EDITS_PER_MINUTE, slack_streaming=streaming
    )
    times, answers = Times(), Answers()
    store, slack = FakeStore(world), _Slack(world, row)
    started, begin = time.time(), world.loop.time()
    for number in range(row.replicas):
        work = _work(settings, store.client(), slack, times)
        spawn(Process(f"{number}", spared=True), work)
    asking = spawn(
        Process("people", spared=True), _ask(row, _queue(store.client()), slack, answers, threads)
    )
    async with asyncio.timeout(row.longest):
        await asking
    until = time.time()
    found = answers.messages(slack.workspace)
    return Measured(
        row=row.name,
        system=VIRTUAL,
        refused=slack.refused,
        doubled=answers.doubled(slack.workspace),
        answers=[
            seen_of(number, parts, times, started, until) for number, parts in sorted(found.items())
        ],
        seconds=world.loop.time() - begin,
        late=0.0,
        cpu=0.0,
    )


def _queue(store: Store) -> Queue:
    return Queue(store, Keys(TEAM_ID), lease_seconds=15.0, retention_seconds=86_400)


async def _work(settings: Settings, store: Store, slack: _Slack, times: Times) -> None:
    grok = OnTime(settings, httpx.AsyncClient(trust_env=False), times)
    runner = runner_of(settings, store, Keys(TEAM_ID), WebApi(slack.client()), grok)
    await Worker(_queue(store), runner, Places(settings.jobs_at_once)).run()


async def _ask(row: Row, queue: Queue, slack: _Slack, answers: Answers, threads: bool) -> None:
    """Returns when every answer is complete."""
    acceptor, clock = Acceptor(queue), asyncio.get_running_loop().time
    started = clock()
    for number, question in enumerate(row.questions):
        await asyncio.sleep(started + question.at - clock())
        root = None
        if threads:
            channel = channel_id(question.channel)
            root = (await slack.workspace.say(ANA, channel, f"Thread {number}")).ts
        accepted = await acceptor.accept(ask_of(number, question, root))
        answers.began(accepted.job_id, number)
    await empty(queue)
