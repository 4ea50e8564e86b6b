"""Running one job: Grok's stream on one side, Slack's edits on the other, apart."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import aclosing
from typing import Any

import structlog
from attrs import frozen

from bot import metrics, words
from bot.characters import excerpt
from bot.completion.ask import FORMS, Ask
from bot.completion.collect import Collector
from bot.completion.form import for_form
from bot.completion.options import OPTIONS
from bot.completion.result import Answer, Section
from bot.completion.transcript import Past, holds_pictures, named_unread, nothing_read
from bot.errors import GrokFailed, LeaseLost, RequestRefused, SlackError, StoreUnavailable
from bot.files.file import Enclosure
from bot.grok.client import GrokClient
from bot.grok.endpoints.writing import enclosed
from bot.jobs.holder import Held
from bot.jobs.recall import Recall, Recalled, less
from bot.jobs.sequels import Sequels
from bot.patience import until_stored
from bot.reply.continued import Continued
from bot.reply.growing import TextSource
from bot.reply.reply import Reply
from bot.reply.session import Session
from bot.rules.hold import Denied
from bot.settings import Streaming
from bot.slack.agent import AgentSurface
from bot.slack.pacing import EditBudget
from bot.slack.slack import Slack
from bot.tracing import passing
from bot.words import request as request_words
from bot.words import talk

log = structlog.get_logger(__name__)

Settled = Callable[[Ask], Awaitable[None]]


async def _nobody(ask: Ask) -> None:
    """Default callback: does nothing."""


@frozen
class Runner:
    """Turns a held job into one visible answer."""

    grok: GrokClient
    slack: Slack
    budget: EditBudget
    recall: Recall
    tell_after: float
    """Whose answer took more seconds than this is told when it is done."""
    streaming: Streaming = "edit"
    """How answers in threads grow."""
    backoff: float = 0.5
    """The first pause after a call that Slack failed, in seconds."""
    settled: Settled = _nobody
    """Called once what was used for a question has been counted, and it is remembered."""
    most: int | None = None
    """Messages that one answer may become; None: any number."""
    sequels: Sequels | None = None
    """Knows of answers that are continued; without it none is."""
    surface: AgentSurface | None = None
    """Where people meet the app, if it is an agent."""

    async def __call__(self, held: Held) -> None:
        """Ask Grok, unless the answer is stored already, and deliver it.

        Raises `LeaseLost` when another worker holds the job, and `StoreUnavailable` when
        Redis is away before Grok is asked; either may come in an `ExceptionGroup`.
        """
        await _Run(self, held).finish()


class _Run:
    """The work on one job."""

    def __init__(self, by: Runner, held: Held) -> None:
        self._by = by
        self._held = held
        self._ask = ask = held.job.ask
        self._session: Session | None = None
        """That of its thread, where the app is an agent."""
        if by.surface is not None and by.surface.declared:
            self._session = Session(by.surface, by.budget, held.ledger, ask)
        self._reply = Reply(
            by.slack,
            by.budget,
            held.ledger,
            ask,
            backoff=by.backoff,
            tell_after=by.tell_after,
            streaming=by.streaming,
            most=by.most,
            given_up=bool(held.job.given_up),
            session=self._session,
        )
        self._stopped = False
        self._asking: _Attempt | None = None

    async def finish(self) -> None:
        """Bring the job to its end."""
        held, ask = self._held, self._ask
        answer = held.job.answer
        if answer is None and held.job.given_up:
            answer = Answer.failed(ask.request.model, words.GIVEN_UP)
        asked = answer is None
        if answer is None:
            answer = await self._answer()
            _count(ask, answer)
        await self._show(answer, afresh=held.job.redeliver > 0)
        await until_stored(self._take_button_off)
        while await held.finish():
            await self._show(answer, afresh=True)
        if asked:
            await self._by.settled(ask)

    async def _answer(self) -> Answer:
        """The answer, or what there is of it with a sentence that says why there is no more, as
        it is stored from here on."""
        held = self._held
        if held.stopped.is_set():
            self._stopped = True
            return await self._store("")
        self._reply.behind(held.ahead)
        try:
            if self._session is not None:
                await self._session.begin()
            await self._reply.open()
            await self._reply.promise()
            await self._take_button_off(spare=True)
        except SlackError as error:
            log.warning("nowhere to answer", error=error.code)
            return await self._store(words.NO_PLACE)
        try:
            return await self._stream()
        except* (LeaseLost, StoreUnavailable):
            raise
        except* Exception:
            log.exception("answer failed")
        return await self._store(words.ANSWER_FAILED)

    async def _show(self, answer: Answer, *, afresh: bool) -> None:
        """Bring Slack to the final state, unless Slack refuses for good; and say that the thread
        waits, at the latest when nothing more of it is carried out late."""
        held, sequels = self._held, self._by.sequels
        if sequels is not None and answer.continuable:
            self._reply.continued(await until_stored(lambda: sequels.of(held.job)))

        async def shown() -> None:
            await self._end_session()
            await held.shown()

        try:
            await self._reply.deliver(answer, afresh=afresh, shown=shown)
        except SlackError as error:
            metrics.UNDELIVERED.labels(error.code).inc()
            log.exception("answer not delivered", error=error.code)
        await self._end_session()

    async def _end_session(self) -> None:
        if self._session is not None:
            await until_stored(self._session.end)

    async def _take_button_off(self, *, spare: bool = False) -> None:
        """Take *Continue* off the answer that this one goes on with, once there is something to be
        seen of it; with `spare` only if there is an edit that nobody else needs."""
        by, ask = self._by, self._ask
        if by.sequels is None or ask.begun is None:
            return
        continued = Continued(by.slack, by.budget, self._held.ledger, ask, most=by.most)
        if continued.is_due:
            await continued.take_off(await by.sequels.earlier(ask.begun), spare=spare)

    async def _stream(self) -> Answer:
        """Read Grok to its end while the reply shows the newest text at its own pace. What came is
        stored at once: the call that the reply is in may take long."""
        async with asyncio.TaskGroup() as group:
            source = TextSource(self._want, self._fresh, self._doing)
            group.create_task(self._reply.run(self._sections, source))
            try:
                failure = await self._read_to_the_end()
            finally:
                self._reply.close()
            return await self._store(failure)

    async def _store(self, failure: str) -> Answer:
        if self._asking is not None:
            answer = self._asking.answer(failure, stopped=self._stopped)
        else:
            why = "" if self._stopped else failure
            answer = Answer.failed(self._ask.request.model, why)
            answer = answer.model_copy(update={"stopped": self._stopped})
        return await self._held.deliver(self._reply.with_breaks(answer))

    async def _read_to_the_end(self) -> str:
        """Returns why there is no more, as a sentence for the person, or an empty text."""
        try:
            stopped = await _unless(self._held.stopped, self._work(), self._fresh)
            self._stopped = stopped or self._reply.stopped
        except (Denied, RequestRefused) as refused:
            return refused.sentence
        except GrokFailed as failed:
            log.info("grok failed", kind=failed.kind)
            if self._asking is not None:
                self._asking.spent = failed.spent
            return self._sentence(failed)
        return ""

    def _sentence(self, failed: GrokFailed) -> str:
        """Why Grok did not answer, in the names that the asker knows; where a default is to blame,
        whose it is."""
        sentence, source = failed.sentence, self._ask.defaulted.get(failed.parameter)
        if source is not None:
            flag = OPTIONS[failed.parameter].typed_name
            model = excerpt(self._ask.request.model)
            sentence = request_words.default_refused(model, flag, source)
        return for_form(sentence) if self._ask.surface in FORMS else sentence

    async def _work(self) -> None:
        """Wait for the turn, and ask Grok: with fewer turns while all are more than fits. Raises
        `RequestRefused` where nothing of what it is about could be read."""
        await self._held.turn(self._reply.behind)
        self._reply.behind(None)
        ask, recall = self._ask, self._by.recall
        if ask.stands_alone:
            return await self._ask_grok(Recalled(Past(user=ask.user, name=ask.name)))
        window = self._by.grok.catalogue.window(ask.request.model)
        known = await recall(ask, window, self._held.job.hold)
        try:
            await self._ask_grok(known)
        finally:
            recall.release(known)

    async def _ask_grok(self, recalled: Recalled) -> None:
        asking, past = _Attempt(self._by.grok, self._held, recalled), recalled.past
        alone = self._ask.request.prompt == talk.ABOUT_THIS and not (past.turns or past.context)
        if alone and (sentence := nothing_read(asking.files)):
            raise RequestRefused(sentence, ())
        await self._held.begin()
        while True:
            self._asking = asking
            try:
                await self._read(asking)
                return
            except GrokFailed as failed:
                free = failed.kind == "too_long" and not asking.collector.searching
                fewer = less(recalled) if free else None
                if fewer is None:
                    raise
            log.info("asking with fewer turns", turns=len(fewer.past.turns))
            recalled, asking = fewer, _Attempt(self._by.grok, self._held, fewer)

    async def _read(self, asking: _Attempt) -> None:
        begun = False
        passing("before", "grok")
        async with aclosing(asking.completion) as chunks:
            async for chunk in chunks:
                passing("before", "chunk")
                if chunk.text and not begun:
                    begun = True
                    asking.first = asking.seconds
                    metrics.TIME_TO_FIRST_TOKEN.observe(time.time() - self._ask.asked_at)
                asking.collector.add(chunk)
                self._reply.changed()
                if chunk.step is not None:
                    await self._held.seen(asking.collector.calls_seen)
                    await self._held.keep_within(asking.collector.used_so_far)
                passing("after", "chunk")
                if self._reply.deleted or self._reply.stopped:
                    return
        passing("after", "grok")

    def _want(self) -> None:
        if self._asking is not None:
            self._asking.completion.want()

    async def _fresh(self) -> None:
        if self._asking is not None:
            await self._asking.completion.fresh()

    def _doing(self) -> str:
        return self._asking.collector.doing if self._asking is not None else ""

    def _sections(self) -> Sequence[Section]:
        return self._asking.collector.sections() if self._asking is not None else ()


class _Attempt:
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


async def _unless(
    stop: asyncio.Event, work: Coroutine[Any, Any, None], fresh: Callable[[], Awaitable[None]]
) -> bool:
    """Do `work` to its end, or until `stop` is set and what has come by then is read, by `fresh`;
    whether it was stopped."""
    working = asyncio.create_task(work)
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            await fresh()
        if not working.done():
            return True
        working.result()
        return False
    finally:
        working.cancel()
        stopping.cancel()
        await asyncio.wait({working, stopping})


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
    for what, used in answer.tools or ():
        metrics.SEARCHED.labels(what).inc(used or 0)
    if answer.usage is None:
        return
    for kind, tokens in (
        ("prompt", answer.usage.prompt_tokens),
        ("completion", answer.usage.completion_tokens),
        ("reasoning", answer.usage.reasoning_tokens),
    ):
        metrics.TOKENS.labels(kind, answer.model).inc(tokens)
