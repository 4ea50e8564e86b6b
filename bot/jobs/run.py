"""Running one job: Grok's stream on one side, Slack's edits on the other, apart."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing

import structlog

from bot import metrics, words
from bot.completion.ask import Ask
from bot.completion.collect import Collector
from bot.completion.result import Answer
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
from bot.reply.pacing import EditBudget
from bot.reply.reply import Reply
from bot.reply.slack import Slack

log = structlog.get_logger(__name__)


class Runner:
    """Turns a held job into one visible answer."""

    def __init__(self, grok: GrokClient, slack: Slack, budget: EditBudget) -> None:
        self._grok = grok
        self._slack = slack
        self._budget = budget

    async def __call__(self, held: Held) -> None:
        """Ask Grok, unless the answer is stored already, and deliver it.

        Raises `LeaseLost` when another worker holds the job, and `StoreUnavailable` when
        Redis stays away; either may come in an `ExceptionGroup`.
        """
        reply = Reply(self._slack, self._budget, held.ledger, held.job.ask)
        answer = held.job.answer
        if answer is None:
            answer = await held.deliver(await self._answer(held.job.ask, reply))
            _count(held.job.ask, answer)
        await _show(reply, answer, afresh=held.job.redeliver > 0)
        while await held.finish():
            await _show(reply, answer, afresh=True)

    async def _answer(self, ask: Ask, reply: Reply) -> Answer:
        """The answer, or what there is of it with a sentence that says why there is no more."""
        try:
            completion = self._grok.complete(self._grok.plan(ask.request, ask.system))
            await reply.open()
        except RequestRefused as refused:
            return Answer.failed(ask.request.model, refused.sentence)
        except SlackError as error:
            log.warning("nowhere to answer", error=error.code)
            return Answer.failed(ask.request.model, words.NO_PLACE)
        collector = Collector(ask.request)
        started = time.monotonic()
        failure = ""
        try:
            failure = await _stream(ask, reply, completion, collector)
        except* (LeaseLost, StoreUnavailable):
            raise
        except* Exception:
            log.exception("answer failed")
            failure = words.ANSWER_FAILED
        return collector.answer(
            endpoint=completion.call.endpoint,
            failure=failure,
            seconds=time.monotonic() - started,
        )


async def _stream(ask: Ask, reply: Reply, completion: Completion, collector: Collector) -> str:
    """Read Grok to its end while the reply shows the newest text at its own pace.

    Returns why there is no more, as a sentence for the person, or an empty text.
    """
    async with asyncio.TaskGroup() as group:
        group.create_task(reply.run(collector.sections))
        try:
            async with aclosing(completion) as chunks:
                await _read(ask, reply, chunks, collector)
        except GrokFailed as failed:
            log.info("grok failed", kind=failed.kind)
            return failed.sentence
        finally:
            reply.close()
    return ""


async def _read(ask: Ask, reply: Reply, chunks: Completion, collector: Collector) -> None:
    begun = False
    async for chunk in chunks:
        if chunk.text and not begun:
            begun = True
            metrics.TIME_TO_FIRST_TOKEN.observe(time.time() - ask.asked_at)
        collector.add(chunk)
        reply.changed()
        if reply.deleted:
            return


async def _show(reply: Reply, answer: Answer, *, afresh: bool) -> None:
    """Bring Slack to the final state, unless Slack refuses for good."""
    try:
        await reply.deliver(answer, afresh=afresh)
    except SlackError as error:
        metrics.UNDELIVERED.labels(error.code).inc()
        log.exception("answer not delivered", error=error.code)


def _count(ask: Ask, answer: Answer) -> None:
    outcome = "failed" if answer.failure else "answered"
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
