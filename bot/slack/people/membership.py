"""Who may see which conversation, asked of Slack and remembered for a minute; and what public
channels are called, for those who look after the workspace.

A payload that Slack signed says where somebody clicked or wrote: that needs no asking. This is for
places that come from elsewhere: a channel chosen in a form, one that a form was opened for some
time ago, one that a stored question was asked in.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Iterable, Mapping
from functools import partial
from typing import Any, Literal, TypeVar

import structlog
from attrs import field, frozen

from bot.errors import SlackError, what_it_says
from bot.patience import soon
from bot.slack.people.person import Organisation, Person
from bot.slack.web_api import WebApi, mapping, next_page
from bot.slack_limits import MEMBERS_PAGE
from bot.store.allowances import Allowances
from bot.store.memory import Memory

log = structlog.get_logger(__name__)

Sight = Literal["yes", "no", "hidden", "unknown"]
"""Whether somebody sees a conversation. `hidden`: the bot does not see it itself, so that Slack
tells it nothing about who does. `unknown`: Slack cannot be asked just now."""

REMEMBERED_SECONDS = 60
MOST_PAGES = 5
"""Pages of members that are looked through; who is not found in them may be on a later one."""

MOST_LOOKS = 20
"""How often in a minute Slack is asked for one person: nobody may use up what it takes."""

LOOK_SECONDS = 1.2
"""How long all of it may take: a form waits for it, and Slack for the form."""

STORE_SECONDS = 0.3
"""How long Redis may take to say what is remembered."""

INFO = "conversations.info"
MEMBERS = "conversations.members"
OPEN = "conversations.open"

_UNSEEN = frozenset({"channel_not_found", "user_not_found", "user_not_visible", "cannot_dm_bot"})
_ID = re.compile(r"[CDG][A-Z0-9]{2,30}")

T = TypeVar("T")


@frozen
class Membership:
    """Finds out who sees a conversation; never raises. What it found all replicas remember."""

    _api: WebApi
    """Has a deadline that fits into an ack, and lets a method rest after a 429."""
    _memory: Memory
    _allowances: Allowances
    _here: Organisation = field(factory=partial(Organisation, ""))
    """The workspace that it asks for; by an enterprise's token it sees more than that."""

    async def sight(self, person: Person, channel: str) -> Sight:
        """Whether `person` may open `channel`: a public one every member of the workspace may,
        any other only those who are in it."""
        if not _ID.fullmatch(channel):
            return "no"
        name = f"sight:{channel}:{person.id}:{person.member}"
        known = await self._recalled(name)
        if known:
            return known
        looking = self._look_for(person, channel)
        unsure: Sight = "unknown"
        sight = await soon(looking, LOOK_SECONDS, unsure, "membership not known", channel=channel)
        if sight != "unknown":
            await self._quietly(self._memory.save(name, sight, REMEMBERED_SECONDS))
        return sight

    async def public_name(self, person: Person, channel: str) -> str:
        """What a public channel is called that `person` sees; empty for any other, and where Slack
        does not say it soon."""
        if await self.sight(person, channel) != "yes":
            return ""
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                return await self._public_name(channel)
        except (SlackError, TimeoutError):
            return ""

    async def _recalled(self, name: str) -> Sight | None:
        match await self._quietly(self._memory.read(name)):
            case "yes" | "no" | "hidden" as sight:
                return sight
            case _:
                return None

    async def _look_for(self, person: Person, channel: str) -> Sight:
        """The same as far as `person` may still cause such a look."""
        if await self._allowances.take(f"looks:{person.id}", MOST_LOOKS):
            return "unknown"
        return await self._look(person, channel)

    async def _look(self, person: Person, channel: str) -> Sight:
        try:
            if channel.startswith("D"):
                # What two people write to each other Slack does not let the bot know.
                return "yes" if await self._direct(person.id) == channel else "hidden"
            if person.member and await self._public_name(channel):
                return "yes"
            return await self._is_in(person.id, channel)
        except SlackError as error:
            if error.code not in _UNSEEN:
                raise
            return "hidden"

    async def _direct(self, user: str) -> str:
        """The direct message that the bot has with `user`."""
        reply = await self._api.call(OPEN, {"users": user})
        return str(mapping(reply.get("channel")).get("id"))

    async def _public_name(self, channel: str) -> str:
        """What a public channel is called, or its id where Slack does not say; empty for any
        other."""
        name = f"named:{channel}"
        known = await self._quietly(self._memory.read(name))
        if known is not None:
            return known
        reply = await self._api.call(INFO, {"channel": channel}, read=True)
        said = mapping(reply.get("channel"))
        seen = _is_public(said) and self._is_here(said)
        called = str(said.get("name") or channel) if seen else ""
        await self._quietly(self._memory.save(name, called, REMEMBERED_SECONDS))
        return called

    def _is_here(self, said: Mapping[str, Any]) -> bool:
        """Whether a channel is one of this workspace: what is public in another one of the
        enterprise is seen by the members of that ("conversations.info")."""
        if not self._here.org_wide:
            return True
        shared = said.get("shared_team_ids")
        teams = shared if isinstance(shared, list) else []
        return self._here.team in teams or self._here.enterprise in teams

    async def _is_in(self, user: str, channel: str) -> Sight:
        body: dict[str, Any] = {"channel": channel, "limit": MEMBERS_PAGE}
        for _ in range(MOST_PAGES):
            reply = await self._api.call(MEMBERS, body, read=True)
            members = reply.get("members")
            if not isinstance(members, list):
                return "unknown"
            if user in members:
                return "yes"
            cursor = next_page(reply)
            if not cursor:
                return "no"
            body["cursor"] = cursor
        return "unknown"

    async def _quietly(self, work: Awaitable[T]) -> T | None:
        """What `work` gives; None while Redis does not say: then Slack is asked each time."""
        return await soon(work, STORE_SECONDS, None, "nothing remembered")


@frozen
class ChannelNames:
    """Asks Slack for names."""

    _api: WebApi
    """Lets a method rest after a 429."""

    async def public(
        self, channels: Iterable[str], *, within: float, most: int
    ) -> Mapping[str, str]:
        """What those of `channels` that are public are called, as far as Slack says so within so
        many seconds; `most` are asked for. What a private one is called is the business of those
        who are in it. Never raises."""
        names: dict[str, str] = {}
        try:
            async with asyncio.timeout(within):
                for channel in [each for each in channels if each.startswith("C")][:most]:
                    names[channel] = await self._name(channel)
        except (SlackError, TimeoutError) as error:
            log.info("not every channel is named", error=what_it_says(error))
        return names

    async def _name(self, channel: str) -> str:
        try:
            reply = await self._api.call(INFO, {"channel": channel}, read=True)
        except SlackError as error:
            if error.code != "channel_not_found":
                raise
            return ""
        said = mapping(reply.get("channel"))
        name = said.get("name")
        return name if _is_public(said) and isinstance(name, str) else ""


def _is_public(said: Mapping[str, Any]) -> bool:
    """Whether a channel is public: what Slack does not say to be is not."""
    return said.get("is_private") is False and not said.get("is_mpim")
