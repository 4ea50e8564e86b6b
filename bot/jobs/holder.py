"""Holding one job: take it, keep its lease while it is worked on, and never leave it to nobody."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

import structlog
from attrs import frozen
from structlog.contextvars import bound_contextvars

from bot import metrics, tracing
from bot.errors import LeaseLost, StoreUnavailable
from bot.jobs.job import MOST_ATTEMPTS, Entry, Job, Lease
from bot.jobs.lease import Held, Stop
from bot.jobs.leased import until_renewal
from bot.jobs.places import JobPlace, Places
from bot.jobs.queue import Queue
from bot.patience import until_stored

log = structlog.get_logger(__name__)

RunJob = Callable[[Held], Awaitable[None]]
"""Shows one answer and ends with `Held.finish`."""

LOST_SECONDS = 5.0
"""How long a job that lost its lease may take to see to its last write before it is cancelled."""
FORGOTTEN_LEASES = 4
FORGOTTEN_SECONDS = 5.0
"""A job that the store knew so many leases or seconds ago, and knows no more, is not over, for that
would be remembered: it was lost."""
AWAY_SECONDS = 1.0
"""How long a job rests that could not go on without Redis, before somebody takes it again."""
HAND_BACK_SECONDS = 5.0
"""How long handing a job back may take when the process ends."""


@frozen
class Holder:
    """Takes the jobs of a queue that have one of `places`, or wait for one, and carries them to
    their end.

    What `run_job` raises decides what comes of a job. After `LeaseLost`, `StoreUnavailable` or
    a cancel it is handed back; where another worker holds it already, the answer is shown once
    more. Anything else is a crash: it is tried again a lease later, `MOST_ATTEMPTS` times in all
    (`bot.jobs.crashes`).
    """

    _queue: Queue
    _run_job: RunJob
    _places: Places

    async def take(self, place: JobPlace, stop: Stop, *, reclaimed: bool) -> None:
        """Take the job at `place`, and hold it. `reclaimed`: from a holder that is gone."""
        entry = place.entry
        try:
            if reclaimed and await self._rests(entry):
                return
            taken = await self._queue.take(entry)
        except StoreUnavailable as error:
            log.warning("job not taken", job_id=entry.job_id, error=str(error))
            return
        except ValueError:
            log.exception("job not taken", job_id=entry.job_id)
            return
        if taken is None:
            return
        lease, job = taken
        self._places.know(place, person=job.ask.user, channel=job.ask.channel)
        with (
            bound_contextvars(job_id=job.id, epoch=job.epoch),
            tracing.span("job", parent=job.trace, **job.facts),
        ):
            tracing.waited("queue", job.created)
            if reclaimed:
                metrics.JOBS_RECLAIMED.inc()
                log.warning("job taken over", attempts=job.attempts)
            await self.hold(lease, job, stop, place)

    async def _rests(self, entry: Entry) -> bool:
        """Whether the job behind an abandoned `entry` rests before it is taken again."""
        seconds = await self._queue.pause(entry)
        if not seconds:
            return False
        metrics.JOBS_RECLAIMED.inc()
        log.warning("job rests, its worker is gone", job_id=entry.job_id, seconds=seconds)
        return True

    async def hold(
        self, lease: Lease, job: Job, stop: Stop | None = None, place: JobPlace | None = None
    ) -> None:
        """Work on `job` to its end, or see to it that somebody else does. News that it was
        stopped come by `stop`, its turn to ask Grok by `place`."""
        held = Held(self._queue, lease, job, stop, place)
        try:
            await self._carry(lease, held)
        except asyncio.CancelledError:
            if not held.finished:
                await self._let_go_in_time(lease, held)
            raise

    async def _carry(self, lease: Lease, held: Held) -> None:
        """Work on the job beside the renewing of its lease; let go of it where that fails."""
        try:
            async with asyncio.TaskGroup() as group:
                keeping = group.create_task(self._keep(lease, held))
                await self._work(held)
                keeping.cancel()
            return
        except ExceptionGroup as raised:
            reasons = raised
        if reasons.subgroup((LeaseLost, StoreUnavailable)) is None:
            log.error("job crashed", attempts=held.job.attempts, exc_info=reasons)
            return
        log.warning("job let go", reason=type(reasons.exceptions[0]).__name__)
        if reasons.subgroup(LeaseLost) is None:
            await asyncio.sleep(AWAY_SECONDS * random.uniform(0.5, 1.0))  # noqa: S311
        await until_stored(lambda: self._let_go(lease, held))

    async def _let_go(self, lease: Lease, held: Held) -> None:
        """Hand the job back. If it is in other hands by now, the last write to Slack may have
        come too late: the answer has to be shown once more. It is said for how long calls that
        were cut short may still come."""
        late = held.ledger.late.left
        if await self._queue.release(lease, late):
            return
        if await self._queue.reassert(lease.entry.job_id, lease, late):
            return
        recent = max(FORGOTTEN_LEASES * self._queue.lease_seconds, FORGOTTEN_SECONDS)
        if time.monotonic() - held.heard_of >= recent:
            return
        if not await self._queue.has_left():
            log.error("job forgotten by the store, queued anew")
            await self._queue.restore(lease, held.job)

    async def _let_go_in_time(self, lease: Lease, held: Held) -> None:
        try:
            async with asyncio.timeout(HAND_BACK_SECONDS):
                await until_stored(lambda: self._let_go(lease, held))
            log.info("job handed back")
        except TimeoutError:
            log.warning("job not handed back, its lease will run out")

    async def _work(self, held: Held) -> None:
        job = held.job
        if job.attempts > MOST_ATTEMPTS and job.shown:
            log.error("job not shown once more", attempts=job.attempts - 1)
            while await held.finish():
                pass
            return
        if job.attempts > MOST_ATTEMPTS and not job.given_up:
            log.error("job given up", state=job.state, attempts=job.attempts - 1)
            metrics.JOBS_GIVEN_UP.labels(job.state).inc()
            await held.give_up()
        await self._run_job(held)
        if not held.finished:
            raise RuntimeError("a job was left before it was finished")

    async def _keep(self, lease: Lease, held: Held) -> None:
        """Renew the lease until cancelled. Raises `LeaseLost` a while after it is lost."""
        while True:
            await asyncio.sleep(until_renewal(self._queue.lease_seconds))
            try:
                kept = await self._queue.renew(lease)
            except StoreUnavailable as error:
                log.warning("lease not renewed", error=str(error))
                continue
            if kept:
                held.heard_of = time.monotonic()
            else:
                await asyncio.sleep(LOST_SECONDS)
                raise LeaseLost(lease.entry.job_id)
