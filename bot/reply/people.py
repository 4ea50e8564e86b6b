"""The people of the workspace: what they are called, and who is an admin."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import structlog

from bot.errors import SlackError
from bot.reply.web_api import WebApi, mapping

log = structlog.get_logger(__name__)

FRESH_SECONDS = 600.0
MOST_KNOWN = 10_000


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


class People:
    """Looks people up with `users.info`, and remembers them for ten minutes."""

    def __init__(self, api: WebApi, admins: frozenset[str] = frozenset()) -> None:
        """`admins`: ids of people who count as admins beside the workspace's own. `api` has a
        deadline that fits into an ack."""
        self._api = api
        self._admins = admins
        self._known: OrderedDict[str, tuple[float, Person]] = OrderedDict()

    async def find(self, user: str) -> Person:
        """Who `user` is; never raises."""
        known = self._known.get(user)
        now = time.monotonic()
        if known and now - known[0] < FRESH_SECONDS:
            return known[1]
        try:
            reply = await self._api.call("users.info", {"user": user}, read=True)
        except SlackError as error:
            log.warning("person not looked up", error=str(error))
            return known[1] if known else Person(user, user, admin=user in self._admins)
        person = self._person(user, mapping(reply.get("user")))
        self._known[user] = now, person
        self._known.move_to_end(user)
        while len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        return person

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
