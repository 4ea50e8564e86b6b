from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import pytest

from tests.running.order import in_shares


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


def ordered(given: Iterable[Item], workers: int) -> list[Item]:
    return cast("list[Item]", in_shares(cast("list[pytest.Item]", list(given)), workers))


def test_what_takes_long_begins_as_many_shares_as_there_are_cores_and_what_waits_the_others() -> (
    None
):
    pure = items("tests/rules/test_a.py", 90)
    journeys = items("tests/e2e/test_b.py", 10, "integration")
    long = items("tests/e2e/test_c.py", 3, "integration", "timeout")
    seen = items("tests/e2e/test_d.py", 6, "integration", fixture="browser_address")
    more = items("tests/sandbox/page/test_e.py", 5, "integration", fixture="browser_address")
    stored = items("tests/jobs/test_f.py", 12, "integration")
    measuring = items("tests/slack/test_g.py", 2, "integration", "alone")
    given = [*measuring, *pure, *journeys, *long, *seen, *more, *stored]

    found = ordered(given, 6)
    shares = [found[number * 21 : (number + 1) * 21] for number in range(6)]

    assert sorted(map(str, found)) == sorted(map(str, given))
    assert [share[0] for share in shares[:2]] == long[:2]
    assert [share[0] for share in shares[2:4]] == [seen[0], journeys[0]]
    assert sum(any(item in share for item in [*seen, *more]) for share in shares) == 1
    assert [sum(item in stored for item in share) for share in shares] == [2] * 6
    assert all(share[-1] in pure for share in shares)
    assert found[-2:] == measuring
    assert all(sum(item in pure for item in share[:11]) >= 3 for share in shares)


@pytest.mark.parametrize("workers", [1, 2, 5, 40])
def test_none_is_lost_whatever_there_is_of_each_kind(workers: int) -> None:
    given = [
        *items("tests/e2e/test_a.py", 9, "integration"),
        *items("tests/e2e/test_b.py", 2, "timeout"),
        *items("tests/jobs/test_c.py", 1, "integration"),
        *items("tests/rules/test_d.py", 3),
    ]

    assert sorted(map(str, ordered(given, workers))) == sorted(map(str, given))
    assert ordered([], workers) == []
