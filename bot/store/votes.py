"""What people think of answers, month by month: each of them one vote on each answer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import Literal
from typing import cast as typed

import structlog
from pydantic import ValidationError

from bot.rules.quota import windows_at
from bot.rules.votes import Ballot, Judged, Vote
from bot.store.redis.connection import Records, redis_errors

log = structlog.get_logger(__name__)

KEPT_SECONDS = 400 * 86_400
"""How long the votes of a month are known after its end, as what was used in it is."""

MOST_FIELDS = 20_000
"""Votes and answers that are remembered of one month: some 5 MB."""

_SLICE = 500
"""So many entries are read without letting others have the event loop."""

Outcome = Literal["new", "changed", "same", "late", "none", "full"]
"""`late`: a later vote is there; `none`: there is none of that kind to change; `full`: too many
votes are remembered of that month."""


class Votes(Records):
    """The votes of one workspace. Every method raises `StoreUnavailable`."""

    async def cast(
        self, job_id: str, user: str, vote: Vote, judged: Judged, zone: tzinfo
    ) -> Outcome:
        """Let `vote` be what `user` thinks of the answer of a job, in place of an earlier one."""
        return await self._run(
            job_id, user, vote, judged=judged.model_dump_json(), at=judged.at, zone=zone
        )

    async def amend(
        self, job_id: str, user: str, vote: Vote, *, needs: str, at: float, zone: tzinfo
    ) -> Outcome:
        """The same where there is a vote of theirs that is as `needs` says: its choice, and perhaps
        its way behind a blank. `at`: when the question was asked."""
        return await self._run(job_id, user, vote, needs=needs, at=at, zone=zone)

    async def read(self, month: str) -> tuple[Ballot, ...]:
        """The votes on answers to questions of a month, in the order of their answers' ids."""
        judged: dict[str, Judged] = {}
        votes: dict[tuple[str, str], Vote] = {}
        count = 0
        with redis_errors():
            async for name, value in self._redis.hscan_iter(self._keys.votes(month), count=1000):
                count += 1
                if not count % _SLICE:
                    await asyncio.sleep(0)
                _take_in(str(name), str(value), judged, votes)
        return tuple(_ballots(judged, votes))

    async def _run(
        self,
        job_id: str,
        user: str,
        vote: Vote,
        *,
        at: float,
        zone: tzinfo,
        judged: str = "",
        needs: str = "",
    ) -> Outcome:
        windows = windows_at(at, zone)
        ends = windows.month_ends + KEPT_SECONDS
        texts = [job_id, user, vote.model_dump_json(), judged, needs]
        month = [self._keys.votes(windows.month)]
        reply = await self._script("vote")(month, [*texts, MOST_FIELDS, ends])
        return typed(Outcome, str(reply))


def _take_in(
    name: str, value: str, judged: dict[str, Judged], votes: dict[tuple[str, str], Vote]
) -> None:
    """One entry; what this version cannot read is no reason not to read the others."""
    try:
        match name.split(" "):
            case ["a", job_id]:
                judged[job_id] = Judged.model_validate_json(value)
            case ["v", job_id, user]:
                votes[job_id, user] = Vote.model_validate_json(value)
    except ValidationError:
        log.warning("vote cannot be read", entry=name)


def _ballots(
    judged: Mapping[str, Judged], votes: Mapping[tuple[str, str], Vote]
) -> Iterator[Ballot]:
    for (job_id, user), vote in sorted(votes.items(), key=lambda each: each[0]):
        if vote.choice != "none" and job_id in judged:
            yield Ballot(job_id, user, vote, judged[job_id])
