"""What admins have set, and what of it holds in one place for one person.

- Defaults and caps: those of the channel stand in place of the workspace's.
- Models: may be asked if the workspace and the channel both allow it.
- Limits of what is used: the workspace's, the channel's and the person's all hold. A person's
  own limit stands in place of the one of the same name that `each-user` has.
- A pause holds in its channel, or everywhere when it is the workspace's.

A default gives way to caps and to the allowed models, as nobody has asked for it. How a question
is made of flags and all this: `bot.rules.defaults`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, JsonValue

from bot.completion.ask import Source
from bot.completion.options import OPTIONS, REPLY_TO
from bot.completion.request import Text, is_text
from bot.rules.quota import EACH_USER, QUOTAS, WORKSPACE, QuotaName, Scope

DEFAULTABLE = tuple(name for name in OPTIONS if name not in {"prompt", "private"})
"""What may have a default: every parameter but the prompt, `system` and `reply`."""

EVERY_MODEL = "*"
"""Among the models: those that are not named."""

_CAPPED: Mapping[str, QuotaName] = {
    "max_tokens": "max-tokens",
    "n": "answers",
    "best_of": "answers",
}
"""The cap that bounds a parameter."""


def _known_defaults(defaults: dict[str, JsonValue]) -> dict[str, JsonValue]:
    for name, value in defaults.items():
        if name not in DEFAULTABLE or value is None:
            raise ValueError(f"no default: {name}")
        if name == "system" and not (isinstance(value, str) and is_text(value)):
            raise ValueError("not a system text")
        if name == "reply" and value not in REPLY_TO:
            raise ValueError("not a place to reply")
    return defaults


def _within_bounds(limits: dict[QuotaName, int]) -> dict[QuotaName, int]:
    for name, most in limits.items():
        if not QUOTAS[name].least <= most <= QUOTAS[name].most:
            raise ValueError(f"out of bounds: {name}")
    return limits


class Paused(BaseModel):
    """New questions are not taken."""

    model_config = ConfigDict(frozen=True, strict=True)

    by: str
    """Slack id of who paused it."""
    at: float
    """Unix time in seconds."""


class Rules(BaseModel):
    """What is set in one scope."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    defaults: Annotated[dict[str, JsonValue], AfterValidator(_known_defaults)] = {}
    """Values in JSON form by the name of their option, of `DEFAULTABLE`.

    Those of parameters may be wrong: another version, with another model of a request, may have
    written them. Whoever uses them finds out (`bot.completion.faults.validate`).
    """
    limits: Annotated[dict[QuotaName, int], AfterValidator(_within_bounds)] = {}
    """Quotas and caps, in their units (money in micro-dollars)."""
    models: dict[Text, bool] = {}
    """Whether a model may be asked, by its id; `EVERY_MODEL`: whether any other may."""
    paused: Paused | None = None


NOTHING_SET = Rules()

Fields = Mapping[str, JsonValue]
"""Rules, field by field: `defaults.temperature`, `limits.max-tokens`, `models.grok-4.3`, `paused`.

In a change None takes a field away, and `defaults` alone all fields that begin so; what is taken
away comes before what is set.
"""

_NAMED = frozenset({"defaults", "limits", "models"})
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
        return kind in {"models", "paused"} or (kind == "limits" and name in QUOTAS)


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that admins have set in a workspace. Each change makes another `version`."""

    version: int = 0
    scopes: Mapping[Scope, Rules] = field(default_factory=dict)
    unread: tuple[Unread, ...] = ()

    def of(self, scope: Scope) -> Rules:
        """What is set in this very scope."""
        return self.scopes.get(scope, NOTHING_SET)

    def of_channel(self, channel: str) -> Rules:
        """What is set in a channel; `channel` is empty where there is none."""
        return self.of(Scope("channel", channel)) if channel else NOTHING_SET


def caps_for(policy: Policy, channel: str) -> Mapping[QuotaName, int]:
    """The most that a single question in a channel may ask for: `max-tokens`, `answers`."""
    limits = {**policy.of(WORKSPACE).limits, **policy.of_channel(channel).limits}
    return {name: limits[name] for name, quota in QUOTAS.items() if name in limits and quota.caps}


IdOf = Callable[[str], str]
"""The id of a model by any name that it has; `str` where each has but one."""


@dataclass(frozen=True, slots=True)
class Models:
    """Which models may be asked: those in `only` (None: all), but not those in `forbidden`."""

    only: tuple[str, ...] | None = None
    forbidden: tuple[str, ...] = ()
    id_of: IdOf = field(default=str, repr=False, compare=False)

    def __contains__(self, model: object) -> bool:
        return isinstance(model, str) and (
            (self.only is None or self._among(model, self.only))
            and not self._among(model, self.forbidden)
        )

    def part(self, names: Iterable[str]) -> tuple[list[str], list[str]]:
        """Those of `names` that may be asked, and the others; each in order, and fast for many."""
        only = None if self.only is None else set(map(self.id_of, self.only))
        forbidden = set(map(self.id_of, self.forbidden))
        may: list[str] = []
        may_not: list[str] = []
        for name in names:
            model = self.id_of(name)
            allowed = (only is None or model in only) and model not in forbidden
            (may if allowed else may_not).append(name)
        return may, may_not

    def _among(self, model: str, names: Iterable[str]) -> bool:
        return self.id_of(model) in map(self.id_of, names)


def allowed_models(policy: Policy, channel: str, id_of: IdOf = str) -> Models:
    """Which models may be asked in a channel, in the order of their names.

    What was said of a model by one of its names holds for all of them.
    """
    rules = (policy.of(WORKSPACE).models, policy.of_channel(channel).models)
    named = sorted({model for each in rules for model in each} - {EVERY_MODEL})
    allowed = tuple(model for model in named if all(_allows(each, model, id_of) for each in rules))
    if all(_allows(each, EVERY_MODEL, id_of) for each in rules):
        return Models(forbidden=tuple(m for m in named if m not in allowed), id_of=id_of)
    return Models(only=allowed, id_of=id_of)


def _allows(models: Mapping[str, bool], model: str, id_of: IdOf) -> bool:
    said = [allowed for name, allowed in models.items() if id_of(name) == id_of(model)]
    return all(said) if said else models.get(EVERY_MODEL, True)


@dataclass(frozen=True, slots=True)
class Default:
    """What holds when the person says nothing else, and who has set it."""

    name: str
    value: JsonValue
    source: Source


def defaults_for(
    policy: Policy,
    channel: str,
    settings: Mapping[str, JsonValue] = MappingProxyType({}),
    id_of: IdOf = str,
) -> tuple[Default, ...]:
    """The defaults that hold in a channel, in the order of `OPTIONS`.

    `settings`: what the settings say, by name. A number above its cap is lowered to that. In
    place of a model that is not allowed stands the next default that is, else the first of the
    models that are named as allowed, if any is.
    """
    sources: tuple[tuple[Source, Mapping[str, JsonValue]], ...] = (
        ("channel", policy.of_channel(channel).defaults),
        ("workspace", policy.of(WORKSPACE).defaults),
        ("settings", settings),
    )
    found: dict[str, list[Default]] = {}
    for source, values in sources:
        for name, value in values.items():
            found.setdefault(name, []).append(Default(name, value, source))
    caps = caps_for(policy, channel)
    chosen = {name: _within(caps, narrowest) for name, (narrowest, *_) in found.items()}
    if "model" in found:
        models = allowed_models(policy, channel, id_of)
        named_by: Source = "channel" if policy.of_channel(channel).models else "workspace"
        chosen["model"] = _allowed_one(models, found["model"], named_by)
    return tuple(chosen[name] for name in OPTIONS if name in chosen)


def _allowed_one(models: Models, defaults: Sequence[Default], named_by: Source) -> Default:
    for default in defaults:
        if default.value in models:
            return default
    return Default("model", models.only[0], named_by) if models.only else defaults[0]


def _within(caps: Mapping[QuotaName, int], default: Default) -> Default:
    cap = caps.get(_CAPPED[default.name]) if default.name in _CAPPED else None
    if cap is None or not isinstance(default.value, int | float) or default.value <= cap:
        return default
    return replace(default, value=cap)


@dataclass(frozen=True, slots=True)
class Limit:
    """So much may be used, in the unit of its quota, and `scope` is whose use counts."""

    scope: Scope
    name: QuotaName
    most: int


def limits_for(policy: Policy, channel: str, user: str) -> tuple[Limit, ...]:
    """Every limit that a question of `user` in `channel` must keep, the narrowest scope first.

    Caps are not among them: nothing is counted for those.
    """
    person = {**policy.of(EACH_USER).limits, **policy.of(Scope("user", user)).limits}
    return (
        *_limits(Scope("user", user), person),
        *(limit for scope in _places(channel) for limit in _limits(scope, policy.of(scope).limits)),
    )


def _limits(scope: Scope, limits: Mapping[QuotaName, int]) -> Iterator[Limit]:
    return (
        Limit(scope, name, limits[name])
        for name, quota in QUOTAS.items()
        if name in limits and not quota.caps
    )


def paused_in(policy: Policy, channel: str) -> tuple[Scope, Paused] | None:
    """The pause that holds in a channel, and whose it is; None: questions are taken."""
    for scope in reversed(_places(channel)):
        if paused := policy.of(scope).paused:
            return scope, paused
    return None


def closed_for(policy: Policy, channel: str, user: str) -> tuple[Unread, ...]:
    """Restrictions that hold for a question of `user` in `channel`, and that cannot be read.

    While there are any, the question must be refused: what they say cannot be kept. An admin
    opens the place again by setting them anew, or taking them away.
    """
    scopes = {str(scope) for scope in (*_places(channel), EACH_USER, Scope("user", user))}
    return tuple(one for one in policy.unread if one.closes and one.scope in scopes)


def _places(channel: str) -> tuple[Scope, ...]:
    """The scopes that a channel is in, the narrowest first."""
    return (Scope("channel", channel), WORKSPACE) if channel else (WORKSPACE,)
