"""What people think of answers, as admins read it: Slack's mrkdwn, line by line."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from bot.completion.excerpt import excerpt
from bot.rules.shares import Liked, by, by_parameters, liked
from bot.rules.votes import HASH, REASONS, Ballot, hash_of
from bot.slack.blocks import moment, plain_moment
from bot.slack.charts.charts import Bar, Chart
from bot.words import votes as words

MOST_ROWS = 8
"""Of each kind; the table that is exported has them all."""

_VALUE_CHARS = 40
_CELLS = 10

Namer = Callable[[str], str]
Telling = Callable[[Liked], str]


@dataclass(frozen=True, slots=True)
class Untold:
    """What is called how of which only a hash is kept: long values, and what Grok is told first.

    `systems`: the texts, by hash, that whoever reads may see, for admins have set them. Of all
    others it is said when they were first used; `tz_offset`: in seconds east of UTC."""

    systems: Mapping[str, str]
    first_used: Mapping[str, float]
    tz_offset: int = 0

    @classmethod
    def of(cls, ballots: Iterable[Ballot], systems: Iterable[str], tz_offset: int = 0) -> Untold:
        """All of which a hash stands in `ballots`."""
        used: dict[str, float] = {}
        for ballot in ballots:
            for value in ballot.judged.parameters.values():
                if isinstance(value, str) and HASH.fullmatch(value):
                    used[value] = min(ballot.judged.at, used.get(value, math.inf))
        return cls({hash_of(text): text for text in systems}, used, tz_offset)

    def name(self, parameter: str, value: str) -> str:
        """Of a value, in mrkdwn; empty where it is told as it is."""
        if value not in self.first_used:
            return ""
        if parameter == "system" and value in self.systems:
            return excerpt(self.systems[value], _VALUE_CHARS)
        when = moment(self.first_used[value], self.tz_offset)
        return words.first_used(when, system=parameter == "system")

    def label(self, parameter: str, value: str) -> str:
        """The same where there is little room: below a bar."""
        if value in self.first_used and value not in self.systems:
            return plain_moment(self.first_used[value], self.tz_offset).rpartition(" ")[0]
        return self.name(parameter, value)


def overall(ballots: Sequence[Ballot]) -> str:
    """All together, in a line with a bar."""
    return _drawn(liked("", ballots))


def in_short(ballots: Sequence[Ballot]) -> list[str]:
    """All together and by model, with bars: for where no chart is drawn."""
    return [overall(ballots), *_by_model(ballots, _drawn)]


def _drawn(row: Liked) -> str:
    full = round(row.share.value * _CELLS)
    return f"{'█' * full}{'░' * (_CELLS - full)}  {_facts(row)}"


def report(ballots: Sequence[Ballot], untold: Untold) -> Iterator[str]:
    """Everything that there is to tell of them."""
    yield overall(ballots)
    yield from _why(ballots)
    yield words.BY_MODEL
    yield from _by_model(ballots)
    yield words.BY_CHANNEL
    yield from _rows(by(lambda judged: judged.channel, ballots), _channel)
    yield words.BY_SURFACE
    yield from _rows(by(lambda judged: judged.surface, ballots), words.surface)
    for name, rows in by_parameters(ballots).items():
        yield words.BY_PARAMETER(excerpt(name.replace("_", "-")))
        yield from _rows(rows, partial(_value, untold, name))
    yield words.SURE


def charts(
    ballots: Sequence[Ballot], channels: Mapping[str, str], untold: Untold
) -> tuple[Chart, ...]:
    """The shares with their intervals, drawn: by model and parameters, and by channel and way in.
    `channels`: what those are called that have a name for everybody."""
    parameters = [
        (f"{name} {untold.label(name, row.name) or row.name or words.NOT_GIVEN}", row)
        for name, rows in by_parameters(ballots).items()
        for row in rows[:MOST_ROWS]
    ]
    models = [(row.name, row) for row in by(lambda judged: judged.model, ballots)[:MOST_ROWS]]
    places = [
        (_called(row.name, channels), row)
        for row in by(lambda judged: judged.channel, ballots)[:MOST_ROWS]
    ]
    ways = [
        (words.surface(row.name).strip("`"), row)
        for row in by(lambda judged: judged.surface, ballots)[:MOST_ROWS]
    ]
    drawn = (
        (words.CHART_OF_SETTINGS, [*models, *parameters]),
        (words.CHART_OF_PLACES, [*places, *ways]),
    )
    return tuple(Chart(title, tuple(map(_bar, rows))) for title, rows in drawn)


def _bar(named: tuple[str, Liked]) -> Bar:
    name, row = named
    least, most = map(_percent, row.share.interval)
    counted = words.SO_MANY_OF(ups=round(row.share.hits), votes=row.share.total)
    return Bar(name, least, _percent(row.share.value), most, counted)


def _percent(share: float) -> int:
    return round(100 * share)


def _called(channel: str, names: Mapping[str, str]) -> str:
    if not channel:
        return words.DIRECT
    return f"#{names[channel]}" if names.get(channel) else channel


def _by_model(ballots: Sequence[Ballot], told: Telling | None = None) -> Iterator[str]:
    rows = by(lambda judged: judged.model, ballots)
    return _rows(rows, lambda name: f"`{excerpt(name, _VALUE_CHARS)}`", told)


def _why(ballots: Iterable[Ballot]) -> Iterator[str]:
    """What was wrong with those that are disliked, the commonest first."""
    counted = Counter(reason for ballot in ballots for reason in ballot.vote.reasons)
    told = sorted(filter(counted.get, REASONS), key=lambda reason: -counted[reason])
    if told:
        yield words.WHY([words.because(reason, counted[reason]) for reason in told])


def _rows(rows: Sequence[Liked], name_of: Namer, told: Telling | None = None) -> Iterator[str]:
    for row in rows[:MOST_ROWS]:
        yield words.ROW(name=name_of(row.name), facts=(told or _facts)(row))
    if len(rows) > MOST_ROWS:
        yield words.MORE_ROWS(len(rows) - MOST_ROWS)


def _facts(row: Liked) -> str:
    least, most = row.share.interval
    return words.facts(
        round(row.share.hits),
        row.share.total,
        share=row.share.value,
        least=least,
        most=most,
        dollars=None if row.micro_dollars is None else row.micro_dollars / 1_000_000,
        first=row.first_seconds,
        last=row.seconds,
    )


def _channel(channel: str) -> str:
    return f"<#{channel}>" if channel else words.DIRECT


def _value(untold: Untold, parameter: str, value: str) -> str:
    if told := untold.name(parameter, value):
        return words.quoted(told) if value in untold.systems else told
    return f"`{excerpt(value, _VALUE_CHARS)}`" if value else words.NOT_GIVEN
