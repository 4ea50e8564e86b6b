"""The people of the workspace: what they are called, and who is an admin."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

import structlog

from bot.errors import OutcomeUnknown, RateLimited, SlackError
from bot.slack.web_api import WebApi, mapping

log = structlog.get_logger(__name__)

FRESH_SECONDS = 600.0
REFUSED_SECONDS = 60.0
"""How long it is remembered that Slack does not say who somebody is."""
MOST_KNOWN = 10_000
AT_ONCE = 10
"""Calls under way at a time: Slack allows some 100 a minute."""


@dataclass(frozen=True, slots=True)
class Person:
    """One person as Slack describes them (docs.slack.dev, "User object").

    `known` is False when Slack did not say: then nobody is an admin, and the name is the id.
    `tz_offset` is in seconds east of UTC.
    """

    id: str
    name: str
    admin: bool = False
    guest: bool = False
    bot: bool = False
    team: str = ""
    tz_offset: int = 0
    known: bool = False

    def is_foreign(self, team: str) -> bool:
        """Whether they belong to another organisation than the workspace `team`, as far as Slack
        says."""
        return self.team not in ("", team)


class People:
    """Looks people up with `users.info`, and remembers them for ten minutes."""

    def __init__(self, api: WebApi, admins: frozenset[str] = frozenset()) -> None:
        """`admins`: ids of people who count as admins beside the workspace's own. `api` has a
        deadline that fits into an ack."""
        self._api = api
        self._admins = admins
        self._known: OrderedDict[str, tuple[float, Person]] = OrderedDict()
        self._asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._places = asyncio.Semaphore(AT_ONCE)

    async def find(self, user: str) -> Person:
        """Who `user` is; never raises. Those who ask at the same time share one call."""
        lock = self._asking.setdefault(user, asyncio.Lock())
        async with lock:
            return self._remembered(user) or await self._look_up(user)

    async def find_all(
        self, users: Iterable[str], *, within: float | None = None
    ) -> Mapping[str, Person]:
        """Who each of `users` is, as far as Slack says it within so many seconds."""
        asking = {user: asyncio.create_task(self.find(user)) for user in dict.fromkeys(users)}
        if not asking:
            return {}
        try:
            done, _ = await asyncio.wait(asking.values(), timeout=within)
        finally:
            for task in asking.values():
                task.cancel()
            await asyncio.gather(*asking.values(), return_exceptions=True)
        people = {user: task.result() for user, task in asking.items() if task in done}
        return {user: person for user, person in people.items() if person.known}

    def _remembered(self, user: str) -> Person | None:
        until, person = self._known.get(user, (0.0, None))
        return person if time.monotonic() < until else None

    async def _look_up(self, user: str) -> Person:
        try:
            async with self._places:
                reply = await self._api.call("users.info", {"user": user}, read=True)
        except SlackError as error:
            log.warning("person not looked up", error=str(error))
            _, known = self._known.get(user, (0.0, None))
            person = known or Person(user, user, admin=user in self._admins)
            if not isinstance(error, RateLimited | OutcomeUnknown):
                self._remember(person, REFUSED_SECONDS)
            return person
        person = self._person(user, mapping(reply.get("user")))
        self._remember(person, FRESH_SECONDS)
        return person

    def _remember(self, person: Person, seconds: float) -> None:
        """`person` for so long, and for as long as Slack does not answer after that."""
        self._known[person.id] = time.monotonic() + seconds, person
        self._known.move_to_end(person.id)
        while len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)

    def _person(self, user: str, said: Any) -> Person:
        profile = mapping(said.get("profile"))
        name = profile.get("display_name") or profile.get("real_name") or said.get("name") or user
        offset = said.get("tz_offset")
        return Person(
            id=user,
            name=str(name),
            admin=bool(said.get("is_admin") or said.get("is_owner")) or user in self._admins,
            guest=bool(said.get("is_restricted") or said.get("is_ultra_restricted")),
            bot=bool(said.get("is_bot")),
            team=str(said.get("team_id") or ""),
            tz_offset=offset if isinstance(offset, int) else 0,
            known=True,
        )
