"""What is kept of each installation, as the rest of this room uses it."""

from __future__ import annotations

import time
from dataclasses import dataclass

import structlog
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from bot.slack.installation import Installation
from bot.store.installations import Installations
from bot.store.seal import Seal, SealBroken

log = structlog.get_logger(__name__)


class Record(BaseModel):
    """One installation. `expires_at` is Unix time in seconds; 0: its token does not expire. `lost`:
    there will be no other after that."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    place: str
    name: str = ""
    bot_token: str = Field(repr=False)
    refresh_token: str = Field("", repr=False)
    expires_at: float = 0
    lost: bool = False
    bot_user: str
    bot_id: str = ""
    enterprise: str = ""
    scopes: tuple[str, ...] = ()
    url: str = ""
    installed_by: str = ""

    def installation(self, team: str) -> Installation:
        """The same for one workspace, which is the place itself or one of its organisation."""
        return Installation(
            bot_token=SecretStr(self.bot_token),
            team=team,
            team_name=self.name,
            bot_user=self.bot_user,
            bot_id=self.bot_id,
            enterprise_id=self.enterprise or None,
            scopes=frozenset(self.scopes),
            url=self.url,
            org_wide=self.place != team,
        )


@dataclass(frozen=True, slots=True)
class Registered:
    """A record, and the version of what is stored of it."""

    record: Record
    version: int


class Register:
    """Every installation, in the store. Every method raises `StoreUnavailable`. `known`: the newest
    of each place that was read or kept here, also where the store has forgotten it."""

    def __init__(self, store: Installations, seal: Seal) -> None:
        self.store = store
        self.seal = seal
        self.known: dict[str, Registered] = {}

    async def save(self, record: Record, *, made_from: int | None = None) -> int:
        """Keep `record`; where it was `made_from` a version (0: from none), only if nobody came
        first.

        Returns the new version, or 0 where somebody did.
        """
        sealed = self.seal.close(record.model_dump_json())
        version = await self.store.save(record.place, sealed, made_from=made_from)
        if version:
            self.known[record.place] = Registered(record, version)
        return version

    async def find(self, place: str) -> Registered | None:
        """What is kept of `place`; None also where no key opens it, which is logged."""
        kept = await self.store.find(place) if place else None
        if kept is None:
            return None
        try:
            record = Record.model_validate_json(self.seal.open(kept.sealed))
        except (SealBroken, ValidationError) as error:
            log.warning("installation cannot be read", place=place, why=type(error).__name__)
            return None
        if record.place != place:
            return None
        found = Registered(record, kept.version)
        before = self.known.get(place)
        if before is None or before.version < found.version:
            self.known[place] = found
        return found

    async def unread(self) -> list[str]:
        """The places whose installation no key opens."""
        places = sorted(await self.store.versions())
        return [place for place in places if await self.find(place) is None]

    async def lost(self) -> list[str]:
        """The places whose token will not be renewed."""
        places = sorted(await self.store.versions())
        found = [await self.find(place) for place in places]
        return [each.record.place for each in found if each is not None and each.record.lost]

    async def of(self, team: str) -> Registered | None:
        """The installation that serves `team`, whose organisation nobody has named."""
        places = await self.store.versions()
        if team in places:
            return await self.find(team)
        for place in places:
            if not place.startswith("T") and team in await self.store.teams_of(place):
                return await self.find(place)
        return None

    async def parted(self, organisation: str, team: str) -> bool:
        """Whether the installation of `organisation` was taken away from `team` just now."""
        left = team in await self.store.left()
        return left and team not in await self.store.teams_of(organisation)

    async def serving(self, team: str, enterprise: str) -> Registered | None:
        """The installation that serves `team`: its own, or that of its organisation."""
        own = await self.find(team)
        if own is not None:
            return own
        whole = await self.find(enterprise)
        if whole is not None and await self.parted(enterprise, team):
            return None
        if whole is not None:
            await self.store.join(enterprise, team)
        return whole


def expires_soon(record: Record, seconds: float) -> bool:
    """Whether its token is good for less than `seconds`."""
    return bool(record.expires_at) and record.expires_at - time.time() < seconds
