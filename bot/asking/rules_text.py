"""What admins set, and what holds in a place, as people read it: Slack's mrkdwn, safe to show."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from bot.characters import excerpt
from bot.completion.options import OPTIONS, shown_value, written
from bot.completion.search import OPTION_NAMES
from bot.completion.tools import TOOLS
from bot.grok.catalogue import Catalogue
from bot.grok.known_models import Model
from bot.rules.policy import EVERY_MODEL, Default, Fields, InForce, Models, Paused, Policy
from bot.rules.quota import QUOTAS, Scope, find_quota
from bot.rules.searchable import DOMAINS, HANDLES, Searchable
from bot.slack.blocks import mention, moment
from bot.slack.people.person import Person
from bot.store.policies import AuditEntry
from bot.words import admin as words
from bot.words import home as home_words
from bot.words import search as search_words
from bot.words import usage as usage_words
from bot.words.search import EXPLAINED
from bot.words.sentences import dollars, each, price, quoted

_MOST_CHARS = 80
_ORDER = (*OPTIONS, *QUOTAS)
_LINE_ENDS = str.maketrans({"\n": r"\n", "\r": r"\r", "\t": r"\t"})


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that changed, in words."""

    what: str
    before: str
    after: str


def changes(before: Fields, after: Fields) -> Iterator[FieldChange]:
    """What changed from `before` to `after`; a missing field is one that is not set."""
    for field in sorted({*before, *after}, key=_rank):
        yield FieldChange(
            field_name(field),
            field_value(field, before.get(field)),
            field_value(field, after.get(field)),
        )


def field_name(field: str) -> str:
    """What a field of the policy is about."""
    kind, _, name = field.partition(".")
    match kind:
        case "defaults":
            return words.flag(excerpt(name))
        case "models" if name == EVERY_MODEL:
            return words.OTHER_MODELS
        case "search" if name in search_words.NAMED:
            return search_words.NAMED[name]
        case "paused":
            return words.QUESTIONS
        case "feedback":
            return words.VOTES
        case "texts":
            return words.TEXTS
        case "grok_key":
            return words.GROK_KEY
        case _:
            return words.code(excerpt(name or kind))


def field_value(field: str, value: JsonValue) -> str:
    """What a field holds; None: it is not set. It may be of another version, and so anything."""
    kind, _, name = field.partition(".")
    match kind:
        case "defaults":
            return default_value(name, value)
        case "limits":
            return _limit(name, value)
        case "models":
            return _may(value)
        case "search":
            return words.NOT_NAMED if value is None else search_words.MAY[value is True]
        case "paused":
            return words.TAKEN if value is None else words.NOT_TAKEN
        case "feedback" | "texts":
            return default_value("", value)
        case "grok_key" if value is None or isinstance(value, str):
            return words.KEYS.get(value, "") or _plain(value)
        case _:
            return _plain(value)


def default_label(name: str) -> str:
    """What the form calls it; of what has no field there, the flag."""
    option = OPTIONS.get(name)
    return (option.label if option else "") or words.flag(name)


def default_value(name: str, value: JsonValue) -> str:
    """The value of a default; None: it is not set."""
    match value:
        case None:
            return words.NOT_SET
        case bool():
            return words.ON if value else words.OFF
        case str() if name in ("model", "reply", "effort", *OPTION_NAMES):
            return words.code(excerpt(value, _MOST_CHARS))
        case str() if name == "stop":
            return quoted(excerpt(value.translate(_LINE_ENDS), _MOST_CHARS))
        case list():
            return ", ".join(default_value(name, one) for one in value) or words.NOT_SET
        case _:
            return _plain(value)


def whose(scope: Scope, channel: str) -> str:
    """Whose a scope is, for somebody who reads it in `channel`."""
    match scope.kind:
        case "channel" if scope.id != channel:
            return f"<#{scope.id}>" if scope.id[:1] in "CG" else words.A_CONVERSATION
        case "user":
            return f"<@{scope.id}>"
        case kind:
            return usage_words.whose(kind)


def models_text(models: Models) -> str:
    """Which models may be asked, in a sentence."""
    if models.only is None and not models.forbidden:
        return words.ALL_MODELS
    if models.only is None:
        return words.ALLOWED_BUT(_codes(models.forbidden))
    if not models.only:
        return words.NO_MODEL_LEFT
    return words.ALLOWED_ONLY(_codes(models.only))


def searchable_text(may: Searchable) -> str:
    """What may be searched, in a sentence."""
    if not may.sources:
        return search_words.NOTHING_MAY
    text = search_words.may_be([search_words.PLACES[source] for source in may.sources])
    lists = (("web", may.listed(DOMAINS), ""), ("x", may.listed(HANDLES), "@"))
    of_each = [
        search_words.read_there(
            source,
            only=None if each.only is None else _codes([mark + name for name in each.only]),
            but=_codes([mark + name for name in each.forbidden]),
        )
        for source, each, mark in lists
        if source in may.sources
    ]
    return " ".join(filter(None, [text, *of_each]))


def models_not_listed(named: Iterable[str], catalogue: Catalogue) -> str:
    """Which of the models `named` are none that the API lists, in a sentence; else empty."""
    unknown = [name for name in named if name != EVERY_MODEL and catalogue.find(name) is None]
    return words.NOT_ON_LIST(_codes(unknown)) if unknown else ""


def _codes(names: Sequence[str]) -> str:
    return each([words.code(excerpt(name)) for name in names])


def _rank(field: str) -> tuple[int, str]:
    """Where a field stands among others: options and quotas in the order of everywhere else."""
    name = field.partition(".")[2]
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER), field)


def _limit(name: str, value: JsonValue) -> str:
    quota = find_quota(name)
    if value is None:
        return words.NO_LIMIT
    if quota is None or not isinstance(value, int) or isinstance(value, bool):
        return _plain(value)
    return quota.limit(value)


def _may(value: JsonValue) -> str:
    if value is None:
        return words.NOT_NAMED
    return words.ALLOWED if value is True else words.FORBIDDEN


def _plain(value: JsonValue) -> str:
    match value:
        case str():
            return quoted(excerpt(value, _MOST_CHARS))
        case dict():
            return words.code(excerpt(written(value), _MOST_CHARS))
        case _:
            return shown_value(value)


MOST_MODELS = 60


def defaults_here(rules: InForce, *, may_set: bool) -> tuple[str, ...]:
    """Every default in force, and where it comes from. `may_set`: whether the reader may change
    them."""
    return (
        words.DEFAULTS_HERE,
        *(
            _default(default, rules.set_by(default.source).get(default.name), rules.passed_over)
            for default in rules.defaults
        ),
        words.HOW_TO_SET if may_set else words.HOW_TO_SAY,
    )


def defaults_of(policy: Policy, scope: Scope, channel: str) -> tuple[str, ...]:
    """What is set in this very scope, for somebody who reads it in `channel`."""
    values, owner = policy.of(scope).defaults, whose(scope, channel)
    if not values:
        return (words.NONE_SET(owner),)
    return (words.DEFAULTS_OF(owner), *_each_default(values))


def own_defaults(values: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """The reader's own."""
    shown = tuple(_each_default(values))
    return (words.YOUR_DEFAULTS, *shown) if shown else (words.NONE_OF_YOURS,)


def _each_default(values: Mapping[str, JsonValue]) -> Iterator[str]:
    for name in OPTIONS:
        if name in values:
            value = default_value(name, values[name])
            yield words.DEFAULT(
                name=words.flag(name), value=value, explained=EXPLAINED.get(name, "")
            )


def notices(rules: InForce, tz_offset: int) -> Iterator[str]:
    """What keeps questions from being taken, if anything does."""
    if pause := rules.paused:
        scope, paused = pause
        yield paused_since(scope, paused, rules.channel, tz_offset)
    if unread := rules.unread:
        yield words.UNREAD(", ".join(dict.fromkeys(field_name(each.field) for each in unread)))


def kept_out(rules: InForce, person: Person, *, knows_rules: bool) -> Iterator[str]:
    """The same, for `person` to read; without `knows_rules` only that it is so."""
    found = tuple(notices(rules, person.tz_offset))
    if knows_rules:
        yield from found
    elif found:
        yield words.CLOSED_HERE


def paused_since(scope: Scope, paused: Paused, channel: str, tz_offset: int) -> str:
    """Who paused Grok, where and when."""
    who = mention(paused.by) or excerpt(paused.by)
    return words.PAUSED_SINCE(
        whose=whose(scope, channel), who=who, when=moment(paused.at, tz_offset)
    )


def models_here(rules: InForce, catalogue: Catalogue) -> tuple[str, ...]:
    """Every model with its price: those that may be asked there, then the others."""
    default = catalogue.find(str(rules.values.get("model", "")))
    allowed, first = rules.models, [default.id] if default else []
    listed = (model.id for model in catalogue.cheapest)
    ids = dict.fromkeys((*first, *listed, *(allowed.only or ())))
    may, may_not = allowed.part(ids)
    shown = [_model(name, catalogue, default) for name in may[:MOST_MODELS]]
    others = each([words.code(excerpt(name)) for name in may_not[:MOST_MODELS]])
    return (
        words.MODELS_ALLOWED if may_not else words.MODELS,
        home_words.PRICES,
        *(_and_more(shown, len(may)) or [words.EVERY_MODEL_FORBIDDEN]),
        *_retired(catalogue, may),
        *((words.MODELS_FORBIDDEN, others) if may_not else ()),
    )


def search_here(rules: InForce, prices: Mapping[str, int]) -> tuple[str, ...]:
    """What may be searched there, and what that costs."""
    return (searchable_text(rules.searchable), *how_to_search(prices))


def how_to_search(prices: Mapping[str, int]) -> tuple[str, ...]:
    """What searching costs at these `prices` of tools, and how to ask for it."""
    each = [prices[name] for tool in TOOLS.values() for name in tool.micro_dollars]
    of_thousand = [dollars(1_000 * micro_dollars / 1_000_000) for micro_dollars in each]
    web, posts, profiles = of_thousand
    costs = search_words.PRICED(web=web, posts=posts, profiles=profiles)
    return (costs, search_words.HOW_TO_SEARCH)


def every_model(catalogue: Catalogue) -> tuple[str, ...]:
    """Every model with its price, for those who may not know which of them may be asked."""
    models = catalogue.cheapest
    shown = [_model(model.id, catalogue, None) for model in models[:MOST_MODELS]]
    retired = _retired(catalogue, [model.id for model in models])
    return (words.MODELS, home_words.PRICES, *_and_more(shown, len(models)), *retired)


def audit_lines(entries: Sequence[AuditEntry], channel: str, tz_offset: int) -> Iterator[str]:
    """Who changed what, newest first, for somebody who reads it in `channel`."""
    if not entries:
        yield words.NO_CHANGES
        return
    yield words.AUDIT
    for entry in entries:
        who = mention(entry.by) or excerpt(entry.by)
        yield words.AUDIT_ENTRY(
            when=moment(entry.at, tz_offset), who=who, whose=whose(entry.scope, channel)
        )
        for change in changes(entry.before, entry.after):
            yield words.AUDIT_CHANGE(what=change.what, before=change.before, after=change.after)


def _default(default: Default, as_set: JsonValue, passed_over: Default | None) -> str:
    value = default_value(default.name, default.value)
    source = words.SOURCES[default.source]
    if as_set != default.value:
        lowered = words.LOWERED(default_value(default.name, as_set))
        source = words.FIRST_ALLOWED if default.name == "model" else lowered
    if passed_over and passed_over.name == default.name and passed_over.value != default.value:
        other = default_value(passed_over.name, passed_over.value)
        source = words.IN_PLACE_OF(
            source=source, model=other, other=words.SOURCES[passed_over.source]
        )
    explained = EXPLAINED.get(default.name, "")
    return words.DEFAULT(
        name=words.flag(default.name), value=value, source=source, explained=explained
    )


def _model(name: str, catalogue: Catalogue, default: Model | None) -> str:
    """A model with its price, and below it what it can do."""
    model = catalogue.find(name)
    if model is None:
        return home_words.MODEL_LINE(model=excerpt(name), facts=words.NOT_LISTED)
    known = price(model.input_price, model.output_price, model.cached_price)
    costs = known or home_words.NO_PRICE
    facts = f"{costs} · {words.DEFAULT_HERE}" if model == default else costs
    line = home_words.MODEL_LINE(model=excerpt(name), facts=facts)
    can, long = catalogue.able_to(name), catalogue.beyond(model)
    told = words.abilities(
        reasons=can.reasons,
        efforts=can.efforts,
        does=[
            said
            for able, said in (
                (can.sees, words.SEES),
                (can.files, words.READS_FILES),
                (can.searches, words.SEARCHES),
            )
            if able
        ],
        blind=can.sees is False,
    )
    if long is not None:
        told = (*told, words.LONG_PROMPT(tokens=long.tokens, read=long.input, written=long.output))
    return words.BELOW(line=line, facts=" · ".join(told))


def _retired(catalogue: Catalogue, ids: Collection[str]) -> list[str]:
    """Which names of models that are no more some of `ids` answer to."""
    return [
        words.RETIRED(model=excerpt(model), names=[words.code(each) for each in names])
        for model, names in catalogue.retired().items()
        if model in ids
    ]


def _and_more(shown: list[str], count: int) -> list[str]:
    """`shown` are the first of `count`."""
    more = count - len(shown)
    return [*shown, home_words.MORE_MODELS(more)] if more else shown
