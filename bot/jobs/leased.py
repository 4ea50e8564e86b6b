"""What the holder of a job does with it while its lease lasts: a typed face for the scripts.

Leases of a process whose time has come together are renewed together, in one round trip to Redis.
"""

from __future__ import annotations

import asyncio
import json
import math
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict

from bot.completion.result import Answer
from bot.errors import LeaseLost, StoreUnavailable
from bot.jobs.job import GROUP, Again, Job, Lease, fields_of
from bot.jobs.refusal import shortages
from bot.patience import next_tick
from bot.rules.charge import NOTHING, Charge
from bot.rules.hold import Denied, Hold
from bot.slack.pacing import LeaseFence
from bot.store.conversations import MOST_RECENT
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from bot.words import usage as said


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
        self._renewals = Renewals(self._renew_all)
        self._keys = keys
        self._retention_seconds = retention_seconds
        self._thread_tokens = thread_tokens
        self._thread_retention_seconds = thread_retention_seconds

    @property
    def team(self) -> str:
        """The workspace, by its id."""
        return self._keys.team

    async def renew(self, lease: Lease) -> bool:
        """Show that the holder is alive; False when the lease is lost. Leases that are renewed in
        the same step of the event loop take one round trip together."""
        return await self._renewals.renew(lease)

    async def _renew_all(self, leases: Sequence[Lease]) -> Sequence[bool]:
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
            keys += [self._keys.queue, *self._line(conversation)]
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
            keys += [self._keys.queue, *self._line(enters)]
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
        keys = [*self._job_and_queue(lease), recent, *self._line(conversation)]
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

    def _line(self, conversation: str | None) -> list[str]:
        return self._keys.line(conversation) if conversation else []

    def _job_and_queue(self, lease: Lease) -> list[str]:
        return [self._job(lease), self._keys.queue]

    def _job_and_counters(self, lease: Lease, hold: Hold) -> list[str]:
        return [self._job(lease), *self._keys.counters(hold), *self._keys.books(hold)]


def _ms(seconds: float) -> int:
    return math.ceil(1000 * seconds)


MOST = 100
"""Leases in one call of a script: a millisecond of Redis's time."""

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
