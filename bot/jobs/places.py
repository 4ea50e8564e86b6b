"""Who may ask Grok: so many jobs at once, fair by workspace, person and channel, else as they
came."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

from bot.jobs.job import Entry


def _unheard(_: int) -> None:
    """Default callback: does nothing."""


class JobPlace:
    """Where one job stands: in line, and from the moment that it is `given` among those that
    may ask."""

    def __init__(self, entry: Entry, team: str = "") -> None:
        self.entry = entry
        self.team = team
        """Whose job it is; the same for all where there is one workspace."""
        self.given = False
        self.ahead = 0
        """How many of this worker's jobs come before it."""
        self.idle = False
        """Whether all that its job does is wait."""
        self.shown = False
        """Whether its answer can be read, and only what Slack may carry out late is waited for."""
        self.person = ""
        """Who has asked, and in which channel; empty until that is known."""
        self.channel = ""
        self._moved = asyncio.Event()

    def move(self, ahead: int, *, given: bool = False) -> None:
        """Stand behind `ahead` others, or have one of the places."""
        if (ahead, given) != (self.ahead, self.given):
            self.ahead, self.given = ahead, given
            self._moved.set()

    async def near(self, ahead: int) -> None:
        """Wait until fewer than `ahead` others are before it."""
        while not (self.given or self.ahead < ahead):
            await self._next_move()

    async def turn(self, tell: Callable[[int], None] = _unheard) -> None:
        """Wait until it is given; until then `tell` how many are before it, at once and with
        each change."""
        self.idle = True
        try:
            while not self.given:
                tell(self.ahead)
                await self._next_move()
        finally:
            self.idle = False

    async def _next_move(self) -> None:
        self._moved.clear()
        await self._moved.wait()


class Places:
    """`at_once` places, and the line of those that wait for one."""

    def __init__(self, at_once: int) -> None:
        self.changed = asyncio.Event()
        """Set when a job has come or gone; see `until`."""
        self._free = at_once
        self._line: list[JobPlace] = []
        self._turns = _Turns()
        self._within: dict[str, _Within] = {}

    @property
    def line(self) -> Sequence[JobPlace]:
        """Those that wait, in the order in which they are given a place."""
        return tuple(self._line)

    @property
    def free(self) -> int:
        """How many nobody has."""
        return self._free

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait for something to be true of the jobs here, which is looked at when it `changed`."""
        while not true():
            self.changed.clear()
            await self.changed.wait()

    def join(self, entry: Entry, team: str = "") -> JobPlace:
        """Stand in line, where `entry` of `team` belongs."""
        place = JobPlace(entry, team)
        self._line.append(place)
        self._within.setdefault(team, _Within()).jobs += 1
        self._move_up()
        return place

    def know(self, place: JobPlace, *, person: str, channel: str) -> None:
        """Take in whose job has a place, or waits for one."""
        place.person, place.channel = person, channel
        if place.given:
            self._within[place.team].count(place)
        self._move_up()

    def leave(self, place: JobPlace) -> None:
        """Leave the line, or the place to the next in line."""
        if place.given:
            self._free += 1
        else:
            self._line.remove(place)
        within = self._within[place.team]
        within.jobs -= 1
        if not within.jobs:
            del self._within[place.team]
        self._move_up()

    def _move_up(self) -> None:
        self._line = self._fairly()
        while self._free and self._line:
            self._free -= 1
            first = self._line.pop(0)
            self._turns.give(first.team)
            if first.person:
                self._within[first.team].count(first)
            first.move(0, given=True)
        for ahead, place in enumerate(self._line):
            place.move(ahead)
        self.changed.set()

    def _fairly(self) -> list[JobPlace]:
        """Those in line, each at the turn of its team, and within a team as is fair there."""
        of_teams: dict[str, list[JobPlace]] = {}
        for place in sorted(self._line, key=lambda each: each.entry.order):
            of_teams.setdefault(place.team, []).append(place)
        turns = [
            (turn, place.entry.order, place)
            for team, came in of_teams.items()
            for turn, place in enumerate(self._within[team].fairly(came), self._turns.next(team))
        ]
        return [place for *_, place in sorted(turns, key=lambda each: each[:2])]


class _Within:
    """What is fair among the jobs of one team, while it has any."""

    def __init__(self) -> None:
        self.jobs = 0
        self._persons = _Turns()
        self._channels = _Turns()

    def count(self, given: JobPlace) -> None:
        """Whose job it is has had a turn."""
        self._persons.give(given.person)
        self._channels.give(given.channel)

    def fairly(self, came: Sequence[JobPlace]) -> list[JobPlace]:
        """Those that `came`, each at the turn of its asker, of those at the same turn that of the
        channel, and as they came. Whose asker is not known yet overtakes nobody who came before."""
        known = [place for place in came if place.person]
        persons = self._persons.of([place.person for place in known])
        channels = self._channels.of([place.channel for place in known])
        turns = zip(persons, channels, range(len(known)), known, strict=True)
        fair = [place for *_, place in sorted(turns, key=lambda each: each[:3])]
        for place in came:
            if not place.person:
                earlier = [n for n, each in enumerate(fair) if each.entry.order < place.entry.order]
                fair.insert(max(earlier, default=-1) + 1, place)
        return fair


class _Turns:
    """Whose turn it is, as start-time fair queueing has it (Goyal, Vin and Cheng, 1996): who has
    had one waits for the next, until whoever has had none since has had one too."""

    def __init__(self) -> None:
        self._now = 0
        self._next: dict[str, int] = {}

    def of(self, names: Iterable[str]) -> list[int]:
        """The turns of those who wait, in the order in which they came."""
        following: dict[str, int] = {}
        found = []
        for name in names:
            turn = following.get(name, self.next(name))
            found.append(turn)
            following[name] = turn + 1
        return found

    def give(self, name: str) -> None:
        """It has had its turn."""
        self._now = self.next(name)
        self._next[name] = self._now + 1
        self._next = {each: turn for each, turn in self._next.items() if turn > self._now}

    def next(self, name: str) -> int:
        """Its next turn."""
        return max(self._now, self._next.get(name, 0))
