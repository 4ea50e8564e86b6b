"""A look at each installation once a day: whether the app was removed while no bot was told.

Slack tells of it once, and again for some minutes (`EVENT_RETRY_SECONDS`). Where no bot ran for
longer, or an old backup brought back what was deleted, nobody would ever delete what is kept. What
Slack says once may be a mistake of an hour, and what was deleted does not come back; so it has to
say so twice, a day apart, of the same installation, and in words that mean nothing else.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from typing import NoReturn

import structlog

from bot.errors import StoreUnavailable
from bot.store.installations import part_of
from bot.teams.departure import Departures
from bot.teams.register import Record, Register, Registered

log = structlog.get_logger(__name__)

APART_SECONDS = 86_400
"""So far apart are the two looks at least, by the clock of the store."""
EVERY_SECONDS = APART_SECONDS + 600
"""A place is looked at again so long after it was: by then a day has passed since Slack spoke."""
ROUND_SECONDS = 3_600.0
"""How often it is looked for places whose time has come, and for those of which Slack did not say
anything."""
FIRST_SECONDS = 60.0
"""So soon after its start a process looks first: not while it has other things to do."""
PACE_SECONDS = 1.0
"""Between two places: Slack allows some hundred `auth.test` a minute, others want them too."""

REMOVED = frozenset({"account_inactive", "token_revoked"})
"""What Slack says of a token of an app that was removed, or of a workspace that is no more. It also
says `invalid_auth`, and that of tokens that are good ("auth.test")."""


class Daily:
    """Looks at every place, together with the other processes: each is looked at by one."""

    def __init__(self, register: Register, departures: Departures) -> None:
        self._register = register
        self._departures = departures

    async def run(self) -> NoReturn:
        """Look, for as long as this process lives."""
        pause = FIRST_SECONDS
        while True:
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311
            try:
                await self.look()
            except StoreUnavailable as error:
                log.warning("store away", error=str(error))
            pause = ROUND_SECONDS

    async def look(self) -> None:
        """Look at all whose time has come. Raises `StoreUnavailable`."""
        store = self._register.store
        for place in await store.versions():
            if not await store.is_looked_at(place, EVERY_SECONDS):
                continue
            found = await self._register.find(place)
            if found is not None and not await self._asked(found):
                await store.look_again(place)
            await asyncio.sleep(PACE_SECONDS)

    async def _asked(self, found: Registered) -> bool:
        """Whether Slack has said whether it is there."""
        place = found.record.place
        gone = await self._departures.is_gone(found.record, REMOVED)
        if gone is None:
            return False
        if gone:
            if await self._is_believed(place, found.record):
                await self._departures.begin(found)
            return True
        await self._register.store.trust(place)
        return place.startswith("T") or await self._asked_of_parts(found)

    async def _asked_of_parts(self, found: Registered) -> bool:
        """The same of the workspaces of an organisation, which admins may take it away from."""
        store, place = self._register.store, found.record.place
        withdrawn = await self._departures.withdrawn(found.record)
        if withdrawn is None:
            return False
        for team in await store.teams_of(place):
            name = part_of(place, team)
            if team not in withdrawn:
                await store.trust(name)
            elif await self._is_believed(name, found.record):
                await store.part(place, team)
                log.info("app removed", place=name)
        return True

    async def _is_believed(self, name: str, record: Record) -> bool:
        """Whether Slack has said so a day ago as well."""
        said_for = await self._register.store.doubt(name, _sign_of(record))
        if said_for >= APART_SECONDS:
            return True
        log.warning("app seems removed", place=name, said_for=round(said_for))
        return False


def _sign_of(record: Record) -> str:
    """The same for one token, also once it is known that none comes after it."""
    return hashlib.sha256(record.bot_token.encode()).hexdigest()[:16]
