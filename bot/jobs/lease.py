"""What a worker holds while it works on a job."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace

import structlog

from bot import metrics, words
from bot.completion.ask import conversation_of
from bot.completion.result import Answer, Most, ToolUse
from bot.errors import LeaseLost, StoreUnavailable
from bot.jobs.job import ROOT, GivenUp, Job, Lease, dump_post, post_field
from bot.jobs.places import JobPlace, Places
from bot.jobs.queue import Queue
from bot.patience import until_stored
from bot.reply.ledger import Post
from bot.rules.charge import NOTHING, Charge, all_of, charge_for, exceeds, more_for, narrowed
from bot.rules.hold import Denied, Hold
from bot.slack.pacing import LateCalls, Slot, TakeSlot
from bot.words import search as said

log = structlog.get_logger(__name__)

RESERVE_SECONDS = 1.0
"""How long reserving more, or recording what was used, may hold up reading the answer."""


@contextmanager
def _fenced() -> Iterator[None]:
    """Counts the writes that were given up because the lease was lost."""
    try:
        yield
    except LeaseLost:
        metrics.FENCED_WRITES.inc()
        raise


class JobLedger:
    """The `Ledger` of one lease: each write goes to Redis, which knows who holds the job.

    When the first message of the answer is the root of a conversation, the job is active in
    that for as long as the message is recorded.
    """

    def __init__(self, queue: Queue, lease: Lease, job: Job) -> None:
        self.job_id = lease.entry.job_id
        self.late = LateCalls()
        self.late.expect_earlier(job.late)
        self._queue = queue
        self._lease = lease
        self._late_recorded = False
        self._posts = dict(job.posts)
        self._opens = job.opens_conversation
        self._writes = 0
        self._writing = asyncio.Lock()
        self._checked = True

    @property
    def posts(self) -> Mapping[str, Post]:
        return self._posts

    async def used(self, most: Charge) -> None:
        """Record what the holder has used at most since it has begun to ask Grok."""
        await self._write([("used", json.dumps(asdict(most)))])

    async def check(self) -> None:
        if self.late.left or self._late_recorded:
            await self._write([])
        else:
            with _fenced():
                await self._queue.write(self._lease, 0, [])
        self._checked = True

    async def take(self, turn: TakeSlot) -> Slot:
        async with self._writing:
            self._writes += 1
            recorded, self._late_recorded = self._late_recorded, True
            with _fenced():
                slot = await turn(self._queue.fence(self._lease, self._writes, self.late.left))
            if slot.wait:
                self._late_recorded = recorded
            self._checked = bool(slot.wait)
            return slot

    async def check_last(self) -> None:
        if not self._checked:
            await self.check()

    async def intend(self, part: str, channel: str) -> None:
        await self._record(Post(part=part, channel=channel, at=time.time()))

    async def posted(self, part: str, channel: str, ts: str) -> None:
        await self._record(Post(part, channel, self._at(part), ts))

    async def note(
        self, part: str, channel: str, *, sent: int = 0, route: str = "", cut: str = ""
    ) -> None:
        await self._record(Post(part, channel, self._at(part), sent=sent, route=route, cut=cut))

    async def adopt(self, part: str, channel: str, ts: str) -> bool:
        post = Post(part, channel, self._at(part), ts)
        async with self._writing:
            self._writes += 1
            with _fenced():
                adopted = await self._queue.adopt(
                    self._lease,
                    self._writes,
                    post_field(part),
                    dump_post(post),
                    ts,
                    enters=self._rooted_in(post),
                )
        if adopted:
            self._posts[part] = post
        return adopted

    async def disown(self, ts: str) -> bool:
        return await self._queue.disown(self.job_id, ts)

    async def forget(self, part: str) -> None:
        leaves = self._rooted_in(self._posts.get(part))
        await self._write([(post_field(part), "")], leaves=leaves)
        self._posts.pop(part, None)

    def _at(self, part: str) -> float:
        known = self._posts.get(part)
        return known.at if known else time.time()

    async def _record(self, post: Post) -> None:
        field = (post_field(post.part), dump_post(post))
        await self._write([field], enters=self._rooted_in(post))
        self._posts[post.part] = post

    def _rooted_in(self, post: Post | None) -> str | None:
        """The conversation that `post` is the root of."""
        if post is None or post.ts is None or post.part != ROOT or not self._opens:
            return None
        return conversation_of(post.channel, post.ts)

    async def _write(
        self,
        fields: Sequence[tuple[str, str]],
        *,
        enters: str | None = None,
        leaves: str | None = None,
    ) -> None:
        """One at a time: Redis ignores a write whose number is not the highest yet. What of
        calls may come late goes along."""
        async with self._writing:
            self._writes += 1
            late = self.late.left
            self._late_recorded = True
            with _fenced():
                await self._queue.write(
                    self._lease, self._writes, fields, enters=enters, leaves=leaves, late=late
                )
            self._late_recorded = late > 0


class Stop:
    """Whether somebody stopped a job, and why."""

    def __init__(self) -> None:
        self.called = asyncio.Event()
        self.reason = ""

    def call(self, reason: str) -> None:
        """The job was stopped; the first reason stands."""
        self.reason = self.reason or reason
        self.called.set()


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
        stop: Stop | None = None,
        place: JobPlace | None = None,
    ) -> None:
        """`stop`: where news of a stop comes in, besides what `job` says of one. `place`: where
        it stands among the jobs of its worker; without one it waits for nobody."""
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
        self._stop = stop or Stop()
        if job.stop:
            self._stop.call(job.stop)

    @property
    def stopped(self) -> asyncio.Event:
        """Set once somebody stopped the job."""
        return self._stop.called

    @property
    def stop_reason(self) -> str:
        """What `Queue.stop` was told; empty until then."""
        return self._stop.reason

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
        if hold is None or not search:
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
