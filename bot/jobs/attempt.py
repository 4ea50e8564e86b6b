"""One request to Grok for a job, and what has come of it."""

from __future__ import annotations

import time

from bot.completion.collect import Collector
from bot.completion.enclosed import holds_pictures, named_unread
from bot.completion.result import Answer
from bot.files.material import Enclosure
from bot.grok.client import GrokClient
from bot.grok.endpoints import enclosed
from bot.jobs.lease import Held
from bot.jobs.recall import Recalled


class Attempt:
    """The request that `held` becomes with what was `recalled`: nothing is sent before its
    `completion` is iterated. Raises `RequestRefused` where it cannot be carried."""

    def __init__(self, grok: GrokClient, held: Held, recalled: Recalled) -> None:
        ask = held.job.ask
        call = grok.plan(
            ask.request,
            ask.system,
            recalled.past,
            effort=ask.effort,
            search=ask.search,
            pictures=ask.shows_pictures and holds_pictures(recalled.past.files),
        )
        self.completion = grok.complete(
            call,
            conversation=ask.conversation and f"{ask.team}:{ask.conversation}",
            asker=f"{ask.team}:{ask.user}",
            again=held.begin_again,
            nobodys_cap=ask.defaulted.get("max_tokens") == "settings",
        )
        self.completion.sip()
        self.collector = Collector(ask.request, ask.search, most_tokens=ask.most_tokens)
        self.spent = True
        self.first: float | None = None
        self._recalled = recalled
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """How long ago it was made."""
        return time.monotonic() - self._started

    @property
    def files(self) -> tuple[Enclosure, ...]:
        """The files that were read, as far as they can go where the call goes."""
        call = self.completion.call
        return enclosed(call.past, call.endpoint)

    def answer(self, failure: str, *, stopped: bool) -> Answer:
        """What has come, and why there is no more."""
        self.collector.unsearched = self.completion.unsearched
        answer = self.collector.answer(
            endpoint=self.completion.call.endpoint,
            failure=failure,
            stopped=stopped,
            seconds=self.seconds,
            context=self._recalled.past.context,
            forgotten=self._recalled.forgotten,
            asked=self.spent,
        )
        update = {
            "turns": len(self._recalled.past.turns),
            "first_seconds": self.first,
            "files": self._recalled.files,
            "unread": named_unread(self.files),
        }
        return answer.model_copy(update=update)
