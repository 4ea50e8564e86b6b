"""Who may ask at all, and where, by the settings; and who is told how Grok is run here."""

from __future__ import annotations

from bot.settings import Settings
from bot.slack.membership import Membership
from bot.slack.people import People
from bot.slack.person import Person
from bot.words import admin as words


class Admission:
    """Tells people who may not ask so."""

    def __init__(self, people: People, settings: Settings) -> None:
        self._people = people
        self._members_only = settings.asking_open_to == "members"
        self._channels = frozenset(
            filter(None, (channel.strip() for channel in settings.asking_channels.split(",")))
        )

    async def refusal(self, user: str, channel: str) -> str:
        """Why `user` may not ask in `channel`; empty when they may."""
        if self._channels and channel not in self._channels:
            return words.NOT_IN_THIS_CHANNEL
        return await self.of_person(user)

    async def of_person(self, user: str) -> str:
        """Why `user` may not ask anywhere; empty when they may.

        Where only members may ask, somebody whom Slack does not describe may not.
        """
        if not self._members_only:
            return ""
        person = await self._people.find(user)
        if not person.known:
            return words.WHO_ARE_YOU
        return "" if person.member else words.MEMBERS_ONLY


class Presence:
    """Tells people who cannot see a place that nothing is done for them there."""

    def __init__(self, people: People, membership: Membership) -> None:
        self._people = people
        self._membership = membership

    async def refusal(self, user: str, channel: str, *, was_there: bool = False) -> str:
        """Why nothing is done in `channel` for `user`; empty when they see it.

        `was_there`: Slack said some time ago that they are there. That still counts where the bot
        is not, and so can neither ask Slack nor write.
        """
        match await self._membership.sight(await self._people.find(user), channel):
            case "yes":
                return ""
            case "hidden" if was_there:
                return ""
            case "unknown":
                return words.SLACK_SILENT
            case _:
                return words.NOT_SEEN_THERE


def knows_rules(person: Person) -> bool:
    """Whether `person` may know what admins have set and what others used. Guests, people of
    other organisations and whom Slack does not describe may not."""
    return person.member or person.admin
