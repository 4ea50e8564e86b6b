"""Which worker runs which tests, and when: what takes long or waits first, the pure ones last.

A worker is given more when it has done what it had. What takes long is begun first, by no more
workers than there are cores: most of it starts bots by the half dozen. Another one begins with
what is seen in a browser, so that no more than one has to be started, and the others with what
waits. In the end everybody takes what is left.
"""

from __future__ import annotations

import enum
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence

import pytest

_WAITING = ("tests/e2e/", "tests/chaos/", "tests/simulation/", "tests/sandbox/page/")
_BROWSER = "browser_address"
_MOST_AT_ONCE = 16


class Kind(enum.Enum):
    """What a test does most of the time."""

    LONG = enum.auto()
    BROWSER = enum.auto()
    WAITS = enum.auto()
    STARTS = enum.auto()
    """Something, and is done in a moment."""
    PURE = enum.auto()


_FIRST_LONG = (Kind.LONG, Kind.WAITS, Kind.STARTS, Kind.PURE, Kind.BROWSER)
_FIRST_BROWSER = (Kind.BROWSER, Kind.WAITS, Kind.STARTS, Kind.PURE, Kind.LONG)
_FIRST_WAITS = (Kind.WAITS, Kind.LONG, Kind.STARTS, Kind.PURE, Kind.BROWSER)


class Shares:
    """Hands out tests, by their places in what was collected."""

    def __init__(self, items: Sequence[pytest.Item], workers: int) -> None:
        self._workers = workers
        self._left = defaultdict[Kind, deque[int]](deque)
        for index, item in enumerate(items):
            self._left[kind_of(item)].append(index)

    def take(self, worker: int) -> list[int]:
        """Which tests this worker runs next; none when there are none left."""
        for kind in self._wishes(worker):
            if left := self._left[kind]:
                return [left.popleft() for _ in range(self._at_once(kind, len(left)))]
        return []

    def give_back(self, tests: Iterable[int]) -> None:
        """Tests that a worker was given, and has not run."""
        self._left[Kind.PURE].extend(tests)

    def clear(self) -> None:
        """There are none left."""
        self._left.clear()

    def _wishes(self, worker: int) -> tuple[Kind, ...]:
        cores = max(1, self._workers // 3)
        if worker < cores:
            return _FIRST_LONG
        return _FIRST_BROWSER if worker == cores else _FIRST_WAITS

    def _at_once(self, kind: Kind, left: int) -> int:
        if kind in (Kind.STARTS, Kind.PURE):
            return max(1, min(_MOST_AT_ONCE, left // (4 * self._workers)))
        return 1


def kind_of(item: pytest.Item) -> Kind:
    """What `item` does most of the time, as far as its marks and its place tell."""
    if _BROWSER in getattr(item, "fixturenames", ()):
        return Kind.BROWSER
    if item.get_closest_marker("timeout"):
        return Kind.LONG
    if item.nodeid.startswith(_WAITING):
        return Kind.WAITS
    return Kind.STARTS if item.get_closest_marker("integration") else Kind.PURE
