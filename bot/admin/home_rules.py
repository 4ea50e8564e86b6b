"""What admins have set, as far as it concerns whoever looks at their Home tab."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from attrs import frozen
from pydantic import JsonValue

from bot.admin.usage import cap_line, limit_lines
from bot.asking.admission import Permission
from bot.asking.rules_text import default_label, default_value, kept_out, notices, searchable_text
from bot.grok.client import GrokClient
from bot.rules.policy import InForce, Limit, Models, Policy
from bot.rules.quota import windows_at
from bot.settings import Settings, asking_channels, default_values, zone_of
from bot.slack.people.person import Person
from bot.store.side import StoreSide
from bot.views.home_view import Part, defaults, only_in, quotas, set_up, votes
from bot.views.home_view import allowed_models as allowed_line
from bot.words import home as words
from bot.words import usage as usage_words
from bot.words.sentences import each

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
class HomeRules:
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
        id_of = self._grok.catalogue.id_of
        rules = InForce(policy, "", person.id, default_values(self._settings), id_of)
        channels = tuple(channels)[:MOST_CHANNELS]
        of_channels = [InForce(policy, place, person.id, id_of=id_of) for place in channels]
        allowed, limits = rules.models, [*rules.limits, *_limits_of(of_channels)]
        only = asking_channels(self._settings)
        lines = [
            *([only_in(only)] if only else ()),
            allowed_line(allowed),
            words.SEARCHABLE(searchable_text(rules.searchable)),
            *(await self._lines(limits, person) or [usage_words.NO_QUOTAS]),
            *cap_line(rules.caps),
            *_closed([rules, *of_channels], person),
        ]
        values = rules.values
        shown = self._defaults(values, _own_defaults(of_channels))
        parts: tuple[Part, ...] = (shown, quotas(lines))
        may_set = not self._permission.refusal("defaults", person)
        parts = (*parts, set_up()) if may_set else parts
        return Concern(parts, str(values["model"]), allowed)

    async def votes(self, person: Person) -> tuple[Part, ...]:
        """What people think of this month's answers, for admins. Raises `StoreUnavailable`."""
        if not self._permission.is_admin(person):
            return ()
        month = windows_at(self._clock(), zone_of(self._settings)).month
        ballots = await self._store.votes.read(month)
        if not ballots:
            return ()
        from bot.admin.votes_view import in_short  # noqa: PLC0415 - with it comes statistics

        return (votes(await asyncio.to_thread(in_short, ballots)),)

    async def _own(self, policy: Policy, person: Person) -> Concern:
        """Of `person` alone, for those who may not know what else is set."""
        rules = InForce(policy, user=person.id)
        limits = [each for each in rules.limits if each.scope.kind == "user"]
        shown = [
            *await self._lines(limits, person),
            *kept_out(rules, person, knows_rules=False),
        ]
        part = quotas(shown or [usage_words.NO_QUOTAS_OF_YOURS])
        return Concern((part,), self._settings.grok_model)

    def unknown(self) -> Concern:
        """In its place while Redis is away."""
        values = default_values(self._settings)
        parts = (self._defaults(values, ()), quotas([words.QUOTAS_AWAY]))
        return Concern(parts, str(values["model"]))

    def _defaults(self, values: Mapping[str, JsonValue], of_channels: Iterable[str]) -> Part:
        most = values["max_tokens"]
        others = [
            words.DEFAULT(label=default_label(name), value=default_value(name, value))
            for name, value in values.items()
            if name not in _FIRST
        ]
        return defaults(
            str(values["model"]),
            most if isinstance(most, int) else self._settings.grok_max_tokens,
            [*others, *of_channels],
        )

    async def _lines(self, limits: Sequence[Limit], person: Person) -> list[str]:
        scopes = tuple(dict.fromkeys(limit.scope for limit in limits))
        windows = windows_at(self._clock(), zone_of(self._settings))
        lines: list[str] = []
        for use in await self._store.quotas.usage(scopes, windows):
            own = [limit for limit in limits if limit.scope == use.scope]
            name = f"<#{use.scope.id}>" if use.scope.kind == "channel" else ""
            lines.append(usage_words.heading(use.scope.kind, name))
            lines += limit_lines(own, use, windows, person.tz_offset)
        return lines


def _own_defaults(of_channels: Iterable[InForce]) -> Iterator[str]:
    """The defaults that channels have of their own, a line for each."""
    for rules in of_channels:
        own = [
            words.DEFAULT_THERE(
                label=default_label(each.name), value=default_value(each.name, each.value)
            )
            for each in rules.defaults
            if each.source == "channel"
        ]
        if own:
            yield words.IN_CHANNEL(channel=f"<#{rules.channel}>", defaults=each(own))


def _limits_of(of_channels: Iterable[InForce]) -> Iterator[Limit]:
    """The limits that channels have of their own."""
    return (
        limit for rules in of_channels for limit in rules.limits if limit.scope.kind == "channel"
    )


def _closed(places: Iterable[InForce], person: Person) -> Iterable[str]:
    """Where no questions are taken."""
    return dict.fromkeys(line for rules in places for line in notices(rules, person.tz_offset))
