"""Every schedule there is, for loads so small that they can be counted: whole seconds only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import inf


@dataclass(frozen=True, slots=True)
class Way:
    """One way to show one answer: when it is edited, and the mean wait of its tokens."""

    edits: tuple[int, ...]
    wait: float


def least_wait(sent: Sequence[Sequence[int]], edits: int, window: int) -> float:
    """The least mean wait of any schedule of these answers within the budget."""
    ways = [sorted(_ways(times, window), key=lambda way: way.wait) for times in sent]
    rest = [sum(each[0].wait for each in ways[number:]) for number in range(len(ways) + 1)]
    best = inf

    def search(number: int, taken: tuple[int, ...], wait: float) -> None:
        nonlocal best
        if number == len(ways):
            best = min(best, wait)
            return
        for way in ways[number]:
            if wait + way.wait + rest[number + 1] >= best:
                return
            times = tuple(sorted(taken + way.edits))
            if all(b - a >= window for a, b in zip(times, times[edits:], strict=False)):
                search(number + 1, times, wait + way.wait)

    search(0, (), 0.0)
    return best / len(sent)


def _ways(times: Sequence[int], window: int) -> Iterator[Way]:
    count = len(times)
    for size in range(count):
        for shown in combinations(range(1, count), size):
            first, *later = (*shown, count)
            for at in product(*(_moments(times, tokens, window) for tokens in later)):
                yield Way(at, _wait(times, (first, *later), (times[first - 1], *at)))


def _moments(times: Sequence[int], tokens: int, window: int) -> range:
    """When an edit that shows so many tokens can be made."""
    begin = times[tokens - 1]
    return range(begin, times[tokens] if tokens < len(times) else begin + 2 * window)


def _wait(times: Sequence[int], shown: Sequence[int], at: Sequence[int]) -> float:
    waited, before = 0.0, 0
    for tokens, time in zip(shown, at, strict=True):
        waited += sum(time - sent for sent in times[before:tokens])
        before = tokens
    return waited / len(times)
