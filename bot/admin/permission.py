"""Who may see and change what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

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
    ShowQuota,
    ShowUsage,
    UnsetDefaults,
    UnsetQuota,
)
from bot.settings import Settings, admins_of
from bot.slack.person import Person
from bot.words import admin as words

Matter = Literal["defaults", "quota", "models", "pause", "audit", "usage", "export", "person"]
"""What is not everybody's to see or change."""


class Permission:
    """Tells people what they may not do."""

    def __init__(self, settings: Settings) -> None:
        self._admins = admins_of(settings)
        self._members_edit = settings.defaults_editable_by == "members"

    def is_admin(self, person: Person) -> bool:
        """Whether `person` looks after Grok here. Another organisation's admins do not."""
        return person.id in self._admins or person.admin

    def refusal(self, matter: Matter | None, person: Person) -> str:
        """Why `person` may not; empty when they may. None is everybody's."""
        if matter is None or self.is_admin(person):
            return ""
        if not person.known:
            return words.WHO_ARE_YOU
        if matter != "defaults" or not self._members_edit:
            return words.ONLY_ADMINS[matter]
        return "" if person.member else words.NOT_FOR_GUESTS


def matter_of(command: ManagingCommand, user: str) -> Matter | None:
    """What `user` wants to see or change with `command`; None: what is everybody's."""
    match command:
        case ShowUsage(target) if target and target.kind == "workspace":
            return "usage"
        case ShowQuota(target) if target and target.kind == "user" and target.user != user:
            return "person"
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
    ExportUsage: "export",
}
