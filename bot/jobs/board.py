"""What waits, runs and was given up, for whoever operates the bot. No question is read out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.jobs.job import MOST_ATTEMPTS, load_of
from bot.store.keys import Keys, named
from bot.store.redis.connection import Store, answered, redis_errors, together

RowState = Literal["queued", "in line", "resting", "running", "delivering", "failed"]
"""Where a job stands; `in line`: behind others of its conversation; `resting`: after a crash."""

_STANDING: dict[str, RowState] = {"running": "running", "delivering": "delivering"}
_AT_ONCE = 100
_FIELDS = ("state", "attempts", "created", "ask", "given_up", "unsaid", "stop", "line")


@dataclass(frozen=True, slots=True)
class JobRow:
    """One job. `age` in seconds since it was accepted; `channel` and `asker` are Slack's ids, empty
    when the question cannot be read; `rests` in seconds, until it is queued again.

    `given_up`: in which state it was given up, or that an operator has dropped it; empty when
    neither. `unsaid`: not even that could be told. `stop`: why somebody stopped it.
    `removed`: its workspace has removed the app, as Slack says.
    """

    id: str
    team: str
    state: RowState
    attempts: int
    age: float
    channel: str
    asker: str
    given_up: str = ""
    unsaid: bool = False
    stop: str = ""
    rests: float = 0.0
    removed: bool = False


class _Asked(BaseModel):
    """Of an `Ask` what is shown: one that this version cannot read is no reason to hide the job."""

    model_config = ConfigDict(defer_build=True, extra="ignore")

    channel: str = ""
    user: str = ""


async def workspaces(store: Store) -> list[Keys]:
    """The workspaces that have a queue in the store. Raises `StoreUnavailable`."""
    with redis_errors():
        keys = store.redis.scan_iter("grokbot:{*:queue", count=1000)
        found = {
            whose[0] async for key in keys if (whose := named(str(key))) and whose[1] == "queue"
        }
    return sorted(found, key=lambda each: each.prefix)


class Board:
    """The jobs of one workspace. Every method raises `StoreUnavailable`."""

    def __init__(self, store: Store, keys: Keys) -> None:
        self._store = store
        self._redis = store.redis
        self._team = keys.team
        self._keys = keys

    async def under_way(self) -> list[JobRow]:
        """Every job that has not ended, the oldest first.

        What waits in line stands in no list of its own; but it waits for a job that does.
        """
        now = await self._now()
        resting = await self._scores(self._keys.paused) | await self._scores(self._keys.singly)
        ids = dict.fromkeys([*await self._queued(), *resting])
        found = await self._read(ids)
        lines = dict.fromkeys(fields["line"] for fields in found.values() if fields.get("line"))
        in_line = [job_id for line in lines for job_id in await self._waiting(line)]
        found |= await self._read(job_id for job_id in in_line if job_id not in found)
        rows = [
            _row(self._team, job_id, fields, now, _standing(job_id, fields, resting, in_line))
            for job_id, fields in found.items()
            if fields["state"] != "done"
        ]
        return sorted(
            (_with_rest(row, resting.get(row.id), now) for row in rows), key=lambda row: -row.age
        )

    async def failed(self) -> list[JobRow]:
        """Those that were given up and are still remembered, the first one first."""
        now = await self._now()
        found = await self._read(await self._scores(self._keys.failed))
        return [_row(self._team, job_id, fields, now, "failed") for job_id, fields in found.items()]

    async def failed_at(self, job_id: str) -> str:
        """What names the time when the job was given up; empty when it was not, or is no longer
        among those that were."""
        score = await answered(self._redis.zscore(self._keys.failed, job_id))
        return "" if score is None else f"{score:.0f}"

    async def knows(self, job_id: str) -> bool:
        """Whether the job is remembered at all."""
        return bool(await answered(self._redis.exists(self._keys.job(job_id))))

    async def _now(self) -> float:
        return (await load_of(self._store, self._keys)).at

    async def _queued(self) -> list[str]:
        entries: Any = await answered(self._redis.xrange(self._keys.queue))
        return [str(fields["job"]) for _, fields in entries]

    async def _scores(self, key: str) -> dict[str, float]:
        found: Any = await answered(self._redis.zrange(key, 0, -1, withscores=True))
        return {str(job_id): float(score) for job_id, score in found}

    async def _waiting(self, line: str) -> list[str]:
        found = await answered(self._redis.zrange(self._keys.thread_waiting(line), 0, -1))
        return [str(each) for each in found]

    async def _read(self, ids: Iterable[str]) -> dict[str, dict[str, str]]:
        """What is shown of jobs, without those that are forgotten."""
        found: dict[str, dict[str, str]] = {}
        left = iter(ids)
        while some := tuple(islice(left, _AT_ONCE)):
            asking = [("HMGET", self._keys.job(job_id), *_FIELDS) for job_id in some]
            values = await together(self._redis, asking)
            for job_id, each in zip(some, values, strict=True):
                fields = {name: value for name, value in zip(_FIELDS, each, strict=True) if value}
                if "state" in fields:
                    found[job_id] = fields
        return found


def _standing(
    job_id: str, fields: dict[str, str], resting: Iterable[str], in_line: Iterable[str]
) -> RowState:
    if fields.get("given_up") in ("running", "delivering"):
        return "failed"
    if job_id in resting:
        return "resting"
    if job_id in in_line:
        return "in line"
    return _STANDING.get(fields["state"], "queued")


def _row(team: str, job_id: str, fields: dict[str, str], now: float, standing: RowState) -> JobRow:
    asked = _asked(fields.get("ask", ""))
    given_up = fields.get("given_up", "")
    return JobRow(
        id=job_id,
        team=team,
        state=standing,
        attempts=MOST_ATTEMPTS if standing == "failed" else int(fields.get("attempts", 0)),
        age=max(0.0, now - int(fields.get("created", 0)) / 1000),
        channel=asked.channel,
        asker=asked.user,
        given_up=given_up,
        unsaid="unsaid" in fields,
        stop=fields.get("stop", ""),
    )


def _with_rest(row: JobRow, due: float | None, now: float) -> JobRow:
    return row if due is None else replace(row, rests=max(0.0, due / 1000 - now))


def _asked(ask: str) -> _Asked:
    try:
        return _Asked.model_validate_json(ask)
    except ValidationError:
        return _Asked()
