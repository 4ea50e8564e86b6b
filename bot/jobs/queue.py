"""The queue of jobs in Redis: a typed face for the scripts, and the reads beside them."""

from __future__ import annotations

import os
import secrets
import socket
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redis.exceptions import ResponseError

from bot.completion.ask import Ask
from bot.completion.result import Answer
from bot.errors import LeaseLost
from bot.jobs.job import Job, parse_job
from bot.slack_limits import EVENT_RETRY_SECONDS
from bot.store.connection import BLOCK_SECONDS, Store, redis_errors
from bot.store.keys import Keys

GROUP = "workers"
CONSUMER_GONE_SECONDS = 3600.0
"""A consumer that holds nothing and has not read for this long is forgotten."""

SCAN_START = "0-0"


@dataclass(frozen=True, slots=True)
class Entry:
    """A job id in the queue, and where it stands there."""

    entry_id: str
    job_id: str


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write for a job, for as long as nobody has taken it since."""

    entry: Entry
    token: str


@dataclass(frozen=True, slots=True)
class Load:
    """How much waits or runs: jobs in the queue, and the age of the oldest in seconds."""

    depth: int
    oldest: float


class Queue:
    """The jobs of one workspace, as one consumer. Every method raises `StoreUnavailable`.

    Reads and claims may be asked again, and every write is harmless the second time.
    """

    def __init__(
        self, store: Store, keys: Keys, *, lease_seconds: float, retention_seconds: int
    ) -> None:
        self.lease_seconds = lease_seconds
        self.alone = store.alone
        self.consumer = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._store = store
        self._keys = keys
        self._retention_seconds = retention_seconds
        self._accept = store.script("accept")
        self._take = store.script("take")
        self._renew = store.script("renew")
        self._write = store.script("write")
        self._adopt = store.script("adopt")
        self._disown = store.script("disown")
        self._deliver = store.script("deliver")
        self._finish = store.script("finish")
        self._reassert = store.script("reassert")
        self._release = store.script("release")
        self._hand_back = store.script("hand_back")
        self._prune = store.script("prune")

    async def accept(self, job_id: str, ask: Ask) -> str:
        """Store and queue `ask` as `job_id`; the id of the job that holds it: this one, or
        an earlier one with the same `dedupe`. Tried once: see `Acceptor`."""
        keys = [self._keys.seen(ask.dedupe), self._keys.job(job_id), self._keys.queue]
        args = (job_id, ask.model_dump_json(), EVENT_RETRY_SECONDS)
        _, holder = await self._accept.once(keys, args)
        return str(holder)

    async def read(self, count: int) -> list[Entry]:
        """Up to `count` new entries; waits up to `BLOCK_SECONDS` for the first."""
        with redis_errors():
            try:
                reply: Any = await self._store.reads.xreadgroup(
                    GROUP,
                    self.consumer,
                    {self._keys.queue: ">"},
                    count=count,
                    block=int(BLOCK_SECONDS * 1000),
                )
            except ResponseError as error:
                await self._make_group(error)
                return []
        return _entries(reply[0][1]) if reply else []

    async def claim(self, count: int, cursor: str, idle_seconds: float) -> tuple[str, list[Entry]]:
        """Up to `count` entries whose holder has shown no life for `idle_seconds`, and the
        cursor to go on from; `SCAN_START` once the scan has come round."""
        with redis_errors():
            try:
                reply = await self._store.redis.xautoclaim(
                    self._keys.queue,
                    GROUP,
                    self.consumer,
                    min_idle_time=int(idle_seconds * 1000),
                    start_id=cursor,
                    count=count,
                )
            except ResponseError as error:
                await self._make_group(error)
                return SCAN_START, []
        return str(reply[0]), _entries(reply[1])

    async def take(self, entry: Entry) -> tuple[Lease, Job] | None:
        """Become the holder of the job behind `entry`; None when nothing is left to do."""
        lease = Lease(entry, uuid.uuid4().hex)
        keys = [self._keys.job(entry.job_id), self._keys.queue]
        reply = await self._take(keys, [lease.token, entry.entry_id, GROUP, self.consumer])
        if not reply:
            return None
        return lease, parse_job(dict(zip(reply[::2], reply[1::2], strict=True)))

    async def renew(self, lease: Lease) -> bool:
        """Show that the holder is alive; False when the lease is lost."""
        args = [lease.token, lease.entry.entry_id, GROUP, self.consumer]
        return bool(await self._renew(self._job_and_queue(lease), args))

    async def write(self, lease: Lease, number: int, fields: Sequence[tuple[str, str]]) -> None:
        """Set fields of the job (an empty value deletes), as the write of this `number`, or,
        with 0 and none, only ask. Raises `LeaseLost`."""
        flat = [word for pair in fields for word in pair]
        if not await self._write([self._job(lease)], [lease.token, number, *flat]):
            raise LeaseLost(lease.entry.job_id)

    async def adopt(self, lease: Lease, number: int, field: str, value: str, ts: str) -> bool:
        """Set the field of a post to what an earlier holder posted at `ts`, as the write of this
        `number`; False when that holder takes it back. Raises `LeaseLost`."""
        outcome = await self._adopt([self._job(lease)], [lease.token, number, field, value, ts])
        if outcome == "lost":
            raise LeaseLost(lease.entry.job_id)
        return bool(outcome == "adopted")

    async def disown(self, job_id: str, ts: str) -> bool:
        """Whether the message at `ts`, posted without a lease, may be taken back."""
        return bool(await self._disown([self._keys.job(job_id)], [ts]))

    async def deliver(self, lease: Lease, answer: Answer) -> Answer:
        """Enter `delivering` with `answer`; the one that stands. Raises `LeaseLost`."""
        stored = await self._deliver([self._job(lease)], [lease.token, answer.model_dump_json()])
        if stored is None:
            raise LeaseLost(lease.entry.job_id)
        return Answer.model_validate_json(stored)

    async def finish(self, lease: Lease, served: int) -> int | None:
        """End the job; None once done, else how many further deliveries were called for, of
        which the holder has `served` fewer. Raises `LeaseLost`."""
        args = (lease.token, lease.entry.entry_id, GROUP, served, self._retention_seconds)
        outcome, calls = await self._finish(self._job_and_queue(lease), args)
        if outcome == "lost":
            raise LeaseLost(lease.entry.job_id)
        if outcome == "early":
            raise RuntimeError("a job must be delivered before it can finish")
        return int(calls) if outcome == "again" else None

    async def reassert(self, job_id: str) -> None:
        """Have the answer of a job shown once more, by whoever holds or takes it."""
        await self._reassert([self._keys.job(job_id), self._keys.queue], [uuid.uuid4().hex])

    async def release(self, lease: Lease) -> bool:
        """Hand the job back, for any worker to take at once; False when the lease is lost."""
        args = [lease.token, lease.entry.entry_id, GROUP]
        return bool(await self._release(self._job_and_queue(lease), args))

    async def hand_back(self, working: Sequence[Entry] = ()) -> int:
        """Hand back what this consumer has read and is not `working` on; how much it was."""
        entries = [entry.entry_id for entry in working]
        return int(await self._hand_back([self._keys.queue], [GROUP, self.consumer, *entries]))

    async def load(self) -> Load:
        """How much there is to do."""
        with redis_errors():
            async with self._store.redis.pipeline(transaction=False) as pipe:
                pipe.xlen(self._keys.queue)
                pipe.xrange(self._keys.queue, count=1)
                pipe.time()
                depth, first, (seconds, microseconds) = await pipe.execute()
        if not first:
            return Load(depth, 0.0)
        entered = int(first[0][0].partition("-")[0]) / 1000
        return Load(depth, max(0.0, seconds + microseconds / 1_000_000 - entered))

    async def prune(self) -> int:
        """Forget consumers of processes that are long gone; how many there were."""
        args = (GROUP, int(CONSUMER_GONE_SECONDS * 1000))
        return int(await self._prune([self._keys.queue], args))

    async def _make_group(self, error: ResponseError) -> None:
        """A new or flushed Redis has no consumer group: make one that sees every entry."""
        if not str(error).startswith(("NOGROUP", "UNBLOCKED")):
            raise error
        try:
            await self._store.redis.xgroup_create(self._keys.queue, GROUP, id="0", mkstream=True)
        except ResponseError as made:
            if not str(made).startswith("BUSYGROUP"):
                raise

    def _job(self, lease: Lease) -> str:
        return self._keys.job(lease.entry.job_id)

    def _job_and_queue(self, lease: Lease) -> list[str]:
        return [self._job(lease), self._keys.queue]


def _entries(reply: Sequence[Any]) -> list[Entry]:
    """Redis 6.2 lists entries deleted meanwhile too, without their fields."""
    return [Entry(str(entry_id), fields["job"]) for entry_id, fields in reply if fields]
