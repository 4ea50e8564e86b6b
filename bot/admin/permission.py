"""Who may see and change what."""

from __future__ import annotations

from bot.asking.admission import knows_rules
from bot.rules.admin_commands import Matter
from bot.settings import Settings, admins_of
from bot.slack.person import Person
from bot.words import admin as words


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
        if matter != "defaults" or not self._members_edit:
            return words.ONLY_ADMINS[matter]
        return "" if person.member else words.NOT_FOR_GUESTS
