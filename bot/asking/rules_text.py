"""What admins set, field by field, as people read it: Slack's mrkdwn, safe to show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from bot.completion.excerpt import excerpt, shown_value
from bot.completion.options import OPTIONS
from bot.completion.search import OPTION_NAMES
from bot.completion.typed import written
from bot.grok.catalogue import Catalogue
from bot.rules.in_force import Models
from bot.rules.policy import EVERY_MODEL, Fields
from bot.rules.quota import QUOTAS, Scope, find_quota
from bot.rules.searchable import Searchable
from bot.words import admin as words
from bot.words import quota as quota_words
from bot.words import search as search_words

_MOST_CHARS = 80
_ORDER = (*OPTIONS, *QUOTAS)
_LINE_ENDS = str.maketrans({"\n": r"\n", "\r": r"\r", "\t": r"\t"})


@dataclass(frozen=True, slots=True)
class Changed:
    """One field that changed, in words."""

    what: str
    before: str
    after: str


def changes(before: Fields, after: Fields) -> Iterator[Changed]:
    """What changed from `before` to `after`; a missing field is one that is not set."""
    for field in sorted({*before, *after}, key=_rank):
        yield Changed(
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
            return _model(value)
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


def default_name(name: str) -> str:
    """What a default is of: its flag, and what that means where it does not say so by itself."""
    explained = search_words.EXPLAINED.get(name, "")
    return f"{words.flag(name)} ({explained})" if explained else words.flag(name)


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
            return words.quoted(excerpt(value.translate(_LINE_ENDS), _MOST_CHARS))
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
            return quota_words.whose(kind)


def models_text(models: Models) -> str:
    """Which models may be asked, in a sentence."""
    if models.only is None and not models.forbidden:
        return words.ALL_MODELS
    if models.only is None:
        return words.allowed_but(_codes(models.forbidden))
    if not models.only:
        return words.NO_MODEL_LEFT
    return words.allowed_only(_codes(models.only))


def searchable_text(may: Searchable) -> str:
    """What may be searched, in a sentence."""
    if not may.sources:
        return search_words.NOTHING_MAY
    text = search_words.may_be([search_words.PLACES[source] for source in may.sources])
    lists = (("web", may.domains, ""), ("x", may.handles, "@"))
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
    return words.not_listed(_codes(unknown)) if unknown else ""


def _codes(names: Sequence[str]) -> str:
    return words.each([words.code(excerpt(name)) for name in names])


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


def _model(value: JsonValue) -> str:
    if value is None:
        return words.NOT_NAMED
    return words.ALLOWED if value is True else words.FORBIDDEN


def _plain(value: JsonValue) -> str:
    match value:
        case str():
            return words.quoted(excerpt(value, _MOST_CHARS))
        case dict():
            return words.code(excerpt(written(value), _MOST_CHARS))
        case _:
            return shown_value(value)
