"""From a command to the fields of the policy that it sets or takes away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from bot.completion.ask import effort_in
from bot.completion.excerpt import excerpt
from bot.completion.faults import validate
from bot.completion.options import PARAMETERS
from bot.completion.search import Search, is_value, search_in, settled
from bot.errors import Fault, RequestRefused
from bot.grok.catalogue import Catalogue
from bot.grok.client import GrokClient
from bot.rules.admin_commands import AdminCommand
from bot.rules.defaults import default_faults
from bot.rules.in_force import InForce
from bot.rules.policy import EVERY_MODEL, Fields, Paused, Policy, model_fields, searchable_fields
from bot.rules.quota import WORKSPACE, Scope
from bot.rules.searchable import Searchable, not_kept, to_allow
from bot.words import admin as words
from bot.words import quota as quota_words


@dataclass(frozen=True, slots=True)
class WantedChange:
    """What is to become of some fields (None: taken away); with `faults`, nothing is."""

    fields: Fields
    faults: tuple[Fault, ...] = ()


def wanted(
    command: AdminCommand, scope: Scope, policy: Policy, catalogue: Catalogue, pause: Paused
) -> WantedChange:
    """What is wanted with `command` in `scope`; `pause`: the one that it may set."""
    match command.name:
        case "pause":
            return WantedChange({"paused": pause.model_dump()})
        case "resume":
            return WantedChange({"paused": None})
        case "models allow" | "models forbid" if command.names:
            return _models(command, policy.of(scope).models, catalogue)
        case "search allow" | "search forbid" if command.names:
            return _searchable(command, scope, policy)
        case _:
            return WantedChange(command.fields)


def _searchable(command: AdminCommand, scope: Scope, policy: Policy) -> WantedChange:
    named = policy.of(scope).search
    forbid = command.name == "search forbid"
    changes: Mapping[str, bool | None] = dict.fromkeys(command.names, False)
    changes = changes if forbid else to_allow(command.names, named)
    after = {n: each for n, each in {**named, **changes}.items() if each is not None}
    wider = policy.of(WORKSPACE).search if channel_of(scope) else {}
    faults = tuple(not_kept(Searchable((wider, after))))
    return WantedChange(searchable_fields(changes), faults)


def _models(command: AdminCommand, named: dict[str, bool], catalogue: Catalogue) -> WantedChange:
    """`named`: what was said of models in this scope until now."""
    faults = tuple(fault for name in command.names for fault in _unknown(name, catalogue))
    ids = [*map(catalogue.id_of, command.names)]
    allow = command.name == "models allow"
    models = _allowed(ids, named) if allow else dict.fromkeys(ids, False)
    return WantedChange(model_fields(models), faults)


def _allowed(ids: Sequence[str], named: dict[str, bool]) -> dict[str, bool | None]:
    """To allow what is forbidden by name takes that back; else, only those named may be asked."""
    if named.get(EVERY_MODEL, True) and all(named.get(model) is False for model in ids):
        return dict.fromkeys(ids)
    return {EVERY_MODEL: False, **dict.fromkeys(ids, True)}


def _unknown(name: str, catalogue: Catalogue) -> Iterator[Fault]:
    """The fault of a name that is likely to be misspelt. A server may serve models that it does
    not list, so one that looks like no other is taken as it is."""
    nearest = catalogue.nearest(name)
    if catalogue.find(name) is None and nearest:
        meant = quota_words.one_of([excerpt(near) for near in nearest])
        yield Fault("model", words.unknown_model(excerpt(name), meant))


def channel_of(scope: Scope) -> str:
    """The channel that `scope` is, or empty."""
    return scope.id if scope.kind == "channel" else ""


def faults_of_defaults(
    values: Mapping[str, JsonValue],
    scope: Scope,
    policy: Policy,
    grok: GrokClient,
    settings: Mapping[str, JsonValue],
) -> tuple[Fault, ...]:
    """What speaks against these defaults (None: taken away) in `scope`, once per parameter: a
    misspelt model, a value, a restriction, or what the model that is asked then cannot do."""
    model = values.get("model")
    rules = InForce(policy, channel_of(scope), id_of=grok.catalogue.id_of)
    faults = [
        *(_unknown(model, grok.catalogue) if isinstance(model, str) else ()),
        *default_faults(rules, values),
        *_beyond_model(values, scope, policy, grok, settings),
    ]
    return tuple({fault.parameter: fault for fault in reversed(faults)}.values())[::-1]


def _beyond_model(
    values: Mapping[str, JsonValue],
    scope: Scope,
    policy: Policy,
    grok: GrokClient,
    settings: Mapping[str, JsonValue],
) -> Iterator[Fault]:
    id_of = grok.catalogue.id_of
    wide, here = (
        InForce(policy, place, settings=settings, id_of=id_of).values
        for place in ("", channel_of(scope))
    )
    kept = {name: value for name, value in {**here, **values}.items() if value is not None}
    all_ = {**wide, **kept}
    given = {name: value for name, value in all_.items() if name in PARAMETERS}
    try:
        request = validate({**given, "prompt": "-"})
    except RequestRefused:
        return
    effort, search = effort_in(all_.get("effort")), _searched(kept, wide)
    for fault in grok.check(request, effort=effort, search=search):
        if "model" in values or fault.parameter in values:
            yield fault


def _searched(*defaults: Mapping[str, JsonValue]) -> Search:
    """What defaults search, the nearest first."""
    named = [item for each in defaults for item in each.items() if is_value(*item)]
    return search_in(settled({}, named))
