"""The forms of defaults and quotas as Slack views: built from what is set, and read back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from bot.completion.ask import ReplyTo, effort_in
from bot.completion.form import BASIC, Filled
from bot.completion.options import REPLY_TO
from bot.completion.search import OPTION_NAMES, read_all, typed_search
from bot.errors import Fault
from bot.rules.policy import Rules
from bot.rules.quota import (
    EACH_USER,
    QUOTAS,
    WORKSPACE,
    Quota,
    QuotaName,
    Scope,
    ScopeKind,
    read_amount,
)
from bot.slack.blocks import section, small
from bot.slack_limits import INPUT_CHARS
from bot.views.form_fields import (
    NOT_SET,
    Json,
    Values,
    advanced_fields,
    held_text,
    input_block,
    modal,
    option,
    parameter_field,
    reply_field,
)
from bot.views.form_view import read_form
from bot.words import admin as admin_words
from bot.words import setup as words
from bot.words import usage as usage_words
from bot.words.form import field_fault
from bot.words.sentences import Sentence

Settable = Literal["defaults", "limits"]

PLACE_FORM = "grok_setup"
FORMS: Mapping[Settable, str] = {"defaults": "grok_defaults", "limits": "grok_limits"}
"""The `callback_id` of the form of each."""

_HEADINGS: Mapping[Settable, Sentence] = {
    "defaults": admin_words.DEFAULTS_OF,
    "limits": usage_words.QUOTAS_OF,
}

SHARED: tuple[ScopeKind, ...] = ("channel", "workspace")
"""Whose defaults there are."""


class SetupMetadata(BaseModel):
    """What a form knows beside its fields: whose it is, and which state it was filled with."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    scope: str
    seen: str

    @classmethod
    def of(cls, scope: Scope, what: Settable, rules: Rules) -> SetupMetadata:
        """That of a form which is filled with `rules` now."""
        return cls(scope=str(scope), seen=_digest(what, rules))

    def scope_of(self, what: Settable) -> Scope | None:
        """Whose rules are meant; None when there are no such rules."""
        try:
            scope = Scope.parse(self.scope)
        except ValueError:
            return None
        named = scope.kind in ("channel", "user")
        fits = what == "limits" or scope.kind in SHARED
        return scope if fits and named == bool(scope.id) else None

    @classmethod
    def read(cls, text: str) -> SetupMetadata | None:
        """What a view carries; None when it is of another version."""
        try:
            return cls.model_validate_json(text)
        except ValidationError:
            return None


@dataclass(frozen=True, slots=True)
class SetupChoice:
    """What is to be set, and whose: without a `scope`, `errors` by block_id say why."""

    what: Settable
    scope: Scope | None
    errors: Mapping[str, str] = field(default_factory=dict)


def place_view(whats: Collection[Settable]) -> Json:
    """The first form: what is to be set, of `whats`, and whose."""
    whose = {kind: label for kind, label in words.WHOSES.items() if _has_any(kind, whats)}
    channel = {"type": "conversations_select", "default_to_current_conversation": True}
    blocks = [
        _choice("what", words.WHAT, {what: words.WHATS[what] for what in whats}),
        _choice("whose", words.WHOSE, whose),
        input_block("channel", words.CHANNEL, channel, hint=words.CHANNEL_HINT),
    ]
    if "limits" in whats:
        person = {"type": "users_select"}
        blocks.append(input_block("person", words.PERSON, person, hint=words.PERSON_HINT))
    return modal(words.TITLE, blocks, callback_id=PLACE_FORM, submit=words.NEXT)


def read_place(values: Values) -> SetupChoice:
    """What was chosen in the first form."""
    what: Settable = "limits" if held_text(values, "what") == "limits" else "defaults"
    kind = held_text(values, "whose")
    if what == "defaults" and kind not in SHARED:
        return SetupChoice(what, None, {"whose": words.NO_DEFAULTS_OF_PEOPLE})
    channel, user = held_text(values, "channel"), held_text(values, "person")
    match kind:
        case "channel":
            scope = Scope("channel", channel) if channel else None
            return SetupChoice(what, scope, {"channel": words.PICK_CHANNEL})
        case "user":
            scope = Scope("user", user) if user else None
            return SetupChoice(what, scope, {"person": words.PICK_PERSON})
        case "each-user":
            return SetupChoice(what, EACH_USER)
        case _:
            return SetupChoice(what, WORKSPACE)


def rules_view(what: Settable, scope: Scope, whose: str, rules: Rules) -> Json:
    """The form of the defaults or the quotas of `scope`, filled with `rules`; `whose` says whose
    it is, in mrkdwn."""
    fields = _default_fields(scope, rules) if what == "defaults" else _limit_fields(scope, rules)
    metadata = SetupMetadata.of(scope, what, rules).model_dump_json()
    return modal(
        words.TITLE,
        [section(_HEADINGS[what](whose)), *fields],
        callback_id=FORMS[what],
        submit=words.SAVE,
        metadata=metadata,
    )


def is_stale(metadata: SetupMetadata, what: Settable, rules: Rules) -> bool:
    """Whether a form was filled with other rules than those that hold now."""
    return metadata.seen != _digest(what, rules)


def read_defaults(values: Values, rules: Rules) -> tuple[dict[str, JsonValue], tuple[Fault, ...]]:
    """The defaults that the form changes (None: taken away), where it was filled with `rules`,
    and everything wrong with what was typed."""
    before = _filled(rules)
    after = read_form(values, before)
    old, new = _options(before, before.reply), _options(after, _reply(values, before.reply))
    changes = {name: new.get(name) for name in {**old, **new} if old.get(name) != new.get(name)}
    return changes, tuple(f for f in after.flags().faults if f.parameter in changes)


def read_limits(
    values: Values, rules: Rules
) -> tuple[dict[QuotaName, int | None], tuple[Fault, ...]]:
    """The quotas that the form changes (None: taken away), where it was filled with `rules`, and
    everything wrong with what was typed."""
    changes: dict[QuotaName, int | None] = {}
    faults = []
    for name, quota in QUOTAS.items():
        if name not in values:
            continue
        text, before = held_text(values, name).strip(), rules.limits.get(name)
        amount = read_amount(quota, text) if text else None
        if isinstance(amount, Fault):
            faults.append(amount)
        elif amount != before:
            changes[name] = amount
    return changes, tuple(faults)


def limit_errors(faults: Sequence[Fault]) -> dict[str, str]:
    """What is wrong with each field of a quota, by its block_id."""
    return {fault.parameter: field_fault(fault.problem, fault.allowed) for fault in faults}


def _default_fields(scope: Scope, rules: Rules) -> Iterator[Any]:
    filled = _filled(rules)
    in_channel = scope.kind == "channel"
    yield small(words.EMPTY_DEFAULTS if in_channel else words.EMPTY_DEFAULTS_OF_ALL)
    for parameter in BASIC:
        yield parameter_field(parameter, filled)
    yield reply_field(filled.reply or "not_set", words.REPLY_LABELS)
    yield from advanced_fields(filled, several=False)


def _limit_fields(scope: Scope, rules: Rules) -> Iterator[Any]:
    yield small(words.EMPTY_LIMITS)
    for name, quota in QUOTAS.items():
        if scope.kind in quota.scopes:
            yield _limit_field(quota, rules.limits.get(name))


def _limit_field(quota: Quota, amount: int | None) -> Json:
    element: Json = {"type": "plain_text_input", "max_length": INPUT_CHARS}
    if amount is not None:
        element["initial_value"] = quota.typed(amount)
    hint = f"{quota.allowed[:1].upper()}{quota.allowed[1:]}."
    return input_block(quota.name, quota.label, element, hint=hint)


def _filled(rules: Rules) -> Filled:
    """The defaults as a form holds them."""
    values = {**rules.defaults}
    system, reply = values.pop("system", ""), values.pop("reply", None)
    effort = effort_in(values.pop("effort", None))
    search = {name: values.pop(name) for name in OPTION_NAMES if name in values}
    return Filled(
        values=values,
        system=str(system),
        reply=_place(reply),
        effort=effort,
        search=typed_search(search),
    )


def _options(filled: Filled, reply: ReplyTo | None) -> dict[str, JsonValue]:
    own: dict[str, JsonValue] = {
        "system": filled.system or None,
        "reply": reply,
        "effort": filled.effort,
        **filled.search,
        **read_all(filled.search)[0],
    }
    return {**filled.values, **{name: value for name, value in own.items() if value is not None}}


def _reply(values: Values, before: ReplyTo | None) -> ReplyTo | None:
    chosen = held_text(values, "reply")
    return None if chosen == NOT_SET else _place(chosen) or before


def _place(value: JsonValue) -> ReplyTo | None:
    return next((place for place in REPLY_TO if place == value), None)


def _digest(what: Settable, rules: Rules) -> str:
    text = json.dumps(rules.model_dump(mode="json")[what], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _has_any(kind: str, whats: Collection[Settable]) -> bool:
    return "limits" in whats or kind in SHARED


def _choice(name: str, label: str, labels: Mapping[Any, str]) -> Json:
    options = [option(text, value) for value, text in labels.items()]
    element = {"type": "radio_buttons", "options": options, "initial_option": options[0]}
    return input_block(name, label, element, optional=False)
