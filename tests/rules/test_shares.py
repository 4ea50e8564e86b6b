"""Shares and their intervals, against closed forms and against scipy."""

from __future__ import annotations

import importlib
import math
import time
from statistics import NormalDist, fmean
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.shares import CONFIDENCE, Proportion, by, by_parameters, liked, mean
from bot.rules.votes import Ballot, Judged, Vote

Z = NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / 2)

CORNERS = [(0, 1), (1, 1), (0, 10), (10, 10), (7, 9), (1, 1_000), (999, 1_000), (4_321, 9_876)]


def counts() -> st.SearchStrategy[tuple[int, int]]:
    return st.integers(1, 100_000).flatmap(
        lambda total: st.tuples(st.integers(0, total), st.just(total))
    )


def scipy_stats() -> Any:
    """Loaded where it is needed: it takes as long as all that is tested here."""
    return importlib.import_module("scipy.stats")


def assert_is_that_of_scipy(hits: int, total: int) -> None:
    of_scipy = scipy_stats().binomtest(hits, total).proportion_ci(CONFIDENCE, method="wilson")
    least, most = Proportion(hits, total).interval
    assert least == pytest.approx(of_scipy.low, rel=1e-9, abs=1e-12)
    assert most == pytest.approx(of_scipy.high, rel=1e-9, abs=1e-12)


@given(counts())
def test_the_interval_is_that_of_scipy(count: tuple[int, int]) -> None:
    assert_is_that_of_scipy(*count)


@pytest.mark.parametrize("count", CORNERS)
def test_the_interval_is_that_of_scipy_at_the_ends_too(count: tuple[int, int]) -> None:
    assert_is_that_of_scipy(*count)


@pytest.mark.parametrize("total", [5, 20, 100, 400])
def test_it_holds_the_true_share_as_often_as_it_says(total: int) -> None:
    """By the binomial distribution itself, over every true share from 1 to 99 %."""
    intervals = [Proportion(hits, total).interval for hits in range(total + 1)]

    def held(true: float) -> float:
        chances = scipy_stats().binom.pmf(range(total + 1), total, true)
        pairs = zip(intervals, chances, strict=True)
        return float(sum(chance for (least, most), chance in pairs if least <= true <= most))

    coverage = [held(percent / 100) for percent in range(1, 100)]
    assert fmean(coverage) == pytest.approx(CONFIDENCE, abs=0.015)
    assert min(coverage) > 0.83


@given(counts())
def test_its_ends_are_where_the_share_is_as_unlikely_as_is_allowed(count: tuple[int, int]) -> None:
    """Wilson's are the two solutions of (p̂ - p)² = z² p (1 - p) / n."""
    share = Proportion(*count)
    for end in share.interval:
        off = (share.value - end) ** 2
        assert math.isclose(off, Z**2 * end * (1 - end) / share.total, rel_tol=1e-6, abs_tol=1e-12)


@given(counts())
def test_it_holds_the_share_and_mirrors_its_opposite(count: tuple[int, int]) -> None:
    hits, total = count
    least, most = Proportion(hits, total).interval
    mirrored = Proportion(total - hits, total).interval

    assert 0 <= least <= hits / total <= most <= 1
    assert (1 - most, 1 - least) == pytest.approx(mirrored, abs=1e-9)


@given(counts(), st.integers(2, 50))
def test_more_of_the_same_makes_it_narrower(count: tuple[int, int], times: int) -> None:
    hits, total = count
    few, many = Proportion(hits, total).interval, Proportion(hits * times, total * times).interval

    assert many[1] - many[0] < few[1] - few[0]


def test_of_nothing_nothing_is_known() -> None:
    assert (Proportion(0, 0).value, Proportion(0, 0).interval) == (0.5, (0.0, 1.0))
    assert mean([]) is None
    assert mean([None, 1.0, None, 2.0]) == 1.5


def ballot(job: str, choice: str = "up", user: str = "U1", **fields: Any) -> Ballot:
    usual: dict[str, Any] = {
        "at": time.time(),
        "channel": "C1",
        "surface": "command",
        "model": "grok-4.3",
        "endpoint": "chat",
        "seconds": 2.0,
    }
    vote = Vote(choice=choice, at=1.0)
    return Ballot(job, user, vote, Judged(**(usual | fields)))


def test_each_vote_counts_and_each_answer_costs_once() -> None:
    found = liked(
        "all",
        [
            ballot("a", micro_dollars=100, first_seconds=1.0),
            ballot("a", "down", "U2", micro_dollars=100, first_seconds=1.0),
            ballot("b", micro_dollars=300, seconds=4.0),
            ballot("c"),
        ],
    )

    assert found.share == Proportion(3, 4)
    assert (found.micro_dollars, found.first_seconds) == (200.0, 1.0)
    assert found.seconds == pytest.approx(8 / 3)


def test_groups_come_with_most_votes_first() -> None:
    ballots = [ballot("a", model="m1"), ballot("b", "down", model="m2"), ballot("c", model="m2")]

    rows = by(lambda judged: judged.model, ballots)

    assert [(row.name, row.share) for row in rows] == [
        ("m2", Proportion(1, 2)),
        ("m1", Proportion(1, 1)),
    ]


def test_parameters_are_compared_where_answers_differ_in_them() -> None:
    ballots = [
        ballot("a", parameters={"temperature": 0.2, "max_tokens": 9}),
        ballot("b", "down", parameters={"temperature": 0.8, "max_tokens": 9}),
        ballot("c", parameters={"temperature": 0.2, "max_tokens": 9, "stop": ["x"]}),
    ]

    found = by_parameters(ballots)

    assert found.keys() == {"temperature", "stop"}
    assert [(row.name, row.share.hits) for row in found["temperature"]] == [("0.2", 2), ("0.8", 0)]
    assert {row.name for row in found["stop"]} == {"", '["x"]'}
