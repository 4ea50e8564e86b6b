"""The form on the screen: opened at once and filled after, redrawn when it is switched."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from bot import words as general
from bot.doors.form_draft import Draft, DraftBox
from bot.errors import Fault, OutcomeUnknown, RateLimited, SlackError, UserError
from bot.slack.ephemeral import Ephemeral
from bot.slack.payloads import Click
from bot.slack.views import OpenView, ViewJson, Views
from bot.views.form_view import form_view, loading_view, sentence_view
from bot.words import form as words

log = structlog.get_logger(__name__)

TRIES = 3
PAUSE_SECONDS = 0.5
LONGEST_REST = 10.0
"""Whoever looks at an empty form waits no longer than this for Slack to take calls again."""

_OVERTAKEN = ("hash_conflict", "not_found", "view_not_found")
"""Somebody switched or closed the form meanwhile: there is nothing left to draw."""


@dataclass(frozen=True, slots=True)
class Summons:
    """Somebody who wants the form, and where a sentence reaches them."""

    trigger_id: str
    user: str
    channel: str = ""
    thread_ts: str = ""
    response_url: str = ""

    @classmethod
    def of(cls, click: Click) -> Summons:
        """From a button in a message."""
        return cls(
            click.trigger_id,
            click.user,
            channel=click.channel,
            thread_ts=click.thread_ts,
            response_url=click.response_url,
        )


class FormWindow:
    """Shows forms to people."""

    def __init__(self, views: Views, box: DraftBox, ephemeral: Ephemeral) -> None:
        self._views = views
        self._box = box
        self._aside = ephemeral

    async def open(self, summons: Summons, begin: Callable[[], Awaitable[Draft]]) -> None:
        """Open the form before anything else, for a trigger lives 3 s; then fill it with the
        draft of `begin`, or with the sentence of the `UserError` that it raises."""
        try:
            opened = await self._views.open(summons.trigger_id, loading_view(""), user=summons.user)
        except SlackError as error:
            log.warning("form not opened", error=str(error))
            often = isinstance(error, RateLimited)
            await self._tell(summons, words.OPENED_OFTEN if often else words.NOT_OPENED)
            return
        if not await self._show(opened, await self._first(begin)):
            await self._tell(summons, words.NOT_OPENED)

    async def refuse(self, summons: Summons, sentence: str) -> None:
        """Open a view that says nothing but `sentence`."""
        try:
            view = sentence_view(sentence)
            await self._views.open(summons.trigger_id, view, user=summons.user)
        except SlackError as error:
            log.warning("sentence not shown", error=str(error))

    async def redraw(self, open_view: OpenView, draft: Draft, *, advanced: bool, user: str) -> None:
        """Draw `draft` for `user` in place of what `open_view` shows, unless that changed
        meanwhile.

        Raises `UserError` with a sentence for the person; the form then stays as it is.
        """
        try:
            await self._views.take(user)
        except RateLimited:
            raise UserError(words.NOT_SWITCHED) from None
        view = await self.kept(draft, advanced=advanced)
        if not await self._show(open_view, view):
            raise UserError(words.NOT_SWITCHED)

    async def kept(self, draft: Draft, *, advanced: bool, faults: Sequence[Fault] = ()) -> ViewJson:
        """The form that shows `draft`, which is kept for it, with `faults` above its fields.

        Raises `UserError` with a sentence for the person.
        """
        return form_view(
            draft.filled,
            advanced=advanced,
            metadata=await self._box.keep(draft),
            choose_place=not draft.channel,
            in_thread=draft.thread_ts is not None,
            from_home=draft.home,
            about=draft.about,
            offers=draft.offers,
            faults=faults,
        )

    async def interrupt(self, trigger_id: str, sentence: str, *, user: str) -> None:
        """Show `sentence` to `user` on top of the form that the trigger comes from."""
        try:
            await self._views.push(trigger_id, sentence_view(sentence), user=user)
        except SlackError as error:
            log.warning("sentence not shown", error=str(error))

    async def _first(self, begin: Callable[[], Awaitable[Draft]]) -> ViewJson:
        """What is shown in place of the empty form, whatever happens."""
        try:
            draft = await begin()
            return await self.kept(draft, advanced=draft.shows_all, faults=draft.faults)
        except UserError as error:
            return sentence_view(error.sentence)
        except Exception:
            log.exception("form not filled")
            return sentence_view(general.ANSWER_FAILED)

    async def _show(self, open_view: OpenView, view: ViewJson) -> bool:
        """Draw `view`; False when Slack did not take it. A lost reply is safe to ask again: the
        hash lets only one of the calls through."""
        for _ in range(TRIES):
            try:
                await self._views.update(open_view.id, view, open_view.hash)
                return True
            except (RateLimited, OutcomeUnknown) as error:
                log.warning("form not drawn yet", error=str(error))
                rest = error.retry_after if isinstance(error, RateLimited) else PAUSE_SECONDS
            except SlackError as error:
                if error.code in _OVERTAKEN:
                    return True
                log.exception("form refused")
                return False
            if rest > LONGEST_REST:
                return False
            await asyncio.sleep(rest)
        return False

    async def _tell(self, summons: Summons, sentence: str) -> None:
        await self._aside.tell(
            sentence,
            user=summons.user,
            channel=summons.channel,
            thread_ts=summons.thread_ts,
            response_url=summons.response_url,
        )
