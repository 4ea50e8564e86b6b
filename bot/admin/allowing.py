"""What admins want to allow or to forbid by a command: models, and what may be searched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from bot.characters import excerpt
from bot.errors import Fault
from bot.grok.client import GrokClient
from bot.rules.commands import AdminCommand
from bot.rules.policy import EVERY_MODEL, Fields, Policy, model_fields, searchable_fields
from bot.rules.quota import WORKSPACE, Scope
from bot.rules.searchable import Searchable, not_kept, to_allow
from bot.words import admin as words
from bot.words.sentences import one_of


@dataclass(frozen=True, slots=True)
class WantedChange:
    """What is to become of some fields (None: taken away); with `faults`, nothing is."""

    fields: Fields
    faults: tuple[Fault, ...] = ()


def searching_wanted(command: AdminCommand, scope: Scope, policy: Policy) -> WantedChange:
    """What `command` says of what may be searched in `scope`; the API keeps to short lists only."""
    named = policy.of(scope).search
    forbid = command.name == "search forbid"
    changes: Mapping[str, bool | None] = dict.fromkeys(command.names, False)
    changes = changes if forbid else to_allow(command.names, named)
    after = {n: each for n, each in {**named, **changes}.items() if each is not None}
    wider = policy.of(WORKSPACE).search if scope.kind == "channel" else {}
    faults = tuple(not_kept(Searchable((wider, after))))
    return WantedChange(searchable_fields(changes), faults)


def models_wanted(command: AdminCommand, named: dict[str, bool], grok: GrokClient) -> WantedChange:
    """`named`: what was said of models in this scope until now. A model that there is not cannot
    be allowed; to forbid it does no harm."""
    allow = command.name == "models allow"
    ids = {name: grok.catalogue.id_of(name) for name in command.names}
    unknown = partial(unknown_model, grok=grok, by_list=allow)
    faults = tuple(
        fault for name, id_ in ids.items() if id_ not in named for fault in unknown(name)
    )
    models = _allowed([*ids.values()], named) if allow else dict.fromkeys(ids.values(), False)
    return WantedChange(model_fields(models), faults)


def _allowed(ids: Sequence[str], named: dict[str, bool]) -> dict[str, bool | None]:
    """To allow what is forbidden by name takes that back; else, only those named may be asked."""
    if named.get(EVERY_MODEL, True) and all(named.get(model) is False for model in ids):
        return dict.fromkeys(ids)
    return {EVERY_MODEL: False, **dict.fromkeys(ids, True)}


def unknown_model(name: str, grok: GrokClient, *, by_list: bool = False) -> Iterator[Fault]:
    """The fault of a name that is likely to be misspelt, or with `by_list` that is known to be no
    model's. A server may serve models that it does not list, so one that looks like no other is
    else taken as it is."""
    nearest = grok.catalogue.nearest(name)
    if (grok.catalogue.find(name) is None and nearest) or (by_list and not grok.serves(name)):
        meant = one_of([excerpt(near) for near in nearest])
        yield Fault("model", words.UNKNOWN_MODEL(model=excerpt(name), nearest=meant))
