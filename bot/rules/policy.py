"""What admins have set, scope by scope. What of it holds for a question: `bot.rules.in_force`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, JsonValue

from bot.completion.ask import effort_in
from bot.completion.options import OPTIONS, REPLY_TO
from bot.completion.request import Text, is_text
from bot.completion.search import OPTION_NAMES, is_value
from bot.rules.quota import QUOTAS, QuotaName, Scope
from bot.rules.searchable import searched_name

DEFAULTABLE = tuple(name for name in OPTIONS if name not in {"prompt", "private"})
"""What may have a default: every parameter but the prompt, and the bot's own options."""

EVERY_MODEL = "*"
"""Among the models: those that are not named."""


def _known_defaults(defaults: dict[str, JsonValue]) -> dict[str, JsonValue]:
    for name, value in defaults.items():
        if name not in DEFAULTABLE or value is None:
            raise ValueError(f"no default: {name}")
        if name == "system" and not (isinstance(value, str) and is_text(value)):
            raise ValueError("not a system text")
        if name == "reply" and value not in REPLY_TO:
            raise ValueError("not a place to reply")
        if name == "effort" and effort_in(value) is None:
            raise ValueError("not an effort")
        if name in OPTION_NAMES and not is_value(name, value):
            raise ValueError("nothing to search")
    return defaults


def _within_bounds(limits: dict[QuotaName, int]) -> dict[QuotaName, int]:
    for name, most in limits.items():
        if not QUOTAS[name].least <= most <= QUOTAS[name].most:
            raise ValueError(f"out of bounds: {name}")
    return limits


def _searchable(named: dict[str, bool]) -> dict[str, bool]:
    for name in named:
        if searched_name(name) != name:
            raise ValueError(f"nothing to search: {name}")
    return named


class Paused(BaseModel):
    """New questions are not taken."""

    model_config = ConfigDict(defer_build=True, frozen=True, strict=True)

    by: str
    """Slack id of who paused it."""
    at: float
    """Unix time in seconds."""


class Rules(BaseModel):
    """What is set in one scope."""

    model_config = ConfigDict(defer_build=True, frozen=True, strict=True, extra="forbid")

    defaults: Annotated[dict[str, JsonValue], AfterValidator(_known_defaults)] = {}
    """Values in JSON form by the name of their option, of `DEFAULTABLE`.

    Those of parameters may be wrong: another version, with another model of a request, may have
    written them. Whoever uses them finds out (`bot.completion.faults.validate`).
    """
    limits: Annotated[dict[QuotaName, int], AfterValidator(_within_bounds)] = {}
    """Quotas and caps, in their units (money in micro-dollars)."""
    models: dict[Text, bool] = {}
    """Whether a model may be asked, by its id; `EVERY_MODEL`: whether any other may."""
    search: Annotated[dict[Text, bool], AfterValidator(_searchable)] = {}
    """Whether a tool, a domain or a handle may be searched, as `bot.rules.searchable` names it."""
    paused: Paused | None = None
    feedback: bool | None = None
    """Whether people may vote on answers here."""
    texts: bool | None = None
    """Whether what was asked and answered here goes along when votes are exported."""


NOTHING_SET = Rules()

Fields = Mapping[str, JsonValue]
"""Rules, field by field: `defaults.temperature`, `limits.max-tokens`, `models.grok-4.3`,
`search.example.com`, `paused`, `feedback`, `texts`.

In a change None takes a field away, and `defaults` alone all fields that begin so; what is taken
away comes before what is set.
"""

_NAMED = frozenset({"defaults", "limits", "models", "search"})
"""Fields that have a name behind a dot."""


def default_fields(values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Defaults by name (None: taken away) as fields."""
    return {f"defaults.{name}": value for name, value in values.items()}


def limit_fields(limits: Mapping[QuotaName, int | None]) -> dict[str, JsonValue]:
    """Quotas and caps by name (None: taken away) as fields."""
    return {f"limits.{name}": most for name, most in limits.items()}


def model_fields(models: Mapping[str, bool | None]) -> dict[str, JsonValue]:
    """Whether models may be asked, by id or for `EVERY_MODEL` (None: taken away) as fields."""
    return {f"models.{model}": allowed for model, allowed in models.items()}


def searchable_fields(named: Mapping[str, bool | None]) -> dict[str, JsonValue]:
    """Whether what has these names may be searched (None: taken away) as fields."""
    return {f"search.{name}": allowed for name, allowed in named.items()}


def rules_of(fields: Fields) -> Rules:
    """The rules that these fields say. Raises `ValueError` when one cannot be read."""
    parts: dict[str, Any] = {}
    for key, value in fields.items():
        kind, dot, name = key.partition(".")
        if bool(name) != (kind in _NAMED) or bool(name) != bool(dot):
            raise ValueError(f"no field: {key}")
        if name:
            parts.setdefault(kind, {})[name] = value
        else:
            parts[kind] = value
    return Rules.model_validate(parts)


@dataclass(frozen=True, slots=True)
class Unread:
    """A field that this version cannot read, and so counts as not set; `scope` as it is stored."""

    scope: str
    field: str

    @property
    def closes(self) -> bool:
        """Whether it restricts what may be asked, in a way that this version knows of."""
        kind, _, name = self.field.partition(".")
        return kind in {"models", "search", "paused"} or (kind == "limits" and name in QUOTAS)


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that admins have set in a workspace. Each change makes another `version`."""

    version: int = 0
    scopes: Mapping[Scope, Rules] = field(default_factory=dict)
    unread: tuple[Unread, ...] = ()
    own: Mapping[str, JsonValue] = field(default_factory=dict)
    """The defaults of whoever asks, where it is looked at for somebody."""

    def of(self, scope: Scope) -> Rules:
        """What is set in this very scope."""
        return self.scopes.get(scope, NOTHING_SET)

    def of_channel(self, channel: str) -> Rules:
        """What is set in a channel; `channel` is empty where there is none."""
        return self.of(Scope("channel", channel)) if channel else NOTHING_SET
