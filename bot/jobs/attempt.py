"""One request to Grok for a job, what has come of it, and what it searches, kept within what is
reserved for that."""

from __future__ import annotations

import asyncio
import time

import structlog

from bot.completion.collect import Collector
from bot.completion.result import Answer, ToolUse
from bot.completion.transcript import holds_pictures, named_unread
from bot.errors import StoreUnavailable
from bot.files.material import Enclosure
from bot.grok.client import GrokClient
from bot.grok.endpoints.writing import enclosed
from bot.jobs.lease import Held
from bot.jobs.recall import Recalled
from bot.rules.charge import exceeds, more_for
from bot.rules.hold import Denied
from bot.words import search as said

log = structlog.get_logger(__name__)

EXTEND_SECONDS = 1.0
"""How long reserving more may hold up reading the answer."""


async def keep_within(held: Held, use: ToolUse) -> None:
    """Reserve more where `use` has come to all that is reserved for the answer, as long as quotas
    and caps allow it. Raises `Denied` with a sentence when it has come to more."""
    hold, search = held.job.hold, held.job.ask.search
    if hold is None or not search:
        return
    while (more := more_for(hold, search, use)) is not None:
        try:
            async with asyncio.timeout(EXTEND_SECONDS):
                await held.extend(more)
        except (Denied, StoreUnavailable, TimeoutError) as error:
            log.info("no more searches reserved", why=type(error).__name__)
            break
        hold = more
    if exceeds(hold, use):
        raise Denied(said.SEARCHED_ENOUGH)


async def record_seen(held: Held, use: ToolUse) -> None:
    """Record that `use` was seen, so that a crash costs no more than that may have come to. Where
    it cannot be recorded now, what was recorded before stands until the next call is seen."""
    try:
        async with asyncio.timeout(EXTEND_SECONDS):
            await held.seen(use)
    except (StoreUnavailable, TimeoutError) as error:
        log.info("what was searched not recorded", why=type(error).__name__)


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
