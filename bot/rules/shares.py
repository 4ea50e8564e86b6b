"""How often something is so among a sample, and how sure that is: shares of votes, and of answers
that a rule or a judge found good."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import NormalDist, fmean

from pydantic import JsonValue

from bot.rules.votes import Ballot, Judged

CONFIDENCE = 0.95
"""Of so many samples would the interval hold the true share."""

_Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


@dataclass(frozen=True, slots=True)
class Proportion:
    """`hits` of `total`, with the interval of Wilson (1927), which holds for few and for extreme
    ones too. It takes each vote for one of its own, also where one person cast many."""

    hits: float
    total: int

    @property
    def value(self) -> float:
        """From 0 to 1; 0.5 of nothing."""
        return self.hits / self.total if self.total else 0.5

    @property
    def interval(self) -> tuple[float, float]:
        """The least and the most that the true share is likely to be; 0 and 1 of nothing."""
        if not self.total:
            return 0.0, 1.0
        weight = _Z * _Z / self.total
        centre = (self.value + weight / 2) / (1 + weight)
        spread = self.value * (1 - self.value) / self.total + weight / (4 * self.total)
        half = _Z * math.sqrt(spread) / (1 + weight)
        least = 0.0 if self.hits == 0 else max(0.0, centre - half)
        most = 1.0 if self.hits == self.total else min(1.0, centre + half)
        return least, most


def mean(values: Iterable[float | None]) -> float | None:
    """The mean of those that are known; None of none."""
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


@dataclass(frozen=True, slots=True)
class Liked:
    """What people think of some answers, which is `name` to them all; and what those came to."""

    name: str
    share: Proportion
    micro_dollars: float | None
    first_seconds: float | None
    seconds: float | None


def liked(name: str, ballots: Sequence[Ballot]) -> Liked:
    """Of the answers that `ballots` are on; each counts once in what it came to."""
    answers = list({ballot.job_id: ballot.judged for ballot in ballots}.values())
    ups = sum(ballot.vote.choice == "up" for ballot in ballots)
    return Liked(
        name,
        Proportion(ups, len(ballots)),
        mean(each.micro_dollars for each in answers),
        mean(each.first_seconds for each in answers),
        mean(each.seconds for each in answers),
    )


def by(name_of: Callable[[Judged], str], ballots: Iterable[Ballot]) -> tuple[Liked, ...]:
    """The same, one for each name, those with most votes first."""
    groups: dict[str, list[Ballot]] = {}
    for ballot in ballots:
        groups.setdefault(name_of(ballot.judged), []).append(ballot)
    found = [liked(name, group) for name, group in groups.items()]
    return tuple(sorted(found, key=lambda each: (-each.share.total, each.name)))


def by_parameters(ballots: Sequence[Ballot]) -> Mapping[str, tuple[Liked, ...]]:
    """The same for each parameter by its name, as far as answers differ in it."""
    names = sorted({name for ballot in ballots for name in ballot.judged.parameters})
    grouped = {name: by(partial(value_of, name=name), ballots) for name in names}
    return {name: groups for name, groups in grouped.items() if len(groups) > 1}


def value_of(judged: Judged, name: str) -> str:
    """The value of a parameter, as JSON; empty where it was not given."""
    if name not in judged.parameters:
        return ""
    return written(judged.parameters[name])


def written(value: JsonValue) -> str:
    """A value as JSON; a text without its quotes."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
