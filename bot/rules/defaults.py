"""From flags and the policy to what is asked: what wins, and what speaks against it.

What the person said wins over their own default, that over the channel's, that over the
workspace's, and that over the settings. What the person asked for is never changed: where admins
do not allow it, it is refused in words.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from bot.characters import excerpt
from bot.completion.ask import NEAREST, Effort, Source
from bot.completion.faults import check, refusal, sound_part, too_long
from bot.completion.flags import Flags
from bot.completion.options import OPTIONS, shown_value, suits
from bot.completion.request import CompletionRequest
from bot.completion.search import (
    NO_SEARCH,
    OPTION_NAMES,
    SOURCES,
    Search,
    clashes,
    search_in,
    settled,
    without_source,
    written,
)
from bot.errors import Fault
from bot.rules.policy import EVERY_MODEL, InForce
from bot.rules.quota import WORKSPACE
from bot.rules.searchable import bounded
from bot.words import commands as managing
from bot.words import request as words
from bot.words import search as search_words

MAX_DEFAULT_BYTES = 16 * 1024
"""Of one default, as JSON: every process keeps them all in memory, and the audit repeats them."""

_DEPENDS: Mapping[str, str] = {"best_of": "n", "stream": "best_of"}
"""Parameters that may be at fault for what another one is."""

_NO_PARAMETERS = frozenset({"prompt", "system", "reply", "effort", *OPTION_NAMES})
"""Names of options that no default of a request has."""

_MODELS_SHOWN = 10

Carried = Callable[[CompletionRequest, Effort | None, Search], Iterable[Fault]]
"""What the model of a request, or the endpoint that serves it, cannot carry."""


@dataclass(frozen=True, slots=True)
class Supplied:
    """What is asked: `flags` have the defaults in place of what was left open in those that were
    `typed`. Their reply is where the answer goes, unless the place of the question says better.

    `sources` tells by name whose default took effect, and `search_faults` what of the `search`
    admins do not allow.
    """

    rules: InForce
    typed: Flags
    flags: Flags
    search: Search
    search_faults: tuple[Fault, ...]
    sources: Mapping[str, Source]

    def explained(self, faults: Iterable[Fault]) -> tuple[Fault, ...]:
        """The same faults; where a default is to blame, they say whose it is."""
        return tuple(self._explained(fault) for fault in faults)

    def _explained(self, fault: Fault) -> Fault:
        if fault.allowed == words.ALLOW_ANOTHER:
            return fault  # whoever's default it is, no other model would do
        for name in (fault.parameter, _DEPENDS.get(fault.parameter, "")):
            if source := self.sources.get(name):
                if (
                    name == "model"
                    and self.rules.set_by(source).get(name) != self.flags.given[name]
                ):
                    problem = words.FIRST_ALLOWED(fault.problem)
                    return Fault(fault.parameter, problem, fault.allowed)
                other = "" if name == fault.parameter else OPTIONS[name].flag
                problem = words.by_default(fault.problem, source, other)
                return Fault(fault.parameter, problem, fault.allowed)
        return fault


def supply(rules: InForce, typed: Flags) -> Supplied:
    """What was `typed` with the defaults that are in force."""
    defaults = sorted(rules.defaults, key=lambda default: NEAREST.index(default.source))
    of_search = [(each.name, each.value) for each in defaults if each.name in OPTION_NAMES]
    # Defaults that narrow a search say nothing where nobody says to search.
    said = typed.search or any(name == "search" for name, _ in of_search)
    search = settled(typed.search, of_search) if said else {}
    wanted = search_in(search) if search else NO_SEARCH
    searched, faults = bounded(wanted, rules.searchable) if wanted.sources else (wanted, ())
    left_open = [
        default
        for default in rules.defaults
        if default.name not in typed.given
        and (default.name not in OPTION_NAMES or default.name in search)
    ]
    values = {**{default.name: default.value for default in left_open}, **typed.given}
    own = {name: value for name, value in values.items() if name not in OPTION_NAMES}
    return Supplied(
        rules=rules,
        typed=typed,
        flags=Flags({**own, **(searched.values() if searched.sources else {})}),
        search=searched,
        search_faults=faults,
        sources={default.name: default.source for default in left_open},
    )


def request_of(supplied: Supplied, most_bytes: int, carried: Carried) -> CompletionRequest:
    """The request that is asked, of which each text may have so many UTF-8 bytes.

    Raises `RequestRefused` with every fault: of the grammar, of the schema, of the rules beyond
    it, of what admins do not allow, and of the endpoint that would have to carry it. Where a
    default is to blame, the fault says whose it is.
    """
    flags, of_flags = supplied.flags, supplied.typed.faults
    request, found = sound_part(flags.values)
    wrong = {fault.parameter for fault in (*of_flags, *found)}
    further = [*check(request, max_prompt_bytes=most_bytes)]
    further += restriction_faults(supplied.rules, request)
    if "model" not in wrong:  # or nobody knows what it can do
        further += carried(request, flags.effort, supplied.search)
    further += too_long("system", len((flags.system or "").encode()), most_bytes)
    found += tuple(fault for fault in further if fault.parameter not in wrong)
    found += tuple(search_faults(supplied))
    faults = [*_of_flags(of_flags, found), *supplied.explained(found)]
    if faults:
        raise refusal(faults)
    return request


def _of_flags(faults: Iterable[Fault], found: Iterable[Fault]) -> Iterator[Fault]:
    """`faults` of what was typed; where it narrows no search besides, they say that too."""
    idle = {each.parameter: each for each in found if each.parameter in OPTION_NAMES}
    for fault in faults:
        if each := idle.get(fault.parameter):
            problem = search_words.BESIDE(
                problem=fault.problem, idle=each.problem, wanted=each.allowed
            )
            fault = Fault(fault.parameter, problem, fault.allowed)  # noqa: PLW2901
        yield fault


def search_faults(supplied: Supplied) -> Iterator[Fault]:
    """What of a search is not allowed, and what was said that narrows nothing which is searched."""
    flags = supplied.typed
    yield from supplied.search_faults
    if any(fault.parameter == "search" for fault in flags.faults):
        return
    wrong = {each.parameter: "" for each in flags.faults if each.parameter in OPTION_NAMES}
    said = {**wrong, **flags.search}
    if not said:
        return
    for fault in without_source({**supplied.search.values(), **said}):
        if fault.parameter in said:
            yield fault


def restriction_faults(rules: InForce, request: CompletionRequest) -> Iterator[Fault]:
    """What admins do not allow there, once per parameter: the model, or beyond a cap."""
    models, caps = rules.models, rules.caps
    if problem := _none_served(rules):
        yield Fault("model", problem, words.ALLOW_ANOTHER)
    elif request.model not in models:
        yield Fault("model", words.NOT_ALLOWED(excerpt(request.model)), _allowed(rules))
    if (most := caps.get("max-tokens")) and (request.max_tokens or 0) > most:
        problem = words.TOO_LARGE(shown_value(request.max_tokens))
        yield Fault("max_tokens", problem, words.UP_TO_HERE(most))
    if (most := caps.get("answers")) and (written := request.answers) > most:
        problem = words.TOO_MANY_ANSWERS(shown_value(written))
        yield Fault(_most_of(request), problem, words.UP_TO_HERE(most))


def _none_served(rules: InForce) -> str:
    """What is wrong where only models may be asked of which there is none; else empty."""
    only = rules.models.only
    if not only or any(map(rules.serves, only)):
        return ""
    policy = rules.policy
    named = {"workspace": policy.of(WORKSPACE), "channel": policy.of_channel(rules.channel)}
    places = [place for place, each in named.items() if not each.models.get(EVERY_MODEL, True)]
    return words.none_served([excerpt(name) for name in only[:_MODELS_SHOWN]], places)


def _allowed(rules: InForce) -> str:
    models = rules.models
    names = models.forbidden if models.only is None else [*filter(rules.serves, models.only)]
    shown = [excerpt(name) for name in names[:_MODELS_SHOWN]]
    return words.ANY_BUT(shown) if models.only is None else words.any_of(shown)


def _most_of(request: CompletionRequest) -> str:
    """The parameter that most of the answers are due to."""
    counts = {"n": request.n or 1, "best_of": request.best_of or 1, "prompt": len(request.prompts)}
    return max(counts, key=lambda name: counts[name])


def default_faults(rules: InForce, values: Mapping[str, JsonValue]) -> tuple[Fault, ...]:
    """What speaks against setting these defaults (None: taking away) in a channel, or in the
    workspace where `rules` name none.

    They are looked at together with the defaults that
    hold there already, whose own faults do not count.
    """
    before = rules.values
    kept = {name: value for name, value in {**before, **values}.items() if value is not None}
    faults_before = _faults_of(rules, before)
    found: dict[str, Fault] = {}
    for fault in _faults_of(rules, kept):
        if fault.parameter in values or fault not in faults_before:
            found.setdefault(fault.parameter, fault)
    return tuple(found.values())


def _faults_of(rules: InForce, defaults: Mapping[str, JsonValue]) -> list[Fault]:
    found = [*_own_faults(defaults), *_size_faults(defaults), *_search_faults(rules, defaults)]
    parameters = {name: value for name, value in defaults.items() if name not in _NO_PARAMETERS}
    request, wrong = sound_part({"model": "-", "prompt": "-", **parameters})
    if wrong:
        return [*found, *wrong]
    found += (*check(request), *restriction_faults(rules, request))
    return [fault for fault in found if fault.parameter in defaults]


def _own_faults(defaults: Mapping[str, JsonValue]) -> Iterator[Fault]:
    if "prompt" in defaults:
        yield Fault("prompt", managing.PROMPT_NO_DEFAULT)
    for name in ("system", "reply", "effort"):
        value, option = defaults.get(name), OPTIONS[name]
        if name in defaults and not suits(option, value):
            problem = words.not_of_kind(option.kind, shown_value(value))
            if name == "system" and isinstance(value, str):
                problem = words.VALUE_NOT_TEXT
            yield Fault(name, problem, option.allowed)


def _search_faults(rules: InForce, defaults: Mapping[str, JsonValue]) -> Iterator[Fault]:
    """What of searching is no value, or cannot stand together; a wider default gives way."""
    wide = {} if not rules.channel else InForce(rules.policy).values
    own = {
        name: value
        for name, value in defaults.items()
        if name in OPTION_NAMES and (name not in wide or value != wide[name])
    }
    wrong = [name for name, value in own.items() if not suits(OPTIONS[name], value)]
    for name in wrong:
        problem = words.not_of_kind("search", shown_value(written(own[name])))
        yield Fault(name, problem, OPTIONS[name].allowed)
    if wrong:
        return
    yield from clashes(own)
    _, faults = bounded(search_in({"search": ",".join(SOURCES), **own}), rules.searchable)
    yield from (fault for fault in faults if fault.parameter in own)


def _size_faults(defaults: Mapping[str, JsonValue]) -> Iterator[Fault]:
    for name, value in defaults.items():
        yield from too_long(name, len(json.dumps(value)), MAX_DEFAULT_BYTES)
