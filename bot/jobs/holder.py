"""Holding one job: take it, keep its lease while it is worked on, and never leave it to nobody.

Leases of a process whose time has come together are renewed together, in one round trip to Redis.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import structlog
from attrs import field, frozen
from structlog.contextvars import bound_contextvars

from bot import metrics, tracing, words
from bot.completion.result import Answer, Most, ToolUse
from bot.errors import LeaseLost, StoreUnavailable
from bot.jobs.job import MOST_ATTEMPTS, Entry, GivenUp, Job, Lease
from bot.jobs.lease import JobLedger
from bot.jobs.places import JobPlace, Places
from bot.jobs.queue import Queue
from bot.patience import next_tick, until_stored
from bot.rules.charge import NOTHING, Charge, all_of, charge_for, exceeds, more_for, narrowed
from bot.rules.hold import Denied, Hold
from bot.words import search as said

log = structlog.get_logger(__name__)

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
RESERVE_SECONDS = 1.0
"""How long reserving more, or recording what was used, may hold up reading the answer."""


class Held:
    """A job in the hands of this worker, for as long as its lease lasts.

    Every method raises `LeaseLost` when another worker holds the job; `begin` and `give_up` also
    `StoreUnavailable` when Redis does not say. The others go on until it does.
    """

    def __init__(
        self,
        queue: Queue,
        lease: Lease,
        job: Job,
        stop: asyncio.Event | None = None,
        place: JobPlace | None = None,
    ) -> None:
        """`stop`: is set where somebody stops the job, besides what `job` says of that. `place`:
        where it stands among the jobs of its worker; without one it waits for nobody."""
        self.ledger = JobLedger(queue, lease, job)
        self.job = replace(job, posts=self.ledger.posts)  # as they are, not as they were
        self.finished = False
        self.heard_of = time.monotonic()
        """When the store last knew that the lease holds."""
        self._asked = 0
        self._narrowed: Hold | None = None
        self._recorded: Charge | None = None
        self._queue = queue
        self._lease = lease
        self._served = job.redeliver
        self._place = place or Places(1).join(lease.entry)
        self.stopped = stop or asyncio.Event()
        """Set once somebody stopped the job."""
        if job.stop:
            self.stopped.set()

    @property
    def ahead(self) -> int | None:
        """How many jobs of this worker come before it; None when it may ask Grok already."""
        return None if self._place.given else self._place.ahead

    async def turn(self, tell: Callable[[int], None]) -> None:
        """Wait for the turn to ask Grok; until then `tell` how many jobs come before this one,
        at once and with each change. A stop does not end the waiting by itself."""
        await self._place.turn(tell)

    async def begin(self) -> None:
        """Say that Grok is asked now; who has not waited for the turn does so here. Raises
        `Denied` when an earlier holder has asked already, and what it used leaves too little to
        ask again."""
        await self._place.turn()
        if self.job.hold is not None:
            await self._queue.begin(self._lease, self.job.hold, self._asked)

    async def begin_again(self) -> None:
        """Say that Grok is asked once more, since it may have answered what was lost: that is
        charged. Raises `Denied` when too little is left for it."""
        self._asked += 1
        await self.begin()
        self._narrowed = self._recorded = None

    async def keep_within(self, use: ToolUse) -> None:
        """Reserve more where `use` has come to all that is reserved for the answer, as long as
        quotas and caps allow it. Raises `Denied` with a sentence when it has come to more."""
        hold, search = self.job.hold, self.job.ask.search
        if hold is None or not search.sources:
            return
        while (more := more_for(hold, search, use)) is not None:
            try:
                async with asyncio.timeout(RESERVE_SECONDS):
                    await self._queue.extend(self._lease, more)
            except (Denied, StoreUnavailable, TimeoutError) as error:
                log.info("no more searches reserved", why=type(error).__name__)
                break
            self.job = replace(self.job, hold=more)
            hold = more
        if exceeds(hold, use):
            raise Denied(said.SEARCHED_ENOUGH)

    async def seen(self, use: ToolUse) -> None:
        """So much was seen by now to be searched: the most that this has come to is recorded, for
        whoever has to charge it without this holder. Where it cannot be recorded now, what was
        recorded before stands until the next call is seen."""
        hold = self.job.hold
        if hold is None:
            return
        self._narrowed = narrowed(hold, self.job.ask, use)
        most = all_of(self._narrowed)
        if most == self._recorded:
            return
        try:
            async with asyncio.timeout(RESERVE_SECONDS):
                await self.ledger.used(most)
        except (StoreUnavailable, TimeoutError) as error:
            log.info("what was searched not recorded", why=type(error).__name__)
        else:
            self._recorded = most

    async def deliver(self, answer: Answer) -> Answer:
        """End the work on the answer, and settle what was reserved for it; the answer that
        stands, which may be an earlier one.

        While Redis is away, or takes nothing, this goes on: nobody else can take the job then,
        and what was asked for and paid would be asked again.
        """
        hold = self.job.hold
        broken = answer.stopped or answer.failure
        most = self._narrowed if broken and self._narrowed else hold
        charge = NOTHING if most is None else charge_for(most, self.job.ask, answer)
        if answer.usage is None and charge.requests:
            told = Most(tokens=charge.tokens, micro_dollars=charge.micro_dollars)
            answer = answer.model_copy(update={"most": told})
        stored = await until_stored(lambda: self._queue.deliver(self._lease, answer, hold, charge))
        self.job = replace(self.job, state="delivering", answer=stored, hold=None)
        return stored

    async def give_up(self) -> None:
        """End the work on the job with a fixed sentence, in the place of any answer: it was taken
        too often. What it has reserved is charged where an earlier holder has asked Grok."""
        job = self.job
        answer = Answer.failed(job.ask.request.model, words.GIVEN_UP)
        stored = await self._queue.deliver(self._lease, answer, job.hold, given_up=True)
        state: GivenUp = "running" if job.answer is None else "delivering"
        self.job = replace(
            job, state="delivering", answer=stored, hold=None, given_up=job.given_up or state
        )

    async def shown(self) -> None:
        """Let go of what others wait for: the answer can be read, though something of the job
        may come late. If nobody ever shows it again, that will stand."""
        await until_stored(
            lambda: self._queue.finish(self._lease, self._served, self.job, shown=True)
        )
        self._place.shown = True

    async def finish(self) -> bool:
        """End the job once its answer was shown. True: show it again first, every message of
        it, since a worker that had lost its lease may have written over it."""
        again = await until_stored(lambda: self._queue.finish(self._lease, self._served, self.job))
        if again is not None:
            self._served = again.calls
            self.ledger.late.expect_earlier(again.late)
            return True
        self.finished = True
        return False


RunJob = Callable[[Held], Awaitable[None]]
"""Shows one answer and ends with `Held.finish`."""


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
    _renewals: Renewals = field(init=False)

    @_renewals.default
    def _together(self) -> Renewals:
        return Renewals(self._queue.renew)

    async def take(self, place: JobPlace, stop: asyncio.Event, *, reclaimed: bool) -> None:
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
        self,
        lease: Lease,
        job: Job,
        stop: asyncio.Event | None = None,
        place: JobPlace | None = None,
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
                kept = await self._renewals.renew(lease)
            except StoreUnavailable as error:
                log.warning("lease not renewed", error=str(error))
                continue
            if kept:
                held.heard_of = time.monotonic()
            else:
                await asyncio.sleep(LOST_SECONDS)
                raise LeaseLost(lease.entry.job_id)


_Others = list[tuple[Lease, "asyncio.Future[bool | None]"]]


def until_renewal(lease_seconds: float) -> float:
    """For how many seconds a holder may rest until it renews its lease, a third of one at most:
    all of a process are told the same moment."""
    now = asyncio.get_running_loop().time()
    return next_tick(now, 0.3 * lease_seconds) - now


class Renewals:
    """Renews the leases of one workspace. `renew_all` says of each whether it is still held."""

    def __init__(self, renew_all: Callable[[Sequence[Lease]], Awaitable[Sequence[bool]]]) -> None:
        self._renew_all = renew_all
        self._others: _Others | None = None
        """Who asks in the same step as somebody that is about to ask Redis for them, too."""

    async def renew(self, lease: Lease) -> bool:
        """Whether `lease` is held, as from now on. Raises `StoreUnavailable`."""
        while self._others is not None:
            asked: asyncio.Future[bool | None] = asyncio.get_running_loop().create_future()
            self._others.append((lease, asked))
            if (kept := await asked) is not None:
                return kept
        return await self._renew_with_others(lease)

    async def _renew_with_others(self, lease: Lease) -> bool:
        others: _Others = []
        self._others = others
        try:
            try:
                await asyncio.sleep(0)  # in which the others ask
            finally:
                self._others = None
            kept, *rest = await self._renew_all([lease, *(each for each, _ in others)])
            for (_, asked), each in zip(others, rest, strict=True):
                if not asked.done():
                    asked.set_result(each)
            return kept
        except StoreUnavailable as error:
            for _, asked in others:
                if not asked.done():
                    asked.set_exception(_again(error))
            raise
        finally:
            for _, asked in others:
                if not asked.done():  # cancelled: they ask by themselves
                    asked.set_result(None)


def _again(error: StoreUnavailable) -> StoreUnavailable:
    """The same for somebody else, who adds to it where it was raised."""
    return StoreUnavailable(str(error), maybe_applied=error.maybe_applied)
