"""The least mean lag that any schedule of edits could reach, knowing everything in advance.

Each answer is posted once, whenever its schedule likes, and edited; of all edits there are at
most so many in any window. The bound comes from Lagrange multipliers on the windows: whatever
the prices, the answers' cheapest schedules less what the budget is worth never exceed the
optimum. Where schedule and bound differ, branching on single edits closes the gap.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, count
from math import inf

from bench.streaming.partition import Chance, Partition, Schedule

WINDOW_PARTS = 120
"""Windows of the bound begin at so many places within one; those between are left out, which
makes the bound no larger than it may be."""

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Bound:
    """The least mean lag lies between `least`, which no schedule can beat, and `reached`, which
    a schedule does reach; in seconds."""

    least: float
    reached: float


def least_lag(
    sent: Sequence[Sequence[float]],
    *,
    edits: int,
    window: float,
    trip: float = 0.0,
    tolerance: float = 0.005,
    steps: int = 100,
    branches: int = 0,
) -> Bound:
    """The bound for answers whose tokens are `sent` at these times, with `edits` calls in any
    `window` seconds, each visible `trip` seconds later.

    Ends when both sides are within `tolerance` of each other, or after `steps` of the prices in
    each of at most `branches` branches beside the root.
    """
    problem = _Problem(sent, edits, window)
    root = _Node(problem.even_prices())
    reached = min(problem.greedy(), problem.improve(root, inf, steps, tolerance))
    open_nodes, order = [(root.least, 0, root)], count(1)
    while branches > 0 and open_nodes[0][0] < reached * (1 - tolerance):
        _, _, node = heapq.heappop(open_nodes)
        split = problem.undecided(node)
        if split is None:
            heapq.heappush(open_nodes, (node.least, next(order), node))
            break
        for child in node.split(*split):
            branches -= 1
            reached = min(reached, problem.improve(child, reached, steps, tolerance))
            child.least = max(child.least, node.least)
            heapq.heappush(open_nodes, (child.least, next(order), child))
    least = max(0.0, min(open_nodes[0][0], reached))
    return Bound(least + trip, reached + trip)


Decisions = tuple[frozenset[Chance], frozenset[Chance]]
_UNDECIDED: Decisions = (frozenset(), frozenset())


@dataclass(slots=True)
class _Node:
    """A part of the search: prices of the windows, and edits forced and forbidden by answer.
    `often` counts how often each edit was chosen while the prices moved."""

    prices: list[float]
    decided: dict[int, Decisions] = field(default_factory=dict)
    least: float = -inf
    often: dict[tuple[int, Chance], int] = field(default_factory=dict)
    rounds: int = 0

    def split(self, answer: int, edit: Chance) -> Iterable[_Node]:
        """The two halves of it: with this edit, and without."""
        forced, forbidden = self.decided.get(answer, _UNDECIDED)
        for decision in ((forced | {edit}, forbidden), (forced, forbidden | {edit})):
            yield _Node(list(self.prices), {**self.decided, answer: decision})


class _Problem:
    def __init__(self, sent: Sequence[Sequence[float]], edits: int, window: float) -> None:
        self._edits = edits
        self._window = window
        first = min(times[0] for times in sent)
        self._last = last = max(times[-1] for times in sent)
        each = window / WINDOW_PARTS
        self._starts = [first + n * each for n in range(int((last + window - first) / each) + 2)]
        ends = [start + window for start in self._starts]
        self._answers = [Partition(times, ends) for times in sent]
        self._spreads: dict[tuple[tuple[float, ...], int], Schedule] = {}
        self._reach = [
            [self._windows_at(chance.time) for chance in answer.chances] for answer in self._answers
        ]

    def _windows_at(self, time: float) -> tuple[int, int]:
        """The range of windows that an edit at `time` counts in."""
        return (
            bisect_right(self._starts, time - self._window),
            bisect_right(self._starts, time),
        )

    # Prices.

    def even_prices(self) -> list[float]:
        """The best prices that are the same at any time: windows side by side have them."""
        low, high = 0.0, max(answer.sent[-1] - answer.sent[0] for answer in self._answers) + 1
        best = (-inf, 0.0)
        for _ in range(24):
            price = (low + high) / 2
            value, schedules = self._priced(self._tiled(price), {})
            best = max(best, (value, price))
            used = sum(len(schedule.edits) for schedule in schedules)
            allowed = self._edits * sum(1 for each in self._tiled(1.0) if each)
            low, high = (price, high) if used > allowed else (low, price)
        return self._tiled(best[1])

    def _tiled(self, price: float) -> list[float]:
        return [
            price if n % WINDOW_PARTS == 0 and start <= self._last else 0.0
            for n, start in enumerate(self._starts)
        ]

    def _priced(
        self, prices: Sequence[float], decided: dict[int, Decisions]
    ) -> tuple[float, list[Schedule]]:
        """What the prices prove, as a sum over the answers, and the schedules they lead to."""
        sums = list(accumulate(prices, initial=0.0))
        value = -self._edits * sums[-1]
        schedules = []
        for number, (answer, reach) in enumerate(zip(self._answers, self._reach, strict=True)):
            costs = [sums[end] - sums[begin] for begin, end in reach]
            least, schedule = answer.cheapest(costs, *decided.get(number, _UNDECIDED))
            value += least
            schedules.append(schedule)
        return value, schedules

    def improve(self, node: _Node, reached: float, steps: int, tolerance: float) -> float:
        """Move the prices of `node` for a higher bound; the best schedule met on the way."""
        size = len(self._answers)
        prices, pace, since = list(node.prices), 1.0, 0
        target = reached if reached < inf else self.greedy()
        for _ in range(steps):
            value, schedules = self._priced(prices, node.decided)
            if value / size > node.least + _ROUNDING:
                node.least, node.prices, since = value / size, list(prices), 0
            else:
                since += 1
                if since % 10 == 0:
                    pace /= 2
                    prices = list(node.prices)
                    continue
            if value == inf:
                break
            if self._allowed(schedules):
                reached = min(reached, _mean(schedules))
                target = min(target, reached)
            node.rounds += 1
            for number, schedule in enumerate(schedules):
                for edit in schedule.edits:
                    key = number, edit
                    node.often[key] = node.often.get(key, 0) + 1
            if node.least >= target * (1 - tolerance):
                break
            self._move(prices, schedules, pace * (target * size * 1.001 - value))
        return reached

    def _move(self, prices: list[float], schedules: Sequence[Schedule], gap: float) -> None:
        """Windows that are too full become dearer, others cheaper."""
        change = [0] * (len(prices) + 1)
        for edit in (edit for schedule in schedules for edit in schedule.edits):
            begin, end = self._windows_at(edit.time)
            change[begin] += 1
            change[end] -= 1
        excess = [used - self._edits for used in accumulate(change[:-1])]
        steps = [
            each if each > 0 or price > 0 else 0 for each, price in zip(excess, prices, strict=True)
        ]
        length = sum(each * each for each in steps)
        if length:
            for number, each in enumerate(steps):
                prices[number] = max(0.0, prices[number] + gap * each / length)

    def undecided(self, node: _Node) -> tuple[int, Chance] | None:
        """The edit that the prices are least sure of."""
        rounds = node.rounds or 1
        unsure = [
            (abs(times / rounds - 0.5), number, edit.tokens, edit.time)
            for (number, edit), times in node.often.items()
            if edit not in node.decided.get(number, _UNDECIDED)[0]
        ]
        if not unsure:
            return None
        _, number, tokens, time = min(unsure)
        return number, Chance(tokens, time)

    # Schedules.

    def greedy(self) -> float:
        """Give the next showing to the answer that gains most by it, while the budget allows;
        the mean wait. Where everything is within one window, this is the optimum."""
        schedules = [self._spread(number, 1) for number in range(len(self._answers))]
        gains = [self._gain(number, schedules) for number in range(len(schedules))]
        heapq.heapify(gains)
        while gains:
            _, number, schedule = heapq.heappop(gains)
            before, schedules[number] = schedules[number], schedule
            if self._allowed(schedules):
                if len(schedule.edits) + 1 < len(self._answers[number].sent):
                    heapq.heappush(gains, self._gain(number, schedules))
            else:
                schedules[number] = before
        return _mean(schedules)

    def _gain(self, number: int, schedules: Sequence[Schedule]) -> tuple[float, int, Schedule]:
        """How much the next showing of an answer changes its wait; the less the better."""
        now = schedules[number]
        following = self._spread(number, len(now.edits) + 2)
        return following.wait - now.wait, number, following

    def _spread(self, number: int, showings: int) -> Schedule:
        """`Partition.spread`, known for answers alike."""
        sent = self._answers[number].sent
        start = sent[0]
        alike = tuple(round(time - start, 6) for time in sent)
        if (alike, showings) not in self._spreads:
            self._spreads[alike, showings] = Partition(alike).spread(showings)
        found = self._spreads[alike, showings]
        edits = tuple(Chance(edit.tokens, sent[edit.tokens - 1]) for edit in found.edits)
        return Schedule(edits, found.wait)

    def _allowed(self, schedules: Iterable[Schedule]) -> bool:
        times = sorted(edit.time for schedule in schedules for edit in schedule.edits)
        return all(
            later - earlier >= self._window - _ROUNDING
            for earlier, later in zip(times, times[self._edits :], strict=False)
        )


def _mean(schedules: Sequence[Schedule]) -> float:
    return sum(schedule.wait for schedule in schedules) / len(schedules)
