"""The Home tab: what can be done here, and what concerns the person who looks at it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from attrs import frozen

from bot.admin.home_rules import MOST_CHANNELS, Concern, HomeRules
from bot.asking.admission import knows_rules
from bot.completion.ask import Ask
from bot.grok.client import GrokClient
from bot.patience import soon
from bot.rules.quota import Scope
from bot.slack.inbound.payloads import HomeOpened
from bot.slack.inbound.reaction import Reaction
from bot.slack.people.person import Person
from bot.slack.side import SlackSide
from bot.store.conversations import Recent
from bot.store.side import StoreSide
from bot.views.home_view import (
    Part,
    home_view,
    is_channel,
    models,
    questions,
    questions_away,
    saved_prompts,
    ways_to_ask,
)

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
            self._concern_of(person, recent or ()), self._prompts(person), self._votes(person)
        )
        parts = self._parts(person, recent, prompts, concern, votes)
        await self._slack.views.publish(user, home_view(parts))

    async def _concern_of(self, person: Person, recent: Sequence[Recent]) -> Concern:
        """The defaults and quotas that concern `person`, also where they asked of late."""
        channels = await self._seen(person, recent)
        concern = self._home_rules.of(person, channels)
        read = await soon(concern, READ_SECONDS, None, "quotas not read")
        return read or self._home_rules.unknown()

    async def _prompts(self, person: Person) -> tuple[Part, ...]:
        """The prompts of their own, if Redis says that there are any."""
        reading = self._store.saved.prompts(Scope("user", person.id))
        found = await soon(reading, READ_SECONDS, (), "prompts not read")
        names = tuple(name for own in found for name in own)
        return (saved_prompts(names),) if names else ()

    async def _votes(self, person: Person) -> tuple[Part, ...]:
        """What people think of answers, if that is theirs to know and Redis says it."""
        return await soon(self._home_rules.votes(person), READ_SECONDS, (), "votes not read")

    async def _seen(self, person: Person, recent: Sequence[Recent]) -> list[str]:
        """Channels where `person` asked of late and which they still see: whoever left one is
        told nothing of it any more."""
        if not knows_rules(person):
            return []
        asked_in = dict.fromkeys(each.channel for each in recent if not each.private)
        channels = [each for each in asked_in if is_channel(each)][:MOST_CHANNELS]
        sights = await asyncio.gather(*(self._slack.membership.sight(person, c) for c in channels))
        return [channel for channel, sight in zip(channels, sights, strict=True) if sight == "yes"]

    def _parts(
        self,
        person: Person,
        recent: Sequence[Recent] | None,
        prompts: Sequence[Part],
        concern: Concern,
        votes: Sequence[Part],
    ) -> list[Part]:
        """The parts of the tab from top to bottom: what more there is to show is added here."""
        catalogue = self._grok.catalogue
        url, tz_offset = self._slack.installation.url, person.tz_offset
        return [
            ways_to_ask(person.name if person.known else "", self._slack.installation.bot_user),
            questions_away() if recent is None else questions(recent, url, tz_offset),
            *prompts,
            *concern.parts,
            *votes,
            models(catalogue.models, catalogue.find(concern.model), concern.allowed),
        ]
