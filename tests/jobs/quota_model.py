"""A plain Python model of what the scripts count for quotas."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.rules.charge import NOTHING, Charge
from bot.rules.hold import Hold, Shortage
from bot.rules.quota import QUOTAS, Quota, Scope

AMOUNTS = {
    "requests": "requests",
    "tokens": "tokens",
    "usd": "micro_dollars",
    "searches": "searches",
}
"""What a quota counts, by its unit."""

OF_SEARCH = ("searches", "posts", "search_micro_dollars")
COUNTED = (*AMOUNTS.values(), *OF_SEARCH[1:])
"""Everything that is counted."""


@dataclass
class ModelJob:
    """What a job must hold of its quotas."""

    id: str
    hold: Hold | None
    """None: settled."""
    state: str = "queued"
    lease: str | None = None
    attempts: int = 0
    given_up: bool = False
    dropped: bool = False
    asked: str | None = None
    asked_time: int = 0


@dataclass
class Counts:
    """What was used and what is reserved."""

    settled: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)


@dataclass
class QuotaModel:
    """What Redis must hold: jobs, and what they use by scope and window."""

    version: int = 0
    jobs: dict[str, ModelJob] = field(default_factory=dict)
    seen: dict[str, str] = field(default_factory=dict)
    windows: defaultdict[tuple[Scope, str], Counts] = field(
        default_factory=lambda: defaultdict(Counts)
    )
    running: defaultdict[Scope, set[str]] = field(default_factory=lambda: defaultdict(set))
    ledger: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    by: defaultdict[tuple[Scope, str], Counter[str]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    gone: set[str] = field(default_factory=set)
    """Days that are forgotten."""

    def shortages(self, hold: Hold, amount: Charge, jobs: int) -> Iterator[Shortage]:
        """Every limit that so much more would exceed."""
        for share in hold.shares:
            for name, quota in QUOTAS.items():
                if name not in share.limits:
                    continue
                settled, held, wanted = self._counted(share.scope, quota, hold, amount, jobs)
                limit = share.limits[name]
                if wanted is None or (wanted and settled + held + wanted > limit):
                    ends = hold.windows.ends(name)
                    yield Shortage(share.scope, name, limit, settled, held, wanted, ends)

    def _counted(
        self, scope: Scope, quota: Quota, hold: Hold, amount: Charge, jobs: int
    ) -> tuple[int, int, int | None]:
        if quota.window is None:
            return 0, len(self.running[scope]), jobs
        window = hold.windows.day if quota.window == "day" else hold.windows.month
        counts, counted = self.windows[scope, window], AMOUNTS[quota.unit]
        return counts.settled[counted], counts.held[counted], getattr(amount, counted)

    def accept(self, job_id: str, hold: Hold) -> None:
        self.jobs[job_id] = ModelJob(job_id, hold)
        self._hold(hold, 1)
        for share in hold.shares:
            self.running[share.scope].add(job_id)

    def begin(self, job: ModelJob, time: int) -> list[Shortage]:
        assert job.hold is not None
        if job.asked and (job.asked != job.lease or job.asked_time < time):
            again = whole(job.hold, requests=0)
            if short := list(self.shortages(job.hold, again, 0)):
                return short
            self._charge(job.hold, again)
        job.asked_time = max(time, job.asked_time) if job.asked == job.lease else time
        job.asked = job.lease
        return []

    def extend(self, job: ModelJob, hold: Hold) -> list[Shortage]:
        assert job.hold is not None
        before, after = whole(job.hold), whole(hold)
        cost = None
        if after.micro_dollars is not None:
            cost = after.micro_dollars - (before.micro_dollars or 0)
        of_search = {name: getattr(after, name) - getattr(before, name) for name in OF_SEARCH}
        more = Charge(0, after.tokens - before.tokens, cost, **of_search)
        if short := list(self.shortages(hold, more, 0)):
            return short
        self._hold(job.hold, -1)
        self._hold(hold, 1)
        job.hold = hold
        return []

    def deliver(self, job: ModelJob, charge: Charge) -> None:
        if job.hold is not None:
            used = charge if job.asked == job.lease and job.lease else whole(job.hold)
            self._hold(job.hold, -1)
            self._charge(job.hold, used if job.asked else NOTHING)
            for share in job.hold.shares:
                self.running[share.scope].discard(job.id)
        job.hold, job.asked, job.state = None, None, "delivering"

    def drop(self, job: ModelJob) -> None:
        """Nobody knows what a holder used that has asked."""
        if job.hold is not None:
            self.deliver(job, whole(job.hold))
        job.state, job.lease = "delivering", None

    def _hold(self, hold: Hold, times: int) -> None:
        held = whole(hold)
        for counts in self._windows(hold):
            counts.held["requests"] += times * held.requests
            counts.held["tokens"] += times * held.tokens
            counts.held["micro_dollars"] += times * (held.micro_dollars or 0)
            for name in OF_SEARCH:
                counts.held[name] += times * getattr(held, name)

    def _charge(self, hold: Hold, used: Charge) -> None:
        if used == NOTHING:
            return
        month = hold.windows.month
        workspace, channel, user = (share.scope for share in hold.shares)
        row = f"{channel.id} {user.id}"
        added = {
            "requests": used.requests,
            "tokens": used.tokens,
            "micro_dollars": used.micro_dollars or 0,
            "unpriced": int(used.micro_dollars is None),
            **{name: getattr(used, name) for name in OF_SEARCH},
        }
        for counts in self._windows(hold):
            counts.settled.update(added)
        self.ledger[month].update({f"{row} {name}": amount for name, amount in added.items()})
        for scope in (workspace, channel):
            self.by[scope, month][user.id] += used.tokens

    def _windows(self, hold: Hold) -> Iterator[Counts]:
        for share in hold.shares:
            for window in (hold.windows.day, hold.windows.month):
                if window not in self.gone:
                    yield self.windows[share.scope, window]

    def forget(self, day: str) -> None:
        """So much time passes that a day is forgotten."""
        self.gone.add(day)
        for scope, window in list(self.windows):
            if window == day:
                del self.windows[scope, window]


def whole(hold: Hold, requests: int = 1) -> Charge:
    """All that a hold reserves."""
    of_search = {name: getattr(hold, name) for name in OF_SEARCH}
    return Charge(requests, hold.tokens, hold.micro_dollars, **of_search)
