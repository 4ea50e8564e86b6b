"""What was typed and not asked: given back to its author, with a button that goes on from there."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from functools import partial

import structlog
from attrs import frozen
from pydantic import ValidationError

from bot import words
from bot.acks import Reaction
from bot.asking.asking import Asking, Refused, promise
from bot.completion.ask import Place
from bot.completion.flags import Flags
from bot.doors.clicks import STORE_SECONDS
from bot.doors.form_window import Typed
from bot.doors.forms import FindTyped
from bot.errors import SlackError
from bot.patience import soon
from bot.rules.nearly import STOP_BUTTON, odd_word
from bot.slack.blocks import Message, Offered, offer
from bot.slack.inbound.interactions import Click
from bot.slack.side import SlackSide
from bot.store.side import StoreSide
from bot.words import talk

log = structlog.get_logger(__name__)

_HELP_ON = "/grok help "

ASK_ANYWAY = "ask_anyway"
TO_FORM = "typed_to_form"

KEEP_SECONDS = 0.5
"""How long keeping it may hold up an ack; without it there is no button."""

KEPT_PER_MINUTE = 20
"""Texts of one person that are kept in any minute: they may be long, and are kept for hours. Of
more than that the newest takes the place of the one before it."""

OpenForm = Callable[[Click, FindTyped], Awaitable[Reaction]]
"""Opens the form at once, and fills it with what is found."""


@frozen
class Mistyped:
    """Gives back what was not asked, and does what its buttons say."""

    _asking: Asking
    _open: OpenForm
    _slack: SlackSide
    _store: StoreSide

    async def like_command(self, text: str, place: Place, command: str) -> Message:
        """To a text that begins like a command and is none: what was meant, and a button that
        asks it all the same. Or it is one, and only `/grok` carries it out."""
        name = await self._kept(Typed(text=text, place=place))
        exact = command.replace("＠", "@") == " ".join(["/grok", *text.split()])
        meant = talk.TYPED_ELSEWHERE(command) if exact else _meant(text, command)
        if not name:
            return offer(f"{meant} {talk.TYPE_TO_ASK}", ())
        return offer(meant, (Offered(ASK_ANYWAY, talk.ASK_ANYWAY, name),))

    async def faulty(self, sentence: str, text: str, place: Place, *, prefix: str) -> Message:
        """To a question with a fault in it: `sentence`, the whole text to be copied, and a button
        that opens the form with it. `prefix` is what stood before the text."""
        name = await self._kept(Typed(text=text, place=place))
        copy = f"{prefix}{text}"
        if not name:
            return offer(f"{sentence} {talk.TYPE_CORRECTED}", (), copy=copy)
        return offer(sentence, (Offered(TO_FORM, talk.TO_FORM, name),), copy=copy)

    async def on_anyway(self, click: Click) -> Reaction:
        """Ask the text as it was typed."""
        sentence = await soon(self._ask(click), STORE_SECONDS, None, "not asked anyway")
        if sentence is None:
            return Reaction(then=partial(self._tell, click, talk.BUTTON_FAILED), again=True)
        return Reaction(then=partial(self._done, click, sentence))

    async def on_form(self, click: Click) -> Reaction:
        """Open the form, filled with what was typed."""
        return await self._open(click, partial(self._find, click))

    async def _kept(self, typed: Typed) -> str:
        """What a button finds it by; empty where it cannot be kept soon."""
        name = uuid.uuid4().hex
        user = typed.place.user
        if await self._store.allowances.take(f"typed:{user}", KEPT_PER_MINUTE - 1):
            name = f"{user}.{name}"
        typed = typed.model_copy(update={"name": name})
        saving = self._store.drafts.save(_kept_at(name), typed.model_dump_json())
        failed = await soon(saving, KEEP_SECONDS, True, "typed text not kept")
        return "" if failed else name

    async def _find(self, click: Click) -> Typed | None:
        """What whoever clicked has typed; None when it is too long ago, or somebody else's, or
        has given way to something newer."""
        name = click.action.value
        found = await self._store.drafts.read(_kept_at(name))
        try:
            typed = Typed.model_validate_json(found) if found else None
        except ValidationError:
            log.warning("typed text of another version")
            return None
        if typed and typed.place.user != click.user:
            log.warning("typed text of somebody else")
            return None
        return typed if typed and typed.name in ("", name) else None

    async def _ask(self, click: Click) -> str:
        """What there is to tell once it is asked. Raises `StoreUnavailable`."""
        typed = await self._find(click)
        if typed is None:
            return talk.TYPED_FORGOTTEN
        place = typed.place.model_copy(update={"dedupe": f"anyway:{click.action.value}"})
        asked = await self._asking.ask(Flags({"prompt": typed.text}), place)
        if isinstance(asked, Refused):
            return asked.count()
        if asked.accepted.refused:
            return words.NOT_TAKEN
        return "" if asked.accepted.duplicate else promise(asked.ask)

    async def _done(self, click: Click, sentence: str) -> None:
        """Take back what the button stood below, if that is for one person alone as it was, and
        tell what there is to tell."""
        try:
            if click.response_url and click.ephemeral:
                await self._slack.messages.withdraw(click.response_url)
        except SlackError as error:
            log.warning("note not withdrawn", error=str(error))
        if sentence:
            await self._tell(click, sentence)

    async def _tell(self, click: Click, sentence: str) -> None:
        await self._slack.ephemeral.answer(click, sentence)


def _meant(text: str, command: str) -> str:
    """What was meant by a `text` that is not quite a command."""
    if command == STOP_BUTTON:
        return talk.MEANT_STOP
    if command.startswith(_HELP_ON):
        return talk.MEANT_HELP(odd=odd_word(text), command=command)
    return talk.MEANT(command)


def _kept_at(name: str) -> str:
    """The name of its draft: `USER.…` share one, and the newest of them is kept."""
    return name.partition(".")[0]
