"""What admins have set, scope by scope, and what of it holds in one place for one person.

- Defaults and caps: those of the channel stand in place of the workspace's, and a person's own
  defaults in place of both.
- Models: may be asked if the workspace and the channel both allow it.
- Limits of what is used: the workspace's, the channel's and the person's all hold. A person's
  own limit stands in place of the one of the same name that `each-user` has.
- A pause holds in its channel, or everywhere when it is the workspace's.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, JsonValue

from bot.completion.ask import NEAREST, Source
from bot.completion.options import OPTIONS, suits
from bot.completion.request import Text
from bot.completion.search import OFF
from bot.rules.quota import EACH_USER, QUOTAS, WORKSPACE, QuotaName, Scope
from bot.rules.searchable import Searchable, searched_name

DEFAULTABLE = tuple(name for name in OPTIONS if name not in {"prompt", "private"})
"""What may have a default: every parameter but the prompt, and the bot's own options."""

EVERY_MODEL = "*"
"""Among the models: those that are not named."""


def _known_defaults(defaults: dict[str, JsonValue]) -> dict[str, JsonValue]:
    for name, value in defaults.items():
        if name not in DEFAULTABLE or value is None or not suits(OPTIONS[name], value):
            raise ValueError(f"no default: {name}")
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
class UnreadField:
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
    unread: tuple[UnreadField, ...] = ()
    own: Mapping[str, JsonValue] = field(default_factory=dict)
    """The defaults of whoever asks, where it is looked at for somebody."""

    def of(self, scope: Scope) -> Rules:
        """What is set in this very scope."""
        return self.scopes.get(scope, NOTHING_SET)

    def of_channel(self, channel: str) -> Rules:
        """What is set in a channel; `channel` is empty where there is none."""
        return self.of(Scope("channel", channel)) if channel else NOTHING_SET


_CAPPED: Mapping[str, QuotaName] = {
    "max_tokens": "max-tokens",
    "n": "answers",
    "best_of": "answers",
}
"""The cap that bounds a parameter."""

IdOf = Callable[[str], str]
"""The id of a model by any name that it has; `str` where each has but one."""


@dataclass(frozen=True, slots=True)
class Models:
    """Which models may be asked: those in `only` (None: all), but not those in `forbidden`."""

    only: tuple[str, ...] | None = None
    forbidden: tuple[str, ...] = ()
    id_of: IdOf = field(default=str, repr=False, compare=False)

    def __contains__(self, model: object) -> bool:
        return isinstance(model, str) and bool(self.part([model])[0])

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


@dataclass(frozen=True, slots=True)
class Default:
    """What holds when the person says nothing else, and who has set it."""

    name: str
    value: JsonValue
    source: Source


@dataclass(frozen=True, slots=True)
class Limit:
    """So much may be used, in the unit of its quota, and `scope` is whose use counts."""

    scope: Scope
    name: QuotaName
    most: int


@dataclass(frozen=True, slots=True)
class InForce:
    """What of `policy` holds for `user` in `channel`; the channel is empty where there is none.

    `settings`: the defaults that the settings give, by name. `serves`: whether there may be such
    a model.
    """

    policy: Policy
    channel: str = ""
    user: str = ""
    settings: Mapping[str, JsonValue] = field(default_factory=dict)
    id_of: IdOf = str
    serves: Callable[[str], bool] = bool

    @property
    def _here(self) -> Rules:
        return self.policy.of_channel(self.channel)

    @property
    def _everywhere(self) -> Rules:
        return self.policy.of(WORKSPACE)

    @property
    def _places(self) -> tuple[Scope, ...]:
        """The scopes that the channel is in, the narrowest first."""
        return (Scope("channel", self.channel), WORKSPACE) if self.channel else (WORKSPACE,)

    @property
    def caps(self) -> Mapping[QuotaName, int]:
        """The most that a single question may ask for: `max-tokens`, `answers`."""
        limits = {**self._everywhere.limits, **self._here.limits}
        return {name: limits[name] for name, q in QUOTAS.items() if name in limits and q.caps}

    @property
    def models(self) -> Models:
        """Which models may be asked, in the order of their names.

        What was said of a model by one of its names holds for all of them.
        """
        rules = (self._everywhere.models, self._here.models)
        named = sorted({model for each in rules for model in each} - {EVERY_MODEL})
        allowed = tuple(m for m in named if all(self._allows(each, m) for each in rules))
        if all(self._allows(each, EVERY_MODEL) for each in rules):
            forbidden = tuple(model for model in named if model not in allowed)
            return Models(forbidden=forbidden, id_of=self.id_of)
        return Models(only=allowed, id_of=self.id_of)

    def _allows(self, models: Mapping[str, bool], model: str) -> bool:
        wanted = self.id_of(model)
        said = [allowed for name, allowed in models.items() if self.id_of(name) == wanted]
        return all(said) if said else models.get(EVERY_MODEL, True)

    @property
    def searchable(self) -> Searchable:
        """What may be searched."""
        return Searchable((self._everywhere.search, self._here.search))

    @property
    def defaults(self) -> tuple[Default, ...]:
        """The defaults, in the order of `OPTIONS`.

        A number above its cap is lowered to that. In place of a model that is not allowed stands
        the next default that is, else the first that is named as allowed, and rather served.
        """
        found = self._found
        caps = self.caps
        chosen = {
            name: replace(narrowest, value=_within(caps, name, narrowest.value))
            for name, (narrowest, *_) in found.items()
        }
        if "model" in found:
            chosen["model"] = self._allowed_one(found["model"])
        if "search" in found:
            chosen["search"] = self._searched(found["search"][0])
        return tuple(chosen[name] for name in OPTIONS if name in chosen)

    @property
    def passed_over(self) -> Default | None:
        """The model that would be the default if it were allowed."""
        models = self._found.get("model", ())
        return models[0] if models and models[0].value not in self.models else None

    @property
    def _found(self) -> Mapping[str, Sequence[Default]]:
        """Every default by its name, the narrowest first."""
        found: dict[str, list[Default]] = {}
        for source in NEAREST:
            for name, value in self.set_by(source).items():
                found.setdefault(name, []).append(Default(name, value, source))
        return found

    def within_caps(
        self, values: Mapping[str, JsonValue], wanted_by_nobody: Container[str]
    ) -> dict[str, JsonValue]:
        """`values` of parameters, some of which were defaults: those give way to caps as they are
        now."""
        caps = self.caps
        return {
            name: _within(caps, name, value) if name in wanted_by_nobody else value
            for name, value in values.items()
        }

    def set_by(self, source: Source) -> Mapping[str, JsonValue]:
        """The defaults as they were set there, before caps and allowed models."""
        match source:
            case "own":
                return self.policy.own
            case "channel":
                return self._here.defaults
            case "workspace":
                return self._everywhere.defaults
            case _:
                return self.settings

    @property
    def values(self) -> dict[str, JsonValue]:
        """The values of the defaults, by name."""
        return {default.name: default.value for default in self.defaults}

    def _allowed_one(self, defaults: Sequence[Default]) -> Default:
        models = self.models
        named_by: Source = "channel" if self._here.models else "workspace"
        only = sorted(models.only or (), key=self.serves, reverse=True)
        named = [Default("model", model, named_by) for model in only]
        allowed = (default for default in defaults if default.value in models)
        return next(allowed, [*named, defaults[0]][0])

    def _searched(self, default: Default) -> Default:
        """What of it may be searched."""
        may = self.searchable.sources
        sources = [each for each in str(default.value).split(",") if each in may]
        return replace(default, value=",".join(sources) or OFF)

    @property
    def limits(self) -> tuple[Limit, ...]:
        """Every limit that a question must keep, the narrowest scope first.

        Caps are not among them: nothing is counted for those.
        """
        of_user = Scope("user", self.user)
        person = {**self.policy.of(EACH_USER).limits, **self.policy.of(of_user).limits}
        wider = ((scope, self.policy.of(scope).limits) for scope in self._places)
        return tuple(
            Limit(scope, name, limits[name])
            for scope, limits in ((of_user, person), *wider)
            for name, quota in QUOTAS.items()
            if name in limits and not quota.caps
        )

    @property
    def paused(self) -> tuple[Scope, Paused] | None:
        """The pause that holds, and whose it is; None: questions are taken."""
        for scope in reversed(self._places):
            if paused := self.policy.of(scope).paused:
                return scope, paused
        return None

    @property
    def feedback(self) -> bool:
        """Whether people may vote on answers, as far as admins say: the narrowest scope does."""
        said = (self.policy.of(scope).feedback for scope in self._places)
        return next((may for may in said if may is not None), True)

    @property
    def unread(self) -> tuple[UnreadField, ...]:
        """Restrictions that hold, and that cannot be read.

        While there are any, a question must be refused: what they say cannot be kept. An admin
        opens the place again by setting them anew, or taking them away.
        """
        scopes = {str(scope) for scope in (*self._places, EACH_USER, Scope("user", self.user))}
        return tuple(one for one in self.policy.unread if one.closes and one.scope in scopes)


def _within(caps: Mapping[QuotaName, int], name: str, value: JsonValue) -> JsonValue:
    cap = caps.get(_CAPPED[name]) if name in _CAPPED else None
    return cap if cap is not None and isinstance(value, int | float) and value > cap else value
