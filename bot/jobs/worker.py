"""Taking jobs from a queue: as many as there is room for, new ones and abandoned ones."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial

import structlog

from bot.errors import StoreUnavailable, last_cause
from bot.jobs.holder import HAND_BACK_SECONDS, Holder, RunJob
from bot.jobs.job import Entry
from bot.jobs.load import GAUGE_EVERY_SECONDS, show
from bot.jobs.places import JobPlace, Places
from bot.jobs.queue import SCAN_START, STOPS_START, Queue
from bot.patience import pauses
from bot.slack.inbound.incoming import Acks

log = structlog.get_logger(__name__)

SILENT_SECONDS = 15.0
"""A worker that has heard nothing from Redis for this long takes no jobs; a read takes up to 6."""
UNREAD_SECONDS = 1.0
"""Nobody has room for a job that has not been read for this long."""
LOOK_EVERY_SECONDS = 1.0
"""How often a full worker looks for such jobs, and for room that others have."""
SLOW_LEASES = 1 / 4
"""A store that takes so much of a lease to answer stood still, and leases ran out meanwhile."""
RECLAIM_EVERY_SECONDS = 1.5
"""How often abandoned jobs are looked for, or more often where leases are short."""
LINES = 4
"""So many times what waits in one process may wait there where each of it is the only job of its
workspace: else the burst of one would keep the others out of the line."""
ABANDONED = 10
"""How many abandoned jobs begin together: Redis looks at ten times as many for that."""
WAKE_EVERY_SECONDS = 1.0
"""How often it is looked for jobs that have rested long enough after a crash."""
CONNECTED_EVERY_SECONDS = 0.2
"""How often a worker that may take no jobs looks whether Slack is connected by now."""
PRUNE_EVERY_SECONDS = 600.0

Connected = Callable[[], Awaitable[bool]]
"""Whether Slack can reach this process now."""


class Worker:
    """Runs jobs from `queue`, as many at once as there are `places`, until drained.

    It looks for them by itself, or, where several share the places, as a `Dispatcher` has `told`.

    Jobs are taken only while `connected` (None: it need not be): else one that blocks its process
    would keep it from ever connecting, however often it is started again. With `acks` they are
    taken one by one, and each waits until no ack is late.

    Those that no worker has room for are begun too, up to about `waiting` of them here, so that
    their askers can be told how many come before them: they wait in `Held.turn`, or, without that,
    in `Held.begin`. They go to another worker once one has room. With a `waiting` of 0 nothing is
    begun that may not ask Grok at once: for a `run_job` that asks for no turn.
    """

    def __init__(
        self,
        queue: Queue,
        run_job: RunJob,
        places: Places,
        *,
        waiting: int = 0,
        connected: Connected | None = None,
        acks: Acks | None = None,
        told: bool = False,
    ) -> None:
        self._queue = queue
        self._holder = Holder(queue, run_job, places)
        self._connected = connected
        self._acks = acks
        self._waiting = waiting
        self._near = LINES * waiting if told else waiting
        self._places = places
        self._told = told
        self._tasks: dict[Entry, asyncio.Task[None]] = {}
        self._held: set[JobPlace] = set()
        self._stops: dict[Entry, asyncio.Event] = {}
        self._heard_stops = STOPS_START
        self._rung = asyncio.Event()
        self._cursor = SCAN_START
        # Alone in its store, a process that starts need not wait for a lease to run out.
        self._abandoned_after = 0.0 if queue.alone else queue.lease_seconds
        self._store_was_away = False
        self.trouble = ""
        """The last thing that went wrong with taking jobs; empty while nothing has."""
        self.taking = False
        """Whether it takes jobs: it is at work, and does not drain."""
        self._heard = 0.0
        self._opened = False
        self._looking = asyncio.Lock()
        self._stopping = asyncio.Event()
        self._stop_at = 0.0
        self._ended = asyncio.Event()
        self._ended.set()

    @property
    def running(self) -> int:
        """How many jobs this worker has in hand."""
        return len(self._tasks)

    @property
    def answering(self) -> int:
        """How many of them have a place: the rest goes to another worker when this one stops."""
        return len(self._tasks) - len(self._line)

    @property
    def _line(self) -> list[JobPlace]:
        """The rest, in the order in which they are given a place."""
        return [place for place in self._places.line if place in self._held]

    @property
    def alive(self) -> bool:
        """Whether jobs are being taken; for the readiness of the process."""
        silent = not self._told and time.monotonic() - self._heard >= SILENT_SECONDS
        return self.taking and not (silent and self._places.free)

    async def run(self) -> None:
        """Take and run jobs until drained. When cancelled, hand back at once what is running."""
        self._ended.clear()
        self._heard = time.monotonic()
        try:
            async with asyncio.TaskGroup() as group:
                hearing = group.create_task(self._repeat(self._hear))
                await self._take_jobs()
                await self._hand_back(self._line)
                await self._hand_back_unread()
                await self._wait_for_answers()
                hearing.cancel()
        except Exception as error:
            self.trouble = last_cause(error)
            log.exception("no jobs are taken any more")
            raise
        finally:
            try:
                await self._let_go_of_all()
            finally:
                self._ended.set()

    async def _let_go_of_all(self) -> None:
        while self._tasks:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.wait(self._tasks.values(), timeout=HAND_BACK_SECONDS + 1)
        await self._hand_back_unread()

    async def drain(self, grace: float) -> None:
        """Take no more jobs, hand back those that wait, let the running ones finish for `grace`
        seconds, hand back the rest, and let `run` return."""
        self._stop_at = time.monotonic() + grace
        self._stopping.set()
        await self._ended.wait()

    async def _take_jobs(self) -> None:
        steps = [self._prune]
        if not self._told:
            steps += [self._fetch, self._reclaim, self._measure]
            if self._waiting:
                steps.append(self._look_round)
            if self._queue.crashes.pauses:
                steps.append(self.wake)
        self.taking = True
        try:
            async with asyncio.TaskGroup() as group:
                loops = [group.create_task(self._repeat(step)) for step in steps]
                await self._stopping.wait()
                for loop in loops:
                    loop.cancel()
        finally:
            self.taking = False
        async with self._looking:
            pass  # what was read meanwhile is known

    def _room(self, waiting: int = 0) -> int:
        """The free places, and what is left for this workspace where so many wait: at least one
        where it has none in line."""
        free = self._places.free
        if not waiting:
            return free
        line = len(self._places.line)
        first = not self._line and line < LINES * self._waiting
        return free + max(waiting - line, int(first))

    def _few(self, room: int, few: int = 1) -> int:
        """How many jobs to take in one go: what is taken together begins together."""
        return room if self._acks is None else min(room, few)

    async def _give_way(self) -> None:
        """What has begun is begun: acks come before the next one."""
        if self._acks is not None:
            await self._acks.go_first()

    async def _until_connected(self) -> bool:
        """Wait until jobs may be taken. False: they may not, and the worker is to end."""
        while self._connected is not None and not await self._connected():
            if self._stopping.is_set():
                return False
            await asyncio.sleep(CONNECTED_EVERY_SECONDS)
        return True

    async def _wait_for_answers(self) -> None:
        """Wait for those that can still be given in time. What can be read already and is only to
        be looked at again is handed back for that."""
        while self._tasks and (left := self._stop_at - time.monotonic()) > 0:
            await self._hand_back([place for place in self._held if place.shown])
            if self._tasks:
                await asyncio.wait(self._tasks.values(), timeout=min(left, LOOK_EVERY_SECONDS))

    async def _hand_back(self, places: Sequence[JobPlace]) -> None:
        """Hand back jobs that were not begun, or wait to be."""
        tasks = [self._tasks[place.entry] for place in places]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=HAND_BACK_SECONDS + 1)

    async def _hand_back_unread(self) -> None:
        """Entries whose reading was cut short belong to this worker without its knowing."""
        try:
            await self._queue.hand_back(list(self._tasks))
        except StoreUnavailable as error:
            log.warning("store away", error=str(error))

    async def _repeat(self, step: Callable[[], Awaitable[float]]) -> None:
        """Do `step` for ever, each time resting for the seconds that it returns."""
        away = pauses()
        while True:
            try:
                pause = await step()
                away = pauses()
            except StoreUnavailable as error:
                pause = next(away)
                self.trouble = last_cause(error)
                log.warning("store away", error=str(error))
            await asyncio.sleep(pause)

    async def _fetch(self) -> float:
        """Read new jobs, as many as there are places for."""
        await self._until_connected()
        room = self._room()
        if self._waiting and not self._queue.alone:
            await self._queue.offer(room)
        if not room:
            await self._places.until(lambda: self._room() > 0)
            return 0.0
        entries = await self._queue.read(self._few(room))
        self._start(entries)
        self._heard = time.monotonic()
        if entries:
            await self._give_way()
        return 0.0

    async def fetch(self) -> bool:
        """Take the next job that nobody has read; whether there was one. Raises
        `StoreUnavailable`, as all these do."""
        async with self._looking:
            entries = await self._queue.read(1, wait=False) if self.taking else []
            self._start(entries)
            return bool(entries)

    async def look_round(self) -> None:
        """While no place is free, take in what nobody has room for, and send on what somebody has
        room for."""
        async with self._looking:
            if not self._opened:
                await self._queue.open()
                self._opened = True
            while self.taking and not self._room():
                if not (self._room(self._waiting) or any(place.idle for place in self._line)):
                    return
                if await self._look_round():
                    return

    async def _look_round(self) -> float:
        """Take in what nobody has room for, and send on those that somebody has room for now:
        who has waited longest is begun first, here and there."""
        await self._places.until(lambda: self._room() == 0)
        await self._until_connected()
        idle = sum(place.idle for place in self._line)
        room = self._few(self._room(self._waiting))
        unread = 0.0 if self._queue.alone else UNREAD_SECONDS
        entries, elsewhere = await self._queue.overflow(room, unread, idle)
        self._start(entries)
        await self._hand_back([place for place in self._line if place.idle][:elsewhere])
        self._heard = time.monotonic()
        if not entries:
            return LOOK_EVERY_SECONDS
        await self._give_way()
        return 0.0 if self._acks is not None else LOOK_EVERY_SECONDS

    async def reclaim(self, idle: float) -> bool:
        """Take over jobs whose holder has shown no life for `idle` seconds. False: the store stood
        still, and nobody is to be taken for gone for as long as a lease."""
        async with self._looking:
            while self.taking and self._room(2 * self._waiting) > 0:
                if not await self._claim(idle):
                    return False
                if self._cursor == SCAN_START:
                    break
        return True

    async def _reclaim(self) -> float:
        await self._places.until(lambda: self._room(2 * self._waiting) > 0)
        if not await self._claim(self._abandoned_after):
            return self._queue.lease_seconds
        if self._cursor != SCAN_START:
            return 0.0
        self._abandoned_after = self._queue.lease_seconds
        pause = min(self._queue.lease_seconds / 3, RECLAIM_EVERY_SECONDS)
        return pause * random.uniform(0.6, 1.2)  # noqa: S311

    async def _claim(self, idle: float) -> bool:
        """Take over some abandoned jobs. They are the oldest, and have room of their own to wait
        in, lest new ones keep them out. False: see `reclaim`."""
        await self._until_connected()
        if self._store_was_away:
            await self._queue.try_writing()
            self._store_was_away = False
            return False  # nobody could renew meanwhile: now all can
        asked = time.monotonic()
        few = self._few(self._room(2 * self._waiting), ABANDONED)
        try:
            self._cursor, entries = await self._queue.claim(few, self._cursor, idle)
        except StoreUnavailable:
            self._store_was_away = True
            raise
        if time.monotonic() - asked > self._queue.lease_seconds * SLOW_LEASES:
            return False  # it may have counted time in which nobody could renew
        self._start(entries, reclaimed=True)
        if entries:
            await self._give_way()
        return True

    async def wake(self) -> float:
        """Queue again what has rested long enough after a crash; when to look again, in seconds."""
        await self._queue.wake()
        return min(WAKE_EVERY_SECONDS, self._queue.lease_seconds / 5)

    async def _measure(self) -> float:
        show([await self._queue.load()], len(self._line))
        return GAUGE_EVERY_SECONDS

    async def _prune(self) -> float:
        await self._queue.prune()
        return PRUNE_EVERY_SECONDS

    async def _hear(self) -> float:
        """Stop the jobs in hand that somebody stopped, wherever that was.

        None is missed: a job is listened for before it is taken, a stop that comes before that
        is in the job, and reading goes on from where it ended, however long Redis was away.
        """
        if self._told:
            await self._rung.wait()
            self._rung.clear()
        try:
            heard, stopped = await self._queue.stops(self._heard_stops, wait=not self._told)
        except StoreUnavailable:
            self._rung.set()
            raise
        for entry, stop in list(self._stops.items()):
            if entry.job_id in stopped and await self._queue.stop_reason(entry.job_id):
                stop.set()
        self._heard_stops = heard
        return 0.0

    def hear(self) -> None:
        """Some jobs may have been stopped (`told`)."""
        if self._tasks:
            self._rung.set()

    def _start(self, entries: Iterable[Entry], *, reclaimed: bool = False) -> None:
        for entry in entries:
            if entry in self._tasks:
                continue
            place = self._places.join(entry, self._queue.team)
            carrying = self._carry(place, reclaimed)
            self._tasks[entry] = task = asyncio.create_task(carrying, name=f"job {entry.job_id}")
            self._held.add(place)
            task.add_done_callback(partial(self._ended_job, place))

    def _ended_job(self, place: JobPlace, _: object) -> None:
        self._held.discard(place)
        del self._tasks[place.entry]
        self._stops.pop(place.entry, None)
        self._places.leave(place)

    async def _carry(self, place: JobPlace, reclaimed: bool) -> None:
        await place.near(self._near)
        self._stops[place.entry] = stop = asyncio.Event()
        if await self._until_connected():
            await self._holder.take(place, stop, reclaimed=reclaimed)
