"""`python -m bot eval`: a data set is asked over a grid of settings, judged, and compared."""

from __future__ import annotations

import asyncio
import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TextIO

from bot.errors import StartupError
from bot.eval.asking import Asker, EndedError, EvalQuestion, ProgressLine, SpentUpError, is_done
from bot.eval.dataset import DataSet, Item, read_dataset
from bot.eval.demo_page import shown_in_demo
from bot.eval.grid import Setting, check_judge, read_grid
from bot.eval.judge import (
    LEAST_TRIED,
    Agreement,
    AnswerPair,
    Comparing,
    Judge,
    PersonJudge,
    agreement_between,
    points,
)
from bot.eval.outcome import SettingRow, can_be_drawn, plot, table, verdict
from bot.eval.page import JudgingPage
from bot.eval.record import EvalRecord, Result, key_of
from bot.eval.rules import is_good
from bot.grok.client import GrokClient, open_grok
from bot.rules.shares import Proportion, mean
from bot.settings import Settings
from bot.words.sentences import cost
from bot.words.terminal import eval as words
from bot.words.terminal import startup as startup_words
from bot.words.terminal.ask import plain, spelled

PERSON = "person"
"""The judge that is no model."""


@dataclass(frozen=True, slots=True)
class EvalArguments:
    """What was typed. `budget` in US dollars; `judges`: a model, `PERSON`, or both; `first`: so
    many prompts, None: all; `demos`: where demos have their directories, None: none is looked for.
    """

    data: Path
    grid: tuple[str, ...]
    budget: float
    judges: tuple[str, ...] = ()
    out: Path | None = None
    at_once: int = 8
    first: int | None = None
    demos: Path | None = None

    @property
    def record(self) -> Path:
        """The file of results."""
        return self.out or self.data.with_name(f"{self.data.name}.eval.jsonl")

    @property
    def models(self) -> tuple[str, ...]:
        """The models among the judges."""
        named = (each.strip() for each in self.judges)
        return tuple(dict.fromkeys(each for each in named if each.lower() != PERSON))

    @property
    def by_person(self) -> bool:
        """Whether a person is."""
        return any(each.strip().lower() == PERSON for each in self.judges)


async def run_eval(
    settings: Settings,
    wanted: EvalArguments,
    stop: asyncio.Event,
    out: TextIO = sys.stdout,
    err: TextIO = sys.stderr,
) -> int:
    """Ask what is left to ask, and print what has been found out; the exit code: 0, or 1 where
    something is still to be asked, or nothing is known of a setting. Raises `StartupError`."""
    if settings.xai_api_key is None:
        raise StartupError([startup_words.NO_XAI_API_KEY])
    if not (math.isfinite(wanted.budget) and wanted.budget > 0):
        raise StartupError([words.NO_BUDGET])
    if len(wanted.models) > 1:
        raise StartupError([words.ONE_MODEL])
    for model in wanted.models:
        check_judge(model)
    data = read_dataset(wanted.data)
    grid = read_grid(wanted.grid, settings)
    if wanted.by_person and len(grid) < 2:
        raise StartupError([words.NOTHING_TO_COMPARE])
    items = data.items[: wanted.first]
    judged = wanted.models or wanted.by_person
    if not (judged or any(item.ruled for item in items)):
        raise StartupError([words.NOTHING_GOOD])
    async with open_grok(settings) as grok:
        await grok.catalogue.refresh()
        with EvalRecord(wanted.record) as record:
            work = _Eval(settings, wanted, grok, record, items=items, grid=grid, err=err)
            await work.run(stop)
            for line in _report(work, data):
                print(spelled(line), file=out)
            return work.code


class _Eval:
    """The work, and what it has come to."""

    def __init__(
        self,
        settings: Settings,
        wanted: EvalArguments,
        grok: GrokClient,
        record: EvalRecord,
        *,
        items: Sequence[Item],
        grid: Sequence[Setting],
        err: TextIO,
    ) -> None:
        self._settings = settings
        self._wanted = wanted
        self._err = err
        self.record = record
        self.items = items
        self.grid = grid
        budget = round(wanted.budget * 1_000_000)
        self.asker = Asker(grok, settings, record, budget=budget, at_once=wanted.at_once)
        self.judge = next((Judge(model, record) for model in wanted.models), None)
        self.person = PersonJudge(record) if wanted.by_person else None
        self.ended = ""
        """Why there is no more; empty where all was asked."""
        self.lost_judge = ""
        """Why the judge was asked no further; empty where it gave verdicts."""

    @property
    def decides(self) -> Comparing | None:
        """Who says what is good: a person who was asked to; else rules, which is None; else the
        model."""
        ruled = any(item.ruled for item in self.items)
        return self.person or (None if ruled else self.judge)

    async def run(self, stop: asyncio.Event) -> None:
        """Ask, and have judged, what can be."""
        questions = self._questions
        if self.judge:
            self.asker.most(self.judge.grade(self.items[0]))  # before anything is spent
        self._tell_plan(questions)
        try:
            await self._ask(questions, stop)
            if self.judge:
                await self._judge(self.judge, stop)
            if self.person and not stop.is_set():
                await self._ask_person(self.person, stop)
        except SpentUpError as error:
            self.ended = words.SPENT_UP(_dollars(error.most))
        except EndedError as error:
            self.ended = str(error)
        if stop.is_set():
            self.ended = self.ended or words.STOPPED

    @property
    def code(self) -> int:
        """0 where all was found out that was to be, else 1."""
        left = not all(map(is_done, self.results))
        nobody = len(self.grid) > 1 and self.decides is not None and not self.compared
        failed = left or self.unjudged or self.ended or self.lost_judge
        return 1 if failed or self.unanswered or nobody else 0

    @property
    def unanswered(self) -> Sequence[Setting]:
        """The settings that no answer came of."""
        return [each for each in self.grid if not any(self.answer(i, each) for i in self.items)]

    @property
    def compared(self) -> bool:
        """Whether whoever decides has said anything of two answers."""
        decides = self.decides
        return decides is not None and any(map(decides.better, self.all_pairs))

    @property
    def all_the_same(self) -> bool:
        """Whether somebody is to judge, and no two answers to one prompt differ."""
        pairs = self.all_pairs
        return bool(self.decides and pairs) and not any(pair.differs for pair in pairs)

    @property
    def _questions(self) -> Sequence[EvalQuestion]:
        return [self.question(item, each) for item in self.items for each in self.grid]

    @property
    def unjudged(self) -> int:
        """How many comparisons the person has yet to make."""
        if not self.person:
            return 0
        every = self.person.comparisons(self.all_pairs)
        return len(every) - sum(map(self.person.has_chosen, every))

    def question(self, item: Item, setting: Setting) -> EvalQuestion:
        """What a setting asks of an item."""
        request = setting.request(item.prompt, self._settings)
        system = setting.system(item.system)
        key = key_of("answer", request.given(), system, setting.effort)
        return EvalQuestion(key, request, system, setting.effort)

    def answer(self, item: Item, setting: Setting) -> Result | None:
        """What it answered; None where that did not come."""
        found = self.record.results.get(self.question(item, setting).key)
        return found if found and not found.failed else None

    @property
    def results(self) -> Sequence[Result | None]:
        """What came of every question; None: it is still to be asked."""
        return [self.record.results.get(each.key) for each in self._questions]

    def pairs(self, setting: Setting) -> list[AnswerPair]:
        """The answers of the first setting, and those of this one, to the same prompts."""
        first = self.grid[0]
        both = ((item, self.answer(item, first), self.answer(item, setting)) for item in self.items)
        return [
            AnswerPair(item, one.text, other.text) for item, one, other in both if one and other
        ]

    @property
    def all_pairs(self) -> Sequence[AnswerPair]:
        """Those of every setting."""
        return list(chain.from_iterable(map(self.pairs, self.grid[1:])))

    async def _judge(self, judge: Judge, stop: asyncio.Event) -> None:
        pairs = self.all_pairs if self.decides else ()
        graded = [judge.grade(item) for item in self.items if item.text and item.up != item.down]
        questions = [*graded, *judge.questions(pairs)]
        await self._ask(questions[:LEAST_TRIED], stop)
        if judge.is_lost(questions):
            why = judge.refusal(questions)
            lost = words.JUDGE_REFUSED(model=judge.model, why=why) if why else ""
            self.lost_judge = lost or words.JUDGE_LOST(judge.model)
            return
        await self._ask(questions, stop)

    async def _ask_person(self, person: PersonJudge, stop: asyncio.Event) -> None:
        if not (left := self.unjudged):
            return
        async with AsyncExitStack() as stack:
            page = JudgingPage(person, person.comparisons(self.all_pairs))
            await stack.enter_async_context(page)
            demo = ""
            if where := self._wanted.demos:
                showing = shown_in_demo(where, page.address, page.frame)
                demo = await stack.enter_async_context(showing)
            print(words.judge_here(page.address, left, demo), file=self._err, flush=True)
            ends = [asyncio.create_task(each.wait()) for each in (stop, page.finished)]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for end in ends:
                end.cancel()
        if page.unkept:
            raise EndedError(words.UNWRITABLE(page.unkept))

    async def _ask(self, questions: Sequence[EvalQuestion], stop: asyncio.Event) -> None:
        progress = ProgressLine(self.record, self._wanted.budget, questions, self._err)
        told = asyncio.create_task(self._tell_stop(progress, stop))
        try:
            await self.asker.ask(questions, stop, progress.show)
        finally:
            told.cancel()
            progress.end()

    async def _tell_stop(self, progress: ProgressLine, stop: asyncio.Event) -> None:
        await stop.wait()
        if self.asker.under_way:
            progress.say(words.STOPPING(self.asker.under_way))

    def _tell_plan(self, questions: Sequence[EvalQuestion]) -> None:
        left = {q.key: q for q in questions if not is_done(self.record.results.get(q.key))}
        most = sum(map(self.asker.most, left.values())) / 1_000_000
        told = words.plan(
            len(self.items), len(self.grid), len(questions) - len(left), f"${most:.2f}"
        )
        print(plain(told), file=self._err)


def _report(work: _Eval, data: DataSet) -> Iterator[str]:
    """What has been found out, line by line; the picture is written beside the results."""
    rows = [_row(work, setting) for setting in work.grid]
    yield from table(rows)
    if len(rows) > 1 and work.compared:
        yield words.GOOD_IS_RELATIVE(work.grid[0].name)
    if can_be_drawn(rows):
        yield _drawn(rows, work.record.path)
    if data.left_out:
        yield words.LEFT_OUT(data.left_out)
    if work.judge:
        yield from _of_judge(work, work.judge)
    if work.all_the_same and not work.ended:
        yield words.ALL_THE_SAME
    if work.unjudged:
        yield words.NOT_JUDGED(work.unjudged)
    yield from _missing(work)
    if unanswered := [each.name for each in work.unanswered]:
        yield words.NOTHING_CAME if len(unanswered) == len(rows) else words.UNANSWERED(unanswered)
    lost = _dollars(work.record.lost) if work.record.lost else ""
    yield words.SPENT(spent=_dollars(work.record.spent), lost=lost, requests=work.record.cut_off)
    if work.ended:
        yield work.ended
    else:
        yield from verdict(rows)


def _missing(work: _Eval) -> Iterator[str]:
    """Which answers there are not, and why."""
    if failed := [each for each in work.results if each and each.failed]:
        last = words.ENDS_ALL.get(failed[-1].failed, failed[-1].failure)
        yield words.FAILED(number=len(failed), sentence="" if last == work.ended else last)
    if not_asked := work.results.count(None):
        yield words.NOT_ASKED(not_asked)


def _drawn(rows: Sequence[SettingRow], path: Path) -> str:
    """What is said of the picture, once it is written beside the results and never over them."""
    picture = path.with_name(f"{path.name if path.suffix == '.svg' else path.stem}.svg")
    try:
        picture.write_text(plot(rows), encoding="utf-8")
    except OSError as error:
        return words.NOT_PLOTTED(path=str(picture), why=error.strerror or "")
    return words.PLOTTED(str(picture))


def _of_judge(work: _Eval, judge: Judge) -> Iterator[str]:
    if work.lost_judge:
        yield work.lost_judge
        return
    if agreement := judge.agreement(work.items):
        share, kappa, total = _agreed(agreement)
        yield words.AGREEMENT(model=judge.model, share=share, votes=total, kappa=kappa)
    if both := agreement_between(judge, PersonJudge(work.record), work.all_pairs):
        share, kappa, total = _agreed(both)
        yield words.AGREEMENT_WITH_PERSON(model=judge.model, share=share, pairs=total, kappa=kappa)
    if not work.decides:
        return
    if unclear := sum(judge.better(pair) is None for pair in work.all_pairs):
        yield words.NO_VERDICTS(unclear)


def _agreed(found: Agreement) -> tuple[str, str, int]:
    """The share with its interval, kappa, and of how many."""
    least, most = found.share.interval
    share = f"{found.share.value:.0%} ({100 * least:.0f}–{most:.0%})"
    return share, "-" if found.kappa is None else f"{found.kappa:.2f}", found.share.total


def _row(work: _Eval, setting: Setting) -> SettingRow:
    answers = [(item, work.answer(item, setting)) for item in work.items]
    came = [(item, result) for item, result in answers if result]
    return SettingRow(
        setting,
        _share(work, setting, came),
        mean(result.micro_dollars for _, result in came),
        mean(result.first_seconds for _, result in came),
        mean(result.seconds for _, result in came),
        missing=len(answers) - len(came),
        is_measure=work.decides is not None and setting is work.grid[0],
    )


def _share(work: _Eval, setting: Setting, came: Sequence[tuple[Item, Result]]) -> Proportion:
    """How many are good: by the rules of those that have any, or by the judge, for whom the first
    setting is as good as itself."""
    if work.decides is None:
        ruled = [is_good(item, result.text) for item, result in came if item.ruled]
        return Proportion(sum(ruled), len(ruled))
    if setting is work.grid[0]:
        return Proportion(len(came) / 2, len(came)) if work.compared else Proportion(0, 0)
    gets = [points(work.decides, pair) for pair in work.pairs(setting)]
    known = [each for each in gets if each is not None]
    return Proportion(sum(known), len(known))


def _dollars(micro_dollars: int) -> str:
    return cost(micro_dollars / 1_000_000)
