"""What people think of answers, as admins read it: Slack's mrkdwn, line by line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from bot.completion.excerpt import excerpt
from bot.rules.shares import Liked, by, by_parameters, liked
from bot.rules.votes import REASONS, Ballot
from bot.slack.charts.charts import Bar, Chart
from bot.words import votes as words

MOST_ROWS = 8
"""Of each kind; the table that is exported has them all."""

_VALUE_CHARS = 40
_CELLS = 10

Namer = Callable[[str], str]
Telling = Callable[[Liked], str]


def overall(ballots: Sequence[Ballot]) -> str:
    """All together, in a line with a bar."""
    return _drawn(liked("", ballots))


def in_short(ballots: Sequence[Ballot]) -> list[str]:
    """All together and by model, with bars: for where no chart is drawn."""
    return [overall(ballots), *_by_model(ballots, _drawn)]


def _drawn(row: Liked) -> str:
    full = round(row.share.value * _CELLS)
    return f"{'█' * full}{'░' * (_CELLS - full)}  {_facts(row)}"


def report(ballots: Sequence[Ballot]) -> Iterator[str]:
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
        yield words.by_parameter(excerpt(name.replace("_", "-")))
        yield from _rows(rows, _value)
    yield words.SURE


def charts(ballots: Sequence[Ballot], channels: Mapping[str, str]) -> tuple[Chart, ...]:
    """The shares with their intervals, drawn: by model and parameters, and by channel and way in.
    `channels`: what those are called that have a name for everybody."""
    parameters = [
        (f"{name} {row.name}" if row.name else f"{name} {words.NOT_GIVEN}", row)
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
    counted = words.so_many_of(round(row.share.hits), row.share.total)
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
        yield words.why([words.because(reason, counted[reason]) for reason in told])


def _rows(rows: Sequence[Liked], name_of: Namer, told: Telling | None = None) -> Iterator[str]:
    for row in rows[:MOST_ROWS]:
        yield words.row(name_of(row.name), (told or _facts)(row))
    if len(rows) > MOST_ROWS:
        yield words.more_rows(len(rows) - MOST_ROWS)


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


def _value(value: str) -> str:
    return f"`{excerpt(value, _VALUE_CHARS)}`" if value else words.NOT_GIVEN
