from __future__ import annotations

import pytest

from bench.streaming.rows import ROWS, Row
from sandbox.workspace import Limits

LIMITS = Limits()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_budget_of_posts_never_binds_so_the_bound_may_leave_it_out(row: Row) -> None:
    seconds = LIMITS.post_burst / LIMITS.posts_per_second
    for question in row.questions:
        near = [
            other
            for other in row.questions
            if other.channel == question.channel and question.at <= other.at < question.at + seconds
        ]
        assert len(near) <= LIMITS.post_burst
    assert len(row.questions) <= LIMITS.posts_per_minute


def test_the_rows_are_those_of_the_issue() -> None:
    shape = {row.name: (len(row.questions), row.channels, row.replicas) for row in ROWS}

    assert shape == {
        "1": (1, 1, 1),
        "5": (5, 5, 1),
        "20": (20, 20, 1),
        "100": (100, 40, 4),
        "steady": (90, 10, 2),
        "after": (21, 21, 1),
    }
    assert {row.name: row.at_once for row in ROWS}["steady"] == 6
