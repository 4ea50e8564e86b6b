"""Asking a question again for whoever asked it, when an operator wants it."""

from __future__ import annotations

import time
from functools import partial

from bot.asking.asking import Asking
from bot.asking.taking import Taken, Taking
from bot.completion.ask import Ask
from bot.completion.flags import Flags
from bot.jobs.job import Job
from bot.rules.policy import Policy


class Again:
    """Has the question of a job taken once more, by the rules that hold by now."""

    def __init__(self, asking: Asking, taking: Taking) -> None:
        self._asking = asking
        self._taking = taking

    async def __call__(self, job: Job, call: str) -> Taken:
        """A new job with the question of `job`; the same one when it comes again by that `call`.
        Raises `RequestRefused`, `Denied` and `NotTaken`."""
        ask = job.ask.model_copy(
            update={
                "dedupe": f"again:{job.id}:{call}",
                "surface": "retry",
                "retry_of": job.ask.retry_of or job.id,
                "asked_at": time.time(),
            }
        )
        return await self._taking(partial(self._checked, ask))

    def _checked(self, ask: Ask, policy: Policy) -> Ask:
        flags = Flags(values=ask.request.given(), system=ask.system)
        self._asking.request(flags, ask.channel, policy)
        return ask
