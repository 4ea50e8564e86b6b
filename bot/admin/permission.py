"""Who may see and change what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from bot.asking.admission import knows_rules
from bot.rules.managing import (
    AllowModels,
    ExportUsage,
    ManagingCommand,
    Pause,
    ResetDefaults,
    Resume,
    SetDefaults,
    SetQuota,
    ShowAudit,
    ShowDefaults,
    ShowQuota,
    ShowUsage,
    Target,
    UnsetDefaults,
    UnsetQuota,
)
from bot.settings import Settings, admins_of
from bot.slack.person import Person
from bot.words import admin as words

Matter = Literal[
    "defaults",
    "quota",
    "models",
    "pause",
    "audit",
    "usage",
    "export",
    "person",
    "rules",
    "answer",
]
"""What is not everybody's to see or change.

`rules`: to see what admins have set and what others used. `answer`: to look into an answer that
somebody else asked for, or to ask for it again. Both are for members.
"""


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


def matter_of(command: ManagingCommand, user: str) -> Matter | None:
    """What `user` wants to see or change with `command`; None: what is everybody's."""
    match command:
        case ShowUsage(Target(kind="workspace")):
            return "usage"
        case ShowUsage(Target(kind="channel")):
            return "rules"
        case ShowQuota(Target(kind="user", user=other)) if other != user:
            return "person"
        case ShowQuota(Target(kind="channel" | "workspace" | "each-user")):
            return "rules"
        case _:
            return _MATTERS.get(type(command))


_MATTERS: Mapping[type[ManagingCommand], Matter] = {
    SetDefaults: "defaults",
    UnsetDefaults: "defaults",
    ResetDefaults: "defaults",
    SetQuota: "quota",
    UnsetQuota: "quota",
    AllowModels: "models",
    Pause: "pause",
    Resume: "pause",
    ShowAudit: "audit",
    ShowDefaults: "rules",
    ExportUsage: "export",
}
