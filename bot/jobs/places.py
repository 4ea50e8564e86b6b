"""Who may ask Grok: so many jobs at once, fair by person and channel, else as they came."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

from bot.jobs.entry import Entry


def _unheard(_: int) -> None:
    """Default callback: does nothing."""


class Place:
    """Where one job stands: in line, and from the moment that it is `given` among those that
    may ask."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
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
        self._free = at_once
        self._line: list[Place] = []
        self._persons = _Turns()
        self._channels = _Turns()

    @property
    def line(self) -> Sequence[Place]:
        """Those that wait, in the order in which they are given a place."""
        return tuple(self._line)

    def join(self, entry: Entry) -> Place:
        """Stand in line, where `entry` belongs."""
        place = Place(entry)
        self._line.append(place)
        self._move_up()
        return place

    def know(self, place: Place, *, person: str, channel: str) -> None:
        """Take in whose job has a place, or waits for one."""
        place.person, place.channel = person, channel
        if place.given:
            self._count(place)
        self._move_up()

    def leave(self, place: Place) -> None:
        """Leave the line, or the place to the next in line."""
        if place.given:
            self._free += 1
        else:
            self._line.remove(place)
        self._move_up()

    def _move_up(self) -> None:
        self._line = self._fairly()
        while self._free and self._line:
            self._free -= 1
            first = self._line.pop(0)
            if first.person:
                self._count(first)
            first.move(0, given=True)
        for ahead, place in enumerate(self._line):
            place.move(ahead)

    def _count(self, given: Place) -> None:
        self._persons.give(given.person)
        self._channels.give(given.channel)

    def _fairly(self) -> list[Place]:
        """Those in line, each at the turn of its asker, of those at the same turn that of the
        channel, and as they came. Whose asker is not known yet overtakes nobody who came before."""
        came = sorted(self._line, key=lambda each: each.entry.order)
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
            turn = following.get(name, self._turn(name))
            found.append(turn)
            following[name] = turn + 1
        return found

    def give(self, name: str) -> None:
        """It has had its turn."""
        self._now = self._turn(name)
        self._next[name] = self._now + 1
        self._next = {each: turn for each, turn in self._next.items() if turn > self._now}

    def _turn(self, name: str) -> int:
        return max(self._now, self._next.get(name, 0))
