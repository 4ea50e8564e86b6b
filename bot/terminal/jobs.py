"""What operators do with the store: `python -m bot jobs` (what waits, runs and was given up; asking
again, and ending) and `python -m bot forget` (deleting what is known of a person)."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bot.completion.result import Answer
from bot.errors import StartupError, StoreUnavailable, UserError
from bot.jobs.board import Board, JobRow, workspaces
from bot.jobs.job import Job
from bot.jobs.queue import Queue
from bot.ops import command_words, words
from bot.settings import Settings
from bot.store.installations import Installations
from bot.store.keys import Keys
from bot.store.lifetimes import Forgetting
from bot.store.redis.connection import Store, open_store
from bot.store.redis.embedded import LOCK
from bot.words import talk

_PERSON = re.compile(r"[UW][A-Z0-9]+")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to do: list jobs, or one thing with the job that `retry` or `drop` names."""

    failed: bool = False
    retry: str | None = None
    drop: str | None = None
    as_json: bool = False


async def operate(settings: Settings, wanted: Wanted) -> int:
    """Print what was wanted, or a sentence that says why not; returns the exit code.

    Beside a bot that is serving, its own server is shared. Raises `StartupError` and `UserError`.
    """
    return await _told(settings, lambda store: _done(settings, store, wanted))


async def forget(settings: Settings, user: str) -> int:
    """The same of forgetting `user` in every workspace of the store."""
    if not _PERSON.fullmatch(user):
        raise UserError(command_words.NOT_A_USER(user))
    return await _told(settings, lambda store: _forgotten(store, user))


async def _told(settings: Settings, act: Callable[[Store], Awaitable[str]]) -> int:
    try:
        async with operators_store(settings) as store:
            print(await act(store))
    except StoreUnavailable as error:
        print(words.STORE_AWAY(str(error)), file=sys.stderr)
        return 1
    return 0


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name too long for any
        return False


@asynccontextmanager
async def operators_store(settings: Settings) -> AsyncIterator[Store]:
    """The store, which answers; the bot's own is shared with a bot that is serving. Raises
    `StartupError` where there is none, and `StoreUnavailable`."""
    if settings.redis_url is None and not _is_there(Path(settings.data_dir) / LOCK):
        raise StartupError([command_words.JOBS_NO_STORE(settings.data_dir)])
    async with open_store(settings, join=True) as store:
        await store.ping()
        yield store


async def _done(settings: Settings, store: Store, wanted: Wanted) -> str:
    job_id = wanted.drop if wanted.retry is None else wanted.retry
    if job_id is None:
        return _listed(await _rows(store, only_failed=wanted.failed), wanted)
    for keys in await workspaces(store):
        board = Board(store, keys)
        if await board.knows(job_id):
            outcome = (
                await _retried(settings, store, board, keys, job_id)
                if wanted.drop is None
                else await _dropped(settings, store, keys, job_id)
            )
            return outcome.as_json if wanted.as_json else outcome.sentence
    raise UserError(command_words.JOB_UNKNOWN(job_id))


@dataclass(frozen=True, slots=True)
class _Outcome:
    sentence: str
    job: str
    outcome: str
    new: str = ""

    @property
    def as_json(self) -> str:
        new = {"new": self.new} if self.new else {}
        return json.dumps({"id": self.job, "outcome": self.outcome, **new})


async def _retried(
    settings: Settings, store: Store, board: Board, keys: Keys, job_id: str
) -> _Outcome:
    given_up_at = await board.failed_at(job_id)
    if not given_up_at:
        raise UserError(command_words.JOB_NOT_FAILED(job_id))
    queue = _queue(settings, store, keys)
    job = await queue.look(job_id)
    if job is None:
        raise UserError(command_words.JOB_UNREADABLE(job_id))
    if job.state != "done":
        raise UserError(command_words.JOB_STILL_ENDING(job_id))
    from bot.terminal.asked_again import asked_again

    taken = await asked_again(settings, store, keys.team, job, f"again:{job.id}:{given_up_at}")
    await queue.crashes.drop(job_id, _dropping(job))
    new = taken.accepted.job_id
    return _Outcome(command_words.JOB_RETRIED(job_id=job_id, new=new), job_id, "retried", new)


async def _dropped(settings: Settings, store: Store, keys: Keys, job_id: str) -> _Outcome:
    queue = _queue(settings, store, keys)
    outcome = await queue.crashes.drop(job_id, _dropping(await queue.look(job_id)))
    if outcome == "dropped":
        return _Outcome(command_words.JOB_ENDED(job_id), job_id, outcome)
    if outcome == "forgotten":
        return _Outcome(command_words.JOB_OFF_THE_LIST(job_id), job_id, outcome)
    raise UserError(
        command_words.JOB_OVER(job_id) if outcome == "over" else command_words.JOB_UNKNOWN(job_id)
    )


def _dropping(job: Job | None) -> Answer:
    return Answer.failed(job.ask.request.model if job else "", talk.DROPPED)


def _queue(settings: Settings, store: Store, keys: Keys) -> Queue:
    return Queue(
        store,
        keys,
        lease_seconds=settings.job_lease_seconds,
        retention_seconds=settings.job_retention_seconds,
    )


async def _rows(store: Store, *, only_failed: bool) -> list[JobRow]:
    rows: list[JobRow] = []
    doubted = await Installations(store).doubted_teams()
    for keys in await workspaces(store):
        board = Board(store, keys)
        failed = await board.failed()
        known = {row.id for row in failed}
        if not only_failed:
            rows += [row for row in await board.under_way() if row.id not in known]
        rows += failed
    return [replace(row, removed=row.team in doubted) for row in rows]


def _listed(rows: Sequence[JobRow], wanted: Wanted) -> str:
    if wanted.as_json:
        return json.dumps([_json(row) for row in rows], indent=2)
    if not rows:
        return command_words.JOBS_NONE_FAILED if wanted.failed else command_words.JOBS_NONE
    teams = {row.team for row in rows}
    table = [command_words.JOBS_COLUMNS, *map(_cells, rows)]
    if len(teams) > 1:
        workspace = [command_words.JOBS_WORKSPACE, *(row.team for row in rows)]
        table = [(each[0], team, *each[1:]) for each, team in zip(table, workspace, strict=True)]
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    )


def _cells(row: JobRow) -> tuple[str, ...]:
    known = (row.channel or "?", row.asker or "?")
    return (row.id, row.state, str(row.attempts), f"{row.age:.0f} s", *known, why(row))


def _json(row: JobRow) -> dict[str, str | int | float]:
    return {
        "id": row.id,
        "team": row.team,
        "state": row.state,
        "attempts": row.attempts,
        "age_seconds": round(row.age, 1),
        "channel": row.channel,
        "asker": row.asker,
        "why": why(row),
    }


def why(row: JobRow) -> str:
    """Why a job stands where it does; empty where that says itself."""
    standing = _why_there(row)
    if row.removed:
        return command_words.JOB_OF_REMOVED(standing)
    return standing


def _why_there(row: JobRow) -> str:
    if row.given_up == "dropped":
        return command_words.JOB_DROPPED
    if row.given_up:
        return command_words.job_given_up(row.given_up, row.attempts, unsaid=row.unsaid)
    if row.stop:
        return command_words.JOB_STOPPED(row.stop)
    if row.state == "resting":
        if row.attempts:
            return command_words.JOB_RESTS(attempts=row.attempts, seconds=row.rests)
        return command_words.JOB_SET_ASIDE(row.rests)
    return command_words.JOB_BEHIND if row.state == "in line" else ""


async def _forgotten(store: Store, user: str) -> str:
    known = await workspaces(store)
    under_way = [row for keys in known for row in await Board(store, keys).under_way()]
    if questions := sum(row.asker == user for row in under_way):
        raise UserError(command_words.FORGET_BUSY(user=user, questions=questions))
    found = [await Forgetting(store, keys).forget(user) for keys in known]
    if any(each.busy for each in found):
        raise UserError(command_words.FORGET_UNFINISHED(user))
    deleted, taken_out = sum(each.deleted for each in found), sum(each.taken_out for each in found)
    return command_words.forgotten(user, deleted, taken_out)
