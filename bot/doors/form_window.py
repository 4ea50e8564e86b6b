"""The form on the screen: opened at once and filled after, redrawn when it is switched; and what it
holds beside its fields: its place, what it is about, and hidden values."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import structlog
from attrs import frozen
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot import words as general
from bot.completion.ask import Place, ReplyTo, Said
from bot.completion.form import Filled
from bot.errors import (
    Fault,
    OutcomeUnknown,
    RateLimited,
    SlackError,
    StoreUnavailable,
    UserError,
    what_it_says,
)
from bot.files.file import FileRef
from bot.rules.saved_prompts import Offer
from bot.slack.ephemeral import Ephemeral
from bot.slack.inbound.interactions import Click, Submission
from bot.slack.views import OpenView, ViewJson, Views
from bot.store.memory import Drafts
from bot.views.form_fields import held_text, loading_view, sentence_view
from bot.views.form_view import form_view
from bot.words import form as words

log = structlog.get_logger(__name__)

KEEP_SECONDS = 1.0
FETCH_SECONDS = 0.7
"""What reading may take of the 3 s of an ack, of which accepting takes 2."""

T = TypeVar("T")


class Draft(BaseModel):
    """Where the question of a form goes, and what its fields do not show.

    It is of no use to anybody but `user`, for whom the form was opened. `channel` is empty when it
    is chosen in the form; `seen_at` is when Slack said that they are there (Unix time in seconds),
    0 when it did not. `filled` holds every value as it was when
    the form was last drawn; what stands in the fields of the form goes before it.
    """

    model_config = ConfigDict(defer_build=True, frozen=True)

    surface: Literal["form", "shortcut"] = "form"
    user: str
    filled: Filled
    channel: str = ""
    seen_at: float = 0
    home: bool = False
    """Whether it was opened from the Home tab, away from where the answer goes."""
    thread_ts: str | None = None
    conversation: str | None = None
    context: tuple[Said, ...] = ()
    files: tuple[FileRef, ...] = ()
    opened: Filled = Filled()
    """What the form was filled with when it opened: what differs by now was typed."""
    offers: tuple[Offer, ...] = ()
    """The saved prompts that may be chosen in it."""
    template: bool = False
    """Whether its prompt is a saved one, whose places are yet to be filled in."""
    shows_all: bool = False
    """Whether the form opens with its advanced fields."""
    faults: tuple[Fault, ...] = Field((), exclude=True)
    """What is told above its fields when it opens, and not kept."""
    name: str = ""
    """How the asker is called in Slack."""
    response_url: str | None = None

    @property
    def about(self) -> Said | None:
        """The message that the form shows above its fields."""
        return self.context[0] if self.context else None

    def place(self, submission: Submission) -> Place:
        """Where a question sent with this form goes. The same form sent again is the same
        question."""
        view = submission.view
        urls = {each.channel_id: each.response_url for each in submission.response_urls}
        channel = self.channel or held_text(view.values, "channel")
        return Place(
            dedupe=f"form:{view.id}",
            surface=self.surface,
            channel=channel,
            user=submission.user,
            name=self.name,
            user_team=submission.user_team,
            thread_ts=self.thread_ts,
            conversation=self._conversation(self.filled.reply),
            context=self.context,
            files=self.files,
            response_url=urls.get(channel) or self.response_url,
        )

    def _conversation(self, reply: ReplyTo | None) -> str | None:
        """What the question continues. An answer that nobody else in a thread of theirs sees
        must not make the bot a part of it."""
        leaves = reply == "channel" and not self.channel.startswith("D")
        unseen = reply == "private" and self.surface == "shortcut"
        return None if leaves or unseen else self.conversation


class Typed(BaseModel):
    """What somebody typed with a fault in it, and where its answer would have gone. It is of no
    use to anybody but who typed it."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    text: str
    place: Place
    name: str = ""
    """What its button finds it by; empty where an older bot kept it."""


@frozen
class DraftBox:
    """Keeps drafts for forms, each under a new name.

    A form names the draft that it was drawn from, and Slack's hash guards the drawing. So of two
    switches at once one draws the form with its draft, and the other's is never looked at.
    """

    _drafts: Drafts

    async def keep(self, draft: Draft) -> str:
        """The name of `draft`, kept. Raises `UserError` with a sentence for the person."""
        name = uuid.uuid4().hex
        await in_time(self._drafts.save(name, draft.model_dump_json()), KEEP_SECONDS)
        return name

    async def fetch(self, name: str, user: str) -> Draft:
        """The draft of this name, which is that of `user`. Raises `UserError` with a sentence for
        the person."""
        found = await in_time(self._drafts.read(name), FETCH_SECONDS)
        if found is None:
            raise UserError(words.OPEN_TOO_LONG)
        try:
            draft = Draft.model_validate_json(found)
        except ValidationError:
            log.warning("draft of another version")
            raise UserError(words.OPEN_TOO_LONG) from None
        if draft.user != user:
            log.warning("draft of somebody else")
            raise UserError(words.OPEN_TOO_LONG)
        return draft


async def in_time(work: Awaitable[T], seconds: float) -> T:
    """What `work` gives within `seconds`. Raises `UserError` when Redis did not answer."""
    try:
        async with asyncio.timeout(seconds):
            return await work
    except (StoreUnavailable, TimeoutError) as error:
        log.warning("draft not reached", error=what_it_says(error))
        raise UserError(general.STORE_AWAY) from None


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
        self._ephemeral = ephemeral

    async def open(self, summons: Summons, begin: Callable[[], Awaitable[Draft]]) -> None:
        """Open the form before anything else, for a trigger lives 3 s; then fill it with the
        draft of `begin`, or with the sentence of the `UserError` that it raises."""
        try:
            opened = await self._views.open(summons.trigger_id, loading_view(), user=summons.user)
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
        await self._ephemeral.tell(
            sentence,
            user=summons.user,
            channel=summons.channel,
            thread_ts=summons.thread_ts,
            response_url=summons.response_url,
        )
