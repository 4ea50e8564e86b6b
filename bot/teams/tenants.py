"""All workspaces that this process serves, each by a bot of its own.

One is opened by the first payload that comes for it here, or when it has jobs that nobody has
taken, and closed when nothing came for a while. What an installation is, whether there is one, and
which Grok key the workspace has, every process reads again within seconds. A newer token is used by
whoever is open; where anything else has changed, another bot takes its place, and it ends what it
has begun.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
import uuid
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import NoReturn, Protocol

import structlog
from slack_bolt.response import BoltResponse

from bot.errors import StoreUnavailable
from bot.slack.inbound.incoming import JsonObject
from bot.store.grok_keys import GrokKeys
from bot.teams.departure import Daily, Departures
from bot.teams.moving import Moving
from bot.teams.naming import leaving, whose
from bot.teams.register import Register, Registered
from bot.teams.rotation import Rotation
from bot.teams.tenant import Open, Opening, OpenTenant, Tenant
from bot.words import LISTENER_FAILED
from bot.words import installing as words

log = structlog.get_logger(__name__)

LOOK_SECONDS = 2.0
"""How often it is looked for installations that changed or ended, and for abandoned jobs."""
ROTATE_SECONDS = 60.0
"""How often all tokens are looked at, whether they expire."""
IDLE_SECONDS = 120.0
"""Nothing came for so long, and nothing waits: the workspace is closed here. To be open costs
0.2 MiB and hardly any CPU, and to be opened as much as an answer (`make bench NAME=teams`)."""

TURN_SECONDS = 2
"""For so many seconds one process is left to open a workspace that has jobs."""

FOLLOWED_AT_ONCE = 200
"""Of so many that are open it is looked each time what is kept of them now."""

_NOT_NOW = 503


class Work(AbstractAsyncContextManager["Work"], Protocol):
    """Has the workers of this process look for jobs, as long as it is entered."""

    async def wanted(self) -> str:
        """The next workspace that has something to do, and is not open here."""

    def seen_to(self, team: str) -> None:
        """It is open now, or will not be: it may be wanted again."""

    def busy(self, teams: Iterable[str]) -> set[str]:
        """Those of `teams` that may have jobs, as far as is known."""

    async def check(self) -> None:
        """Returns while this works. Raises what it broke down of."""

    @property
    def trouble(self) -> str | None:
        """Why nothing is taken; None while something is."""


class Tenants:
    """Answers what Slack sends, for every workspace; work is done while it is entered."""

    def __init__(
        self,
        register: Register,
        open_tenant: OpenTenant,
        *,
        rotation: Rotation,
        departures: Departures,
        work: Work,
        moving: Moving,
        grok_keys: GrokKeys,
        idle: float | None = None,
    ) -> None:
        self._register = register
        self._open_tenant = open_tenant
        self._rotation = rotation
        self._departures = departures
        self._daily = Daily(register, departures)
        self._work = work
        self._moving = moving
        self._moved = False
        self._grok_keys = grok_keys
        self._idle = IDLE_SECONDS if idle is None else idle
        self._open: dict[str, Open] = {}
        self._retiring: dict[Open, asyncio.Task[None]] = {}
        self._doubted: set[str] = set()
        self._rotated: dict[str, int] = {}
        self._rotate_at = 0.0
        self._looking: asyncio.Task[None] | None = None
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Tenants:
        await self._stack.enter_async_context(self._work)
        self._looking = asyncio.create_task(self._look_after(), name="teams")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])
        await asyncio.gather(*(each.close() for each in self._every))
        if self._retiring:
            await asyncio.wait(self._retiring.values())
        self._open.clear()
        await self._stack.aclose()

    @property
    def working(self) -> asyncio.Task[None] | None:
        """Looks after all of them; ends only when this is left, or when one broke down."""
        return self._looking

    def answering(self) -> int:
        """How many answers are under way here."""
        return sum(each.tenant.answering() for each in self._every if each.tenant is not None)

    def trouble(self) -> str | None:
        """Why one of them takes no jobs; None while all do."""
        troubles = [self._work.trouble, *(tenant.trouble() for tenant in self._tenants())]
        return next((trouble for trouble in troubles if trouble is not None), None)

    async def answer(self, body: JsonObject, retry: object = 0) -> BoltResponse:
        """What the workspace that `body` is from says to it. Raises `Malformed`."""
        who = whose(body)
        try:
            if leaving(body):
                return await self._leave(who.team, who.enterprise)
            if not who.team:
                return BoltResponse(status=200, body="")
            found = await self._of(who.team, who.enterprise)
        except StoreUnavailable as error:
            log.warning("store away", error=str(error))
            return _said(body, LISTENER_FAILED, status=_NOT_NOW)
        if found is None:
            log.info("not installed there", team=who.team)
            return _said(body, words.NOT_HERE)
        if time.time() > found.by.lapses_at:
            return _said(body, words.LAPSED)
        return await found.answer(body, retry)

    async def _of(self, team: str, enterprise: str) -> Open | None:
        """The bot of `team`, opened where it is not; None where it is not installed."""
        if team in self._open:
            return self._open[team]
        found = await self._register.serving(team, enterprise)
        if found is None:
            await self._raise_if_forgotten({team, enterprise})
            return None
        await self._moving.bring([team])
        by = await self._opening(team, found)
        if team not in self._open:
            self._open[team] = Open(by, self._open_tenant)
            log.info("workspace opened", team=team, place=by.place)
        return self._open[team]

    async def _raise_if_forgotten(self, places: set[str]) -> None:
        """Until it is put back, whoever comes is to come again. Raises `StoreUnavailable`."""
        store = self._register.store
        missing = self._departures.forgotten(await store.versions(), await store.left())
        if places & missing.keys():
            raise StoreUnavailable("installation forgotten", maybe_applied=False)

    async def _opening(self, team: str, found: Registered) -> Opening:
        record, key = found.record, await self._grok_keys.find(team)
        return Opening(
            record.installation(team),
            record.place,
            found.version,
            grok_key=key.secret if key else None,
            key_version=key.version if key else "",
            lapses_at=record.expires_at if record.lost else math.inf,
        )

    async def _leave(self, team: str, enterprise: str) -> BoltResponse:
        """The app may have been removed: Slack is asked, since an event can come late."""
        found = await self._register.serving(team, enterprise)
        if found is None:
            return BoltResponse(status=200, body="")
        self._doubted.add(found.record.place)
        await self._settle_doubts()
        await self._close_gone(await self._register.store.versions())
        await self._departures.purge()
        doubted = found.record.place in self._doubted
        return BoltResponse(status=_NOT_NOW if doubted else 200, body="")

    async def _settle_doubts(self) -> None:
        """Ask Slack, again and again until it says, where the app may have been removed."""
        for place in list(self._doubted):
            found = await self._register.find(place)
            gone = await self._departures.is_gone(found.record) if found else False
            if found is not None and gone:
                await self._departures.begin(found)
            said = gone is not None
            if found is not None and gone is False and place.startswith("E"):
                withdrawn = await self._departures.withdrawn(found.record)
                said = withdrawn is not None
                for team in withdrawn or ():
                    await self._register.store.part(place, team)
            if said:
                self._doubted.discard(place)

    async def _look_after(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look_round())
            group.create_task(self._daily.run())
            group.create_task(self._open_wanted())

    async def _look_round(self) -> NoReturn:
        while True:
            try:
                await self._look()
            except StoreUnavailable as error:
                log.warning("store away", error=str(error))
            await asyncio.sleep(LOOK_SECONDS * random.uniform(0.8, 1.2))  # noqa: S311

    async def _look(self) -> None:
        await self._work.check()
        for tenant in self._tenants():
            if tenant.working is not None and tenant.working.done():
                await tenant.working  # it broke down, and with it the process
        await self._settle_doubts()
        versions = await self._register.store.versions()
        await self._departures.restore(versions, await self._register.store.left())
        versions = await self._register.store.versions()
        await self._close_gone(versions)
        await self._departures.purge()
        await self._follow(versions)
        await self._move_all(versions)
        await self._close_idle()
        await self._rotate(versions)

    async def _rotate(self, versions: dict[str, int]) -> None:
        """Look at the tokens that are new, and at all from time to time."""
        now = time.monotonic()
        if now >= self._rotate_at:
            self._rotate_at = now + ROTATE_SECONDS * random.uniform(0.8, 1.2)  # noqa: S311
            self._rotated.clear()
        for place, version in versions.items():
            if self._rotated.get(place) != version and not self._rotation.rests(place, version):
                await self._rotation.look(place)
                self._rotated[place] = version

    async def _close_gone(self, versions: dict[str, int]) -> None:
        """Where the app is no more, running answers end; not where the store has forgotten it."""
        left = await self._register.store.left() if self._open else {}
        missing = self._departures.forgotten(versions, left)
        there = {**versions, **{place: found.version for place, found in missing.items()}}
        closing = [each for each in self._every if not await self._stays(each.by, there, left)]
        gone = [team for team, each in self._open.items() if each in closing]
        for team in gone:
            del self._open[team]
        if closing:
            log.info("workspaces left", teams=gone)
            await asyncio.gather(*(each.close(at_once=True) for each in closing))

    async def _stays(self, by: Opening, versions: dict[str, int], left: dict[str, float]) -> bool:
        team = by.installation.team
        if by.place not in versions:
            return False
        if by.place == team or team not in left:
            return True
        return not await self._register.parted(by.place, team)

    async def _follow(self, versions: dict[str, int]) -> None:
        """Serve each by what is kept of it now: what runs there goes on."""
        some = self._looked_at_least()
        keys = await self._grok_keys.versions(list(some))
        for team, each in some.items():
            place = team if team in versions else each.by.place
            now = (place, versions.get(place), keys.get(team, ""))
            if now == (each.by.place, each.by.version, each.by.key_version):
                continue
            found = await self._register.find(place)
            if found is not None and each.tenant is not None:
                self._renew(team, each, await self._opening(team, found))

    def _looked_at_least(self) -> dict[str, Open]:
        """Those whose time has come; all, where they are not too many for one look."""
        turns = sorted(self._open.items(), key=lambda each: each[1].followed)[:FOLLOWED_AT_ONCE]
        for _, each in turns:
            each.followed = time.monotonic()
        return dict(turns)

    def _renew(self, team: str, each: Open, by: Opening) -> None:
        token = by.installation.bot_token.get_secret_value()
        for other in self._every:
            if other.by.installation.team == team and other.tenant is not None:
                other.tenant.use_token(token)
        if by.renews(each.by):
            each.by = by
            log.info("installation read again", team=team)
            return
        self._open[team] = Open(by, self._open_tenant)
        retiring = asyncio.create_task(each.retire(), name=f"retiring {team}")
        self._retiring[each] = retiring
        retiring.add_done_callback(lambda _: self._retiring.pop(each, None))
        log.info("workspace opened anew", team=team, place=by.place)

    async def _open_wanted(self) -> NoReturn:
        """Open those that have jobs which nobody has taken: whoever took them may be gone."""
        while True:
            team = await self._work.wanted()
            try:
                await self._open_for_work(team)
            except StoreUnavailable as error:
                log.warning("store away", error=str(error))
            self._work.seen_to(team)

    async def _open_for_work(self, team: str) -> None:
        """One process opens it, of all that see the same."""
        store = self._register.store
        if team in self._open or not await store.claims(
            f"opening:{team}", uuid.uuid4().hex, TURN_SECONDS
        ):
            return
        found = await self._register.of(team)
        if found is not None:
            place = found.record.place
            await self._of(team, "" if place == team else place)

    async def _move_all(self, versions: dict[str, int]) -> None:
        """Have every workspace in its shard, once: who comes later is moved when it is opened."""
        if self._moved:
            return
        teams = [place for place in versions if place.startswith("T")]
        for place in versions.keys() - teams:
            teams += await self._register.store.teams_of(place)
        await self._moving.bring(teams)
        self._moved = True

    async def _close_idle(self) -> None:
        busy = self._work.busy(self._open)
        for team, each in list(self._open.items()):
            if team in busy or not self._is_idle(each) or self._open.get(team) is not each:
                continue  # also of what was used while others were closed
            del self._open[team]
            await each.close()
            log.info("workspace closed", team=team)

    def _is_idle(self, each: Open) -> bool:
        silent = time.monotonic() - each.used > self._idle
        return silent and each.tenant is not None and not each.tenant.in_hand()

    @property
    def _every(self) -> list[Open]:
        return [*self._open.values(), *self._retiring]

    def _tenants(self) -> list[Tenant]:
        """Those that take jobs."""
        return [tenant for each in self._open.values() if (tenant := each.tenant) is not None]


def _said(body: JsonObject, sentence: str, status: int = 200) -> BoltResponse:
    """`sentence` to who typed a command; to all else just the status."""
    if "command" in body:
        return BoltResponse(status=200, body=sentence)
    return BoltResponse(status=status, body="")
