"""What an open form holds beside its fields: its place, what it is about, and hidden values."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable
from typing import Literal, TypeVar

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot import words as general
from bot.completion.ask import Place, ReplyTo, Said
from bot.completion.form import Filled
from bot.errors import Fault, StoreUnavailable, UserError
from bot.files.ref import FileRef
from bot.rules.saved_prompts import Offer
from bot.slack.payloads import Submission
from bot.store.drafts import Drafts
from bot.views.form_view import channel_of
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

    model_config = ConfigDict(frozen=True)

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
        channel = self.channel or channel_of(view.values)
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

    model_config = ConfigDict(frozen=True)

    text: str
    place: Place


class DraftBox:
    """Keeps drafts for forms, each under a new name.

    A form names the draft that it was drawn from, and Slack's hash guards the drawing. So of two
    switches at once one draws the form with its draft, and the other's is never looked at.
    """

    def __init__(self, drafts: Drafts) -> None:
        self._drafts = drafts

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
        log.warning("draft not reached", error=str(error) or "timeout")
        raise UserError(general.STORE_AWAY) from None
