"""A few seeds of `make chaos`: the machinery works, and nothing is violated."""

from __future__ import annotations

import pytest

from tests.chaos.__main__ import seeds
from tests.chaos.campaign import report, run
from tests.chaos.plan import KINDS, plan

FEW = (3, 7, 10)
"""Seeds with something of everything: what happens to bots, to the store, to Slack and to Grok."""


@pytest.mark.integration
@pytest.mark.timeout(240)
async def test_a_few_seeds_violate_nothing() -> None:
    told: list[str] = []
    campaign = await run(FEW, told.append, shrink=False)

    assert not campaign.failed, "\n".join(told)
    assert len(campaign.results) == len(told) == len(FEW)
    assert all(result.history.askings for result in campaign.results)
    assert "| questions |" in report(campaign.results)


def test_a_seed_is_always_the_same_run() -> None:
    assert plan(7) == plan(7)
    assert plan(7) != plan(8)


def test_many_seeds_bring_every_kind_of_question_and_fault() -> None:
    found = [plan(seed) for seed in range(200)]
    doors = {question.door for each in found for question in each.questions}
    kinds = {fault.kind for each in found for fault in each.faults}

    assert doors == {"command", "mention", "direct", "thread", "form", "shortcut"}
    assert kinds == set(KINDS)


def test_a_plan_without_some_faults_is_shorter() -> None:
    whole = next(each for each in map(plan, range(100)) if len(each.faults) > 2)
    shorter = whole.only(whole.faults[1:])

    assert shorter.faults == whole.faults[1:]
    assert shorter.questions == whole.questions
    assert len(str(shorter).splitlines()) == len(str(whole).splitlines()) - 1


@pytest.mark.parametrize(("given", "first", "last"), [("20", 0, 19), ("=7", 7, 7), ("7-30", 7, 30)])
def test_seeds_are_given_by_number_or_range(given: str, first: int, last: int) -> None:
    chosen = seeds(given)

    assert (chosen[0], chosen[-1]) == (first, last)
