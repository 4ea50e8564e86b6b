"""What a store holds when everything is over: jobs, what was used, and what is still reserved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from bot.jobs.job import Job, parse_job
from bot.store.keys import Keys
from sandbox.workspace import TEAM_ID

ONLY = Keys(TEAM_ID)

AMOUNTS = ("requests", "tokens", "micro_dollars", "searches", "posts", "search_micro_dollars")
HELD = tuple(f"held_{name}" for name in AMOUNTS)
KINDS = ("workspace", "channel", "user")


@dataclass(frozen=True, slots=True)
class Books:
    """`jobs` that are known, by id. `used` has each counter of each scope, by scope and window;
    `ledger` what each person used in each channel. `waiting` are ids that stand in the queue or in
    some line, and `running` those that some scope counts as under way."""

    jobs: Mapping[str, Job]
    used: Mapping[tuple[str, str], Mapping[str, int]]
    ledger: Mapping[str, int]
    reserved: int
    waiting: tuple[str, ...]
    running: tuple[str, ...]

    @property
    def over(self) -> bool:
        """Whether no job is left to be worked on."""
        return not self.waiting and all(job.state == "done" for job in self.jobs.values())

    def total(self, kind: str, amount: str, *, month: bool = True) -> int:
        """What all scopes of one kind used in all months, or all days."""
        return sum(
            counted.get(amount, 0)
            for (scope, window), counted in self.used.items()
            if scope.partition(":")[0] == kind and (window.count("-") == 1) == month
        )

    def faults(self) -> list[str]:
        """What does not add up when everything is over."""
        found = []
        if self.reserved:
            found.append(f"{self.reserved} tokens are still reserved")
        if self.running:
            found.append(f"still counted as under way: {sorted(set(self.running))}")
        for scope, window in self.used:
            held = {name: self.used[scope, window].get(name, 0) for name in HELD}
            if any(held.values()):
                found.append(f"{scope} in {window} still holds {held}")
        for amount in AMOUNTS:
            sums = {
                f"{kind} by {'month' if month else 'day'}": self.total(kind, amount, month=month)
                for kind in KINDS
                for month in (True, False)
            }
            sums["ledger"] = sum(
                value for name, value in self.ledger.items() if name.endswith(f" {amount}")
            )
            if len(set(sums.values())) > 1:
                found.append(f"{amount} do not add up: {sums}")
        return found


async def read_books(redis: Redis, keys: Keys = ONLY) -> Books:
    """What the store at `redis`, which decodes replies, holds of one workspace."""
    names = [str(name) async for name in redis.scan_iter(f"{keys.prefix}*", count=1000)]
    jobs: dict[str, Job] = {}
    used: dict[tuple[str, str], Mapping[str, int]] = {}
    ledger: dict[str, int] = {}
    running: list[str] = []
    entries: Any = await redis.xrange(keys.queue)
    waiting = [str(fields["job"]) for _, fields in entries]
    for key in (keys.paused, keys.singly):
        waiting += [str(each) for each in await redis.zrange(key, 0, -1)]
    for name in names:
        kind, *rest = name.removeprefix(keys.prefix).split(":")
        if kind == "job":
            found: Any = await redis.hgetall(name)
            job = parse_job(found)
            jobs[job.id] = job
        elif kind == "used" and rest[-1] != "by":
            found = await redis.hgetall(name)
            used[":".join(rest[:-1]), rest[-1]] = _numbers(found)
        elif kind == "ledger":
            found = await redis.hgetall(name)
            ledger |= _numbers(found)
        elif kind == "running":
            running += [str(each) for each in await redis.smembers(name)]
        elif kind == "thread" and rest[-1] == "waiting":
            waiting += [str(each) for each in await redis.zrange(name, 0, -1)]
    reserved = int(await redis.get(keys.reserved) or 0)
    return Books(jobs, used, ledger, reserved, tuple(waiting), tuple(running))


def _numbers(found: Mapping[str, str]) -> dict[str, int]:
    return {str(name): int(value) for name, value in found.items()}
