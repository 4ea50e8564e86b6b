from __future__ import annotations

import random

import pytest

from bench.streaming.bound import least_lag
from bench.streaming.partition import Partition
from bench.streaming.rows import EDITS_PER_MINUTE, LATENCY, ROWS, TOKENS, TOKENS_PER_SECOND, Row
from tests.bench.streaming.exhaustive import least_wait

CASES = 36
CLOSE = 0.02


def small_load(number: int) -> tuple[list[list[int]], int, int]:
    """A few answers of a few tokens, and the edits allowed in any window of so many seconds."""
    rng = random.Random(number)
    sent = []
    for _ in range(rng.randint(1, 4)):
        times = [rng.randint(0, 6)]
        for _ in range(rng.randint(2, 4)):
            times.append(times[-1] + rng.choice((1, 1, 2)))
        sent.append(times)
    return sent, rng.randint(1, 3), rng.choice((4, 5, 6, 8))


@pytest.mark.slow
@pytest.mark.parametrize("number", range(CASES))
def test_the_bound_is_within_2_percent_of_exhaustive_search(number: int) -> None:
    sent, edits, window = small_load(number)

    bound = least_lag(sent, edits=edits, window=window, steps=60, branches=400)

    exact = least_wait(sent, edits, window)
    assert exact * (1 - CLOSE) <= bound.least <= exact + 1e-6
    assert exact - 1e-6 <= bound.reached <= exact * (1 + CLOSE)


def test_the_budget_counts_in_every_window_not_only_in_the_first() -> None:
    sent = [[0, 1, 2, 3], [6, 7, 8, 9]]

    apart = least_lag(sent, edits=1, window=5, branches=50)
    together = least_lag(sent, edits=1, window=30, branches=50)

    assert apart.least == pytest.approx(least_wait(sent, 1, 5))
    assert together.least > apart.least * 1.3


def test_without_edits_every_answer_is_posted_whole() -> None:
    bound = least_lag([[0.0, 1.0, 2.0, 3.0]], edits=0, window=60, trip=0.5)

    assert bound.least == pytest.approx(1.5 + 0.5)


def planned(row: Row) -> list[list[float]]:
    return [
        [question.at + token / TOKENS_PER_SECOND for token in range(TOKENS)]
        for question in row.questions
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.name in ("20", "after")], ids=lambda row: row.name
)
def test_bursts_have_a_schedule_that_reaches_the_bound(row: Row) -> None:
    bound = least_lag(planned(row), edits=EDITS_PER_MINUTE, window=60, trip=LATENCY / 2)

    assert bound.reached == pytest.approx(bound.least, rel=0.001)


@pytest.mark.slow
def test_a_lone_answer_is_shown_as_often_as_the_budget_allows() -> None:
    times = planned(ROWS[0])

    bound = least_lag(times, edits=EDITS_PER_MINUTE, window=60)

    steps = EDITS_PER_MINUTE + 1
    assert bound.least == pytest.approx((TOKENS / steps - 1) / 2 / TOKENS_PER_SECOND, rel=0.01)


def test_showings_are_spread_where_tokens_wait_most() -> None:
    hurried = Partition([0.0, 1.0, 2.0, 10.0, 11.0, 12.0])

    schedule = hurried.spread(2)

    assert [(edit.tokens, edit.time) for edit in schedule.edits] == [(6, 12.0)]
    assert schedule.wait == pytest.approx(1.0)
