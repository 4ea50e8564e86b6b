"""Which job goes on with an answer that its output cap has cut: one for each such answer."""

from __future__ import annotations

from dataclasses import dataclass

from attrs import frozen

from bot.completion.ask import Begun
from bot.jobs.job import Job
from bot.jobs.queue import Queue
from bot.reply import continued
from bot.reply.ledger import nothing_of
from bot.slack.blocks import value_of

MOST_SEQUELS = 20
"""Jobs that came to nothing, one after the other, that are looked at."""


@dataclass(frozen=True, slots=True)
class Sequel:
    """Which job goes on with an answer. `holder` is its id, empty while there is none; `job` is
    None where that is no longer known. `dedupe` is what makes all clicks on *Continue* one."""

    dedupe: str
    holder: str = ""
    job: Job | None = None


@frozen
class Sequels:
    """Finds them. Every method raises `StoreUnavailable`."""

    _queue: Queue

    async def find(self, job_id: str, section: int) -> Sequel:
        """What goes on with one of the answers of a job. One of which nothing is to be seen, since
        it was stopped before, does not count."""
        first = f"continue:{value_of(job_id, section)}"
        sequel = Sequel(first)
        for _ in range(MOST_SEQUELS):
            holder = await self._queue.holder_of(sequel.dedupe)
            if holder is None:
                break
            sequel = Sequel(sequel.dedupe, holder, await self._queue.look(holder))
            job = sequel.job
            answer = job.answer if job else None
            if not (job and answer and answer.stopped and nothing_of(answer, job.posts)):
                break
            sequel = Sequel(f"{first}:{holder}")
        return sequel

    async def of(self, job: Job) -> frozenset[int]:
        """The answers of `job` that something goes on with."""
        cut = job.answer.continuable if job.answer else ()
        return frozenset([index for index in cut if (await self.find(job.id, index)).holder])

    async def earlier(self, begun: Begun) -> continued.Earlier | None:
        """The answer that is gone on with; None when it is forgotten by now."""
        job = await self._queue.look(begun.job_id)
        if job is None or job.answer is None or job.given_up:
            return None
        sections = await self.of(job) | {begun.section}
        return continued.Earlier(job.id, job.ask, job.answer, job.posts, begun.section, sections)
