"""Taking jobs from the queue: as many as there is room for, new ones and abandoned ones."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

import structlog
from structlog.contextvars import bound_contextvars

from bot import metrics
from bot.backoff import pauses
from bot.errors import StoreUnavailable
from bot.jobs.holder import HAND_BACK_SECONDS, Holder, RunJob
from bot.jobs.lease import Stop
from bot.jobs.queue import SCAN_START, STOPS_START, Entry, Queue

log = structlog.get_logger(__name__)

SILENT_SECONDS = 15.0
"""A worker that has heard nothing from Redis for this long takes no jobs; a read takes up to 6."""
MEASURE_EVERY_SECONDS = 5.0
PRUNE_EVERY_SECONDS = 600.0


class Worker:
    """Runs jobs from `queue`, `at_once` at most, until drained."""

    def __init__(self, queue: Queue, run_job: RunJob, *, at_once: int) -> None:
        self._queue = queue
        self._holder = Holder(queue, run_job)
        self._at_once = at_once
        self._slots = asyncio.Semaphore(at_once)
        self._tasks: dict[Entry, asyncio.Task[None]] = {}
        self._stops: dict[Entry, Stop] = {}
        self._heard_stops = STOPS_START
        self._room = asyncio.Event()
        self._cursor = SCAN_START
        # Alone in its store, a process that starts need not wait for a lease to run out.
        self._abandoned_after = 0.0 if queue.alone else queue.lease_seconds
        self._heard = 0.0
        self._stopping = asyncio.Event()
        self._stop_at = 0.0
        self._ended = asyncio.Event()
        self._ended.set()

    @property
    def running(self) -> int:
        """How many jobs this worker has in hand."""
        return len(self._tasks)

    @property
    def alive(self) -> bool:
        """Whether jobs are being taken; for the readiness of the process."""
        if self._ended.is_set() or self._stopping.is_set():
            return False
        full = len(self._tasks) >= self._at_once
        return full or time.monotonic() - self._heard < SILENT_SECONDS

    async def run(self) -> None:
        """Take and run jobs until drained. When cancelled, hand back at once what is running."""
        self._ended.clear()
        self._heard = time.monotonic()
        try:
            async with asyncio.TaskGroup() as group:
                hearing = group.create_task(_repeat(self._hear))
                await self._take_jobs()
                await self._hand_back_unread()
                await self._wait_for_jobs(max(0.0, self._stop_at - time.monotonic()))
                hearing.cancel()
        finally:
            while self._tasks:
                for task in self._tasks.values():
                    task.cancel()
                await self._wait_for_jobs(HAND_BACK_SECONDS + 1)
            await self._hand_back_unread()
            self._ended.set()

    async def drain(self, grace: float) -> None:
        """Take no more jobs, let the running ones finish for `grace` seconds, hand back the
        rest, and let `run` return."""
        self._stop_at = time.monotonic() + grace
        self._stopping.set()
        await self._ended.wait()

    async def _take_jobs(self) -> None:
        async with asyncio.TaskGroup() as group:
            steps = (self._fetch, self._reclaim, self._measure, self._prune)
            loops = [group.create_task(_repeat(step)) for step in steps]
            await self._stopping.wait()
            for loop in loops:
                loop.cancel()

    async def _wait_for_room(self) -> int:
        """How many more jobs there is room for, once there is."""
        while len(self._tasks) >= self._at_once:
            self._room.clear()
            await self._room.wait()
        return self._at_once - len(self._tasks)

    async def _wait_for_jobs(self, seconds: float) -> None:
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()), timeout=seconds)

    async def _hand_back_unread(self) -> None:
        """Entries whose reading was cut short belong to this worker without its knowing."""
        try:
            await self._queue.hand_back(list(self._tasks))
        except StoreUnavailable as error:
            log.warning("store away", error=str(error))

    async def _fetch(self) -> float:
        for entry in await self._queue.read(await self._wait_for_room()):
            self._start(entry)
        self._heard = time.monotonic()
        return 0.0

    async def _reclaim(self) -> float:
        self._cursor, entries = await self._queue.claim(
            await self._wait_for_room(), self._cursor, self._abandoned_after
        )
        for entry in entries:
            self._start(entry, reclaimed=True)
        if self._cursor != SCAN_START:
            return 0.0
        self._abandoned_after = self._queue.lease_seconds
        return self._queue.lease_seconds * random.uniform(0.2, 0.4)  # noqa: S311

    async def _measure(self) -> float:
        load = await self._queue.load()
        metrics.QUEUE_DEPTH.set(load.depth)
        metrics.QUEUE_OLDEST.set(load.oldest)
        metrics.QUOTA_RESERVED_TOKENS.set(load.reserved)
        return MEASURE_EVERY_SECONDS

    async def _prune(self) -> float:
        await self._queue.prune()
        return PRUNE_EVERY_SECONDS

    async def _hear(self) -> float:
        """Stop the jobs in hand that somebody stopped, wherever that was.

        None is missed: a job is listened for before it is taken, a stop that comes before that
        is in the job, and reading goes on from where it ended, however long Redis was away.
        """
        heard, stopped = await self._queue.stops(self._heard_stops)
        for entry, stop in list(self._stops.items()):
            if entry.job_id in stopped and (reason := await self._queue.stop_reason(entry.job_id)):
                stop.call(reason)
        self._heard_stops = heard
        return 0.0

    def _start(self, entry: Entry, *, reclaimed: bool = False) -> None:
        if entry in self._tasks:
            return
        task = asyncio.create_task(self._carry(entry, reclaimed), name=f"job {entry.job_id}")
        self._tasks[entry] = task
        task.add_done_callback(lambda _: self._ended_job(entry))

    def _ended_job(self, entry: Entry) -> None:
        del self._tasks[entry]
        self._stops.pop(entry, None)
        self._room.set()

    async def _carry(self, entry: Entry, reclaimed: bool) -> None:
        async with self._slots:
            self._stops[entry] = stop = Stop()
            try:
                taken = await self._queue.take(entry)
            except (StoreUnavailable, ValueError):
                log.exception("job not taken", job_id=entry.job_id)
                return
            if taken is None:
                return
            lease, job = taken
            with bound_contextvars(job_id=job.id, epoch=job.epoch):
                if reclaimed:
                    metrics.JOBS_RECLAIMED.inc()
                    log.warning("job taken over", attempts=job.attempts)
                await self._holder.hold(lease, job, stop)


async def _repeat(step: Callable[[], Awaitable[float]]) -> None:
    """Do `step` for ever, each time resting for the seconds that it returns."""
    away = pauses()
    while True:
        try:
            pause = await step()
            away = pauses()
        except StoreUnavailable as error:
            pause = next(away)
            log.warning("store away", error=str(error))
        await asyncio.sleep(pause)
