"""Who may ask Grok: so many jobs at once, in the order of the queue."""

from __future__ import annotations

import asyncio
from bisect import insort
from collections.abc import Callable, Sequence

from bot.jobs.entry import Entry


def _unheard(_: int) -> None:
    """Nobody wants to know."""


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

    @property
    def line(self) -> Sequence[Place]:
        """Those that wait, in the order in which they are given a place."""
        return tuple(self._line)

    def join(self, entry: Entry) -> Place:
        """Stand in line, where `entry` belongs."""
        place = Place(entry)
        insort(self._line, place, key=lambda each: each.entry.order)
        self._move_up()
        return place

    def leave(self, place: Place) -> None:
        """Leave the line, or the place to the next in line."""
        if place.given:
            self._free += 1
        else:
            self._line.remove(place)
        self._move_up()

    def _move_up(self) -> None:
        while self._free and self._line:
            self._free -= 1
            self._line.pop(0).move(0, given=True)
        for ahead, place in enumerate(self._line):
            place.move(ahead)
