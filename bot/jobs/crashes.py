"""Jobs whose workers died: how often one is taken, how long it rests before that, how it ends.

A job is taken `MOST_ATTEMPTS` times in all, handing it back not counted, and rests longer after
each time that its holder is gone without a word, until `Queue.wake`. Then it is given up: a fixed
sentence is put in the place of its answer, for which it may be taken as often again. Where even
that fails it ends without a word.
"""

from __future__ import annotations

import random

import structlog

from bot.completion.result import Answer
from bot.jobs.job import GROUP, MOST_ATTEMPTS, SET_ASIDE_SECONDS, Lease
from bot.rules.hold import Hold
from bot.store.keys import Keys
from bot.store.redis.connection import Store, answered

log = structlog.get_logger(__name__)

GROWTH = 4.0
"""So many times as long as the last rest is the next one."""
JITTER = 0.25
"""What a crash has struck at once is not taken again at once: rests differ by this share."""


class Crashes:
    """What comes of jobs of one workspace when their workers die. Every method raises
    `StoreUnavailable`, and is harmless the second time."""

    def __init__(
        self, store: Store, keys: Keys, *, pause_seconds: float, retention_seconds: int
    ) -> None:
        """`pause_seconds`: how long a job rests after its first crash; 0: it never does.
        `retention_seconds`: how long a job is remembered after its end."""
        self._redis = store.redis
        self._keys = keys
        self._pause_seconds = pause_seconds
        self._retention_seconds = retention_seconds
        self._pause = store.script("pause")
        self._release = store.script("release")
        self._drop = store.script("drop")

    @property
    def pauses(self) -> bool:
        """Whether jobs rest at all."""
        return self._pause_seconds > 0

    async def pause(self, job_id: str, entry_id: str, consumer: str) -> float:
        """Let a job rest whose entry `consumer` has claimed from a holder that is gone; for how
        many seconds. 0: it is to be taken now."""
        keys = self._keys
        rests = [self._rest(taking) for taking in range(MOST_ATTEMPTS)]
        rested = await self._pause(
            [keys.job(job_id), keys.queue, keys.paused, keys.singly],
            [entry_id, GROUP, consumer, MOST_ATTEMPTS, *rests],
        )
        return int(rested) / 1000

    async def set_aside(self, lease: Lease) -> bool:
        """Leave a job that was taken to a version that can answer it; that was no taking. False:
        jobs do not rest here, or the lease is lost."""
        if not self.pauses:
            return False
        log.warning("job left to another version", job_id=lease.entry.job_id)
        keys, entry = self._keys, lease.entry
        rest = int(1000 * SET_ASIDE_SECONDS * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311
        args = (lease.token, entry.entry_id, GROUP, 0, rest)
        return bool(await self._release([keys.job(entry.job_id), keys.queue, keys.paused], args))

    async def drop(self, job_id: str, answer: Answer | None, entry_id: str = "") -> str:
        """End a job, whoever holds it, with `answer` still to be shown; without one, for whoever
        holds its entry, without a word. What came of it: see drop.lua."""
        outcome = "changed"
        while outcome == "changed":
            outcome = await self._drop_as_found(job_id, answer, entry_id)
        return outcome

    async def _drop_as_found(self, job_id: str, answer: Answer | None, entry_id: str) -> str:
        keys = self._keys
        job = keys.job(job_id)
        found = await answered(self._redis.hmget(job, ["line", "hold"]))
        line, stored = (str(each or "") for each in found)
        hold = _readable(stored, job_id)
        args: tuple[str | int, ...] = (
            *(line, stored, answer.model_dump_json() if answer else ""),
            *(entry_id, GROUP, self._retention_seconds),
        )
        outcome = await self._drop(
            [
                *(job, keys.queue, keys.failed, keys.paused, keys.singly),
                *(keys.line(line) if line else [job] * 4),
                *([*keys.counters(hold), *keys.books(hold)] if hold else []),
            ],
            args,
        )
        return str(outcome)

    def _rest(self, taking: int) -> int:
        """In ms, after so many takings and one."""
        varied = random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
        return int(1000 * self._pause_seconds * GROWTH**taking * varied)


def _readable(stored: str, job_id: str) -> Hold | None:
    """What a job has reserved. Where this version cannot read it, nobody knows the counters."""
    if not stored:
        return None
    try:
        return Hold.model_validate_json(stored)
    except ValueError:
        log.exception("reservation cannot be read", job_id=job_id)
        return None
