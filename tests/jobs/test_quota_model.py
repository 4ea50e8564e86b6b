"""Quotas against a plain Python model: jobs come, crash, are asked again and end, in any order,
twice and late, while days pass and limits change."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from bot.errors import LeaseLost, StalePolicy
from bot.jobs.job import MOST_ATTEMPTS, Entry, Lease
from bot.jobs.queue import SCAN_START, Queue
from bot.rules.charge import NOTHING, Charge
from bot.rules.hold import Denied, Hold, Share
from bot.rules.quota import WORKSPACE, QuotaName, Scope, Windows
from bot.store.keys import Keys
from bot.store.quotas import Amount, Quotas, UsageRow
from bot.store.redis.connection import Store
from tests.jobs.asks import make_answer, make_ask
from tests.jobs.quota_model import COUNTED, OF_SEARCH, Counts, ModelJob, QuotaModel
from tests.rules.holds import make_windows

T = TypeVar("T")

DAY = 86_400
DAYS = ["2026-11-29", "2026-11-30", "2026-12-01", "2026-12-02"]
CHANNELS = [Scope("channel", "C1"), Scope("channel", "C2")]
USERS = [Scope("user", "U1"), Scope("user", "U2")]
SCOPES = [WORKSPACE, *CHANNELS, *USERS]
JOB_IDS = [f"job-{dedupe}-{number}" for dedupe in "abcdefghijkl" for number in (1, 2)]
"""The fifth letter is what Slack repeats."""

LIMITS: Mapping[QuotaName, st.SearchStrategy[int | None]] = {
    "requests-per-day": st.sampled_from([0, 1, 3, 8, None]),
    "tokens-per-day": st.sampled_from([0, 100, 200, 400, None]),
    "tokens-per-month": st.sampled_from([0, 100, 800, None]),
    "usd-per-month": st.sampled_from([0, 1_000, 5_000, None]),
    "searches-per-day": st.sampled_from([0, 5, 20, None]),
    "concurrent": st.sampled_from([1, 2, 4, None]),
}
TOKENS = st.integers(1, 120)
SEARCHED = st.sampled_from([(0, 0, 0), (0, 0, 0), (1, 0, 5), (4, 30, 155), (7, 90, 480)])
"""Calls, posts, and what they cost."""
DOLLARS = st.none() | st.sampled_from([0, 300, 700, 1_100, 1_500])


class QuotaMachine(RuleBasedStateMachine):
    """Every rule does one thing in Redis and in the model, and compares what came of it."""

    leases = Bundle("leases")

    def __init__(self, url: str) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._store = Store(url)
        self._keys = Keys(f"T{uuid.uuid4().hex}")
        self._queue = Queue(self._store, self._keys, lease_seconds=60, retention_seconds=600)
        self._quotas = Quotas(self._store, self._keys)
        self._model = QuotaModel()
        self._limits: dict[Scope, dict[QuotaName, int]] = {scope: {} for scope in SCOPES}
        self._today = 0
        self._entries: dict[str, Entry] = {}
        self._do(self._queue.claim(1, SCAN_START, 0))

    @initialize()
    def usual_limits(self) -> None:
        self._limits[WORKSPACE] = {"tokens-per-month": 800, "concurrent": 4}
        self._limits[CHANNELS[0]] = {"tokens-per-day": 200, "usd-per-month": 5_000}
        self._limits[USERS[0]] = {"requests-per-day": 3, "searches-per-day": 20}

    def teardown(self) -> None:
        """When all has ended, nothing is reserved any more."""
        try:
            for job in self._model.jobs.values():
                if job.hold is not None and (lease := self._take(job)):
                    self.deliver(lease, 1, 1, 1, (0, 0, 0), 1)
            self.redis_holds_what_the_model_holds()
            for counts in self._model.windows.values():
                assert not any(counts.held.values())
            assert not any(self._model.running.values())
        finally:
            self._do(self._forget_all())
            self._do(self._store.aclose())
            self._runner.close()

    async def _forget_all(self) -> None:
        pattern = self._keys.queue.removesuffix("queue") + "*"
        async for key in self._store.redis.scan_iter(pattern, count=1000):
            await self._store.redis.unlink(key)

    def _do(self, act: Awaitable[T]) -> T:
        async def wait() -> T:
            return await act

        return self._runner.run(wait())

    def _held(self, lease: Lease) -> ModelJob | None:
        job = self._model.jobs[lease.entry.job_id]
        return job if job.lease == lease.token else None

    def _hold(
        self,
        channel: Scope,
        user: Scope,
        tokens: int,
        dollars: int | None,
        searched: tuple[int, int, int],
    ) -> Hold:
        return Hold(
            policy_version=self._model.version,
            windows=windows(self._today),
            shares=tuple(
                Share(scope=scope, limits=self._limits[scope])
                for scope in (WORKSPACE, channel, user)
            ),
            tokens=tokens,
            micro_dollars=dollars,
            prompt=1,
            **dict(zip(OF_SEARCH, searched, strict=True)),
        )

    @rule(
        job_id=st.sampled_from(JOB_IDS),
        channel=st.sampled_from(CHANNELS),
        user=st.sampled_from(USERS),
        tokens=TOKENS,
        dollars=DOLLARS,
        searched=SEARCHED,
        how=st.sampled_from(["", "", "", "", "", "stale", "closed", "unlimited"]),
        times=st.integers(1, 2),
    )
    def accept(
        self,
        job_id: str,
        channel: Scope,
        user: Scope,
        tokens: int,
        dollars: int | None,
        searched: tuple[int, int, int],
        how: str,
        times: int,
    ) -> None:
        model, dedupe = self._model, job_id[4]
        hold: Hold | None = self._hold(channel, user, tokens, dollars, searched)
        assert hold is not None
        if how == "stale":
            hold = hold.model_copy(update={"policy_version": model.version + 1})
        if how == "closed":
            hold = hold.model_copy(update={"closed": channel})
        ask = make_ask(dedupe=dedupe, channel=channel.id, user=user.id)
        expected: object = model.seen.get(dedupe)
        if expected is None:
            short = tuple(model.shortages(hold, Charge(1, tokens, dollars, *searched), 1))
            expected = how if how in ("stale", "closed") else short or job_id
        for _ in range(times):
            assert self._outcome(job_id, ask, hold) == expected
        if expected == job_id and dedupe not in model.seen:
            model.seen[dedupe] = job_id
            model.accept(job_id, hold)
            self._read()

    def _outcome(self, job_id: str, ask: Any, hold: Hold) -> object:
        try:
            return self._do(self._queue.accept(job_id, ask, hold))
        except StalePolicy:
            return "stale"
        except Denied as denied:
            return denied.shortages or ("closed" if denied.closed == hold.closed else "")

    def _read(self) -> None:
        (entry,) = self._do(self._queue.read(10))
        self._entries[entry.job_id] = entry

    @rule(target=leases, which=st.integers(0, len(JOB_IDS)))
    def take(self, which: int) -> Any:
        """By the first worker, or by another one after the first was killed."""
        if not self._model.jobs:
            return multiple()
        job = list(self._model.jobs.values())[which % len(self._model.jobs)]
        if job.state == "done":
            assert self._do(self._queue.take(self._entries[job.id])) is None
            return multiple()
        return self._take(job) or multiple()

    def _take(self, job: ModelJob) -> Lease | None:
        """None: it was taken too often, and has ended."""
        taken = self._do(self._queue.take(self._entries[job.id]))
        job.attempts += 1
        if job.attempts > MOST_ATTEMPTS * (1 if job.given_up else 2):
            assert taken is None
            self._model.drop(job)
            job.state = "done"
            return None
        assert taken is not None
        lease, found = taken
        job.lease = lease.token
        job.state = "running" if job.state == "queued" else job.state
        assert (found.state, found.hold) == (job.state, job.hold)
        return lease

    @rule(lease=leases, times=st.integers(1, 2), time=st.integers(0, 2))
    def begin(self, lease: Lease, times: int, time: int = 0) -> None:
        job = self._model.jobs[lease.entry.job_id]
        if job.hold is None or not times:
            return
        lost = self._held(lease) is None
        expected: object = "lost" if lost else self._model.begin(job, time)
        for _ in range(times):
            assert self._begun(lease, job.hold, time) == expected

    @rule(
        lease=leases,
        tokens=st.integers(0, 60),
        dollars=st.sampled_from([0, 400]),
        searched=SEARCHED,
        times=st.integers(1, 2),
    )
    def extend(
        self, lease: Lease, tokens: int, dollars: int, searched: tuple[int, int, int], times: int
    ) -> None:
        job = self._model.jobs[lease.entry.job_id]
        if job.hold is None:
            return
        hold = _more(job.hold, tokens, dollars, searched)
        lost = self._held(lease) is None
        expected: object = "lost" if lost else self._model.extend(job, hold)
        for _ in range(times):
            assert self._extended(lease, hold) == expected

    def _extended(self, lease: Lease, hold: Hold) -> object:
        try:
            self._do(self._queue.extend(lease, hold))
        except LeaseLost:
            return "lost"
        except Denied as denied:
            return list(denied.shortages)
        return []

    def _begun(self, lease: Lease, hold: Hold, time: int) -> object:
        try:
            self._do(self._queue.begin(lease, hold, time))
        except LeaseLost:
            return "lost"
        except Denied as denied:
            return list(denied.shortages)
        return []

    @rule(
        lease=leases,
        requests=st.integers(0, 1),
        tokens=TOKENS,
        dollars=DOLLARS,
        searched=SEARCHED,
        times=st.integers(1, 2),
    )
    def deliver(
        self,
        lease: Lease,
        requests: int,
        tokens: int,
        dollars: int | None,
        searched: tuple[int, int, int],
        times: int,
    ) -> None:
        job, answer = self._model.jobs[lease.entry.job_id], make_answer()
        hold, charge = job.hold, Charge(requests, tokens, dollars, *searched)
        lost = self._held(lease) is None
        for _ in range(times):
            try:
                assert self._do(self._queue.deliver(lease, answer, hold, charge)) == answer
                assert not lost
            except LeaseLost:
                assert lost
        if not lost and job.state == "running":
            self._model.deliver(job, charge)

    @rule(
        target=leases,
        which=st.integers(0, 9),
        begins=st.lists(st.integers(0, 2), min_size=1, max_size=3),
        delivers=st.booleans(),
        tokens=TOKENS,
        dollars=DOLLARS,
        searched=SEARCHED,
    )
    def live(
        self,
        which: int,
        begins: list[int],
        delivers: bool,
        tokens: int,
        dollars: int | None,
        searched: tuple[int, int, int],
    ) -> Any:
        """What is usual: one worker after the other asks, until one of them is not lost."""
        jobs = [job for job in self._model.jobs.values() if job.hold is not None]
        if not jobs:
            return multiple()
        leases: list[Lease] = []
        job = jobs[which % len(jobs)]
        for times in begins:
            if not (lease := self._take(job)):
                return multiple(*leases)
            leases.append(lease)
            self.begin(lease, times)
        if delivers:
            self.deliver(leases[-1], 1, tokens, dollars, searched, 1)
        return multiple(*leases)

    @rule(lease=leases, times=st.integers(1, 2))
    def finish(self, lease: Lease, times: int) -> None:
        job = self._held(lease)
        if job is None or job.state == "running":
            return
        found = self._do(self._queue.look(job.id))
        assert found is not None
        for _ in range(times):
            assert self._do(self._queue.finish(lease, found.redeliver, found)) is None
        job.state = "done"

    @rule(lease=leases, times=st.integers(1, 2))
    def release(self, lease: Lease, times: int) -> None:
        """A worker that stops hands the job back."""
        job = self._held(lease)
        for _ in range(times):
            self._do(self._queue.release(lease))
        if job is None or job.state == "done":
            return
        job.state = "queued" if job.state == "running" else job.state
        job.lease = None
        job.attempts -= 1
        self._read()

    @rule(lease=leases, times=st.integers(1, 2))
    def give_up(self, lease: Lease, times: int) -> None:
        """Whatever it is in, and whatever is said of its use: none of it is this holder's."""
        job, answer = self._held(lease), make_answer()
        if job is None or job.state == "done" or job.given_up:
            return
        hold = job.hold
        for _ in range(times):
            self._do(self._queue.deliver(lease, answer, hold, given_up=True))
        self._model.deliver(job, NOTHING)
        job.given_up, job.attempts = True, 1

    @rule(which=st.integers(0, len(JOB_IDS)), times=st.integers(1, 2))
    def drop(self, which: int, times: int) -> None:
        if not self._model.jobs:
            return
        job = list(self._model.jobs.values())[which % len(self._model.jobs)]
        for _ in range(times):
            self._do(self._queue.crashes.drop(job.id, make_answer()))
        if job.state == "done" or job.dropped:
            return
        self._model.drop(job)
        job.given_up = job.dropped = True
        job.attempts = 0

    @rule(scope=st.sampled_from(SCOPES), data=st.data())
    def change_limit(self, scope: Scope, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(list(LIMITS)))
        limit = data.draw(LIMITS[name])
        self._limits[scope].pop(name, None)
        if limit is not None:
            self._limits[scope][name] = limit
        self._model.version += 7
        self._do(self._set_version())

    async def _set_version(self) -> None:
        await self._store.redis.hset(self._keys.policy, "version", str(self._model.version))

    @rule()
    def midnight(self) -> None:
        self._today = min(self._today + 1, len(DAYS) - 1)

    @rule(day=st.integers(0, len(DAYS) - 2))
    def forget(self, day: int) -> None:
        """So much time passes that a day is forgotten: its end, as jobs know it, is long ago."""
        if day >= self._today:
            return
        self._model.forget(DAYS[day])
        self._do(self._make_old(DAYS[day]))

    async def _make_old(self, day: str) -> None:
        for scope in SCOPES:
            await self._store.redis.delete(self._keys.used(str(scope), day))
        for job in self._model.jobs.values():
            if job.hold is not None and job.hold.windows.day == day:
                old = Windows(day, job.hold.windows.month, 1_000, job.hold.windows.month_ends)
                job.hold = job.hold.model_copy(update={"windows": old})
                await self._store.redis.hset(
                    self._keys.job(job.id), "hold", job.hold.model_dump_json()
                )

    @invariant()
    def redis_holds_what_the_model_holds(self) -> None:
        self._do(self._compare())

    async def _compare(self) -> None:
        async with asyncio.TaskGroup() as group:
            for day in DAYS:
                group.create_task(self._compare_counters(day))
            for month in {day[:7] for day in DAYS}:
                group.create_task(self._compare_books(month))
        holds = [job.hold for job in self._model.jobs.values() if job.hold]
        assert (await self._queue.load()).reserved == sum(hold.tokens for hold in holds)

    async def _compare_counters(self, day: str) -> None:
        month = day[:7]
        for use in await self._quotas.usage(SCOPES, make_windows(day)):
            for window, found in ((day, use.day), (month, use.month)):
                counts = self._model.windows.get((use.scope, window)) or Counts()
                for name in COUNTED:
                    expected = Amount(counts.settled[name], counts.held[name])
                    assert getattr(found, name) == expected
                assert found.unpriced == counts.settled["unpriced"]
            assert use.running == len(self._model.running[use.scope])

    async def _compare_books(self, month: str) -> None:
        written: Counter[str] = Counter()
        for row in await self._quotas.export(month):
            written.update(amounts(row))
        assert +written == +self._model.ledger[month]
        for scope in (WORKSPACE, *CHANNELS):
            found = await self._quotas.most(scope, month, 10)
            assert dict(found) == dict(self._model.by[scope, month])
            assert [tokens for _, tokens in found] == sorted(dict(found).values(), reverse=True)


def _more(hold: Hold, tokens: int, dollars: int, searched: tuple[int, int, int]) -> Hold:
    """A hold for a search that goes on."""
    cost = None if hold.micro_dollars is None else hold.micro_dollars + dollars
    more = {
        name: getattr(hold, name) + each for name, each in zip(OF_SEARCH, searched, strict=True)
    }
    return hold.model_copy(update={"tokens": hold.tokens + tokens, "micro_dollars": cost, **more})


def windows(day: int) -> Windows:
    """A day of the test, as if the first one began now."""
    now = int(time.time())
    return Windows(DAYS[day], DAYS[day][:7], now + (day + 1) * DAY, now + 40 * DAY)


def amounts(row: UsageRow) -> dict[str, int]:
    names = (*COUNTED, "unpriced")
    return {f"{row.channel} {row.user} {name}": getattr(row, name) for name in names}


def test_scripts_count_what_the_model_counts(any_redis: str) -> None:
    class Machine(QuotaMachine):
        def __init__(self) -> None:
            super().__init__(any_redis)

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=15,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
