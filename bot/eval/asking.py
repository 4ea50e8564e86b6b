"""Asks what is left to ask: so many at once, within a budget, and each once; and shows in the
terminal how far it is.

Before a request is made its bound is taken off the budget, as quotas reserve it for a question in
Slack; what it really cost stands in its place afterwards. So the budget is never passed.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TextIO

from bot.completion.ask import Ask, Effort
from bot.completion.collect import Collector
from bot.completion.request import CompletionRequest
from bot.errors import GrokFailed, GrokFailure, RequestRefused, StartupError
from bot.eval.record import EvalRecord, Result
from bot.grok.call import Call, Shape
from bot.grok.client import GrokClient
from bot.rules.charge import charge_for
from bot.rules.hold import Hold, hold_for
from bot.rules.policy import Policy
from bot.settings import Settings
from bot.words.sentences import cost
from bot.words.terminal import eval as words

NOBODY = "eval"
"""Who asks, and where: no person, and no place in Slack."""

TRIES = 5
"""How often a question is asked while the API says that it is busy, beyond what the client does."""

_FIRST_PAUSE = 2.0
_LONGEST_PAUSE = 60.0

_FOR_GOOD: frozenset[GrokFailure] = frozenset({"refused", "unknown_model", "invalid", "too_long"})
"""What would fail another time too; all else is asked again when the eval goes on."""


_BAR_CELLS = 20
_EVERY_SECONDS = 0.1
"""How often a line changes."""

_LINES = 20
"""Of progress, where nobody sees one line change."""


@dataclass(frozen=True, slots=True)
class EvalQuestion:
    """One request, known by its `key`."""

    key: str
    request: CompletionRequest
    system: str = ""
    effort: Effort | None = None
    shape: Shape | None = None


class SpentUpError(Exception):
    """The budget has no room for the next question, which may cost so many micro-dollars."""

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.most = most


class EndedError(Exception):
    """No further question would be answered; says why in a sentence."""


def is_done(result: Result | None) -> bool:
    """Whether there is an answer, or none will ever come."""
    return result is not None and (not result.failed or result.failed in _FOR_GOOD)


class Asker:
    """Asks Grok, and records what comes. `budget` in micro-dollars."""

    def __init__(
        self, grok: GrokClient, settings: Settings, record: EvalRecord, *, budget: int, at_once: int
    ) -> None:
        self._grok = grok
        self._settings = settings
        self._record = record
        self._budget = budget
        self._at_once = at_once
        self._rests_until = 0.0
        self.under_way = 0
        """Requests that have no answer yet."""
        self._freed = asyncio.Condition()

    def most(self, question: EvalQuestion) -> int:
        """What it costs at most, in micro-dollars. Raises `StartupError` where nobody knows."""
        return _priced(self._held(question)[1])

    async def ask(
        self, questions: Iterable[EvalQuestion], stop: asyncio.Event, told: Callable[[], None]
    ) -> None:
        """Ask those that have no answer yet, until `stop` is set: what is under way then is waited
        for. `told` is called after each.

        Raises `SpentUpError` and `EndedError`, once what is under way has ended.
        """
        once = {question.key: question for question in questions}.values()
        waiting = (each for each in once if not is_done(self._record.results.get(each.key)))
        ends: list[Exception] = []

        async def work() -> None:
            for question in waiting:
                if stop.is_set() or ends:
                    return
                try:
                    await self._ask(question)
                except RequestRefused as refused:
                    failure = refused.sentence
                    self._record.end(Result(key=question.key, failure=failure, failed="invalid"))
                except (SpentUpError, EndedError) as error:
                    ends.append(error)
                except OSError as error:
                    ends.append(EndedError(words.UNWRITABLE(error.strerror or "")))
                told()

        async with asyncio.TaskGroup() as group:
            for _ in range(self._at_once):
                group.create_task(work())
        if ends:
            raise next((each for each in ends if isinstance(each, EndedError)), ends[0])

    async def _ask(self, question: EvalQuestion) -> None:
        for number in range(TRIES):
            if (seconds := self._rests_until - time.monotonic()) > 0:
                await asyncio.sleep(seconds)  # while the API is busy nobody asks it
            result = await self._once(question)
            if result.failed in words.ENDS_ALL:
                raise EndedError(words.ENDS_ALL[result.failed])
            busy = result.failed in ("rate_limited", "unavailable")
            if not busy or number == TRIES - 1:
                return
            jitter = random.uniform(0.5, 1.5)  # noqa: S311
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**number) * jitter
            self._rests_until = max(self._rests_until, time.monotonic() + pause)

    async def _once(self, question: EvalQuestion) -> Result:
        ask, hold = self._held(question)
        most = _priced(hold)
        call = self._grok.plan(
            question.request, question.system, effort=question.effort, shape=question.shape
        )
        await self._room_for(most)
        self.under_way += 1
        try:
            self._record.begin(question.key, most)
            return await self._answered(question, call, ask, hold)
        finally:
            self.under_way -= 1
            async with self._freed:
                self._freed.notify_all()

    async def _answered(self, question: EvalQuestion, call: Call, ask: Ask, hold: Hold) -> Result:
        collector, most = Collector(question.request), _priced(hold)
        first: float | None = None
        failure: GrokFailed | None = None

        async def again() -> None:
            """What was sent before may be charged: it stays begun, and as much is reserved anew."""
            if not self._fits(most):
                raise SpentUpError(most)
            self._record.begin(question.key, most)

        completion = self._grok.complete(call, again=again)
        try:
            async with aclosing(completion) as chunks:
                async for chunk in chunks:
                    if chunk.text and first is None:
                        first = time.monotonic() - completion.asked_at
                    collector.add(chunk)
        except GrokFailed as failed:
            failure = failed
        answer = collector.answer(
            endpoint=completion.call.endpoint,
            failure=failure.sentence if failure else "",
            seconds=time.monotonic() - completion.asked_at,
            asked=failure.spent if failure else True,
        )
        charge = charge_for(hold, ask, answer)
        result = Result(
            key=question.key,
            text="".join(section.text for section in answer.sections),
            failure=failure.sentence if failure else "",
            failed=failure.kind if failure else "",
            micro_dollars=most if charge.micro_dollars is None else charge.micro_dollars,
            first_seconds=first,
            seconds=answer.seconds,
        )
        self._record.end(result)
        return result

    async def _room_for(self, most: int) -> None:
        """Wait until so much fits in the budget. Raises `SpentUpError` where it never will."""
        async with self._freed:
            while not self._fits(most):
                if not self.under_way:
                    raise SpentUpError(most)
                await self._freed.wait()

    def _fits(self, most: int) -> bool:
        return self._record.spent + most <= self._budget

    def _held(self, question: EvalQuestion) -> tuple[Ask, Hold]:
        """What is asked, and reserved for it. A shape is read by the model too. Raises
        `StartupError` where nobody knows the price."""
        model, catalogue = question.request.model, self._grok.catalogue
        ask = Ask(
            dedupe=question.key,
            surface="command",
            team=NOBODY,
            channel=NOBODY,
            user=NOBODY,
            request=question.request,
            system=question.system + (json.dumps(question.shape.format) if question.shape else ""),
            effort=question.effort,
            asked_at=time.time(),
        )
        hold = hold_for(
            ask,
            Policy(),
            prices=self._grok.prices.of(model),
            reasons=catalogue.reasons(model) is not False,
            effort=catalogue.effort_of(model, question.effort),
            settings=self._settings,
            now=time.time(),
        )
        if hold.micro_dollars is None:
            raise StartupError([words.UNKNOWN_PRICE(model)])
        return ask, hold


def _priced(hold: Hold) -> int:
    return hold.micro_dollars or 0


class ProgressLine:
    """One line that changes, or some lines where nobody would see that."""

    def __init__(
        self, record: EvalRecord, budget: float, questions: Sequence[EvalQuestion], err: TextIO
    ) -> None:
        """`budget` in US dollars."""
        self._record = record
        self._budget = budget
        self._keys = {question.key for question in questions}
        self._done = sum(is_done(record.results.get(key)) for key in self._keys)
        self._err = err
        self._changes = err.isatty()
        self._shown = -1
        self._again_at = 0.0

    def show(self) -> None:
        """One more is done."""
        self._done = min(len(self._keys), self._done + 1)
        step = self._done * _LINES // max(1, len(self._keys))
        now, last = time.monotonic(), self._done == len(self._keys)
        early = now < self._again_at if self._changes else step == self._shown
        if early and not last:
            return
        self._shown, self._again_at = step, now + _EVERY_SECONDS
        cells = self._done * _BAR_CELLS // max(1, len(self._keys))
        bar = f"[{'#' * cells}{'-' * (_BAR_CELLS - cells)}]"
        found = (self._record.results.get(key) for key in self._keys)
        failed = sum(bool(each and each.failed) for each in found)
        spent = cost(self._record.settled / 1_000_000)
        line = words.PROGRESS(
            bar=bar,
            done=self._done,
            total=len(self._keys),
            spent=spent,
            budget=f"${self._budget:.2f}",
            failed=failed,
        )
        text, end = (f"\r\x1b[K{line}", "") if self._changes else (line, "\n")
        print(text, end=end, file=self._err, flush=True)

    def say(self, line: str) -> None:
        """Something else, below what stands there."""
        self.end()
        print(line, file=self._err, flush=True)

    def end(self) -> None:
        """The line stays as it is."""
        if self._changes and self._shown >= 0:
            print(file=self._err)
        self._shown = -1
