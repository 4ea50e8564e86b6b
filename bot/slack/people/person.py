"""Who somebody is, as Slack describes them ("User object" of docs.slack.dev), and what they are
to the workspace that the bot is installed in; and what all replicas remember of that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, Field, model_validator

from bot.characters import beginning, printable
from bot.store.redis.connection import Records, answered

NAME_CHARS = 80
"""A display name in Slack is no longer ("users.profile.set")."""


@dataclass(frozen=True, slots=True)
class Person:
    """One person, and what they are here. Who is not known is nothing here.

    `stranger`: of another organisation, or Slack does not say of which. `guest`: invited to some
    channels only. `admin`: looks after this workspace in Slack, which only a `member` can, or is
    named in the settings. `tz_offset` is in seconds east of UTC.
    """

    id: str
    name: str
    admin: bool = False
    guest: bool = False
    stranger: bool = False
    bot: bool = False
    deleted: bool = False
    tz_offset: int = 0
    known: bool = False
    """Whether Slack has said who it is; without, the name is the id."""

    @property
    def member(self) -> bool:
        """Whether they belong to the workspace, or to the enterprise that it is part of."""
        return self.known and not (self.guest or self.stranger or self.bot or self.deleted)


@dataclass(frozen=True, slots=True)
class Organisation:
    """The workspace that the bot is installed in, and the enterprise that it is part of, if any.
    `org_wide`: it is that enterprise whose token asks."""

    team: str
    enterprise: str = ""
    org_wide: bool = False


class SlackUser(BaseModel):
    """The fields of `users.info` that the bot uses. One that is missing grants nothing; one that
    is not what Slack documents is a `ValidationError`."""

    model_config = ConfigDict(defer_build=True, frozen=True, hide_input_in_errors=True)

    team_id: str = ""
    enterprise_id: str = Field(
        "",
        validation_alias=AliasChoices(
            AliasPath("enterprise_user", "enterprise_id"), "enterprise_id"
        ),
    )
    teams: frozenset[str] = Field(
        frozenset(), validation_alias=AliasChoices(AliasPath("enterprise_user", "teams"), "teams")
    )
    """The workspaces of their enterprise that they are in."""
    is_admin: bool = False
    """Of the workspace whose token asks, if they are in it ("User object"); where an enterprise's
    does, only their home is sure to be meant."""
    is_owner: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_stranger: bool = False
    is_external: bool = False
    is_bot: bool = False
    is_workflow_bot: bool = False
    is_connector_bot: bool = False
    deleted: bool = False
    tz_offset: int = Field(0, ge=-86_400, le=86_400)
    name: str = ""
    real_name: str = Field("", validation_alias=AliasPath("profile", "real_name"))
    display_name: str = Field("", validation_alias=AliasPath("profile", "display_name"))

    @model_validator(mode="before")
    @classmethod
    def _readable(cls, said: Any) -> Any:
        """Slack writes null in some of the fields that say nothing, and half an emoji in names
        that it has cut."""
        return _cleaned(said)

    def person(self, user: str, here: Organisation) -> Person:
        """Who `user` is `here`."""
        person = Person(
            id=user,
            name=beginning(self.display_name or self.real_name or self.name or user, NAME_CHARS),
            guest=self.is_restricted or self.is_ultra_restricted,
            stranger=self.is_stranger or self.is_external or not self._belongs_to(here),
            bot=self.is_bot or self.is_workflow_bot or self.is_connector_bot,
            deleted=self.deleted,
            tz_offset=self.tz_offset,
            known=True,
        )
        looks_after_it = (self.is_admin or self.is_owner) and self._is_in(here)
        return replace(person, admin=person.member and looks_after_it)

    def _belongs_to(self, here: Organisation) -> bool:
        """On an Enterprise Grid the `team_id` may be that of another workspace or of the
        enterprise, or missing (lookerbot issue 184, bolt-js issue 1875)."""
        colleague = here.enterprise and here.enterprise in (self.enterprise_id, self.team_id)
        return here.team in (self.team_id, *self.teams) or bool(colleague)

    def _is_in(self, here: Organisation) -> bool:
        """Whether they are in this very workspace of the enterprise, and what Slack says that they
        may is said of it."""
        if here.org_wide:
            return here.team == self.team_id
        if here.team in (self.team_id, *self.teams):
            return True
        return not self.teams and self.team_id in ("", here.enterprise)


def _cleaned(value: Any, depth: int = 2) -> Any:
    """`value` without nulls, and with texts that can be written, down to a `depth`."""
    if isinstance(value, str):
        return printable(value)
    if not (isinstance(value, dict) and depth):
        return value
    return {name: _cleaned(each, depth - 1) for name, each in value.items() if each is not None}


KEPT_SECONDS = 24 * 3600
"""How long it is kept: what somebody is called seldom changes. What they may do is asked for more
often."""


@dataclass(frozen=True, slots=True)
class KeptPerson:
    """What Slack said `age` seconds ago; None when that is too long ago, or it never did.
    `refused`: it was asked just now and did not say."""

    text: str | None
    age: float
    refused: bool


class KeptPeople(Records):
    """Texts by the ids of people. Every method raises `StoreUnavailable`."""

    async def read(self, user: str) -> KeptPerson:
        """What is kept of `user`."""
        text, left, refused = await self._script("known")(self._keys_of(user), [])
        return KeptPerson(text, KEPT_SECONDS - max(0, int(left)) / 1000, bool(refused))

    async def read_all(self, users: Sequence[str]) -> Mapping[str, str]:
        """What is kept of each of `users`, however old."""
        if not users:
            return {}
        found: Any = await answered(self._redis.mget([self._keys.person(user) for user in users]))
        return {user: text for user, text in zip(users, found, strict=True) if text}

    async def write(self, user: str, text: str) -> None:
        """Keep `text`, which Slack has just said of `user`; empty: forget what it said."""
        await self._script("remember")([self._keys.person(user)], [text, KEPT_SECONDS])

    async def refuse(self, user: str, seconds: int) -> None:
        """Remember for so long that Slack does not say who `user` is."""
        await self._script("remember")([self._keys_of(user)[1]], ["1", seconds])

    def _keys_of(self, user: str) -> list[str]:
        return [self._keys.person(user), self._keys.person(f"{user}:refused")]
