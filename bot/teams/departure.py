"""A workspace that has removed the app: its installation, and every key of it; and one that only
the store has forgotten.

Whether it was removed, while no bot was told, is looked at once a day. Slack tells of it once, and
again for some minutes (`EVENT_RETRY_SECONDS`). Where no bot ran for longer, or an old backup
brought back what was deleted, nobody would ever delete what is kept. What Slack says once may be a
mistake of an hour, and what was deleted does not come back; so it has to say so twice, a day
apart, of the same installation, and in words that mean nothing else.

A store may start empty, or with what it had yesterday. What is set in a workspace is then gone for
good, but whoever installed the app there need not do so again: each process has read every record,
and Slack says which of them still hold, so it is put back.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
import uuid
from collections.abc import Collection, Mapping
from typing import NoReturn

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import StoreUnavailable
from bot.slack.refusals import TOKEN_GONE
from bot.store.installations import part_of
from bot.store.keys import named
from bot.store.redis.connection import Store, answered, redis_errors
from bot.teams.register import Record, Register, Registered
from bot.teams.rotation import NOT_GRANTED

log = structlog.get_logger(__name__)

PURGE_SECONDS = 30.0
"""For so long after it left, what other processes still write there is deleted too: each of them
ends its work there within seconds."""

RESTORED_AT_ONCE = 50
"""Of so many forgotten installations is Slack asked at a look."""
TURN_SECONDS = 10
"""For so many seconds one process is left to put one back."""

_DELETED_AT_ONCE = 500
_PAGE, _MOST_PAGES = 1_000, 20
"""Workspaces of an organisation that are listed at once, and how often ("auth.teams.list")."""

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


class Departures:
    """Finds out whether the app was removed, with `client`, and deletes what was kept there; what
    `register` has read here, and the store has no more, is put back."""

    def __init__(
        self,
        register: Register,
        store: Store,
        client: AsyncWebClient,
        *,
        purge_seconds: float = PURGE_SECONDS,
    ) -> None:
        self._register = register
        self._redis = store.redis
        self._client = client
        self._purge_seconds = purge_seconds

    async def is_gone(self, record: Record, signs: frozenset[str] = TOKEN_GONE) -> bool | None:
        """Whether the token of `record` is good no more, by one of these `signs`; None where Slack
        does not say."""
        try:
            await self._client.auth_test(token=record.bot_token)
        except SlackApiError as error:
            return True if str(error.response.get("error")) in signs else None
        except (aiohttp.ClientError, OSError, TimeoutError):
            return None
        return False

    async def withdrawn(self, record: Record) -> set[str] | None:
        """The workspaces that the installation of an organisation was taken away from; None where
        Slack does not say."""
        granted: set[str] = set()
        cursor = ""
        try:
            for _ in range(_MOST_PAGES):
                page = await self._client.auth_teams_list(
                    token=record.bot_token, limit=_PAGE, cursor=cursor
                )
                granted |= {str(team["id"]) for team in page["teams"]}
                cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
                if not cursor:
                    return await self._register.store.teams_of(record.place) - granted
        except (*NOT_GRANTED, AttributeError, SlackApiError) as error:
            log.warning("workspaces not listed", place=record.place, why=type(error).__name__)
        return None

    async def begin(self, found: Registered) -> None:
        """Forget the installation that was `found` gone: whoever has it open closes it. One that
        somebody made since stays."""
        place = found.record.place
        if await self._register.store.remove(place, version=found.version):
            self._register.known.pop(place, None)
            log.info("app removed", place=place)

    async def joined(self, place: str) -> None:
        """It has the app, or has it again: what is left of a time before goes first."""
        await self._register.store.trust(place)
        if place in await self._register.store.versions():
            return
        for team in await self._teams(place):
            await self._delete(team)
        await self._register.store.is_gone(place)

    async def purge(self) -> None:
        """Delete what is left of those that are gone. Harmless at several replicas at once."""
        for place, left_at in (await self._register.store.left()).items():
            found = 0
            for team in await self._teams(place):
                found += await self._delete(team, while_left=place)
            if not found and time.time() - left_at > self._purge_seconds:
                await self._register.store.is_gone(place)
                log.info("nothing is left", place=place)

    def forgotten(
        self, versions: Mapping[str, int], left: Collection[str]
    ) -> Mapping[str, Registered]:
        """What is known here of places of which the store knows nothing, or only what was before;
        those that `left` the app are forgotten here too."""
        known = self._register.known
        for place in set(known).intersection(left) - versions.keys():
            del known[place]
        return {
            place: found for place, found in known.items() if versions.get(place, 0) < found.version
        }

    async def restore(self, versions: Mapping[str, int], left: Collection[str]) -> None:
        """Put back what is neither in these `versions` nor among those that have `left` the app,
        as far as Slack says that it still holds. Raises `StoreUnavailable`."""
        register = self._register
        for place, found in list(self.forgotten(versions, left).items())[:RESTORED_AT_ONCE]:
            turn = f"restoring:{place}"
            if not await register.store.claims(turn, uuid.uuid4().hex, TURN_SECONDS):
                continue
            gone = await self.is_gone(found.record)
            if gone:
                register.known.pop(place, None)
            elif gone is False and await register.save(
                found.record, made_from=versions.get(place, 0)
            ):
                log.warning("installation put back that the store had forgotten", place=place)

    async def _teams(self, place: str) -> set[str]:
        """The workspaces that have nothing any more without `place`: one with an installation of
        its own keeps what it has when its organisation leaves, and the other way round."""
        store = self._register.store
        others = set(await store.versions()) - {place}
        if not place.startswith("T"):
            return await store.teams_of(place) - others
        served = [await store.teams_of(other) for other in others if not other.startswith("T")]
        return {place}.difference(*served)

    async def _delete(self, team: str, while_left: str = "") -> int:
        """Delete every key of `team`, unless it has come back meanwhile; how many there were."""
        deleted = 0
        with redis_errors():
            scan = self._redis.scan_iter(f"grokbot:{{*{team}*:*", count=1_000)
            batch = [key async for each in scan if _is_of(team, key := str(each))]
        while batch:
            if while_left and while_left not in await self._register.store.left():
                return deleted
            some, batch = batch[:_DELETED_AT_ONCE], batch[_DELETED_AT_ONCE:]
            deleted += int(await answered(self._redis.unlink(*some)))
        return deleted


def _is_of(team: str, key: str) -> bool:
    """Whether `key` is one of `team`, in its shard or from before it had one."""
    whose = named(key)
    return whose is not None and whose[0].team == team


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
