"""The Home tab: what can be done here, and what concerns the person who looks at it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from attrs import frozen
from pydantic import JsonValue

from bot.acks import Reaction
from bot.admin.usage import cap_line, limits_and_use
from bot.asking.admission import Permission, knows_rules
from bot.asking.rules_text import default_label, default_value, kept_out, notices, searchable_text
from bot.completion.ask import Ask
from bot.completion.search import OFF
from bot.grok.client import GrokClient
from bot.patience import soon
from bot.rules.policy import InForce, Limit, Models, Policy
from bot.rules.quota import Scope, windows_at
from bot.settings import Settings, asking_channels, default_values, zone_of
from bot.slack.inbound.interactions import HomeOpened
from bot.slack.people.person import Person
from bot.slack.side import SlackSide
from bot.store.conversations import Recent
from bot.store.side import StoreSide
from bot.views import home_view as view
from bot.views.home_view import HomePart, is_channel
from bot.words import home as words
from bot.words import usage as usage_words
from bot.words.sentences import each as all_of

MOST_CHANNELS = 5
"""Channels whose own defaults and quotas are shown."""

_FIRST = ("model", "max_tokens")

READ_SECONDS = 2.0
"""How long the page waits for what Redis knows; it is shown without it then."""

PUBLISH_SECONDS = 10.0
"""How long showing the page may take in all: a worker waits for it, with the place of a job."""


@frozen
class Home:
    """Publishes the Home tab of whoever opens it."""

    _home_rules: HomeRules
    _grok: GrokClient
    _slack: SlackSide
    _store: StoreSide

    async def on_opened(self, event: HomeOpened) -> Reaction:
        """Show the newest state; the other tab of the app shows itself."""
        if event.tab != "home":
            return Reaction()
        return Reaction(then=partial(self.publish, event.user))

    async def after_answer(self, ask: Ask) -> None:
        """A question was answered: it stands on Home, where whoever asked it from there goes on
        looking. Never raises for want of Slack or Redis."""
        if ask.surface == "form" and not is_channel(ask.channel):
            await self.publish(ask.user)

    async def publish(self, user: str) -> None:
        """Show `user` the newest state. Never raises for want of Slack or Redis."""
        await soon(self._publish(user), PUBLISH_SECONDS, None, "home not shown")

    async def _publish(self, user: str) -> None:
        recents = soon(self._store.recents.read(user), READ_SECONDS, None, "questions not read")
        person, recent = await asyncio.gather(self._slack.people.find(user), recents)
        concern, prompts, votes = await asyncio.gather(
            self._concern_of(person, recent or ()),
            self._prompts(person),
            soon(self._home_rules.votes(person), READ_SECONDS, (), "votes not read"),
        )
        catalogue, installation = self._grok.catalogue, self._slack.installation
        parts = [
            view.ways_to_ask(person.name if person.known else "", installation.bot_user),
            view.questions_away()
            if recent is None
            else view.questions(recent, installation.url, person.tz_offset),
            *prompts,
            *concern.parts,
            *votes,
            view.models(catalogue.models, catalogue.find(concern.model), concern.allowed),
        ]
        await self._slack.views.publish(user, view.home_view(parts))

    async def _concern_of(self, person: Person, recent: Sequence[Recent]) -> Concern:
        """The defaults and quotas that concern `person`, also where they asked of late."""
        channels = await self._seen(person, recent)
        concern = self._home_rules.of(person, channels)
        read = await soon(concern, READ_SECONDS, None, "quotas not read")
        return read or self._home_rules.unknown()

    async def _prompts(self, person: Person) -> tuple[HomePart, ...]:
        """The prompts of their own, if Redis says that there are any."""
        reading = self._store.saved.prompts(Scope("user", person.id))
        found = await soon(reading, READ_SECONDS, (), "prompts not read")
        names = tuple(name for own in found for name in own)
        return (view.saved_prompts(names),) if names else ()

    async def _seen(self, person: Person, recent: Sequence[Recent]) -> list[str]:
        """Channels where `person` asked of late and which they still see: whoever left one is
        told nothing of it any more."""
        if not knows_rules(person):
            return []
        asked_in = dict.fromkeys(each.channel for each in recent if not each.private)
        channels = [each for each in asked_in if is_channel(each)][:MOST_CHANNELS]
        sights = await asyncio.gather(*(self._slack.membership.sight(person, c) for c in channels))
        return [channel for channel, sight in zip(channels, sights, strict=True) if sight == "yes"]


@dataclass(frozen=True, slots=True)
class Concern:
    """Parts of the tab, and the model that answers when nobody says otherwise."""

    parts: tuple[HomePart, ...]
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
        in_force = partial(self._grok.in_force, policy, user=person.id)
        rules = in_force(settings=default_values(self._settings))
        channels = tuple(channels)[:MOST_CHANNELS]
        of_channels = [in_force(place) for place in channels]
        allowed, limits = rules.models, [*rules.limits, *_limits_of(of_channels)]
        only = asking_channels(self._settings)
        lines = [
            *([view.only_in(only)] if only else ()),
            view.allowed_models(allowed),
            words.SEARCHABLE(searchable_text(rules.searchable)),
            *(await self._lines(limits, person) or [usage_words.NO_QUOTAS]),
            *cap_line(rules.caps),
            *_closed([rules, *of_channels], person),
        ]
        values = rules.values
        shown = self._defaults(values, _own_defaults(of_channels))
        parts: tuple[HomePart, ...] = (shown, view.quotas(lines))
        may_set = not self._permission.refusal("defaults", person)
        parts = (*parts, view.set_up()) if may_set else parts
        return Concern(parts, str(values["model"]), allowed)

    async def votes(self, person: Person) -> tuple[HomePart, ...]:
        """What people think of this month's answers, for admins. Raises `StoreUnavailable`."""
        if not self._permission.is_admin(person):
            return ()
        month = windows_at(self._clock(), zone_of(self._settings)).month
        ballots = await self._store.votes.read(month)
        if not ballots:
            return ()
        from bot.admin.votes import in_short  # noqa: PLC0415 - with it comes statistics

        return (view.votes(await asyncio.to_thread(in_short, ballots)),)

    async def _own(self, policy: Policy, person: Person) -> Concern:
        """Of `person` alone, for those who may not know what else is set."""
        rules = InForce(policy, user=person.id)
        limits = [each for each in rules.limits if each.scope.kind == "user"]
        shown = [
            *await self._lines(limits, person),
            *kept_out(rules, person, knows_rules=False),
        ]
        part = view.quotas(shown or [usage_words.NO_QUOTAS_OF_YOURS])
        return Concern((part,), self._settings.grok_model)

    def unknown(self) -> Concern:
        """In its place while Redis is away."""
        values = default_values(self._settings)
        parts = (self._defaults(values, ()), view.quotas([words.NOT_LOOKED_UP]))
        return Concern(parts, str(values["model"]))

    def _defaults(self, values: Mapping[str, JsonValue], of_channels: Iterable[str]) -> HomePart:
        most = values["max_tokens"]
        searches = values.get("search", OFF) != OFF
        others = [
            words.DEFAULT(label=default_label(name), value=default_value(name, value))
            for name, value in values.items()
            if name not in _FIRST and (searches or name != "max_turns")
        ]
        return view.defaults(
            str(values["model"]),
            most if isinstance(most, int) else self._settings.grok_max_tokens,
            [*others, *of_channels],
        )

    async def _lines(self, limits: Sequence[Limit], person: Person) -> list[str]:
        windows = windows_at(self._clock(), zone_of(self._settings))
        quotas = self._store.quotas
        return await limits_and_use(limits, quotas, windows, person.tz_offset, named=True)


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
            yield words.IN_CHANNEL(channel=f"<#{rules.channel}>", defaults=all_of(own))


def _limits_of(of_channels: Iterable[InForce]) -> Iterator[Limit]:
    """The limits that channels have of their own."""
    return (
        limit for rules in of_channels for limit in rules.limits if limit.scope.kind == "channel"
    )


def _closed(places: Iterable[InForce], person: Person) -> Iterable[str]:
    """Where no questions are taken."""
    return dict.fromkeys(line for rules in places for line in notices(rules, person.tz_offset))
