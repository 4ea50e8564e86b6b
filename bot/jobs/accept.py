"""Accepting a question: stored once and queued, or certainly answered with a plain sentence."""

from __future__ import annotations

import asyncio
import random
import uuid
from dataclasses import dataclass

import structlog

from bot import words
from bot.completion.ask import Ask
from bot.errors import NotTaken, StoreUnavailable
from bot.jobs.queue import REFUSED, Queue
from bot.patience import patience
from bot.rules.hold import Hold

log = structlog.get_logger(__name__)

ACCEPT_SECONDS = 2.0
"""Of the 3 s in which Slack wants an ack; the rest is for the way there and back."""
SHORTEST_TRY_SECONDS = 0.4
PAUSE_SECONDS = 0.05
CROWD_SECONDS = 0.4
"""How long finding out how many questions wait may hold one up."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The job that holds a question; `duplicate` when an earlier delivery became it, or was
    `refused`: then there is no job."""

    job_id: str
    duplicate: bool

    @property
    def refused(self) -> bool:
        """Whether the question was refused before."""
        return self.job_id == REFUSED


class Acceptor:
    """Puts questions into the queue, each once."""

    def __init__(self, queue: Queue, most: int | None = None) -> None:
        """`most`: so many questions may run or wait at once; None: any number."""
        self._queue = queue
        self._most = most

    async def crowded(self, dedupe: str) -> bool:
        """Whether as many questions run or wait as may, so that a new one is not to be taken. One
        with a `dedupe` that was taken before is none; nor is any while nobody can say."""
        if self._most is None:
            return False
        try:
            async with asyncio.timeout(CROWD_SECONDS):
                if (await self._queue.load()).depth < self._most:
                    return False
                return await self._queue.holder_of(dedupe) is None
        except (StoreUnavailable, TimeoutError):
            return False

    async def accept(
        self, ask: Ask, hold: Hold | None = None, seconds: float | None = None
    ) -> Accepted:
        """Reserve `hold`, and store and queue `ask`, within `seconds` (None: `ACCEPT_SECONDS`).

        While the outcome is unknown it is asked for again, by the same job id. Raises
        `NotTaken` with a sentence for the person: one for "certainly not", one for "not sure".
        Raises `Denied` when the question does not fit in its quotas, or when none are taken, and
        `StalePolicy` when `hold` was made by another policy than the one that holds: it
        has to be made anew. After both nothing has changed. None as `hold`: nothing is limited.
        """
        job_id = uuid.uuid4().hex
        maybe_taken = False
        clock = asyncio.get_running_loop().time
        deadline = clock() + (ACCEPT_SECONDS if seconds is None else seconds)
        while (left := deadline - clock()) > 0:
            try:
                async with patience(max(left / 2, min(left, SHORTEST_TRY_SECONDS))):
                    holder = await self._queue.accept(job_id, ask, hold)
                return Accepted(holder, duplicate=holder != job_id)
            except StoreUnavailable as error:
                maybe_taken |= error.maybe_applied
                log.warning("question not stored", job_id=job_id, error=str(error))
                await asyncio.sleep(PAUSE_SECONDS * random.uniform(1, 2))  # noqa: S311
            except TimeoutError:
                maybe_taken = True
                log.warning("question not stored in time", job_id=job_id)
        raise NotTaken(words.MAYBE_NOT_TAKEN if maybe_taken else words.NOT_TAKEN)
