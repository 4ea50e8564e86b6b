from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import pytest

from tests.running.order import Shares


@dataclass(frozen=True)
class Item:
    """What is looked at of a test."""

    nodeid: str
    marks: frozenset[str] = frozenset()
    fixturenames: tuple[str, ...] = ()

    def get_closest_marker(self, name: str) -> bool:
        return name in self.marks


def items(place: str, count: int, *marks: str, fixture: str = "") -> list[Item]:
    return [
        Item(f"{place}::test_{number}", frozenset(marks), (fixture,)) for number in range(count)
    ]


PURE = items("tests/rules/test_a.py", 900)
JOURNEYS = items("tests/e2e/test_b.py", 10, "integration")
LONG = items("tests/e2e/test_c.py", 3, "integration", "timeout")
SEEN = items("tests/e2e/test_d.py", 6, "integration", fixture="browser_address")
STORED = items("tests/jobs/test_f.py", 12, "integration")


def shares(given: Iterable[Item], workers: int) -> Shares:
    return Shares(cast("list[pytest.Item]", list(given)), workers)


def all_of(handed: Shares, worker: int) -> list[list[int]]:
    """What one worker is given, if there is no other."""
    return list(iter(lambda: handed.take(worker), []))


def test_as_many_begin_with_what_takes_long_as_there_are_cores_and_one_with_what_is_seen() -> None:
    given = [*PURE, *JOURNEYS, *LONG, *SEEN, *STORED]
    handed = shares(given, 6)

    first = [given[handed.take(worker)[0]] for worker in range(6)]

    assert first == [*LONG[:2], SEEN[0], *JOURNEYS[:3]]


def test_what_waits_comes_before_what_does_not() -> None:
    given = [*PURE, *STORED, *JOURNEYS]

    found = [given[index] for some in all_of(shares(given, 6), 5) for index in some]

    assert found == [*JOURNEYS, *STORED, *PURE]


def test_of_those_done_in_a_moment_many_are_given_at_once_and_in_the_end_few() -> None:
    sizes = [len(some) for some in all_of(shares(PURE, 6), 0)]

    assert sizes[0] == 16
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-40:] == [1] * 40


@pytest.mark.parametrize("workers", [1, 2, 5, 40])
def test_each_is_given_once_whatever_there_is_of_each_kind(workers: int) -> None:
    given = [*STORED, *PURE[:50], *LONG, *SEEN, *JOURNEYS]
    handed = shares(given, workers)
    found: list[int] = []
    while some := [index for worker in range(workers) for index in handed.take(worker)]:
        found += some

    assert sorted(found) == list(range(len(given)))


def test_what_was_not_run_is_given_to_another() -> None:
    handed = shares(LONG, 2)
    had = handed.take(0)
    handed.give_back(had)

    assert sorted(index for some in all_of(handed, 1) for index in some) == [0, 1, 2]


def test_nothing_is_left_of_what_is_called_off() -> None:
    handed = shares(PURE, 2)
    handed.clear()

    assert handed.take(0) == []
