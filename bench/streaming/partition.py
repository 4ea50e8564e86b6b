"""One answer: when to show it so that its tokens wait least, for given prices of edits.

A token waits from when it was sent until it is shown. The first showing of an answer is its
post, which costs no edit; the last one shows every token. Showings are only worth making when
a token has come, or when an edit becomes cheaper.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import inf


@dataclass(frozen=True, slots=True)
class Chance:
    """An edit that could be made: at `time`, showing the first `tokens`."""

    tokens: int
    time: float


@dataclass(frozen=True, slots=True)
class Schedule:
    """The showings of one answer, the post apart; `wait` is the mean wait of its tokens."""

    edits: tuple[Chance, ...]
    wait: float


class Partition:
    """One answer whose tokens are sent at the times `sent`, in order."""

    def __init__(self, sent: Sequence[float], cheaper: Sequence[float] = ()) -> None:
        """`cheaper`: when the price of an edit may fall."""
        self.sent = sent
        self._sums = list(accumulate(sent, initial=0.0))
        self.chances = _chances(sent, cheaper)

    def cheapest(
        self,
        prices: Sequence[float],
        forced: Collection[Chance] = (),
        forbidden: Collection[Chance] = (),
    ) -> tuple[float, Schedule]:
        """The least mean wait with the price of every edit, and a schedule that has it.

        `prices` are those of `chances`, in seconds of mean wait. Edits that are `forced` are
        made, those `forbidden` are not. Infinite when there is no such schedule.
        """
        count = len(self.sent)
        best = [inf] * (count + 1)
        made: list[tuple[int, int | None]] = [(0, None)] * (count + 1)
        hull = _Hull()
        post_allowed = True
        added = 0
        for place, chance in enumerate(self.chances):
            tokens, time = chance.tokens, chance.time
            while added < tokens - 1:
                added += 1
                if best[added] < inf:
                    hull.add(added, best[added] + self._sums[added])
            alone = tokens * time - self._sums[tokens]
            must = chance in forced
            if post_allowed and not must and alone < best[tokens]:
                best[tokens], made[tokens] = alone, (0, None)
            if chance not in forbidden:
                before, least = hull.least(time)
                value = least + alone + prices[place] * count
                if value < best[tokens] or (must and before is not None):
                    best[tokens], made[tokens] = value, (before or 0, place)
            if must:
                # Nothing may pass by this edit: what comes later starts here.
                post_allowed = False
                hull = _Hull()
                best[:tokens] = [inf] * tokens
                added = tokens - 1
                if made[tokens][1] != place:
                    return inf, Schedule((), inf)
        return best[count] / count, self._trace(made)

    def spread(self, showings: int) -> Schedule:
        """The schedule of least wait with exactly so many showings, the post included."""
        count = len(self.sent)
        best = [
            tokens * self.sent[tokens - 1] - self._sums[tokens] for tokens in range(1, count + 1)
        ]
        best.insert(0, inf)
        rows: list[list[int]] = []
        for _ in range(showings - 1):
            hull, row, following = _Hull(), [0] * (count + 1), [inf] * (count + 1)
            for tokens in range(2, count + 1):
                if best[tokens - 1] < inf:
                    hull.add(tokens - 1, best[tokens - 1] + self._sums[tokens - 1])
                time = self.sent[tokens - 1]
                before, least = hull.least(time)
                if before is not None:
                    row[tokens] = before
                    following[tokens] = least + tokens * time - self._sums[tokens]
            best = following
            rows.append(row)
        edits, tokens = [], count
        for row in reversed(rows):
            edits.append(Chance(tokens, self.sent[tokens - 1]))
            tokens = row[tokens]
        return Schedule(tuple(reversed(edits)), best[count] / count)

    def _trace(self, made: list[tuple[int, int | None]]) -> Schedule:
        edits: list[Chance] = []
        tokens, wait = len(self.sent), 0.0
        while True:
            before, place = made[tokens]
            time = self.sent[tokens - 1]
            if place is not None:
                edits.append(self.chances[place])
                time = self.chances[place].time
            wait += (tokens - before) * time - self._sums[tokens] + self._sums[before]
            tokens = before
            if place is None:
                return Schedule(tuple(reversed(edits)), wait / len(self.sent))


def _chances(sent: Sequence[float], cheaper: Sequence[float]) -> tuple[Chance, ...]:
    found = []
    for number, time in enumerate(sent, 1):
        found.append(Chance(number, time))
        until = sent[number] if number < len(sent) else inf
        later = bisect_right(cheaper, time)
        while later < len(cheaper) and cheaper[later] < until:
            found.append(Chance(number, cheaper[later]))
            later += 1
    return tuple(found)


class _Hull:
    """The least of lines `value - tokens * time`, which are added by growing `tokens` and asked
    for by growing `time`."""

    def __init__(self) -> None:
        self._lines: list[tuple[int, float]] = []
        self._at = 0

    def add(self, tokens: int, value: float) -> None:
        lines = self._lines
        while len(lines) - self._at >= 2 and _covered(lines[-2], lines[-1], (tokens, value)):
            lines.pop()
        lines.append((tokens, value))

    def least(self, time: float) -> tuple[int | None, float]:
        """The `tokens` of the lowest line at `time`, and how low it is."""
        lines = self._lines
        if not lines:
            return None, inf
        while self._at + 1 < len(lines) and _at(lines[self._at + 1], time) <= _at(
            lines[self._at], time
        ):
            self._at += 1
        return lines[self._at][0], _at(lines[self._at], time)


def _at(line: tuple[int, float], time: float) -> float:
    return line[1] - line[0] * time


def _covered(first: tuple[int, float], middle: tuple[int, float], last: tuple[int, float]) -> bool:
    """Whether `middle` is nowhere below both of the others."""
    return (last[1] - first[1]) * (middle[0] - first[0]) <= (middle[1] - first[1]) * (
        last[0] - first[0]
    )
