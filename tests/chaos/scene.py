"""One run of a plan: a sandbox, a store and bots of its own, what goes wrong, and the history."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
from redis.exceptions import RedisError

from bot.crash_points import VARIABLE
from bot.ops.manifest import manifest
from bot.store.keys import Keys
from sandbox.grok import GrokServer
from sandbox.workspace import AppConfig, Limits, Storm, Workspace, Workspaces
from sandbox.workspace.faults import Fault as SlackFault
from tests.chaos import recorder
from tests.chaos.books import ONLY, Books
from tests.chaos.history import Bounds, Death, History
from tests.chaos.installing import PAGES, install_at, settings_of_several
from tests.chaos.place import Place
from tests.chaos.plan import CLICKS, Fault, Plan
from tests.chaos.processes import Forks, Process
from tests.chaos.stores import Disturbed, Opening
from tests.e2e.process import environment
from tests.e2e.stage import installed_app
from tests.ports import free_port

LEASE = 1.0
DEADLINE = 1.5
SLOWEST = 1.9 * DEADLINE
"""Slack may carry a call out until twice the deadline has passed; whoever made it has given up."""
SHORTER = {
    "bot.reply.native:STREAM_SECONDS": recorder.STREAM_SECONDS,
    "bot.slack.web_api:DEADLINE_SECONDS": DEADLINE,
    "bot.jobs.holder:LOST_SECONDS": 1.5,
    "bot.reply.reply:_LONGEST_PAUSE": 2.0,
    "bot.slack.inbound.socket_mode:FIRST_PAUSE_SECONDS": 0.3,
    "bot.slack.inbound.socket_mode:LONGEST_PAUSE_SECONDS": 1.0,
}
"""What no setting is for, and would make a run long."""

EVENT_RETRIES = (0.3, 1.5, 3.0)
CALL_SECONDS = 4.0
"""So long is waited for a call to be slow."""
QUIET_SECONDS = 40.0
"""All that was asked is over so long after the last fault, or never."""
INSTALL_SECONDS = 25.0
"""So long may it take until some bot installs the app, with all that goes wrong."""
SILENCE_SECONDS = 3.0
"""So long may Grok be silent."""
END_SECONDS = 15.0
SAMPLE_SECONDS = 0.2
_PLANNED = (-signal.SIGKILL, -signal.SIGTERM, 0)
"""How bots end that are told to; SIGTERM itself ends who has not begun to listen for it."""


@dataclass(slots=True)
class Bot:
    """One place for a process, and who is there now."""

    number: int
    process: Process | None = None
    awake: bool = True
    """Whether nothing is done to it."""
    frozen: bool = False
    """Whether somebody froze it, and will thaw it."""
    port: int = 0
    """Where its pages are, by which several workspaces get the app."""


class Scene:
    """Bots between a sandbox and a store, while a plan is carried out."""

    def __init__(
        self,
        plan: Plan,
        forks: Forks,
        where: Path,
        slack: Workspace | Workspaces,
        grok: GrokServer,
        store: Disturbed,
    ) -> None:
        self._several = slack if isinstance(slack, Workspaces) else None
        workspaces = slack.workspaces if isinstance(slack, Workspaces) else [slack]
        self.places = [
            Place(number, workspace, _keys(workspace, self._several), grok, store)
            for number, workspace in enumerate(workspaces)
        ]
        self._plan = plan
        self._forks = forks
        self._where = where
        self._first = workspaces[0]
        self._grok = grok
        self._store = store
        self._store_in_use = asyncio.Lock()
        self._bots = [Bot(number) for number in range(plan.replicas)]
        self._faults: list[tuple[float, Fault]] = []
        self._deaths: list[Death] = []
        self._ended: list[str] = []
        self._stalled = 0.0
        self._over = False

    async def play(self) -> list[History]:
        """Carry out the plan, wait until all is over, and tell what was seen in each workspace."""
        await asyncio.gather(*(self._start(bot) for bot in self._bots))
        await self._first.connected(len(self._bots), 30)
        for place in self.places if self._several else ():
            await self._install(place)
        watching = [
            asyncio.create_task(each)
            for each in (self._sample(), self._feel(), self._thaw_frozen(), self._keep())
        ]
        try:
            async with asyncio.TaskGroup() as acts:
                for question in self._plan.questions:
                    people = self.places[question.team].people
                    acts.create_task(self._later(question.at, people.ask(question)))
                for fault in self._plan.faults:
                    acts.create_task(self._later(fault.at, self._happen(fault)))
            books = await asyncio.gather(*(each.calm(QUIET_SECONDS) for each in self.places))
            told = await asyncio.gather(*(each.told() for each in self.places))
        finally:
            self._over = True  # redis-py may swallow a cancel
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)
        return [self._history(*each) for each in zip(self.places, books, told, strict=True)]

    async def _later(self, seconds: float, act: object) -> None:
        await asyncio.sleep(seconds)
        await act  # type: ignore[misc]

    # Bots.

    async def _start(self, bot: Bot, orders: str = "") -> None:
        env = environment(
            self._first,
            self._grok,
            self._where,
            REDIS_URL=self._store.url,
            JOB_LEASE_SECONDS=str(LEASE),
            SHUTDOWN_GRACE_SECONDS="1",
            GROK_SILENCE_SECONDS=str(SILENCE_SECONDS),
            SLACK_STREAMING=self._plan.streaming,
            QUESTIONS_PER_MINUTE="100",
        )
        if self._several is not None:
            bot.port = free_port()
            env |= settings_of_several(self._several, bot.port, agent=self._plan.agent)
        env |= {VARIABLE: orders} if orders else {}
        log = self._where / f"bot{bot.number}.log"
        bot.process = await self._forks.start(env, cwd=self._where, log=log)

    async def _keep(self) -> None:
        """Start anew whoever died by a crash point; whoever ended by itself is told of."""
        while not self._over:
            for bot in self._bots:
                process = bot.process
                if process is not None and not process.running and bot.awake:
                    if process.status not in _PLANNED:
                        why = _last_error(process.log)
                        self._ended.append(f"bot {bot.number} with status {process.status}: {why}")
                    await self._note_death(process)
                    await asyncio.sleep(0.3)
                    if bot.process is process and bot.awake:
                        await self._start(bot)
            await asyncio.sleep(0.05)

    async def _thaw_frozen(self) -> None:
        """Wake who stands still by a crash point, two leases later or four."""
        since: dict[int, float] = {}
        while not self._over:
            for bot in self._bots:
                process = bot.process
                if process is None or bot.frozen or not process.stands_still:
                    since.pop(bot.number, None)
                    continue
                if bot.number not in since:
                    since[bot.number] = time.time()
                    await self._note_death(process)
                if time.time() - since[bot.number] > (2 + 2 * (bot.number % 2)) * LEASE:
                    process.send(signal.SIGCONT)
            await asyncio.sleep(0.05)

    async def _note_death(self, process: Process) -> None:
        """That it is gone, and which jobs it has in hand."""
        at = time.time()
        self._deaths.append(Death(at, tuple(await self._jobs_of(process))))

    async def _jobs_of(self, process: Process) -> list[str]:
        """The jobs that it has in hand, in any workspace."""
        found = await asyncio.gather(*(place.jobs_of(process.pid) for place in self.places))
        return [job for jobs in found for job in jobs]

    # What goes wrong.

    async def _happen(self, fault: Fault) -> None:
        self._faults.append((time.time(), fault))
        place = self.places[fault.team]
        if fault.kind in CLICKS:
            await place.people.act(fault)
        elif fault.kind == "uninstall":
            await self._uninstall(place, fault.seconds)
        elif fault.kind.startswith("store"):
            async with self._store_in_use:
                await self._disturb_store(fault, place)
        elif fault.kind.startswith("slack"):
            lift = self._disturb_slack(fault, place.workspace)
            await asyncio.sleep(fault.seconds)
            lift.lift()
        elif fault.kind == "kill in a slow call":
            await self._kill_in_a_call(fault, place.workspace)
        elif fault.kind == "sockets cut":
            self._first._team.sockets.cut()
        else:
            await self._disturb_bot(fault, self._bots[fault.bot])

    async def _disturb_bot(self, fault: Fault, bot: Bot) -> None:
        process = bot.process
        if process is None or not process.running or not bot.awake:
            return
        bot.awake = False
        try:
            await self._note_death(process)
            match fault.kind:
                case "freeze":
                    bot.frozen = True
                    process.send(signal.SIGSTOP)
                    await asyncio.sleep(fault.seconds)
                    process.send(signal.SIGCONT)
                    bot.frozen = False
                case "terminate":
                    process.send(signal.SIGTERM)
                    await self._start(bot)
                    await self._let_end(process)
                case "kill":
                    process.send(signal.SIGKILL)
                    await process.wait()
                    await asyncio.sleep(fault.seconds)
                    await self._start(bot)
                case "crash point":
                    process.send(signal.SIGTERM)
                    await self._start(bot, fault.detail)
                    await self._let_end(process)
        finally:
            bot.awake = True

    async def _kill_in_a_call(self, fault: Fault, workspace: Workspace) -> None:
        """Let Slack carry out the next call of a kind as late as it may, and kill who made it."""
        made: list[str] = []
        slow = workspace.fail(
            fault.detail, delay=SLOWEST, where=lambda args: _note_job(workspace, args, made)
        )
        for _ in range(round(CALL_SECONDS / 0.05)):
            if slow.times == 0:
                break
            await asyncio.sleep(0.05)
        slow.lift()
        for bot in self._bots:
            if made and bot.process and made[0] in await self._jobs_of(bot.process):
                await self._disturb_bot(replace(fault, kind="kill"), bot)

    async def _let_end(self, process: Process) -> None:
        try:
            async with asyncio.timeout(END_SECONDS + 2 * self._stalled):
                while process.running:
                    if process.stands_still:  # by a crash point: whoever took its place is woken
                        await asyncio.sleep(2 * LEASE)
                        process.send(signal.SIGCONT)
                    await asyncio.sleep(0.05)
                status = await process.wait()
        except TimeoutError:
            self._ended.append(f"{process.pid} did not end within {END_SECONDS} s of SIGTERM")
            process.send(signal.SIGKILL)
            return
        if status not in _PLANNED:
            self._ended.append(f"{process.pid} ended with status {status} on SIGTERM")

    def _disturb_slack(self, fault: Fault, workspace: Workspace) -> SlackFault | Storm:
        fail, method = workspace.fail, fault.detail
        if method == "*":
            method = "chat.update"
        match fault.kind:
            case "slack slow":
                return fail(method, delay=min(1.2 * fault.seconds, SLOWEST), times=3)
            case "slack loses replies":
                return fail(method, drop_after=True, times=3)
            case "slack 500 after carrying out":
                return fail(method, status=500, error="internal_error", applied=True, times=3)
            case "slack limits":
                return fail(method, retry_after=1)
            case _:
                return workspace.fail_some(0.4, seed=self._plan.seed, delays=(1.0,))

    async def _disturb_store(self, fault: Fault, place: Place) -> None:
        with contextlib.suppress(RedisError, OSError):
            if forgotten := await self._store.disturb(fault, place.keys):
                for each in self.places:
                    each.lost.append(forgotten)

    # Who has the app.

    async def _install(self, place: Place) -> None:
        """By its pages, at any bot that serves them just now."""
        assert self._several is not None
        team = place.workspace.state.team_id
        async with asyncio.timeout(INSTALL_SECONDS):
            while True:
                for bot in self._bots:
                    with contextlib.suppress(aiohttp.ClientError, AssertionError, TimeoutError):
                        if "Grok is installed" in await install_at(bot.port, team):
                            return
                await asyncio.sleep(0.1)

    async def _uninstall(self, place: Place, seconds: float) -> None:
        """Remove the app, and install it again after so long."""
        if self._several is None or not place.workspace.state.installed:
            return
        since = time.time()
        await self._several.uninstall(place.workspace)
        await asyncio.sleep(seconds)
        await self._install(place)
        place.removed.append((since, time.time()))

    # What is seen.

    async def _sample(self) -> None:
        """Note what jobs reserve while they do."""
        while not self._over:
            for place in self.places:
                await place.sample()
            await asyncio.sleep(SAMPLE_SECONDS)

    async def _feel(self) -> None:
        """Note how long the machine had no time for this process."""
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.05)
            self._stalled = max(self._stalled, time.monotonic() - before - 0.05)

    def _history(self, place: Place, books: Books, told: int | None) -> History:
        late = 2 * DEADLINE + LEASE + 1.0
        people, first = place.people, place.number == 0
        own = {each.name for each in self._plan.questions if each.team == place.number}
        foreign = {each.name for each in self._plan.questions} - own
        requests = recorder.requests(self._grok.requests, people.asked)
        return History(
            askings=tuple(people.askings()),
            messages=tuple(recorder.shown(place.workspace, people)),
            requests=tuple(each for each in requests if each.name not in foreign),
            jobs=tuple(recorder.jobs(books, place.holds)),
            faults=tuple(self._faults),
            deaths=tuple(self._deaths),
            deleted=frozenset(people.deleted),
            stopped=frozenset(people.stopped),
            store_faults=tuple(books.faults()),
            used=books.total("workspace", "tokens"),
            told=told,
            unfinished=tuple(place.unfinished),
            ended=tuple(self._ended) if first else (),
            lost=tuple(place.lost),
            removed=tuple(place.removed),
            foreign=frozenset(foreign),
            working=tuple(place.working()),
            bounds=Bounds(
                late=late,
                alone=LEASE + 5.0,
                stalled=2 * self._stalled,
                hushed=self._stalled > SILENCE_SECONDS / 2,
            ),
        )

    def end(self) -> None:
        """Kill whoever is left."""
        for bot in self._bots:
            if bot.process is not None:
                bot.process.send(signal.SIGKILL)


def _keys(workspace: Workspace, several: Workspaces | None) -> Keys:
    return Keys.among_several(workspace.state.team_id) if several else ONLY


def _note_job(workspace: Workspace, args: dict[str, Any], made: list[str]) -> bool:
    """Whether a call is for a job; it is noted which."""
    job = recorder.job_of(workspace, args)
    made += [job] if job and not made else []
    return bool(job)


def _last_error(log: Path) -> str:
    """The last error in a log, with where it was raised."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line[-1_500:] for line in reversed(lines) if '"exception"' in line), "no error")


@asynccontextmanager
async def scene(plan: Plan, forks: Forks, where: Path, opening: Opening) -> AsyncIterator[Scene]:
    """The scene of one run with the store that `opening` opens, gone afterwards."""
    limits = Limits(event_retries=EVENT_RETRIES, scale=0.0, stream=recorder.STREAM_SECONDS)
    app = AppConfig.from_manifest(manifest(agent=True)) if plan.agent else installed_app()
    if plan.teams > 1:
        address = "https://grok.example.com"
        app = AppConfig.from_manifest(manifest(pages=address, agent=plan.agent))
    async with AsyncExitStack() as stack:
        slack = (
            Workspaces(plan.teams, redirect_urls=[PAGES], app=app, limits=limits)
            if plan.teams > 1
            else Workspace(app=app, limits=limits)
        )
        await stack.enter_async_context(slack)
        grok = await stack.enter_async_context(GrokServer(speed=None, first_delay=0))
        store = await stack.enter_async_context(opening(where / "store"))
        found = Scene(plan, forks, where, slack, grok, store)
        stack.callback(found.end)
        yield found
