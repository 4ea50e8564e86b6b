"""`/grok feedback`: what people think of answers, for admins."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from attrs import frozen

from bot.admin.changing import Caller, CommandReply
from bot.admin.exports import Texts, vote_tables
from bot.admin.votes_view import MOST_ROWS, Untold, charts, report
from bot.jobs.job import Job
from bot.jobs.queue import Queue
from bot.rules.commands import AdminCommand
from bot.rules.quota import WORKSPACE, windows_at
from bot.rules.votes import Ballot
from bot.settings import Settings, zone_of
from bot.slack.people.membership import ChannelNames
from bot.store.side import StoreSide
from bot.words import votes as words

NAMES_SECONDS = 3.0
MOST_NAMES = 50
"""How long finding out what channels are called may hold up a table, and how many are asked for
where each vote is told."""

MOST_TEXT_BYTES = 20_000_000
"""Of questions and answers in one export."""

_AT_ONCE = 50


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
        said = words.exported(month, len(ballots), sum(each.job_id in texts for each in ballots))
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
