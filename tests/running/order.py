"""In which order tests run: what waits and what computes side by side, what waits longest first.

Workers begin with equal shares of all tests, one behind the other, and take from each other's ends
when they are done. So what takes long begins some of the shares, lest one of those is left when all
others are done, and no more of them than there are cores: most of them start bots by the half
dozen. What waits begins the others. Pure tests stand between those, lest the cores idle while
all workers wait, and some of them at the end, as what is given away in no time. What runs `alone`
comes last of all: before that, everybody would wait with it for whoever is in the midst of a long
one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import pytest

from tests.running.alone import WORKERS_OF_A_CORE

_WAITING = ("tests/e2e/", "tests/chaos/", "tests/simulation/", "tests/sandbox/page/")
_BROWSER = "browser_address"
"""Who takes it is kept together: a worker that has no such test starts no browser."""
_BETWEEN = 4 / 5
"""How much of what is pure in a share stands between what waits."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Behind whatever chooses among them."""
    if (given := getattr(config, "workerinput", None)) is not None:
        items[:] = in_shares(items, given["workercount"])


def in_shares(items: Sequence[pytest.Item], workers: int) -> list[pytest.Item]:
    """All of them, for so many workers: their shares, of the size that each begins with."""
    longest, pure, alone = list[pytest.Item](), list[pytest.Item](), list[pytest.Item]()
    waiting: defaultdict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if item.get_closest_marker("alone"):
            alone.append(item)
        elif item.get_closest_marker("timeout"):
            longest.append(item)
        elif _BROWSER in getattr(item, "fixturenames", ()):
            waiting[_BROWSER].append(item)
        elif item.nodeid.startswith(_WAITING):
            waiting[item.nodeid.partition("::")[0]].append(item)
        elif not item.get_closest_marker("integration"):
            pure.append(item)
    few = max(1, workers // WORKERS_OF_A_CORE)
    shares = [longest[number::few] if number < few else [] for number in range(workers)]
    for together in sorted(waiting.values(), key=len, reverse=True):
        min(shares[few:] or shares, key=len).extend(together)
    placed = {
        id(item) for item in (*longest, *pure, *alone, *(each for of in shares for each in of))
    }
    others = [item for item in items if id(item) not in placed]
    left = len(items) - len(alone)
    for number, share in enumerate(shares):
        short = others[number::workers]
        size = left // (workers - number)
        missing = max(0, size - len(share) - len(short))
        share[:] = [*_mixed(share, short, pure[:missing])]
        del pure[:missing]
        left -= len(share)
    return [item for share in shares for item in share] + pure + alone


def _mixed(
    waiting: Sequence[pytest.Item], short: Sequence[pytest.Item], pure: Sequence[pytest.Item]
) -> Iterator[pytest.Item]:
    between = int(len(pure) * _BETWEEN) if waiting else 0
    for number, item in enumerate(waiting):
        yield item
        yield from pure[number * between // len(waiting) : (number + 1) * between // len(waiting)]
    yield from short
    yield from pure[between:]
