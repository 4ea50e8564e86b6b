"""What a lease lets the holder of its job do: a typed face for the scripts, and the ledger of what
is posted under it."""

from __future__ import annotations

import asyncio
import json
import math
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict

from bot import metrics
from bot.completion.ask import conversation_of
from bot.completion.result import Answer
from bot.errors import LeaseLost
from bot.jobs.job import GROUP, ROOT, Again, Job, Lease, dump_post, fields_of, post_field
from bot.jobs.refusal import shortages
from bot.reply.ledger import Post
from bot.rules.charge import NOTHING, Charge
from bot.rules.hold import Denied, Hold
from bot.slack.pacing import LateCalls, LeaseFence, Slot, TakeSlot
from bot.store.conversations import MOST_RECENT
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from bot.words import usage as said

MOST = 100
"""Leases in one call of a script: a millisecond of Redis's time."""


class Leased:
    """The jobs of one workspace that `consumer` holds. Every method raises `StoreUnavailable`, and
    is harmless the second time."""

    def __init__(
        self,
        store: Store,
        keys: Keys,
        consumer: str,
        *,
        retention_seconds: int,
        thread_tokens: int,
        thread_retention_seconds: int,
    ) -> None:
        """As for `Queue`."""
        self.consumer = consumer
        self._script = store.script
        self._keys = keys
        self._retention_seconds = retention_seconds
        self._thread_tokens = thread_tokens
        self._thread_retention_seconds = thread_retention_seconds

    @property
    def team(self) -> str:
        """The workspace, by its id."""
        return self._keys.team

    async def renew(self, leases: Sequence[Lease]) -> Sequence[bool]:
        """Show that their holders are alive; of each, whether it is still held."""
        kept: list[bool] = []
        for start in range(0, len(leases), MOST):
            some = leases[start : start + MOST]
            keys = [self._keys.queue, *map(self._job, some)]
            named = [word for each in some for word in (each.token, each.entry.entry_id)]
            kept += map(bool, await self._script("renew")(keys, [GROUP, self.consumer, *named]))
        return kept

    async def write(
        self,
        lease: Lease,
        number: int,
        fields: Sequence[tuple[str, str]],
        *,
        enters: str | None = None,
        leaves: str | None = None,
        late: float = 0.0,
    ) -> None:
        """Set fields of the job (an empty value deletes), as the write of this `number`, or,
        with 0 and none, only ask. With it the job may become active in a conversation, or
        leave the one that it is in; and it is recorded for how many seconds calls that Slack has
        not answered may come `late`. Raises `LeaseLost`."""
        keys = [self._job(lease)]
        if conversation := enters or leaves:
            keys += [self._keys.queue, *self._keys.line(conversation)]
        flat = [word for pair in fields for word in pair]
        kept = self._thread_retention_seconds
        args: list[str | int] = [lease.token, number, enters or "", kept, _ms(late), *flat]
        if not await self._script("write")(keys, args):
            raise LeaseLost(lease.entry.job_id)

    def fence(self, lease: Lease, number: int, late: float) -> LeaseFence:
        """Where an edit is taken: the write of this `number`, as `write` makes one."""
        return LeaseFence(self._job(lease), lease.token, number, late)

    async def adopt(
        self,
        lease: Lease,
        number: int,
        field: str,
        value: str,
        ts: str,
        *,
        enters: str | None = None,
    ) -> bool:
        """Set the field of a post to what an earlier holder posted at `ts`, as the write of this
        `number`; False when that holder takes it back. With it the job may become active in a
        conversation. Raises `LeaseLost`."""
        keys = [self._job(lease)]
        if enters:
            keys += [self._keys.queue, *self._keys.line(enters)]
        args = (lease.token, number, field, value, ts, enters or "", self._thread_retention_seconds)
        outcome = await self._script("adopt")(keys, args)
        if outcome == "lost":
            raise LeaseLost(lease.entry.job_id)
        return bool(outcome == "adopted")

    async def disown(self, job_id: str, ts: str) -> bool:
        """Whether the message at `ts`, posted without a lease, may be taken back."""
        return bool(await self._script("disown")([self._keys.job(job_id)], [ts]))

    async def begin(self, lease: Lease, hold: Hold, time: int = 0) -> None:
        """Say that Grok is asked now, with the `hold` of the job, for the `time`-th time from 0.
        When an earlier holder has asked already, or this one an earlier time, that is charged, and
        as much reserved again.

        Raises `Denied` when it does not fit, and nothing has changed then; and `LeaseLost`.
        """
        outcome, detail = await self._script("begin")(
            self._job_and_counters(lease, hold), [lease.token, time]
        )
        if outcome == "lost":
            raise LeaseLost(lease.entry.job_id)
        if outcome == "denied":
            raise Denied(said.NOT_AGAIN, shortages(hold, detail))

    async def extend(self, lease: Lease, hold: Hold) -> None:
        """Reserve `hold` in place of what the job has reserved, which is less. Raises `Denied`
        when it does not fit, and nothing has changed then; and `LeaseLost`."""
        keys = [self._job(lease), *self._keys.counters(hold)]
        outcome, detail = await self._script("extend")(keys, [lease.token, hold.model_dump_json()])
        if outcome == "lost":
            raise LeaseLost(lease.entry.job_id)
        if outcome == "denied":
            raise Denied(said.DOES_NOT_FIT, shortages(hold, detail))

    async def deliver(
        self,
        lease: Lease,
        answer: Answer,
        hold: Hold | None = None,
        charge: Charge = NOTHING,
        *,
        given_up: bool = False,
    ) -> Answer:
        """Enter `delivering` with `answer`; the one that stands. Raises `LeaseLost`.

        With it the `hold` of the job, if it has one, is settled: `charge` is what this holder
        used of it since `begin`. A job that is `given_up` is remembered as such, and `answer` takes
        the place of one that was stored before.
        """
        job, *counted = [self._job(lease)] if hold is None else self._job_and_counters(lease, hold)
        keys = [job, self._keys.failed, *counted]
        args = (
            lease.token,
            answer.model_dump_json(),
            json.dumps(asdict(charge)),
            self._retention_seconds if given_up else "",
        )
        stored = await self._script("deliver")(keys, args)
        if stored is None:
            raise LeaseLost(lease.entry.job_id)
        return Answer.model_validate_json(stored)

    async def finish(
        self, lease: Lease, served: int, job: Job, *, shown: bool = False
    ) -> Again | None:
        """End the job; None once done, else which further deliveries were called for. The holder
        has `served` so many. Raises `LeaseLost`.

        With its end, `job`, as its holder knows it, is remembered among the questions of its
        asker and as a turn of its conversation, where the next one that waits starts. When it
        is only `shown`, all of this is done, and the job is kept.
        """
        conversation = job.conversation
        while True:
            outcome, detail, late = await self._finish_in(conversation, lease, served, job, shown)
            if outcome != "elsewhere":
                break
            conversation = str(detail)
        if outcome == "lost":
            raise LeaseLost(lease.entry.job_id)
        if outcome == "early":
            raise RuntimeError("a job must be delivered before it can finish")
        return Again(int(detail), int(late) / 1000) if outcome == "again" else None

    async def _finish_in(
        self, conversation: str | None, lease: Lease, served: int, job: Job, shown: bool
    ) -> tuple[str, str | int, int]:
        recent = self._keys.recent(job.ask.user)
        turn = job.turn
        args = (
            lease.token,
            lease.entry.entry_id,
            GROUP,
            served,
            self._retention_seconds,
            self._thread_retention_seconds,
            job.recent.model_dump_json(),
            MOST_RECENT,
            conversation or "",
            turn.entry if turn else "",
            job.ask.retry_of,
            self._thread_tokens,
            int(shown),
        )
        keys = [*self._job_and_queue(lease), recent, *self._keys.line(conversation)]
        outcome, detail, late = await self._script("finish")(keys, args)
        return str(outcome), detail, late

    async def reassert(self, job_id: str, lost: Lease | None = None, late: float = 0.0) -> bool:
        """Have the answer of a job shown once more, by whoever holds or takes it. For `late`
        seconds Slack may carry out calls that were made under the lease that was `lost`. False:
        nobody knows the job."""
        token = lost.token if lost else ""
        keys = [self._keys.job(job_id), self._keys.queue]
        return bool(await self._script("reassert")(keys, [uuid.uuid4().hex, token, _ms(late)]))

    async def restore(self, lost: Lease, job: Job) -> bool:
        """Queue `job` anew, as the holder of the lease that was `lost` knows it; False when it is
        known."""
        flat = [word for pair in fields_of(job).items() for word in pair]
        args = [job.id, lost.entry.entry_id, GROUP, *flat]
        return bool(await self._script("restore")(self._job_and_queue(lost), args))

    async def release(self, lease: Lease, late: float = 0.0) -> bool:
        """Hand the job back, for any worker to take at once, though for `late` seconds Slack may
        carry out calls made for it; False when the lease is lost."""
        keys = [*self._job_and_queue(lease), self._keys.paused]
        args: list[str | int] = [lease.token, lease.entry.entry_id, GROUP, _ms(late), 0]
        return bool(await self._script("release")(keys, args))

    def _job(self, lease: Lease) -> str:
        return self._keys.job(lease.entry.job_id)

    def _job_and_queue(self, lease: Lease) -> list[str]:
        return [self._job(lease), self._keys.queue]

    def _job_and_counters(self, lease: Lease, hold: Hold) -> list[str]:
        return [self._job(lease), *self._keys.counters(hold), *self._keys.books(hold)]


def _ms(seconds: float) -> int:
    return math.ceil(1000 * seconds)


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

    def __init__(self, queue: Leased, lease: Lease, job: Job) -> None:
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
