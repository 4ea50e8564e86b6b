"""Shares and their intervals, against closed forms and against numbers of scipy."""

from __future__ import annotations

import math
import time
from statistics import NormalDist
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.shares import CONFIDENCE, Share, by, by_parameters, liked, mean
from bot.rules.votes import Ballot, Judged, Vote

Z = NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / 2)

OF_SCIPY = [
    (0, 1, 0.0, 0.7934506856227626),
    (1, 1, 0.20654931437723745, 1.0),
    (0, 10, 0.0, 0.27753279986288926),
    (3, 10, 0.10779126740630102, 0.6032218525388546),
    (5, 10, 0.236593090512564, 0.7634069094874361),
    (10, 10, 0.7224672001371109, 1.0),
    (7, 9, 0.4525889691069889, 0.9367748928821533),
    (80, 100, 0.711170834406841, 0.8666330666689674),
    (1, 1000, 0.00017654637062607809, 0.0056425585979579355),
    (999, 1000, 0.9943574414020421, 0.9998234536293739),
    (4321, 9876, 0.4277676081536683, 0.44733160217846835),
]
"""`scipy.stats.binomtest(hits, total).proportion_ci(0.95, method="wilson")` of scipy 1.16."""


@pytest.mark.parametrize(("hits", "total", "least", "most"), OF_SCIPY)
def test_the_interval_is_that_of_scipy(hits: int, total: int, least: float, most: float) -> None:
    assert Share(hits, total).interval == pytest.approx((least, most), abs=1e-12)


def counts() -> st.SearchStrategy[tuple[int, int]]:
    return st.integers(1, 100_000).flatmap(
        lambda total: st.tuples(st.integers(0, total), st.just(total))
    )


@given(counts())
def test_its_ends_are_where_the_share_is_as_unlikely_as_is_allowed(count: tuple[int, int]) -> None:
    """Wilson's are the two solutions of (p̂ - p)² = z² p (1 - p) / n."""
    share = Share(*count)
    for end in share.interval:
        off = (share.value - end) ** 2
        assert math.isclose(off, Z**2 * end * (1 - end) / share.total, rel_tol=1e-6, abs_tol=1e-12)


@given(counts())
def test_it_holds_the_share_and_mirrors_its_opposite(count: tuple[int, int]) -> None:
    hits, total = count
    least, most = Share(hits, total).interval
    mirrored = Share(total - hits, total).interval

    assert 0 <= least <= hits / total <= most <= 1
    assert (1 - most, 1 - least) == pytest.approx(mirrored, abs=1e-9)


@given(counts(), st.integers(2, 50))
def test_more_of_the_same_makes_it_narrower(count: tuple[int, int], times: int) -> None:
    hits, total = count
    few, many = Share(hits, total).interval, Share(hits * times, total * times).interval

    assert many[1] - many[0] < few[1] - few[0]


def test_of_nothing_nothing_is_known() -> None:
    assert (Share(0, 0).value, Share(0, 0).interval) == (0.5, (0.0, 1.0))
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

    assert found.share == Share(3, 4)
    assert (found.micro_dollars, found.first_seconds) == (200.0, 1.0)
    assert found.seconds == pytest.approx(8 / 3)


def test_groups_come_with_most_votes_first() -> None:
    ballots = [ballot("a", model="m1"), ballot("b", "down", model="m2"), ballot("c", model="m2")]

    rows = by(lambda judged: judged.model, ballots)

    assert [(row.name, row.share) for row in rows] == [("m2", Share(1, 2)), ("m1", Share(1, 1))]


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
