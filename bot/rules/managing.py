"""The commands beside asking: what there is, what was used, and how Grok is run.

`bot.rules.managing_grammar` reads them. `str(command)` is how one without faults is typed
after `/grok`, people by their ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import JsonValue

from bot.completion.flags import Flags, written_flags
from bot.errors import Fault
from bot.rules.quota import QUOTAS, QuotaName, Scope, ScopeKind

TargetKind = Literal["me"] | ScopeKind


@dataclass(frozen=True, slots=True)
class Target:
    """What a command is about, as it was typed: `channel` is the one that it was typed in.

    `user` is the id of the person meant by `user @who`. It is empty when Slack did not say who
    that is, which is a fault of the command.
    """

    kind: TargetKind
    user: str = ""

    @property
    def scope_kind(self) -> ScopeKind:
        """The kind of the scope that is meant."""
        return "user" if self.kind == "me" else self.kind

    def __str__(self) -> str:
        return f"user @{self.user}" if self.kind == "user" else self.kind

    def scope(self, *, channel: str, user: str) -> Scope:
        """The scope that is meant when `user` typed it in `channel`."""
        ids = {"me": user, "user": self.user, "channel": channel}
        return Scope(self.scope_kind, ids.get(self.kind, ""))


CHANNEL = Target("channel")


@dataclass(frozen=True, slots=True)
class ShowModels:
    """`models`: which there are, and which may be asked."""

    def __str__(self) -> str:
        return "models"


@dataclass(frozen=True, slots=True)
class AllowModels:
    """`models allow|forbid NAME… | all`. `names` are as they were typed, each once."""

    allow: bool
    names: tuple[str, ...] = ()
    all: bool = False
    target: Target = CHANNEL
    faults: tuple[Fault, ...] = ()

    def __str__(self) -> str:
        return _typed(
            "models",
            "allow" if self.allow else "forbid",
            "all" if self.all else ", ".join(self.names),
            self.target,
        )


@dataclass(frozen=True, slots=True)
class ShowUsage:
    """`usage`: what was used; `target` is None when none was named."""

    target: Target | None = None

    def __str__(self) -> str:
        return _typed("usage", self.target)


@dataclass(frozen=True, slots=True)
class ExportUsage:
    """`usage export`: a month as CSV; `month` is `YYYY-MM`, or empty for the one that it is."""

    month: str = ""
    faults: tuple[Fault, ...] = ()

    def __str__(self) -> str:
        return _typed("usage export", self.month)


@dataclass(frozen=True, slots=True)
class ShowAudit:
    """`audit`: who changed what."""

    def __str__(self) -> str:
        return "audit"


@dataclass(frozen=True, slots=True)
class ShowDefaults:
    """`defaults [show]`; `target` None: all that hold here, and where they come from."""

    target: Target | None = None

    def __str__(self) -> str:
        return _typed("defaults show", self.target)


@dataclass(frozen=True, slots=True)
class SetDefaults:
    """`defaults set flags`: `flags` holds no prompt, and its faults are those of the command."""

    flags: Flags
    target: Target = CHANNEL

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Everything wrong with it."""
        return self.flags.faults

    def __str__(self) -> str:
        options: dict[str, JsonValue] = {**self.flags.values}
        if self.flags.system is not None:
            options["system"] = self.flags.system
        if self.flags.reply is not None:
            options["reply"] = self.flags.reply
        return _typed("defaults set", written_flags(options), self.target)


@dataclass(frozen=True, slots=True)
class UnsetDefaults:
    """`defaults unset names`: parameters, `system` and `reply`, by their field names."""

    names: tuple[str, ...]
    target: Target = CHANNEL
    faults: tuple[Fault, ...] = ()

    def __str__(self) -> str:
        return _typed("defaults unset", *(n.replace("_", "-") for n in self.names), self.target)


@dataclass(frozen=True, slots=True)
class ResetDefaults:
    """`defaults reset`: unset all of them."""

    target: Target = CHANNEL

    def __str__(self) -> str:
        return _typed("defaults reset", self.target)


@dataclass(frozen=True, slots=True)
class ShowQuota:
    """`quota [show]`; `target` None: all that hold here for who asks."""

    target: Target | None = None
    faults: tuple[Fault, ...] = ()

    def __str__(self) -> str:
        return _typed("quota show", self.target)


@dataclass(frozen=True, slots=True)
class SetQuota:
    """`quota set NAME=VALUE…`: `limits` are those that could be read."""

    limits: Mapping[QuotaName, int] = field(default_factory=dict)
    target: Target = CHANNEL
    faults: tuple[Fault, ...] = ()

    def __str__(self) -> str:
        pairs = (f"{name}={QUOTAS[name].typed(most)}" for name, most in self.limits.items())
        return _typed("quota set", *pairs, self.target)


@dataclass(frozen=True, slots=True)
class UnsetQuota:
    """`quota unset NAME…`."""

    names: tuple[QuotaName, ...]
    target: Target = CHANNEL
    faults: tuple[Fault, ...] = ()

    def __str__(self) -> str:
        return _typed("quota unset", *self.names, self.target)


@dataclass(frozen=True, slots=True)
class Pause:
    """`pause`: take no new questions."""

    target: Target = CHANNEL

    def __str__(self) -> str:
        return _typed("pause", self.target)


@dataclass(frozen=True, slots=True)
class Resume:
    """`resume`: take questions again."""

    target: Target = CHANNEL

    def __str__(self) -> str:
        return _typed("resume", self.target)


ManagingCommand = (
    ShowModels
    | AllowModels
    | ShowUsage
    | ExportUsage
    | ShowAudit
    | ShowDefaults
    | SetDefaults
    | UnsetDefaults
    | ResetDefaults
    | ShowQuota
    | SetQuota
    | UnsetQuota
    | Pause
    | Resume
)


def _typed(*parts: object) -> str:
    return " ".join(str(part) for part in parts if part)
