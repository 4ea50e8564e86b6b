"""The queue of jobs in Redis: a typed face for the scripts, and the reads beside them."""

from __future__ import annotations

import os
import secrets
import socket
import uuid
from collections.abc import Sequence
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from bot import tracing
from bot.completion.ask import Ask
from bot.jobs.crashes import Crashes
from bot.jobs.job import (
    GROUP,
    STATE,
    Entry,
    Job,
    Lease,
    Load,
    State,
    beyond_hope,
    entries_of,
    for_newer,
    load_of,
    may_be_newer,
    needs_of,
    parse_job,
    recent_files_of,
)
from bot.jobs.lease import Leased
from bot.jobs.refusal import Crowd, refusal
from bot.rules.hold import Hold
from bot.slack_limits import EVENT_RETRY_SECONDS
from bot.store.allowances import WINDOW_SECONDS
from bot.store.installations import Installations
from bot.store.keys import Keys, questions_of
from bot.store.redis.connection import BLOCK_SECONDS, Store, answered, redis_errors
from bot.tracing import passing

log = structlog.get_logger(__name__)

CONSUMER_GONE_SECONDS = 3600.0
"""A consumer that holds nothing and has not read for this long is forgotten."""

DELIVERY_KNOWN_SECONDS = max(EVENT_RETRY_SECONDS, 3600)
"""How long it is known which job a delivery became: for Slack to deliver it again, and for
people to delete their question or to click twice while it is answered."""

REFUSED = "refused"
"""In the place of the job that a delivery became, when it is to become none."""

MOST_WOKEN = 100
ALONE_SECONDS = 120
"""After this long the next of the jobs that are tried one after the other waits no longer."""

MOST_STOPS = 1000
"""How many stops a worker finds, about, that has not read them for a while."""

SCAN_START = STOPS_START = "0-0"

OFFER_SECONDS = BLOCK_SECONDS + 2.0
"""How long others may count on the room that a worker had when it began to read."""


class Queue(Leased):
    """The jobs of one workspace, as one consumer. Every method raises `StoreUnavailable`.

    Reads and claims may be asked again, and every write is harmless the second time.
    """

    def __init__(
        self,
        store: Store,
        keys: Keys,
        *,
        lease_seconds: float,
        retention_seconds: int,
        thread_tokens: int = 16_000,
        thread_retention_seconds: int = 30 * 86_400,
        pause_seconds: float = 0.0,
    ) -> None:
        """`retention_seconds`: how long a job is remembered after its end; a conversation, and
        the questions of a person, for `thread_retention_seconds` after the last one of them.
        `thread_tokens`: how much of a conversation is remembered. `pause_seconds`: how long a job
        rests that its worker died of; see `Crashes`."""
        super().__init__(
            store,
            keys,
            f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}",
            retention_seconds=retention_seconds,
            thread_tokens=thread_tokens,
            thread_retention_seconds=thread_retention_seconds,
        )
        self.lease_seconds = lease_seconds
        self.alone = store.alone
        self._offers = self.consumer if keys.shard is None else store.process
        self._store = store
        self.crashes = Crashes(
            store,
            keys,
            pause_seconds=pause_seconds,
            retention_seconds=retention_seconds,
        )

    async def has_left(self) -> bool:
        """Whether the workspace has removed the app: what it had is being deleted, and is not
        lost."""
        several = self._keys.shard is not None
        return several and await Installations(self._store).has_left(self._keys.team)

    async def accept(
        self, job_id: str, ask: Ask, hold: Hold | None = None, crowd: Crowd | None = None
    ) -> str:
        """Reserve `hold`, and store and queue `ask` as `job_id`, or line it up behind what is
        being answered in its conversation; the id of the job that holds it: this one, or an
        earlier one with the same `dedupe`. Tried once: see `bot.asking.admission`.

        Raises `TurnedAway` (there are as many as `crowd` may be), `StalePolicy` and `Denied`;
        nothing has changed then, but that it counts as asked. Without a `hold` nothing is limited.
        """
        keys = [
            self._keys.seen(ask.dedupe),
            self._keys.job(job_id),
            self._keys.queue,
            *self._keys.line(ask.conversation),
        ]
        if hold is not None:
            keys += [self._keys.policy, *self._keys.counters(hold)]
        bounds: tuple[str | int, ...] = ()
        if crowd is not None:
            asked = self._keys.allowance(questions_of(ask.user))
            keys += [self._keys.paused, self._keys.singly, asked]
            bounds = crowd.at_once, crowd.a_minute, round(WINDOW_SECONDS * 1000), ask.dedupe
        args = (
            job_id,
            ask.model_dump_json(),
            self._retention_seconds if ask.surface == "continue" else DELIVERY_KNOWN_SECONDS,
            ask.conversation or "",
            self._thread_retention_seconds,
            ask.question_ts or ask.asked_at,
            hold.model_dump_json() if hold is not None else "",
            int(ask.surface == "mention"),
            int(ask.opens_thread),
            needs_of(ask),
            recent_files_of(ask),
            tracing.traceparent(),
            *bounds,
        )
        outcome, detail = await self._script("accept").once(keys, args)
        if outcome in ("accepted", "duplicate"):
            return str(detail)
        raise refusal(outcome, detail, hold, crowd)

    async def refuse(self, dedupe: str) -> bool:
        """Let a delivery, which Slack may repeat in other words, become no job any more. False:
        it has become one."""
        args: list[str | int] = [REFUSED, DELIVERY_KNOWN_SECONDS]
        return bool(await self._script("claim")([self._keys.seen(dedupe)], args))

    async def holder_of(self, dedupe: str) -> str | None:
        """The id of the job that a delivery became within the last `DELIVERY_KNOWN_SECONDS`."""
        holder = await answered(self._store.redis.get(self._keys.seen(dedupe)))
        return None if holder is None else str(holder)

    async def active(self, conversation: str) -> list[str]:
        """The ids of the jobs that are being answered in a conversation."""
        key = self._keys.thread_active(conversation)
        found: Any = await answered(self._store.redis.smembers(key))
        return sorted(map(str, found))

    async def look(self, job_id: str) -> Job | None:
        """The job as it stands, for whoever does not hold it; None when it is not known, or what
        is stored cannot be read by this version."""
        fields: Any = await answered(self._store.redis.hgetall(self._keys.job(job_id)))
        try:
            return parse_job(fields) if fields else None
        except ValueError as error:
            log.warning("job cannot be read", job_id=job_id, why=str(error))
            return None

    async def stop(self, job_id: str, reason: str) -> State | None:
        """Stop the job unless its answer is stored already; the state it was in, None when it is
        not known. `reason`, not empty, is for its holder; the first one stands."""
        state = await self._script("stop")(
            [self._keys.job(job_id), self._keys.stops], [reason, MOST_STOPS]
        )
        return None if state is None else STATE.validate_python(state)

    async def stop_reason(self, job_id: str) -> str:
        """Why the job was stopped; empty when it was not."""
        reason = await answered(self._store.redis.hget(self._keys.job(job_id), "stop"))
        return str(reason or "")

    async def newest_stop(self) -> str:
        """Where the stops end by now; `STOPS_START` when there are none."""
        newest: Any = await answered(self._store.redis.xrevrange(self._keys.stops, count=1))
        return str(newest[0][0]) if newest else STOPS_START

    async def stops(self, after: str, *, wait: bool = True) -> tuple[str, list[str]]:
        """The ids of jobs that were stopped since `after`, and where to go on from. With `wait` up
        to `BLOCK_SECONDS` for the first. From `STOPS_START` on, some are told that are long over;
        so they are after a flush, since what came between may stand before `after`."""
        redis, block = self._reads(wait)
        passing("before", "stops")
        with redis_errors():
            reply: Any = await redis.xread({self._keys.stops: after}, block=block)
        passing("after", "stops")
        if not reply:
            return (after if await self.newest_stop() == after else STOPS_START), []
        entries = entries_of(reply[0][1])
        return entries[-1].entry_id, [entry.job_id for entry in entries]

    async def read(self, count: int, *, wait: bool = True) -> list[Entry]:
        """Up to `count` new entries; with `wait` up to `BLOCK_SECONDS` for the first."""
        redis, block = self._reads(wait)
        passing("before", "read")
        with redis_errors():
            try:
                reply: Any = await redis.xreadgroup(
                    GROUP, self.consumer, {self._keys.queue: ">"}, count=count, block=block
                )
            except ResponseError as error:
                await self._make_group(error)
                return [] if wait else await self.read(count, wait=False)
        passing("after", "read")
        return entries_of(reply[0][1]) if reply else []

    def _reads(self, wait: bool) -> tuple[Redis, int | None]:
        return (self._store.reads, int(BLOCK_SECONDS * 1000)) if wait else (self._store.redis, None)

    async def offer(self, jobs: int) -> None:
        """Tell the other workers for how many more jobs this one has room."""
        await self._script("offer")(
            [self._keys.rooms], [self.consumer, jobs, int(OFFER_SECONDS * 1000)]
        )

    async def overflow(
        self, count: int, unread_seconds: float, waiting: int = 0
    ) -> tuple[list[Entry], int]:
        """Up to `count` entries that no worker has read within `unread_seconds`, and how many of
        this worker's `waiting` jobs to hand back, as others have room for them. Tried once."""
        keys = [self._keys.queue, self._keys.rooms]
        unread = int(unread_seconds * 1000)
        args = (GROUP, self.consumer, count, unread, waiting, self._offers)
        elsewhere, *taken = await self._script("overflow").once(keys, args)
        read = [
            (entry_id, dict(zip(flat[::2], flat[1::2], strict=True))) for entry_id, flat in taken
        ]
        return entries_of(read), int(elsewhere)

    async def claim(self, count: int, cursor: str, idle_seconds: float) -> tuple[str, list[Entry]]:
        """Up to `count` entries whose holder has shown no life for `idle_seconds`, and the
        cursor to go on from; `SCAN_START` once the scan has come round."""
        passing("before", "reclaim")
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
        passing("after", "reclaim")
        return str(reply[0]), entries_of(reply[1])

    async def wake(self) -> int:
        """Queue again what has rested long enough after a crash; how much that was."""
        keys = self._keys
        last = str(await answered(self._store.redis.get(keys.alone)) or "")
        woken = await self._script("wake")(
            [
                *(keys.queue, keys.paused, keys.singly, keys.alone),
                keys.job(last) if last else keys.alone,
            ],
            [last, MOST_WOKEN, ALONE_SECONDS],
        )
        return int(woken)

    async def take(self, entry: Entry) -> tuple[Lease, Job] | None:
        """Become the holder of the job behind `entry`; None when nothing is left to do, or when
        it is for another version, and was set aside. Raises `ValueError` when what is stored is
        no job."""
        lease = Lease(entry, uuid.uuid4().hex)
        keys = [self._keys.job(entry.job_id), self._keys.queue]
        reply = await self._script("take")(
            keys, [lease.token, entry.entry_id, GROUP, self.consumer]
        )
        if not reply:
            return None
        fields = dict(zip(reply[::2], reply[1::2], strict=True))
        if beyond_hope(fields):
            log.error("job ended without a word", job_id=entry.job_id)
            await self.crashes.drop(entry.job_id, None, entry.entry_id)
            return None
        if for_newer(fields) and await self.crashes.set_aside(lease):
            return None
        try:
            return lease, parse_job(fields)
        except ValueError:
            if may_be_newer(fields) and await self.crashes.set_aside(lease):
                return None
            raise

    async def pause(self, entry: Entry) -> float:
        """Let the job behind `entry`, which was claimed, rest if its holder died; for how many
        seconds. 0: it is to be taken now."""
        return await self.crashes.pause(entry.job_id, entry.entry_id, self.consumer)

    async def hand_back(self, working: Sequence[Entry] = ()) -> int:
        """Hand back what this consumer has read and is not `working` on; how much it was."""
        entries = [entry.entry_id for entry in working]
        return int(
            await self._script("hand_back")([self._keys.queue], [GROUP, self.consumer, *entries])
        )

    async def try_writing(self) -> None:
        """Returns when Redis takes what is written; one that only answers may be read-only."""
        await self._script("probe")([self._keys.probe], [])

    async def load(self) -> Load:
        return await load_of(self._store, self._keys)

    async def prune(self) -> int:
        """Forget consumers of processes that are long gone; how many there were."""
        args = (GROUP, int(CONSUMER_GONE_SECONDS * 1000))
        return int(await self._script("prune")([self._keys.queue], args))

    async def _make_group(self, error: ResponseError) -> None:
        """A new or flushed Redis has no consumer group: make one."""
        if not str(error).startswith(("NOGROUP", "UNBLOCKED")):
            raise error
        await self.open()

    async def open(self) -> None:
        """Make the consumer group that sees every entry, if there is none."""
        with redis_errors():
            try:
                await self._store.redis.xgroup_create(
                    self._keys.queue, GROUP, id="0", mkstream=True
                )
            except ResponseError as made:
                if not str(made).startswith("BUSYGROUP"):
                    raise
