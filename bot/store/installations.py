"""Where the app is installed, for every workspace that it serves: kept encrypted, by place.

A place is a workspace (`T…`), or an organisation (`E…`) whose workspaces share one installation.
These keys belong to no workspace: they have a hash tag of their own.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from bot.store.redis.connection import Store, answered, together

PREFIX = "grokbot:{installations}:"

STATE_SECONDS = 600
"""How long somebody may take who wants to install the app."""

DOUBT_SECONDS = 8 * 86_400
"""How long it is remembered that Slack said somebody has removed the app: who is not looked at for
so long is doubted anew."""

MOST_STATES = 10_000
"""Whoever wants this to be forgotten has to come back so often, and Slack takes each code once."""


@dataclass(frozen=True, slots=True)
class KeptInstallation:
    """What is kept of one place, encrypted; `version` grows with each change, and none comes again,
    not even where the place was forgotten meanwhile."""

    sealed: str
    version: int


class Installations:
    """The register of all places. Every method raises `StoreUnavailable`."""

    def __init__(self, store: Store) -> None:
        self._redis = store.redis
        self._save = store.script("install_save")
        self._remove = store.script("install_remove")
        self._claim = store.script("claim")
        self._records = PREFIX + "records"
        self._versions = PREFIX + "versions"
        self._left = PREFIX + "left"
        self._states = PREFIX + "states"
        self._codes = PREFIX + "codes"

    async def save(self, place: str, sealed: str, *, made_from: int | None = None) -> int:
        """Keep `sealed`; where that was `made_from` a version (0: from none), only if nobody came
        first.

        Returns the new version, or 0 where somebody did.
        """
        keys = [self._records, self._versions, self._left]
        expected = "" if made_from is None else made_from
        return int(await self._save(keys, [place, sealed, expected]))

    async def find(self, place: str) -> KeptInstallation | None:
        """What is kept of `place`."""
        commands = [("HGET", key, place) for key in (self._records, self._versions)]
        sealed, version = await together(self._redis, commands, whole=True)
        return KeptInstallation(str(sealed), int(version)) if sealed and version else None

    async def versions(self) -> dict[str, int]:
        """Every place where the app is installed, and the version of what is kept of it."""
        found = await answered(self._redis.hgetall(self._versions))
        return {str(place): int(version) for place, version in found.items()}

    async def remove(self, place: str, *, version: int | None = None) -> bool:
        """Forget `place`, whose data is to be deleted from now on; whether it was installed. Where
        a `version` is named, only that is forgotten, and nothing that somebody installed since."""
        keys = [self._records, self._versions, self._left]
        removed = await self._remove(keys, [place, "", "" if version is None else version])
        if removed:
            await self._forget_looks(place)
        return bool(removed)

    async def left(self) -> dict[str, float]:
        """The places whose data is to be deleted, and when they left (Unix time, seconds)."""
        found: Any = await answered(self._redis.zrange(self._left, 0, -1, withscores=True))
        return {str(place): float(at) for place, at in found}

    async def is_gone(self, place: str) -> None:
        """Nothing of `place` is left."""
        await answered(self._redis.zrem(self._left, place))
        await answered(self._redis.delete(self._teams(place)))
        await self._forget_looks(place)

    async def join(self, organisation: str, team: str) -> None:
        """Remember that `team` is served by the installation of `organisation`."""
        await answered(self._redis.sadd(self._teams(organisation), team))

    async def part(self, organisation: str, team: str) -> None:
        """The installation of `organisation` serves `team` no more, whose data is to be deleted,
        unless it has one of its own."""
        await self._remove([self._records, self._versions, self._left], [team, 1, ""])
        # Last: who dies before it is told again, and finds the team here.
        await answered(self._redis.srem(self._teams(organisation), team))
        await self.trust(part_of(organisation, team))

    async def has_left(self, team: str) -> bool:
        """Whether `team` is being deleted, and nothing serves it any more."""
        left = await self.left()
        if not await self._any_serves(team, left):
            return False
        return not await self._any_serves(team, await self.versions())

    async def _any_serves(self, team: str, places: Collection[str]) -> bool:
        if team in places:
            return True
        whole = [place for place in places if not place.startswith("T")]
        return any([team in await self.teams_of(place) for place in whole])

    async def teams_of(self, organisation: str) -> set[str]:
        """The workspaces that were served by the installation of `organisation`."""
        found = await answered(self._redis.smembers(self._teams(organisation)))
        return {str(team) for team in found}

    async def claims(self, what: str, who: str, seconds: int) -> bool:
        """Whether `who` is the first of all processes to ask for `what` within so many seconds."""
        return bool(await self._claim([self._claimed(what)], [who, seconds]))

    async def is_looked_at(self, place: str, seconds: int) -> bool:
        """Whether this process is to look now whether `place` has the app yet: one of all, within
        so many seconds."""
        return await self.claims(_looking(place), uuid.uuid4().hex, seconds)

    async def look_again(self, place: str) -> None:
        """Nothing came of looking: it is to be looked again as soon as somebody does."""
        await answered(self._redis.delete(self._claimed(_looking(place))))

    async def doubt(self, name: str, sign: str) -> float:
        """Slack says that `name` (a place, or `part_of` an organisation) has removed the app; for
        how many seconds it has said so of the installation that has this `sign`, 0 for the first
        time."""
        key = self._doubt(name)
        commands = (("GET", key), ("PTTL", key))
        before, left = await together(self._redis, commands, whole=True)
        if before is not None and str(before) == sign:
            return DOUBT_SECONDS - float(left) / 1000
        await answered(self._redis.set(key, sign, ex=DOUBT_SECONDS))
        return 0.0

    async def _forget_looks(self, place: str) -> None:
        await self.trust(place)
        await self.look_again(place)

    async def trust(self, name: str) -> None:
        """Slack says that `name` has the app."""
        await answered(self._redis.delete(self._doubt(name)))

    async def doubted(self) -> dict[str, float]:
        """The places, and parts of organisations (`part_of`), that have removed the app as Slack
        says, and for how many seconds it has said so."""
        names = list(await self.versions())
        for place in list(names):
            if not place.startswith("T"):
                names += [part_of(place, team) for team in await self.teams_of(place)]
        left = await together(self._redis, [("PTTL", self._doubt(name)) for name in names])
        return {
            name: DOUBT_SECONDS - milliseconds / 1000
            for name, milliseconds in zip(names, left, strict=True)
            if milliseconds > 0
        }

    async def doubted_teams(self) -> set[str]:
        """The workspaces that these are."""
        found: set[str] = set()
        for name in await self.doubted():
            place, _, team = name.partition("/")
            found |= (
                {team or place} if team or place.startswith("T") else await self.teams_of(place)
            )
        return found

    async def is_first(self, state: str) -> bool:
        """Whether nobody has come back with `state` before, which is good for `STATE_SECONDS`: the
        last `MOST_STATES` are remembered."""
        commands = (
            ("ZADD", self._states, "NX", time.time(), state),
            ("ZREMRANGEBYRANK", self._states, 0, -MOST_STATES - 1),
            ("EXPIRE", self._states, STATE_SECONDS),
        )
        added, *_ = await together(self._redis, commands, whole=True)
        return bool(added)

    async def takes_code(self, most: int) -> bool:
        """Whether one more may come back with a code in this minute, of `most` at all processes:
        whether a code is one only Slack knows."""
        commands = (("SET", self._codes, 0, "EX", 60, "NX"), ("INCRBY", self._codes, 1))
        _, count = await together(self._redis, commands, whole=True)
        return int(count) <= most

    def _teams(self, organisation: str) -> str:
        return f"{PREFIX}teams:{organisation}"

    def _claimed(self, what: str) -> str:
        return f"{PREFIX}claimed:{what}"

    def _doubt(self, name: str) -> str:
        return f"{PREFIX}doubt:{name}"


def part_of(organisation: str, team: str) -> str:
    """A workspace that is served by the installation of its organisation, in doubt."""
    return f"{organisation}/{team}"


def _looking(place: str) -> str:
    return f"looking:{place}"
