"""The worker of one workspace among several, in places that all of a process share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bot.acks import Acks
from bot.errors import StoreUnavailable
from bot.jobs.holder import RunJob
from bot.jobs.places import Place, Places
from bot.jobs.queue import Queue
from bot.jobs.worker import Connected, Worker

LINES = 4
"""So many times what waits in one process may wait there where each of it is the only job of its
workspace: else the burst of one would keep the others out of the line."""


class SharedWorker(Worker):
    """Runs the jobs of one workspace, until drained.

    It looks for nothing by itself and waits for nobody: a `Dispatcher` has it look where there is
    something to be found. Of those looks there is one at a time.
    """

    def __init__(
        self,
        queue: Queue,
        run_job: RunJob,
        places: Places,
        *,
        waiting: int,
        connected: Connected,
        acks: Acks | None,
        changed: Callable[[], None],
    ) -> None:
        """`waiting`: how many jobs of all workspaces wait for a place here, about. `changed` is
        told when a job has ended."""
        super().__init__(
            queue,
            run_job,
            at_once=places.free,
            waiting=waiting,
            connected=connected,
            acks=acks,
            places=places,
        )
        self._near = LINES * waiting
        self._abandoned_after = queue.lease_seconds
        self._told = changed
        self._taking = False
        self._opened = False
        self._looking = asyncio.Lock()
        self._rung = asyncio.Event()

    @property
    def taking(self) -> bool:
        """Whether it takes jobs: it is at work, and does not drain."""
        return self._taking

    @property
    def alive(self) -> bool:
        """As of every worker, but that Redis is heard from by others."""
        return not (self._ended.is_set() or self._stopping.is_set())

    def hear(self) -> None:
        """Some jobs may have been stopped."""
        if self._tasks:
            self._rung.set()

    async def fetch(self) -> bool:
        """Take the next job that nobody has read; whether there was one. Raises
        `StoreUnavailable`, as all these do."""
        async with self._looking:
            if not self._taking:
                return False
            entries = await self._queue.read_now(1)
            for entry in entries:
                self._start(entry)
            return bool(entries)

    async def reclaim(self, idle: float) -> bool:
        """Take over jobs whose holder has shown no life for `idle` seconds. False: the store stood
        still, and nobody is to be taken for gone for as long as a lease."""
        async with self._looking:
            self._abandoned_after = idle
            while self._taking and self._room(2 * self._waiting) > 0:
                pause = await self._reclaim()
                if pause:
                    return pause < self._queue.lease_seconds
        return True

    async def wake(self) -> None:
        """Queue again what has rested long enough."""
        await self._queue.crashes.wake()

    async def look_round(self) -> None:
        """While no place is free, take in what nobody has room for, and send on what somebody has
        room for."""
        async with self._looking:
            if not self._opened:
                await self._queue.open()
                self._opened = True
            while self._taking and self._has_reason_to_look():
                if await self._look_round():
                    return

    def _has_reason_to_look(self) -> bool:
        if self._room():
            return False
        return self._room(self._waiting) > 0 or any(place.idle for place in self._line)

    def _room(self, waiting: int = 0) -> int:
        """The places that are free, and when so many wait, what is left for this workspace: at
        least one where it has none in line."""
        free = self._places.free
        if not waiting:
            return free
        line = len(self._places.line)
        first = not self._line and line < LINES * self._waiting
        return free + max(waiting - line, int(first))

    async def _take_jobs(self) -> None:
        self._taking = True
        try:
            async with asyncio.TaskGroup() as group:
                pruning = group.create_task(self._repeat(self._prune))
                await self._stopping.wait()
                pruning.cancel()
        finally:
            self._taking = False
        async with self._looking:
            pass  # what was read meanwhile is known

    async def _read_stops(self) -> tuple[str, list[str]]:
        await self._rung.wait()
        self._rung.clear()
        try:
            return await self._queue.stops_now(self._heard_stops)
        except StoreUnavailable:
            self._rung.set()
            raise

    def _ended_job(self, place: Place) -> None:
        super()._ended_job(place)
        self._told()
