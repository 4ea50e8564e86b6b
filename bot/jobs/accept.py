"""Accepting a question: stored once and queued, or certainly answered with a plain sentence."""

from __future__ import annotations

import asyncio
import random
import secrets
from dataclasses import dataclass

import structlog
from attrs import frozen

from bot import tracing, words
from bot.completion.ask import Ask
from bot.errors import NotTaken, StoreUnavailable
from bot.jobs.leased import Crowd
from bot.jobs.queue import REFUSED, Queue
from bot.patience import patience
from bot.rules.hold import Hold

log = structlog.get_logger(__name__)

ACCEPT_SECONDS = 2.0
"""Of the 3 s in which Slack wants an ack; the rest is for the way there and back."""
SHORTEST_TRY_SECONDS = 0.4
PAUSE_SECONDS = 0.05


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


@frozen
class Acceptor:
    """Puts questions into the queue, each once."""

    _queue: Queue
    _crowd: Crowd | None = None
    """So many questions are taken at most; None: any number."""

    async def accept(
        self, ask: Ask, hold: Hold | None = None, seconds: float | None = None
    ) -> Accepted:
        """Reserve `hold`, and store and queue `ask`, within `seconds` (None: `ACCEPT_SECONDS`).

        While the outcome is unknown it is asked for again, by the same job id. Raises
        `NotTaken` with a sentence for the person: one for "certainly not", one for "not sure".
        Raises `Denied` when the question does not fit in its quotas, or when none are taken, and
        `StalePolicy` when `hold` was made by another policy than the one that holds: it
        has to be made anew. Raises `TurnedAway` when there are too many. After each of these
        nothing has changed. None as `hold`: no quota limits it.
        """
        job_id = secrets.token_hex(16)
        maybe_taken = False
        clock = asyncio.get_running_loop().time
        deadline = clock() + (ACCEPT_SECONDS if seconds is None else seconds)
        while (left := deadline - clock()) > 0:
            try:
                async with patience(max(left / 2, min(left, SHORTEST_TRY_SECONDS))):
                    with tracing.span("accept", surface=ask.surface, job_id=job_id):
                        holder = await self._queue.accept(job_id, ask, hold, self._crowd)
                return Accepted(holder, duplicate=holder != job_id)
            except StoreUnavailable as error:
                maybe_taken |= error.maybe_applied
                log.warning("question not stored", job_id=job_id, error=str(error))
                await asyncio.sleep(PAUSE_SECONDS * random.uniform(1, 2))  # noqa: S311
            except TimeoutError:
                maybe_taken = True
                log.warning("question not stored in time", job_id=job_id)
        raise NotTaken(words.MAYBE_NOT_TAKEN if maybe_taken else words.NOT_TAKEN)
