"""Who may ask, where and how often, by the settings; who is told how Grok is
run here, and who may change it."""

from __future__ import annotations

from attrs import frozen

from bot.rules.commands import Matter
from bot.settings import Settings, admins_of, asking_channels
from bot.slack.blocks import mentions
from bot.slack.people.membership import Membership
from bot.slack.people.people import People
from bot.slack.people.person import Person
from bot.store.allowances import Allowances
from bot.store.keys import questions_of
from bot.words import admin as words

LOOK_UP_SECONDS = 0.8
"""How long finding out who somebody is may take: accepting a question takes 2 of an ack's 3 s."""


class Admission:
    """Tells people who may not ask so."""

    def __init__(self, people: People, allowances: Allowances, settings: Settings) -> None:
        self._people = people
        self._allowances = allowances
        self._members_only = settings.asking_open_to == "members"
        self._channels = asking_channels(settings)
        self._most = settings.questions_per_minute

    async def refusal(
        self, user: str, channel: str, question: str = "", *, within: float = LOOK_UP_SECONDS
    ) -> str:
        """Why `user` may not ask in `channel`; empty when they may.

        `question` is the same whenever the same one is asked for: it is counted once, and empty
        for one that is not counted.
        """
        if self._channels and channel not in self._channels:
            return words.NOT_IN_THIS_CHANNEL
        if question:
            wait = await self._allowances.take(questions_of(user), self._most, call=question)
            if wait:
                return words.asked_too_often(self._most, wait)
        return await self.of_person(user, within=within)

    async def of_person(self, user: str, *, within: float = LOOK_UP_SECONDS) -> str:
        """Why `user` may not ask anywhere; empty when they may.

        Where only members may ask, somebody whom Slack does not describe within so many seconds
        may not.
        """
        if not self._members_only:
            return ""
        person = await self._people.find(user, within=within)
        if not person.known:
            return words.WHO_ARE_YOU
        return "" if person.member else words.MEMBERS_ONLY


@frozen
class Presence:
    """Tells people who cannot see a place that nothing is done for them there."""

    _people: People
    _membership: Membership

    async def refusal(self, user: str, channel: str, *, was_there: bool = False) -> str:
        """Why nothing is done in `channel` for `user`; empty when they see it.

        `was_there`: Slack said some time ago that they are there. That still counts where the bot
        is not, and so can neither ask Slack nor write.
        """
        person = await self._people.find(user, within=LOOK_UP_SECONDS)
        match await self._membership.sight(person, channel):
            case "yes":
                return ""
            case "hidden" if was_there:
                return ""
            case "unknown":
                return words.SLACK_SILENT
            case "no" if not person.known:  # and who may be a member, and see public channels
                return words.SLACK_SILENT
            case _:
                return words.NOT_SEEN_THERE


def knows_rules(person: Person) -> bool:
    """Whether `person` may know what admins have set and what others used. Guests, people of
    other organisations and whom Slack does not describe may not."""
    return person.member or person.admin


class Permission:
    """Tells people what they may not do."""

    def __init__(self, settings: Settings) -> None:
        self._admins = admins_of(settings)
        self._members_edit = settings.defaults_editable_by == "members"

    def is_admin(self, person: Person) -> bool:
        """Whether `person` looks after Grok here. Another organisation's admins do not."""
        return person.id in self._admins or person.admin

    def knows_rules(self, person: Person) -> bool:
        """Whether `person` may know what admins have set and what others used."""
        return knows_rules(person) or self.is_admin(person)

    def refusal(self, matter: Matter | None, person: Person) -> str:
        """Why `person` may not; empty when they may. None is everybody's."""
        if matter is None or self.is_admin(person):
            return ""
        if not person.known:
            return words.WHO_ARE_YOU
        if matter in words.ONLY_MEMBERS:
            return "" if person.member else words.ONLY_MEMBERS[matter]
        if matter not in ("defaults", "prompts") or not self._members_edit:
            return words.only_admins(matter, mentions(sorted(self._admins)))
        return "" if person.member else words.NOT_FOR_GUESTS
