"""Looking people up in Slack: what they are called, and what they are to this workspace."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from weakref import WeakValueDictionary

import structlog
from pydantic import ValidationError

from bot.errors import OutcomeUnknown, RateLimited, SlackError
from bot.slack.person import Organisation, Person, SlackUser
from bot.slack.web_api import WebApi

log = structlog.get_logger(__name__)

FRESH_SECONDS = 600.0
REFUSED_SECONDS = 60.0
"""How long it is remembered that Slack does not say who somebody is."""
MOST_KNOWN = 10_000
AT_ONCE = 10
"""Calls under way at a time: Slack allows some 100 a minute."""


class People:
    """Looks people up with `users.info`, and remembers them for ten minutes."""

    def __init__(
        self, api: WebApi, here: Organisation, admins: frozenset[str] = frozenset()
    ) -> None:
        """`admins`: ids of people who count as admins beside those of the workspace that is
        `here`. `api` has a deadline that fits into an ack."""
        self._api = api
        self._here = here
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
            person = self._described(user, reply)
        except SlackError as error:
            log.warning("person not looked up", error=str(error))
            _, known = self._known.get(user, (0.0, None))
            person = known or Person(user, user, admin=user in self._admins)
            if not isinstance(error, RateLimited | OutcomeUnknown):
                self._remember(person, REFUSED_SECONDS)
            return person
        self._remember(person, FRESH_SECONDS)
        return person

    def _described(self, user: str, reply: Mapping[str, Any]) -> Person:
        try:
            said = SlackUser.model_validate(reply.get("user"))
        except ValidationError as error:
            raise OutcomeUnknown(f"users.info: {error}") from None
        person = said.person(user, self._here)
        return replace(person, admin=person.admin or user in self._admins)

    def _remember(self, person: Person, seconds: float) -> None:
        """`person` for so long, and for as long as Slack does not answer after that."""
        self._known[person.id] = time.monotonic() + seconds, person
        self._known.move_to_end(person.id)
        while len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
