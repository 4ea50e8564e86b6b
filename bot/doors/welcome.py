"""The first direct message: whoever opens it for the first time is shown how to begin."""

from __future__ import annotations

from functools import partial

import structlog
from attrs import frozen

from bot.asking.admission import Admission
from bot.asking.asking import Asking, Refused
from bot.completion.ask import Place
from bot.completion.flags import Flags
from bot.errors import SlackError
from bot.slack.payloads import Click, HomeOpened
from bot.slack.person import Person
from bot.slack.reaction import Reaction
from bot.slack.side import SlackSide
from bot.store.side import StoreSide
from bot.views.welcome_view import welcome_message
from bot.words import welcome as words

log = structlog.get_logger(__name__)

CLICK_SECONDS = 10

_PART = "welcome"


@frozen
class Welcome:
    """Greets people, and asks what they click."""

    _asking: Asking
    _admission: Admission
    _slack: SlackSide
    _store: StoreSide

    async def on_opened(self, event: HomeOpened) -> Reaction:
        """Greet whoever opens the messages, once."""
        if event.tab != "messages":
            return Reaction()
        return Reaction(then=partial(self._greet, event.user))

    async def on_suggested(self, click: Click) -> Reaction:
        """Ask the question of the button, for whoever clicked, where they did."""
        prompt = _prompt(click.action.value)
        if not prompt or not click.channel.startswith("D"):
            return Reaction(then=partial(self._tell, click, words.NO_SUCH_PROMPT))
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
        return await self._ask(click, Flags({"prompt": prompt}), place)

    async def _ask(self, click: Click, flags: Flags, place: Place) -> Reaction:
        asked = await self._asking.ask(flags, place)
        if isinstance(asked, Refused):
            return Reaction(then=partial(self._tell, click, asked.count()))
        return Reaction()

    async def _greet(self, user: str) -> None:
        person = await self._slack.people.find(user)
        if not await self._is_to_be_greeted(person):
            return
        try:
            channel = await self._slack.messages.direct(user)
            name = person.name if person.known else ""
            await self._slack.messages.post(channel, welcome_message(name), job_id="", part=_PART)
        except SlackError as error:
            log.warning("not greeted", error=str(error))

    async def _is_to_be_greeted(self, person: Person) -> bool:
        if person.bot or await self._admission.of_person(person.id):
            return False
        return await self._store.once.greets(person.id)

    async def _tell(self, click: Click, sentence: str) -> None:
        await self._slack.ephemeral.tell(
            sentence, user=click.user, channel=click.channel, response_url=click.response_url
        )


def _dedupe(click: Click) -> str:
    """What makes clicks one question: those that Slack repeats, and those of one who clicks twice
    at a time."""
    seconds = int(click.action.action_ts.partition(".")[0] or 0)
    return f"suggested:{click.channel}:{click.user}:{click.action.value}:{seconds // CLICK_SECONDS}"


def _prompt(number: str) -> str:
    """The suggested question of this number; empty when there is none."""
    prompts = {str(at): prompt for at, (_, prompt) in enumerate(words.PROMPTS)}
    return prompts.get(number, "")
