"""One simulation from its plan to what the checker says of it."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import structlog

from bot.rules.quota import Scope
from bot.store.keys import Keys
from bot.store.policies import Policies
from sandbox.workspace import ANA
from sandbox.workspace.state import TEAM_ID
from tests.simulation import checker
from tests.simulation.crew import Crew, settings
from tests.simulation.grok import SimGrok
from tests.simulation.loop import PROCESS, Process, SimLoop, Stuck, spawn
from tests.simulation.people import People
from tests.simulation.plan import Act, Plan, Trouble, plan_of
from tests.simulation.seams import drawn_from
from tests.simulation.slack import SimSlack
from tests.simulation.store import FakeStore
from tests.simulation.world import World

LONGEST_SECONDS = 240.0
"""Everything that a plan begins has ended by then."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a plan: `wrong` says what must not be; empty when all is well."""

    plan: Plan
    wrong: tuple[str, ...]
    record: tuple[tuple[float, str, str], ...]
    seconds: float
    steps: int
    questions: int
    struck: tuple[str, ...]


@dataclass(slots=True)
class Stage:
    """All that is on stage in one simulation."""

    plan: Plan
    world: World
    slack: SimSlack
    grok: SimGrok
    store: FakeStore
    crew: Crew
    people: People


def simulate(seed: int) -> Outcome:
    """What comes of a seed: always the same."""
    return run(plan_of(seed))


Afterwards = Callable[[Stage], Awaitable[list[str]]]
"""Looks on, once all is over, and says what is wrong then."""


async def _nothing(_: Stage) -> list[str]:
    return []


def run(plan: Plan, afterwards: Afterwards = _nothing) -> Outcome:
    """What comes of a plan."""
    random = Random(f"schedule {plan.seed}")
    loop = SimLoop(random, shuffle=plan.shuffle)
    faults = [replace(fault) for fault in plan.faults]
    world = World(loop, random, faults)
    gc.disable()
    try:
        with drawn_from(Random(f"bot {plan.seed}"), loop.time), _heard(world):
            wrong = loop.simulate(_act_out(plan, world, afterwards))
    except Stuck as stuck:
        wrong = [str(stuck)]
    finally:
        gc.enable()
    return Outcome(
        plan,
        tuple(wrong),
        tuple(world.record),
        loop.time(),
        loop.steps,
        len(plan.questions),
        tuple(world.struck),
    )


@contextmanager
def _heard(world: World) -> Iterator[None]:
    """While entered, what the bot logs is part of the record."""

    def hear(_logger: Any, name: str, event: Any) -> Any:
        process = PROCESS.get()
        if world.loop.is_running():
            world.heard(name, process.name if process else "", dict(event))
        raise structlog.DropEvent

    kept = structlog.get_config()
    structlog.configure(processors=[hear])
    try:
        yield
    finally:
        structlog.configure(**kept)


async def _act_out(plan: Plan, world: World, afterwards: Afterwards) -> list[str]:
    store = FakeStore(world)
    slack = SimSlack(world)
    grok = SimGrok(world, words=plan.words, pace=plan.pace)
    crew = Crew(world, slack, grok, store, settings(plan.lease, plan.at_once))
    stage = Stage(plan, world, slack, grok, store, crew, People(world, slack))
    lives = list(plan.lives)

    def again(process: Process) -> None:
        slack.connected_to.pop(process, None)
        world.later(lives.pop(0) if lives else 1.0, crew.start, process.name[0])

    world.killed = again
    if plan.limit:
        await _limit(stage)
    for name in "abc"[: plan.replicas]:
        crew.start(name)
    begun = asyncio.get_running_loop().create_task
    work = [
        *(begun(stage.people.ask(question)) for question in plan.questions),
        *(begun(_do(stage, act)) for act in plan.acts),
        *(begun(_trouble(stage, trouble)) for trouble in plan.troubles),
    ]
    ended = await _until_over(stage, work)
    failed = [task.exception() for task in work if task.done() and not task.cancelled()]
    for error in failed:
        if error is not None:
            raise error
    return checker.check(stage, ended=ended) + await afterwards(stage)


async def _limit(stage: Stage) -> None:
    """Set how many questions the workspace may ask, as an admin has."""

    async def set_limit() -> None:
        policies = Policies(stage.store.client(), Keys(TEAM_ID))
        limit = {"limits.requests-per-day": stage.plan.limit}
        await policies.change(Scope("workspace"), limit, by=ANA)

    await spawn(Process("z", spared=True), set_limit())


async def _do(stage: Stage, act: Act) -> None:
    await asyncio.sleep(act.at)
    if act.replica:
        process = next((each for each in stage.crew.alive() if each.name[0] == act.replica), None)
        if process is not None and act.deed == "kill":
            stage.world.kill(process)
        elif process is not None and not process.frozen and process in stage.slack.connected_to:
            draining = spawn(process, stage.crew.drain(process, act.seconds))
            while not (draining.done() or process.dead):
                await asyncio.sleep(0.5)
        return
    await stage.people.click(act.deed, act.question)


async def _trouble(stage: Stage, trouble: Trouble) -> None:
    await asyncio.sleep(trouble.at)
    store, world = stage.store, stage.world
    world.note("store", trouble.how)
    if trouble.how == "forgets scripts":
        store.forget_scripts()
        return
    store.begin(trouble.how)
    await asyncio.sleep(trouble.seconds)
    store.end()
    world.note("store", "is well again")


async def _until_over(stage: Stage, work: list[asyncio.Task[None]]) -> bool:
    """Whether all came to its end in time."""
    world = stage.world
    quiet = 0
    while world.loop.time() < 1000.0 + LONGEST_SECONDS:
        await asyncio.sleep(0.5)
        over = (
            all(task.done() for task in work)
            and not world.under_way("slack")
            and not stage.slack.workspace._tasks._running
            and not any(process.frozen for process in stage.crew.alive())
            and checker.all_done(stage.store)
        )
        quiet = quiet + 1 if over else 0
        if quiet == 3:
            return True
    return False
