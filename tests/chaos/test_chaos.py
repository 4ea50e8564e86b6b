"""A few seeds of `make chaos`: the machinery works, and nothing is violated."""

from __future__ import annotations

import pytest

from tests.chaos import campaign
from tests.chaos.__main__ import seeds
from tests.chaos.campaign import Result, report, run
from tests.chaos.history import Asking, Death, History, Shown, Version
from tests.chaos.plan import KINDS, KINDS_OF_SEVERAL, Fault, Plan, plan

FEW = (3, 10, 45)
"""Seeds with something of everything: what happens to bots, to the store, to Slack and to Grok."""


@pytest.mark.integration
@pytest.mark.timeout(240)
async def test_a_few_seeds_violate_nothing() -> None:
    told: list[str] = []
    found = await run(FEW, told.append, shrink=False)

    assert not found.failed, "\n".join(told)
    assert len(found.results) == len(told) == len(FEW)
    assert all(result.askings for result in found.results)


@pytest.mark.integration
@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    ("store", "seed", "focus"),
    [("cluster", 5, ("store kill", "store younger")), ("sentinel", 108, ())],
)
async def test_nor_does_one_on_more_than_one_server(
    store: str, seed: int, focus: tuple[str, ...]
) -> None:
    """A node is gone and a slot moves while it is used; the primary dies for good, and bots."""
    told: list[str] = []
    found = await run([seed], told.append, shrink=False, focus=focus, store=store)

    assert not found.failed, "\n".join(told)
    (result,) = found.results
    assert "store kill" in {fault.kind for fault in result.faults}
    assert result.askings


@pytest.mark.integration
@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    ("store", "seed", "focus"),
    [
        ("valkey", 9, ()),
        ("cluster", 16, ()),
        ("sentinel", 1, ()),
    ],
)
async def test_nor_does_one_over_several_workspaces(
    store: str, seed: int, focus: tuple[str, ...]
) -> None:
    """Three with the same people and channels, of which one may remove the app in mid-answer."""
    told: list[str] = []
    found = await run([seed], told.append, shrink=False, focus=focus, store=store, teams=3)

    assert not found.failed, "\n".join(told)
    (result,) = found.results
    assert len(result.histories) == 3
    assert all(history.askings for history in result.histories)


def test_a_seed_is_always_the_same_run() -> None:
    assert plan(7) == plan(7)
    assert plan(7) != plan(8)
    assert plan(7, teams=3) == plan(7, teams=3)


def test_many_seeds_bring_every_kind_of_question_and_fault() -> None:
    found = [plan(seed) for seed in range(200)]
    doors = {question.door for each in found for question in each.questions}
    kinds = {fault.kind for each in found for fault in each.faults}

    assert doors == {"command", "mention", "direct", "thread", "form", "shortcut"}
    assert kinds == set(KINDS)


def test_many_seeds_bring_all_of_it_to_several_workspaces() -> None:
    found = [plan(seed, teams=3) for seed in range(200)]
    kinds = {fault.kind for each in found for fault in each.faults}

    assert kinds == set(KINDS_OF_SEVERAL)
    for each in found:
        assert {question.team for question in each.questions} == {0, 1, 2}
        team = {question.name: question.team for question in each.questions}
        assert len(team) == len(each.questions)
        assert all(team[fault.question] == fault.team for fault in each.faults if fault.question)
        assert all(team[at.follows] == at.team for at in each.questions if at.follows)


def test_a_plan_without_some_faults_is_shorter() -> None:
    whole = next(each for each in map(plan, range(100)) if len(each.faults) > 2)
    shorter = whole.only(whole.faults[1:])

    assert shorter.faults == whole.faults[1:]
    assert shorter.questions == whole.questions
    assert len(str(shorter).splitlines()) == len(str(whole).splitlines()) - 1


async def test_a_sequence_that_fails_is_shortened_to_what_it_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = next(each for each in map(plan, range(100)) if len(each.faults) > 3)
    needed = {whole.faults[1], whole.faults[3]}

    async def play(tried: Plan, *_: object) -> Result:
        found = ["one answer: none"] if needed <= set(tried.faults) else ["order: another rule"]
        return Result(tried, [History()], found, 0.0)

    monkeypatch.setattr(campaign, "play", play)
    told: list[str] = []
    failed = Result(whole, [History()], ["one answer: none"], 0.0)
    shorter = await campaign.shortened(failed, None, told.append)  # type: ignore[arg-type]

    assert set(shorter.faults) == needed
    assert told[-1].endswith(f"2 of {len(whole.faults)} faults are left")


def test_the_report_counts_questions_faults_and_recoveries() -> None:
    history = History(
        askings=(
            Asking("q0", 0.0, "accepted", 5, grok="cut"),
            Asking("q1", 0.0, "unknown", 5),
        ),
        messages=(Shown("a", "0", 1.0, (Version(1.0), Version(4.0))),),
        faults=((2.0, Fault("kill", 2.0)),),
        deaths=(Death(2.0, ("a",)),),
    )
    table = report([Result(plan(1), [history], ["order: wrong"], 1.0)])

    for row in (
        "| questions | 2 |",
        "| … unknown | 1 |",
        "| faults | 2 |",
        "| … Grok: cut | 1 |",
        "| … kill | 1 |",
        "| p95 | 2.0 s |",
        "| runs with a violation | 1 |",
    ):
        assert row in table


@pytest.mark.parametrize(("given", "first", "last"), [("20", 0, 19), ("=7", 7, 7), ("7-30", 7, 30)])
def test_seeds_are_given_by_number_or_range(given: str, first: int, last: int) -> None:
    chosen = seeds(given)

    assert (chosen[0], chosen[-1]) == (first, last)
