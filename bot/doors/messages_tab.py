"""The Messages tab: whoever opens it for the first time is shown how to begin. Where the app is an
agent, what is suggested there, and what somebody looks at beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import structlog
from attrs import frozen

from bot.acks import Reaction
from bot.admin.prompts import PromptCommands
from bot.asking.admission import Admission
from bot.asking.asking import Asking, Refused
from bot.characters import excerpt
from bot.completion.ask import Place, Said
from bot.completion.flags import Flags
from bot.doors.hearing import Heard
from bot.errors import SlackError, StoreUnavailable, what_it_says
from bot.patience import soon
from bot.rules.saved_prompts import has_place
from bot.slack.agent import SUGGESTED
from bot.slack.blocks import Message, Offered, lines, row, small
from bot.slack.inbound.interactions import Click, ContextChanged, HomeOpened
from bot.slack.people.person import Person
from bot.slack.side import SlackSide
from bot.slack_limits import (
    SUGGESTED_CHARS,
    SUGGESTED_PROMPTS,
    SUGGESTED_TITLE_CHARS,
    TIER_4_PER_MINUTE,
)
from bot.store.side import StoreSide
from bot.words import home as words
from bot.words import prompts as prompt_words
from bot.words import talk

log = structlog.get_logger(__name__)

FIND_SECONDS = 0.3
"""How long finding out whether a message is a saved prompt may hold up its ack."""

READ_SECONDS = 5.0
"""How long finding out what may be suggested may take."""

OF_ONE_PER_MINUTE = 6
OF_ALL_PER_MINUTE = TIER_4_PER_MINUTE // 2
"""How often prompts are suggested to one person, and to all: what they look at may change at each
click."""

CLICK_SECONDS = 10

SUGGESTED_ACTIONS = tuple(f"suggested_{number}" for number in range(len(words.PROMPTS)))
"""The `action_id` of the button of each question; its `value` is the number."""

_PART = "welcome"

NAME_CHARS = 80
"""Of a channel (Slack, "Naming")."""


@frozen
class MessagesTab:
    """Suggests prompts, and knows of what people look at. A channel that Slack names is a hint: it
    counts only where they see it."""

    _asking: Asking
    _prompts: PromptCommands
    _admission: Admission
    _slack: SlackSide
    _store: StoreSide

    async def on_opened(self, event: HomeOpened) -> Reaction:
        """Suggest what may be asked to whoever opens the tab; where nothing is suggested, greet
        them, once."""
        suggesting = self._suggesting(event.user, event.channel, "")
        if suggesting.then or event.tab != "messages":
            return suggesting
        return Reaction(then=partial(self._greet, event.user))

    async def on_context(self, event: ContextChanged) -> Reaction:
        """Suggest what is saved in the channel that somebody looks at now, too."""
        return self._suggesting(event.user, event.channel, event.viewed)

    async def hinted(self, heard: Heard, author: Person, *, within: float) -> Heard:
        """`heard`, with what may be said of the channel that its author looks at: what a public one
        is called that they see, as far as it is known in time."""
        if not (heard.viewed and heard.text) or within <= 0:
            return heard
        finding = self._slack.membership.public_name(author, heard.viewed)
        name = await soon(finding, within, "", "channel not named")
        hint = Said(author=talk.SLACK, text=talk.LOOKING_AT(excerpt(name, NAME_CHARS)))
        return replace(heard, hints=(hint,)) if name else heard

    async def unfilled(self, heard: Heard, text: str) -> str:
        """What to say to whoever sends a saved prompt as it is, whose place nobody filled in; empty
        for any other message."""
        if not (heard.by_thread and heard.direct and has_place(text)):
            return ""
        finding = self._prompts.named(text, user=heard.user, channel=heard.channel)
        name = await soon(finding, FIND_SECONDS, "", "prompt not found")
        return prompt_words.NEEDS_WORDS(name) if name else ""

    def _suggesting(self, user: str, channel: str, viewed: str) -> Reaction:
        if not (user and self._slack.agent.takes(SUGGESTED)):
            return Reaction()
        return Reaction(then=partial(self._suggest, user, channel, viewed))

    async def _suggest(self, user: str, channel: str, viewed: str) -> None:
        person = await self._slack.people.find(user)
        if person.bot or await self._admission.of_person(user):
            return
        for name, most in (
            (f"suggested:{user}", OF_ONE_PER_MINUTE),
            ("suggested", OF_ALL_PER_MINUTE),
        ):
            if await self._store.allowances.take(name, most):
                return
        sees = viewed and await self._slack.membership.sight(person, viewed) == "yes"
        try:
            async with asyncio.timeout(READ_SECONDS):
                saved = await self._prompts.texts(user, viewed if sees else "")
            own = channel or await self._slack.messages.direct(user)
            prompts = [*_fitting(saved), *words.PROMPTS][:SUGGESTED_PROMPTS]
            await self._slack.agent.suggest(own, words.SUGGESTED, prompts)
        except (SlackError, StoreUnavailable, TimeoutError) as error:
            log.info("nothing suggested", error=what_it_says(error))

    async def on_suggested(self, click: Click) -> Reaction:
        """Ask the question of the button, for whoever clicked, where they did."""
        prompt = _prompt(click.action.value)
        if not prompt or not click.channel.startswith("D"):
            return Reaction(then=partial(self._slack.ephemeral.answer, click, words.NO_SUCH_PROMPT))
        person = await self._slack.people.find(click.user, within=0)
        place = Place(
            dedupe=_dedupe(click),
            surface="direct",
            channel=click.channel,
            user=click.user,
            name=person.name if person.known else "",
            user_team=click.user_team,
            conversation=click.channel,
            response_url=click.response_url or None,
        )
        asked = await self._asking.ask(Flags({"prompt": prompt}), place)
        if isinstance(asked, Refused):
            return Reaction(then=partial(self._slack.ephemeral.answer, click, asked.count()))
        return Reaction()

    async def _greet(self, user: str) -> None:
        person = await self._slack.people.find(user)
        if person.bot or await self._admission.of_person(user):
            return
        if not await self._store.once.greets(user):
            return
        try:
            channel = await self._slack.messages.direct(user)
            name = person.name if person.known else ""
            await self._slack.messages.post(channel, _greeting(name), job_id="", part=_PART)
        except SlackError as error:
            log.warning("not greeted", error=str(error))


def _fitting(saved: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Those that Slack takes."""
    for name, text in saved:
        if len(name) <= SUGGESTED_TITLE_CHARS and len(text) <= SUGGESTED_CHARS:
            yield name, text


def _greeting(name: str) -> Message:
    """For somebody called `name` (or empty): how to begin, and questions to click."""
    greeting = f"{words.GREETING(excerpt(name))}."
    shown = [f"*{greeting}*", words.HELLO, "", words.TO_BEGIN]
    shown += [f"• {prompt}" for _, prompt in words.PROMPTS]
    labels = zip(SUGGESTED_ACTIONS, words.PROMPTS, strict=True)
    buttons = [Offered(act, text, str(at)) for at, (act, (text, _)) in enumerate(labels)]
    return Message((*lines(shown), row(buttons), small(words.MAY_ERR)), greeting)


def _dedupe(click: Click) -> str:
    """What makes clicks one question: those that Slack repeats, and those of one who clicks twice
    at a time."""
    seconds = int(click.action.action_ts.partition(".")[0] or 0)
    return f"suggested:{click.channel}:{click.user}:{click.action.value}:{seconds // CLICK_SECONDS}"


def _prompt(number: str) -> str:
    """The suggested question of this number; empty when there is none."""
    prompts = {str(at): prompt for at, (_, prompt) in enumerate(words.PROMPTS)}
    return prompts.get(number, "")
