"""One run of a plan: a sandbox, a store and bots of its own, what goes wrong, and the history."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from redis.exceptions import RedisError

from bot.crash_points import VARIABLE
from bot.jobs.job import GROUP
from bot.ops.manifest import manifest
from bot.rules.hold import Hold
from bot.store.keys import Keys
from sandbox.grok import GrokServer
from sandbox.workspace import ANA, GENERAL, TEAM_ID, AppConfig, Limits, Storm, Workspace
from sandbox.workspace.faults import Fault as SlackFault
from tests.chaos import recorder
from tests.chaos.books import Books, read_books
from tests.chaos.history import Bounds, Death, History
from tests.chaos.people import People
from tests.chaos.plan import CLICKS, Fault, Plan
from tests.chaos.processes import Forks, Process
from tests.chaos.stores import Disturbed, Opening
from tests.e2e.process import environment
from tests.e2e.stage import installed_app

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
END_SECONDS = 15.0
SAMPLE_SECONDS = 0.2
_TOKENS = re.compile(r"This month: [^·]*· ([\d,.]+)([km]?) tokens?")
_LETTERS = {"": 1, "k": 1_000, "m": 1_000_000}
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


class Scene:
    """Bots between a sandbox and a store, while a plan is carried out."""

    def __init__(
        self,
        plan: Plan,
        forks: Forks,
        where: Path,
        workspace: Workspace,
        grok: GrokServer,
        store: Disturbed,
    ) -> None:
        self.people = People(workspace, grok)
        self._plan = plan
        self._forks = forks
        self._where = where
        self._workspace = workspace
        self._grok = grok
        self._store = store
        self._store_in_use = asyncio.Lock()
        self._bots = [Bot(number) for number in range(plan.replicas)]
        self._faults: list[tuple[float, Fault]] = []
        self._deaths: list[Death] = []
        self._holds: dict[str, Hold] = {}
        self._lost: list[tuple[float, float]] = []
        self._ended: list[str] = []
        self._unfinished: list[str] = []
        self._stalled = 0.0
        self._over = False

    async def play(self) -> History:
        """Carry out the plan, wait until all is over, and tell what was seen."""
        await asyncio.gather(*(self._start(bot) for bot in self._bots))
        await self._workspace.connected(len(self._bots), 30)
        watching = [
            asyncio.create_task(each)
            for each in (self._sample(), self._feel(), self._thaw_frozen(), self._keep())
        ]
        try:
            async with asyncio.TaskGroup() as acts:
                for question in self._plan.questions:
                    acts.create_task(self._later(question.at, self.people.ask(question)))
                for fault in self._plan.faults:
                    acts.create_task(self._later(fault.at, self._happen(fault)))
            books = await self._calm()
            told = await self._told()
        finally:
            self._over = True  # redis-py may swallow a cancel
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)
        return self._history(books, told)

    async def _later(self, seconds: float, act: object) -> None:
        await asyncio.sleep(seconds)
        await act  # type: ignore[misc]

    # Bots.

    async def _start(self, bot: Bot, orders: str = "") -> None:
        env = environment(
            self._workspace,
            self._grok,
            self._where,
            REDIS_URL=self._store.url,
            JOB_LEASE_SECONDS=str(LEASE),
            SHUTDOWN_GRACE_SECONDS="1",
            GROK_SILENCE_SECONDS="3",
            SLACK_STREAMING=self._plan.streaming,
            QUESTIONS_PER_MINUTE="100",
        )
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
        """The jobs that it has in hand; none while the store does not say."""
        jobs: list[str] = []
        with contextlib.suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(0.5):
                redis, queue = self._store.redis, Keys(TEAM_ID).queue
                found: Any = await redis.xpending_range(queue, GROUP, "-", "+", 100)
                for each in found:
                    if f"-{process.pid}-" in str(each["consumer"]):
                        entries: Any = await redis.xrange(
                            queue, each["message_id"], each["message_id"]
                        )
                        jobs += [str(fields["job"]) for _, fields in entries]
        return jobs

    # What goes wrong.

    async def _happen(self, fault: Fault) -> None:
        self._faults.append((time.time(), fault))
        if fault.kind in CLICKS:
            await self.people.act(fault)
        elif fault.kind.startswith("store"):
            async with self._store_in_use:
                await self._disturb_store(fault)
        elif fault.kind.startswith("slack"):
            lift = self._disturb_slack(fault)
            await asyncio.sleep(fault.seconds)
            lift.lift()
        elif fault.kind == "kill in a slow call":
            await self._kill_in_a_call(fault)
        elif fault.kind == "sockets cut":
            self._workspace._team.sockets.cut()
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

    async def _kill_in_a_call(self, fault: Fault) -> None:
        """Let Slack carry out the next call of a kind as late as it may, and kill who made it."""
        made: list[str] = []
        slow = self._workspace.fail(
            fault.detail, delay=SLOWEST, where=lambda args: self._note_job(args, made)
        )
        for _ in range(round(CALL_SECONDS / 0.05)):
            if slow.times == 0:
                break
            await asyncio.sleep(0.05)
        slow.lift()
        for bot in self._bots:
            if made and bot.process and made[0] in await self._jobs_of(bot.process):
                await self._disturb_bot(replace(fault, kind="kill"), bot)

    def _note_job(self, args: dict[str, Any], made: list[str]) -> bool:
        """Whether a call is for a job; it is noted which."""
        job = recorder.job_of(self._workspace, args)
        made += [job] if job and not made else []
        return bool(job)

    async def _let_end(self, process: Process) -> None:
        try:
            async with asyncio.timeout(END_SECONDS + 2 * self._stalled):
                status = await process.wait()
        except TimeoutError:
            self._ended.append(f"{process.pid} did not end within {END_SECONDS} s of SIGTERM")
            process.send(signal.SIGKILL)
            return
        if status not in _PLANNED:
            self._ended.append(f"{process.pid} ended with status {status} on SIGTERM")

    def _disturb_slack(self, fault: Fault) -> SlackFault | Storm:
        fail, method = self._workspace.fail, fault.detail
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
                return self._workspace.fail_some(0.4, seed=self._plan.seed, delays=(1.0,))

    async def _disturb_store(self, fault: Fault) -> None:
        with contextlib.suppress(RedisError, OSError):
            if forgotten := await self._store.disturb(fault):
                self._lost.append(forgotten)

    # What is seen.

    async def _sample(self) -> None:
        """Note what jobs reserve while they do."""
        while not self._over:
            with contextlib.suppress(RedisError, OSError, ValueError):
                async for key in self._store.redis.scan_iter(f"{Keys(TEAM_ID).job('*')}"):
                    job = str(key).rpartition(":")[2]
                    if job not in self._holds:
                        hold = await self._store.redis.hget(str(key), "hold")
                        if hold:
                            self._holds[job] = Hold.model_validate_json(str(hold))
            await asyncio.sleep(SAMPLE_SECONDS)

    async def _feel(self) -> None:
        """Note how long the machine had no time for this process."""
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.05)
            self._stalled = max(self._stalled, time.monotonic() - before - 0.05)

    async def _calm(self) -> Books:
        """Wait until nothing is left to be done; what the store holds then."""
        deadline = time.monotonic() + QUIET_SECONDS
        if not await self.people.heard(QUIET_SECONDS):
            self._unfinished.append("Slack has not delivered everything")
        while True:
            with contextlib.suppress(RedisError, OSError):
                books = await read_books(self._store.redis)
                if books.over or time.monotonic() > deadline:
                    break
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.5)
        self._unfinished += recorder.unfinished(books)
        return await read_books(self._store.redis)

    async def _told(self) -> int | None:
        """How many tokens `/grok usage` says were used in the month."""
        workspace, known = self._workspace, len(self._workspace.ephemerals(ANA))
        for _ in range(3):
            await workspace.command(ANA, GENERAL, "/grok usage workspace")
            with contextlib.suppress(TimeoutError):
                told = await workspace.wait_for(
                    lambda: [
                        each.shown
                        for each in workspace.ephemerals(ANA)[known:]
                        if "This month" in each.shown
                    ],
                    5,
                )
                found = _TOKENS.search(told[-1])
                return _number(*found.groups()) if found else 0
        self._unfinished.append("/grok usage tells nothing")
        return None

    def _history(self, books: Books, told: int | None) -> History:
        late = 2 * DEADLINE + LEASE + 1.0
        return History(
            askings=tuple(self.people.askings()),
            messages=tuple(recorder.shown(self._workspace, self.people)),
            requests=tuple(recorder.requests(self._grok.requests, self.people.asked)),
            jobs=tuple(recorder.jobs(books, self._holds)),
            faults=tuple(self._faults),
            deaths=tuple(self._deaths),
            deleted=frozenset(self.people.deleted),
            stopped=frozenset(self.people.stopped),
            store_faults=tuple(books.faults()),
            used=books.total("workspace", "tokens"),
            told=told,
            unfinished=tuple(self._unfinished),
            ended=tuple(self._ended),
            lost=tuple(self._lost),
            working=tuple(recorder.working(self._workspace)),
            bounds=Bounds(late=late, alone=LEASE + 5.0, stalled=2 * self._stalled),
        )

    def end(self) -> None:
        """Kill whoever is left."""
        for bot in self._bots:
            if bot.process is not None:
                bot.process.send(signal.SIGKILL)


def _last_error(log: Path) -> str:
    """The last error in a log, with where it was raised."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line[-1_500:] for line in reversed(lines) if '"exception"' in line), "no error")


def _number(digits: str, letter: str) -> int:
    return round(float(digits.replace(",", "")) * _LETTERS[letter])


@asynccontextmanager
async def scene(plan: Plan, forks: Forks, where: Path, opening: Opening) -> AsyncIterator[Scene]:
    """The scene of one run with the store that `opening` opens, gone afterwards."""
    limits = Limits(event_retries=EVENT_RETRIES, scale=0.0, stream=recorder.STREAM_SECONDS)
    app = AppConfig.from_manifest(manifest(agent=True)) if plan.agent else installed_app()
    async with AsyncExitStack() as stack:
        workspace = await stack.enter_async_context(Workspace(app=app, limits=limits))
        grok = await stack.enter_async_context(GrokServer(speed=None, first_delay=0))
        store = await stack.enter_async_context(opening(where / "store"))
        found = Scene(plan, forks, where, workspace, grok, store)
        stack.callback(found.end)
        yield found
