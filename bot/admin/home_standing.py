"""What admins have set, as far as it concerns whoever looks at their Home tab."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from attrs import frozen
from pydantic import JsonValue

from bot.admin.permission import Permission
from bot.admin.usage_view import cap_line, limit_lines
from bot.asking.rules_text import default_value
from bot.asking.showing import kept_out, notices
from bot.grok.client import GrokClient
from bot.rules.policy import (
    Limit,
    Models,
    Policy,
    allowed_models,
    caps_for,
    defaults_for,
    limits_for,
)
from bot.rules.windows import windows_at
from bot.settings import Settings, asking_channels, default_values, zone_of
from bot.slack.person import Person
from bot.store.side import StoreSide
from bot.views.home_view import Part, defaults, only_in, quotas, set_up
from bot.views.home_view import allowed_models as allowed_line
from bot.words import admin as admin_words
from bot.words import home as words
from bot.words import usage as usage_words

MOST_CHANNELS = 5
"""Channels whose own defaults and quotas are shown."""

_FIRST = ("model", "max_tokens")


@dataclass(frozen=True, slots=True)
class Concern:
    """Parts of the tab, and the model that answers when nobody says otherwise."""

    parts: tuple[Part, ...]
    model: str
    allowed: Models | None = None
    """Which models may be asked; None: nobody says, or it is none of their business."""


@frozen
class Standing:
    """Knows the defaults and quotas that concern somebody."""

    _permission: Permission
    _grok: GrokClient
    _store: StoreSide
    _settings: Settings
    _clock: Callable[[], float] = time.time

    async def of(self, person: Person, channels: Sequence[str]) -> Concern:
        """Of the workspace, of `person`, and of these channels. Raises `StoreUnavailable`."""
        policy = await self._store.policies.current()
        if not self._permission.knows_rules(person):
            return await self._own(policy, person)
        places = tuple(channels)[:MOST_CHANNELS]
        allowed = allowed_models(policy, "", self._grok.catalogue.id_of)
        limits = await self._limits(policy, person, places)
        lines = [
            *([only_in(channels)] if (channels := asking_channels(self._settings)) else ()),
            allowed_line(allowed),
            *(limits or [usage_words.NO_QUOTAS]),
            *cap_line(caps_for(policy, "")),
            *_closed(policy, person, places),
        ]
        values = self._values(policy)
        shown = self._defaults(values, self._of_channels(policy, places))
        parts: tuple[Part, ...] = (shown, quotas(lines))
        may_set = not self._permission.refusal("defaults", person)
        parts = (*parts, set_up()) if may_set else parts
        return Concern(parts, str(values["model"]), allowed)

    async def _own(self, policy: Policy, person: Person) -> Concern:
        """Of `person` alone, for those who may not know what else is set."""
        limits = [each for each in limits_for(policy, "", person.id) if each.scope.kind == "user"]
        shown = [
            *await self._lines(limits, person),
            *kept_out(policy, "", person, knows_rules=False),
        ]
        part = quotas(shown or [usage_words.NO_QUOTAS_OF_YOURS])
        return Concern((part,), self._settings.grok_model)

    def unknown(self) -> Concern:
        """In its place while Redis is away."""
        values = default_values(self._settings)
        parts = (self._defaults(values, ()), quotas([words.QUOTAS_AWAY]))
        return Concern(parts, str(values["model"]))

    def _values(self, policy: Policy) -> Mapping[str, JsonValue]:
        """The defaults of the workspace, by name."""
        settings = default_values(self._settings)
        found = defaults_for(policy, "", settings, self._grok.catalogue.id_of)
        return {default.name: default.value for default in found}

    def _defaults(self, values: Mapping[str, JsonValue], of_channels: Iterable[str]) -> Part:
        most = values["max_tokens"]
        others = [
            words.default(admin_words.flag(name), default_value(name, value))
            for name, value in values.items()
            if name not in _FIRST
        ]
        return defaults(
            str(values["model"]),
            most if isinstance(most, int) else self._settings.grok_max_tokens,
            [*others, *of_channels],
        )

    def _of_channels(self, policy: Policy, channels: Sequence[str]) -> Iterator[str]:
        for channel in channels:
            found = defaults_for(policy, channel, id_of=self._grok.catalogue.id_of)
            own = [
                f"{admin_words.flag(each.name)} {default_value(each.name, each.value)}"
                for each in found
                if each.source == "channel"
            ]
            if own:
                yield words.in_channel(f"<#{channel}>", admin_words.each(own))

    async def _limits(self, policy: Policy, person: Person, channels: Sequence[str]) -> list[str]:
        return await self._lines(_limits_of(policy, person.id, channels), person)

    async def _lines(self, limits: Sequence[Limit], person: Person) -> list[str]:
        scopes = tuple(dict.fromkeys(limit.scope for limit in limits))
        windows = windows_at(self._clock(), zone_of(self._settings))
        lines: list[str] = []
        for use in await self._store.quotas.usage(scopes, windows.day, windows.month):
            own = [limit for limit in limits if limit.scope == use.scope]
            name = f"<#{use.scope.id}>" if use.scope.kind == "channel" else ""
            lines.append(usage_words.heading(use.scope.kind, name))
            lines += limit_lines(own, use, windows, person.tz_offset)
        return lines


def _limits_of(policy: Policy, user: str, channels: Sequence[str]) -> list[Limit]:
    """The limits of the person, of the workspace, and of each of the channels."""
    everywhere = limits_for(policy, "", user)
    in_channels = [
        limit
        for channel in channels
        for limit in limits_for(policy, channel, user)
        if limit.scope.kind == "channel"
    ]
    return [*everywhere, *in_channels]


def _closed(policy: Policy, person: Person, channels: Sequence[str]) -> Iterator[str]:
    """Where no questions are taken."""
    found = (notices(policy, place, person.id, person.tz_offset) for place in ("", *channels))
    return iter(dict.fromkeys(line for lines in found for line in lines))
