"""`/grok feedback`: what people think of answers, for admins; and how they read it, in Slack's
mrkdwn, line by line."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from attrs import frozen

from bot.admin.changing import Caller, CommandReply
from bot.admin.exports import Texts, vote_tables
from bot.characters import excerpt
from bot.jobs.job import Job
from bot.jobs.queue import Queue
from bot.rules.commands import AdminCommand
from bot.rules.quota import WORKSPACE, windows_at
from bot.rules.shares import Liked, by, by_parameters, liked
from bot.rules.votes import HASH, REASONS, Ballot, hash_of
from bot.settings import Settings, zone_of
from bot.slack.blocks import moment, plain_moment
from bot.slack.charts.charts import Bar, Chart
from bot.slack.people.membership import ChannelNames
from bot.store.side import StoreSide
from bot.words import votes as words
from bot.words.sentences import quoted

NAMES_SECONDS = 3.0
MOST_NAMES = 50
"""How long finding out what channels are called may hold up a table, and how many are asked for
where each vote is told."""

MOST_TEXT_BYTES = 20_000_000
"""Of questions and answers in one export."""

_AT_ONCE = 50

MOST_ROWS = 8
"""Of each kind; the table that is exported has them all."""

_VALUE_CHARS = 40
_CELLS = 10

Namer = Callable[[str], str]
Telling = Callable[[Liked], str]


@frozen
class VoteCommands:
    """Answers the commands about votes."""

    _queue: Queue
    _channels: ChannelNames
    _store: StoreSide
    _settings: Settings
    _clock: Callable[[], float] = time.time

    async def shown(self, command: AdminCommand, caller: Caller) -> CommandReply:
        """A month, by model, channel, way in and parameters."""
        month = self._month(command)
        ballots = await self._store.votes.read(month)
        if not ballots:
            return CommandReply((words.NONE_YET(month),))
        # Of many votes it takes long to count them: not in the event loop.
        systems = await self._systems(caller.channel)
        untold = Untold.of(ballots, systems, caller.person.tz_offset)
        lines = await asyncio.to_thread(lambda: tuple(report(ballots, untold)))
        names = await self._names(ballots, most=MOST_ROWS)
        drawn = await asyncio.to_thread(charts, ballots, names, untold)
        lines = (words.title(month), *lines, words.HOW_TO_EXPORT)
        return CommandReply(lines, charts=drawn)

    async def export(self, command: AdminCommand, _: Caller) -> CommandReply:
        """A month, vote by vote, for the caller's direct messages."""
        month = self._month(command)
        ballots = await self._store.votes.read(month)
        if not ballots:
            return CommandReply((words.NONE_YET(month),))
        texts, names = await asyncio.gather(
            self._texts(ballots), self._names(ballots, most=MOST_NAMES)
        )
        with_texts = sum(each.job_id in texts for each in ballots)
        said = words.EXPORTED(month=month, votes=len(ballots), texts=with_texts)
        found = await asyncio.to_thread(vote_tables, month, ballots, texts, names)
        return CommandReply((said,), documents=found)

    async def _systems(self, channel: str) -> list[str]:
        """What admins let Grok be told first, here and in the whole workspace. What people tell it
        is theirs, and what is set in another channel may be none of the reader’s business."""
        policy = await self._store.policies.current()
        rules = (policy.of(WORKSPACE), policy.of_channel(channel))
        found = [each.defaults.get("system") for each in rules]
        return [text for text in found if isinstance(text, str)]

    async def _names(self, ballots: Sequence[Ballot], *, most: int) -> Mapping[str, str]:
        """What public channels are called that have votes, those with most first."""
        counted = Counter(each.judged.channel for each in ballots if each.judged.channel)
        ordered = [channel for channel, _ in counted.most_common()]
        return await self._channels.public(ordered, within=NAMES_SECONDS, most=most)

    async def _texts(self, ballots: Sequence[Ballot]) -> Mapping[str, Texts]:
        """What was asked and answered, by the id of the answer: in channels that have opted in, and
        of answers that are remembered; nothing that one person alone was shown."""
        policy = await self._store.policies.current()
        ids = dict.fromkeys(
            ballot.job_id
            for ballot in ballots
            if ballot.judged.channel and policy.of_channel(ballot.judged.channel).texts
        )
        texts: dict[str, Texts] = {}
        room = MOST_TEXT_BYTES
        wanted = list(ids)
        for first in range(0, len(wanted), _AT_ONCE):
            some = wanted[first : first + _AT_ONCE]
            for job in await asyncio.gather(*map(self._queue.look, some)):
                said = _said(job) if job else None
                if job and said and (room := room - _size(said)) >= 0:
                    texts[job.id] = said
        return texts

    def _month(self, command: AdminCommand) -> str:
        now = windows_at(self._clock(), zone_of(self._settings))
        return next(iter(command.names), now.month)


def _said(job: Job) -> Texts | None:
    ask, answer = job.ask, job.answer
    if answer is None or ask.reply == "private" or ask.channel.startswith("D"):
        return None
    text = "\n\n".join(section.text for section in answer.sections)
    return Texts(ask.system, "\n\n".join(ask.request.prompts), text)


def _size(texts: Texts) -> int:
    return sum(
        len(each.encode(errors="replace")) for each in (texts.system, texts.prompt, texts.text)
    )


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
        return quoted(told) if value in untold.systems else told
    return f"`{excerpt(value, _VALUE_CHARS)}`" if value else words.NOT_GIVEN
