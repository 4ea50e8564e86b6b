"""Running one job: Grok's stream on one side, Slack's edits on the other, apart."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import aclosing
from typing import Any

import structlog

from bot import metrics, words
from bot.completion.ask import Ask
from bot.completion.collect import Collector
from bot.completion.hold import Denied
from bot.completion.result import Answer, Section
from bot.errors import (
    GrokFailed,
    LeaseLost,
    RequestRefused,
    SlackError,
    StoreUnavailable,
)
from bot.grok.answering import Completion
from bot.grok.client import GrokClient
from bot.jobs.lease import Held
from bot.jobs.recall import Recall, Recalled, less
from bot.reply.pacing import EditBudget
from bot.reply.reply import Reply
from bot.reply.slack import Slack

log = structlog.get_logger(__name__)


Settled = Callable[[str], Awaitable[None]]


async def _nobody(channel: str) -> None:
    """Nobody wants to know."""


class Runner:
    """Turns a held job into one visible answer."""

    def __init__(
        self,
        grok: GrokClient,
        slack: Slack,
        budget: EditBudget,
        recall: Recall,
        *,
        tell_after: float,
        settled: Settled = _nobody,
    ) -> None:
        """`tell_after`: whose answer took more seconds than this is told when it is done.
        `settled` is called with the channel once what was used there has been counted."""
        self._grok = grok
        self._slack = slack
        self._budget = budget
        self._recall = recall
        self._tell_after = tell_after
        self._settled = settled

    async def __call__(self, held: Held) -> None:
        """Ask Grok, unless the answer is stored already, and deliver it.

        Raises `LeaseLost` when another worker holds the job, and `StoreUnavailable` when
        Redis stays away; either may come in an `ExceptionGroup`.
        """
        ask = held.job.ask
        reply = Reply(self._slack, self._budget, held.ledger, ask, tell_after=self._tell_after)
        answer = held.job.answer
        asked = answer is None
        if answer is None:
            answer = await held.deliver(await self._answer(held, reply))
            _count(ask, answer)
        await _show(reply, answer, afresh=held.job.redeliver > 0)
        while await held.finish():
            await _show(reply, answer, afresh=True)
        if asked:
            await self._settled(ask.channel)

    async def _answer(self, held: Held, reply: Reply) -> Answer:
        """The answer, or what there is of it with a sentence that says why there is no more."""
        ask = held.job.ask
        if held.stopped.is_set():
            return _stopped(ask)
        try:
            self._grok.plan(ask.request, ask.system)
            await reply.open()
        except RequestRefused as refused:
            return Answer.failed(ask.request.model, refused.sentence)
        except SlackError as error:
            log.warning("nowhere to answer", error=error.code)
            return Answer.failed(ask.request.model, words.NO_PLACE)
        window = self._grok.catalogue.window(ask.request.model)
        recalled = await self._recall(ask, window, held.job.hold)
        if held.stopped.is_set():
            return _stopped(ask)
        try:
            await held.begin()
        except Denied as denied:
            return Answer.failed(ask.request.model, denied.sentence)
        return await _Work(self._grok, held, reply, recalled).answer()


class _Work:
    """The work on one answer, while it streams."""

    def __init__(self, grok: GrokClient, held: Held, reply: Reply, recalled: Recalled) -> None:
        self._grok = grok
        self._ask = held.job.ask
        self._stop = held.stopped
        self._stopped = False
        self._spent = True
        self._reply = reply
        self._begin(recalled)

    def _begin(self, recalled: Recalled) -> None:
        ask = self._ask
        call = self._grok.plan(ask.request, ask.system, recalled.past)
        self._recalled = recalled
        self._completion = self._grok.complete(call, conversation=ask.conversation)
        self._collector = Collector(ask.request)

    async def answer(self) -> Answer:
        """The answer, or what there is of it with a sentence that says why there is no more."""
        started = time.monotonic()
        failure = ""
        try:
            failure = await self._stream()
        except* (LeaseLost, StoreUnavailable):
            raise
        except* Exception:
            log.exception("answer failed")
            failure = words.ANSWER_FAILED
        return self._collector.answer(
            endpoint=self._completion.call.endpoint,
            failure=failure,
            stopped=self._stopped,
            seconds=time.monotonic() - started,
            context=self._recalled.past.context,
            forgotten=self._recalled.forgotten,
            asked=self._spent,
        )

    async def _stream(self) -> str:
        """Read Grok to its end while the reply shows the newest text at its own pace.

        Returns why there is no more, as a sentence for the person, or an empty text.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self._reply.run(self._sections))
            try:
                self._stopped = await _unless(self._stop, self._read_what_fits())
            except GrokFailed as failed:
                log.info("grok failed", kind=failed.kind)
                self._spent = failed.spent
                return failed.sentence
            finally:
                self._reply.close()
        return ""

    def _sections(self) -> Sequence[Section]:
        return self._collector.sections()

    async def _read_what_fits(self) -> None:
        """Read the answer, asking again with fewer turns while all are more than fits."""
        while True:
            try:
                async with aclosing(self._completion) as chunks:
                    await self._read(chunks)
                return
            except GrokFailed as failed:
                smaller = less(self._recalled) if failed.kind == "too_long" else None
                if smaller is None:
                    raise
                log.info("asking with fewer turns", turns=len(smaller.past.turns))
                self._begin(smaller)

    async def _read(self, chunks: Completion) -> None:
        begun = False
        async for chunk in chunks:
            if chunk.text and not begun:
                begun = True
                metrics.TIME_TO_FIRST_TOKEN.observe(time.time() - self._ask.asked_at)
            self._collector.add(chunk)
            self._reply.changed()
            if self._reply.deleted:
                return


def _stopped(ask: Ask) -> Answer:
    """The end of what somebody stopped before Grok was asked."""
    return Answer.failed(ask.request.model, "").model_copy(update={"stopped": True})


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Do `work` to its end, or until `stop` is set; whether it was stopped."""
    working = asyncio.create_task(work)
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            return True
        working.result()
        return False
    finally:
        working.cancel()
        stopping.cancel()
        await asyncio.wait({working, stopping})


async def _show(reply: Reply, answer: Answer, *, afresh: bool) -> None:
    """Bring Slack to the final state, unless Slack refuses for good."""
    try:
        await reply.deliver(answer, afresh=afresh)
    except SlackError as error:
        metrics.UNDELIVERED.labels(error.code).inc()
        log.exception("answer not delivered", error=error.code)


def _count(ask: Ask, answer: Answer) -> None:
    outcome = "stopped" if answer.stopped else "failed" if answer.failure else "answered"
    log.info(
        outcome,
        surface=ask.surface,
        model=answer.model,
        endpoint=answer.endpoint,
        tokens=answer.usage.total_tokens if answer.usage else None,
        seconds=round(answer.seconds, 3),
    )
    metrics.REQUESTS.labels(ask.surface, outcome).inc()
    metrics.REQUEST_DURATION.observe(time.time() - ask.asked_at)
    if answer.usage is None:
        return
    for kind, tokens in (
        ("prompt", answer.usage.prompt_tokens),
        ("completion", answer.usage.completion_tokens),
        ("reasoning", answer.usage.reasoning_tokens),
    ):
        metrics.TOKENS.labels(kind, answer.model).inc(tokens)
