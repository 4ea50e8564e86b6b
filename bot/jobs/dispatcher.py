"""Gives the places of one process to the jobs of all its workspaces, in turn.

One connection hears of what is new in any of them (`bot.store.redis.news`), and one look at each
shard that is busy finds what else there is: jobs that were abandoned, or have rested, or that
nobody has room for, and what was not heard of. So a workspace that says nothing costs nothing,
however many there are. A workspace that is not open here and has something to do is asked for
(`wanted`).
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn

import structlog

from bot.errors import StoreUnavailable, last_cause
from bot.jobs.holder import RunJob
from bot.jobs.load import Backlog, Sweep, show
from bot.jobs.places import Places
from bot.jobs.queue import Queue
from bot.jobs.worker import (
    CONNECTED_EVERY_SECONDS,
    LINES,
    SILENT_SECONDS,
    SLOW_LEASES,
    UNREAD_SECONDS,
    Connected,
    Worker,
)
from bot.slack.inbound.incoming import Acks
from bot.store.keys import ALL_SHARDS, Shard
from bot.store.policies import Policies
from bot.store.redis.connection import Store
from bot.store.redis.news import What, listen

log = structlog.get_logger(__name__)

SWEEP_SECONDS = 1.0
"""How often it is looked for what nobody has told of."""
STOPS_SECONDS = 5.0
"""How often it is looked for jobs in hand that somebody stopped, and nobody has told."""
FOLLOW_SECONDS = 120.0
"""The same of rules that were changed; a question that was made by others is never accepted."""
FETCHERS = 4
"""So many jobs are read at a time: a node that is away keeps one of them waiting."""


@dataclass(frozen=True, slots=True)
class Member:
    """What is told of one workspace that is open here. Another bot may be ending its work."""

    team: str
    policies: Policies
    worker: Worker | None


@dataclass(slots=True)
class _ShardState:
    """What is known of one shard. `away`: it was, when last looked at; before `reclaims_at` nobody
    is taken for gone, for no lease could be renewed. `begun`: it was looked at before."""

    found: tuple[Backlog, ...] = ()
    away: bool = False
    reclaims_at: float = 0.0
    begun: bool = False


class Dispatcher:
    """Has the workers of a process look where there is something, as long as it is entered."""

    def __init__(
        self,
        store: Store,
        *,
        at_once: int,
        waiting: int,
        lease_seconds: float,
        connected: Connected | None,
        acks: Acks | None = None,
        works: bool = True,
        asks_at_once: bool = False,
    ) -> None:
        """`at_once`: jobs that may ask Grok at a time; about `waiting` more wait here for that.
        `works`: it has workers; else there is but what is to be told and to be shown.
        `asks_at_once`: what is new in a workspace that is not open here is wanted as soon as it
        is heard of, and not only once nobody else has taken it."""
        self._store = store
        self._sweep = Sweep(store)
        self._places = Places(at_once)
        self._waiting = waiting
        self._lease = lease_seconds
        self._connected = connected
        self._acks = acks
        self._works = works
        self._asks_at_once = asks_at_once
        self._unread_seconds = 0.0 if store.alone else UNREAD_SECONDS
        self._members: dict[str, list[Member]] = {}
        self._shards: dict[Shard, _ShardState] = {}
        self._sweeping: set[Shard] = set()
        self._begun = False
        self._abandoned_at_start: set[str] = set()
        self._to_fetch: OrderedDict[str, None] = OrderedDict()
        self._reading = 0
        self._to_follow: OrderedDict[str, None] = OrderedDict()
        self._followed = asyncio.Event()
        self._wanted: OrderedDict[str, None] = OrderedDict()
        self._asked_for = asyncio.Event()
        self._heard = time.monotonic()
        self._trouble = ""
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Dispatcher:
        self._task = asyncio.create_task(self._run(), name="dispatcher")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def worker(self, queue: Queue, run_job: RunJob) -> Worker:
        """A worker for a workspace, to be run by whoever asks for it, and told of by `serving`."""
        return Worker(
            queue,
            run_job,
            self._places,
            waiting=self._waiting,
            connected=self._connected,
            acks=self._acks,
            told=True,
        )

    @contextmanager
    def serving(self, member: Member) -> Iterator[None]:
        """`member` is told what there is to do, as long as this is entered."""
        team = member.team
        self._members.setdefault(team, []).append(member)
        self._fetch_from(team)
        try:
            yield
        finally:
            self._members[team].remove(member)
            if not self._members[team]:
                del self._members[team]

    async def wanted(self) -> str:
        """The next workspace that has something to do, and is not open here."""
        while not self._wanted:
            self._asked_for.clear()
            await self._asked_for.wait()
        return next(iter(self._wanted))

    def seen_to(self, team: str) -> None:
        """It is open now, or will not be: it may be wanted again."""
        self._wanted.pop(team, None)

    def busy(self, teams: Iterable[str]) -> set[str]:
        """Those of `teams` that may have jobs, as far as is known."""
        found = {each.team for state in self._shards.values() for each in state.found}
        return {team for team in teams if team in found or self._state(Shard.of(team)).away}

    async def check(self) -> None:
        """Returns while this works. Raises what it broke down of."""
        if self._task is not None and self._task.done():
            await self._task

    @property
    def trouble(self) -> str | None:
        """Why nothing is taken; None while something is."""
        silent = time.monotonic() - self._heard > SILENT_SECONDS
        return self._trouble if silent else None

    def hear(self, what: What, team: str) -> None:
        """There is news of `team`."""
        if what == "policy":
            self._follow([team])
        elif what == "stops":
            for each in self._workers(team):
                each.hear()
        elif team in self._members:
            self._fetch_from(team)
        elif self._asks_at_once and self._has_room():
            self._want(team)

    def hear_again(self) -> None:
        """What there was to be heard may be lost."""
        self._follow(self._members)
        for team in self._members:
            self._fetch_from(team)
            for each in self._workers(team):
                each.hear()

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(listen(self._store, self))
            group.create_task(self._follow_round())
            group.create_task(self._look_again())
            group.create_task(self._sweep_round(group))
            for _ in range(FETCHERS if self._works else 0):
                group.create_task(self._fetch_round())

    def _workers(self, team: str) -> list[Worker]:
        return [each.worker for each in self._members.get(team, ()) if each.worker is not None]

    def _taking(self, team: str) -> Worker | None:
        """The worker that takes jobs of `team`, if there is one."""
        return next((each for each in reversed(self._workers(team)) if each.taking), None)

    def _state(self, shard: Shard) -> _ShardState:
        return self._shards.setdefault(shard, _ShardState())

    def _fetch_from(self, team: str) -> None:
        """It is to be looked for jobs of `team`, after those of all others that have some."""
        if self._works:
            self._to_fetch.setdefault(team)
            self._places.changed.set()

    def _want(self, team: str) -> None:
        self._wanted.setdefault(team)
        self._asked_for.set()

    def _has_room(self) -> bool:
        """Whether one more workspace may be opened for its jobs."""
        if not self._works:
            return False
        free = self._places.free - len(self._wanted)
        return free > 0 or len(self._places.line) + len(self._wanted) < LINES * self._waiting

    async def _is_connected(self) -> bool:
        return self._connected is None or await self._connected()

    def _may_fetch(self) -> bool:
        return bool(self._to_fetch) and self._places.free > self._reading

    async def _fetch_round(self) -> NoReturn:
        """Take a job of one workspace after the other, as long as there are places."""
        while True:
            await self._places.until(self._may_fetch)
            if not await self._is_connected():
                await asyncio.sleep(CONNECTED_EVERY_SECONDS)
            elif self._may_fetch():
                team, _ = self._to_fetch.popitem(last=False)
                if await self._fetch_one(team):
                    self._fetch_from(team)
                    if self._acks is not None:
                        await self._acks.go_first()

    async def _fetch_one(self, team: str) -> bool:
        worker = self._taking(team)
        if worker is None:
            return False
        self._reading += 1
        try:
            return await worker.fetch()
        except StoreUnavailable as error:
            self._mark_away(Shard.of(team), error)
            return False
        finally:
            self._reading -= 1
            self._places.changed.set()

    async def _sweep_round(self, group: asyncio.TaskGroup) -> NoReturn:
        """Look at each shard that is busy; one that is away keeps no other waiting."""
        while True:
            for shard in await self._busy():
                if shard not in self._sweeping:
                    self._sweeping.add(shard)
                    group.create_task(self._sweep_one(shard))
            found = [each for state in self._shards.values() for each in state.found]
            show([each.load for each in found], len(self._places.line))
            await asyncio.sleep(SWEEP_SECONDS * random.uniform(0.8, 1.2))  # noqa: S311

    async def _busy(self) -> set[Shard]:
        """Those to be looked at: where somebody may have jobs, or had some."""
        known = {shard for shard, state in self._shards.items() if state.found or state.away}
        try:
            busy = await self._sweep.busy()
        except StoreUnavailable as error:
            self._trouble = last_cause(error)
            log.warning("store away", error=str(error))
            return set(ALL_SHARDS) if self._store.spread else known  # each says for itself
        self._heard = time.monotonic()
        if not self._begun:
            self._begun = True
            for shard in set(ALL_SHARDS).difference(busy):
                self._state(shard).begun = True
        return known.union(busy)

    async def _sweep_one(self, shard: Shard) -> None:
        try:
            await self._sweep_shard(shard)
        except StoreUnavailable as error:
            self._mark_away(shard, error)
        finally:
            self._sweeping.discard(shard)

    def _mark_away(self, shard: Shard, error: StoreUnavailable) -> None:
        state = self._state(shard)
        self._trouble = last_cause(error)
        if not state.away:
            log.warning("store away", error=str(error), shard=shard.number)
        state.away = True

    async def _sweep_shard(self, shard: Shard) -> None:
        state = self._state(shard)
        # Alone in its store, a process that starts need not wait for a lease to run out.
        at_start = self._store.alone and not state.begun
        asked = time.monotonic()
        works = self._works and await self._is_connected()
        room = self._places.free - self._reading if works else None
        found = await self._sweep.look(shard, idle=0.0 if at_start else self._lease, room=room)
        self._heard = now = time.monotonic()
        state.begun, state.found = True, tuple(found)
        if state.away:
            await self._sweep.try_writing(shard)
            state.away = False
            state.reclaims_at = now + self._lease  # nobody could renew meanwhile: now all can
            self._follow(team for team in self._members if Shard.of(team) == shard)
        elif now - asked > self._lease * SLOW_LEASES:
            state.reclaims_at = now + self._lease
        if at_start:
            self._abandoned_at_start |= {each.team for each in found if each.abandoned}
        if works:
            for each in found:
                await self._hand_on(each, state)

    async def _hand_on(self, found: Backlog, state: _ShardState) -> None:
        """Have the worker of a workspace do what there is to do."""
        team, worker = found.team, self._taking(found.team)
        abandoned = found.abandoned and time.monotonic() >= state.reclaims_at
        unread = found.is_unread and found.load.unread >= self._unread_seconds
        if worker is None:
            wants = team not in self._members and (abandoned or found.due or unread)
            if wants and self._has_room():
                self._want(team)
            return
        if found.is_unread:
            self._fetch_from(team)
        if abandoned and not await worker.reclaim(self._idle(team)):
            state.reclaims_at = time.monotonic() + self._lease
        if found.due:
            await worker.wake()
        if unread or worker.running:
            await worker.look_round()

    def _idle(self, team: str) -> float:
        """After how many seconds without life a job of `team` is abandoned."""
        if team in self._abandoned_at_start:
            self._abandoned_at_start.discard(team)
            return 0.0
        return self._lease

    def _follow(self, teams: Iterable[str]) -> None:
        self._to_follow |= dict.fromkeys(teams)
        self._followed.set()

    async def _follow_round(self) -> NoReturn:
        """Load the rules that were changed."""
        while True:
            while not self._to_follow:
                self._followed.clear()
                await self._followed.wait()
            team, _ = self._to_follow.popitem(last=False)
            for member in () if self._state(Shard.of(team)).away else self._members.get(team, ()):
                await member.policies.follow()

    async def _look_again(self) -> NoReturn:
        """Look for what nobody has told of."""
        followed = time.monotonic()
        while True:
            await asyncio.sleep(STOPS_SECONDS)
            for team in self._members:
                for worker in self._workers(team):
                    worker.hear()
            if time.monotonic() - followed > FOLLOW_SECONDS:
                followed = time.monotonic()
                self._follow(self._members)
