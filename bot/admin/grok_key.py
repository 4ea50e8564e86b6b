"""The workspace's own Grok key: set by its admins in a form, tried once, and removed again."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import structlog
from attrs import frozen
from pydantic import SecretStr

from bot.acks import Reaction
from bot.admin.changing import Caller, CommandReply, not_changed
from bot.asking.admission import Permission
from bot.errors import GrokFailed, StoreUnavailable
from bot.grok.client import GrokClient
from bot.net.web_address import is_one_word
from bot.rules.commands import AdminCommand
from bot.slack.blocks import section
from bot.slack.inbound.interactions import Submission
from bot.slack.inbound.payloads import SlashCommand
from bot.slack.side import SlackSide
from bot.slack.views import ViewJson
from bot.views.form_fields import Values, held_text, input_block, modal, sentence_view
from bot.words import admin as admin_words
from bot.words import form as form_words
from bot.words import key as words

if TYPE_CHECKING:
    from bot.store.grok_keys import GrokKeys  # of several workspaces alone; brings cryptography

log = structlog.get_logger(__name__)

KEY_FORM = "grok_key_form"
"""`callback_id` of the form."""

KEY_CHARS = 300
_FIELD = "grok_key"

TRY_SECONDS = 1.2
STORE_SECONDS = 0.6
"""What the API and the store may take of the 3 s of an ack, of which looking up who it is may take
1."""


@frozen
class GrokKeyForm:
    """Opens the form for admins, and keeps the key that is sent with it. `keys` None: this is the
    only workspace, and its operator sets the key."""

    _keys: GrokKeys | None
    _permission: Permission
    _grok: GrokClient
    _slack: SlackSide

    async def on_command(self, payload: SlashCommand) -> Reaction:
        """`/grok key`."""
        return Reaction(then=partial(self._open, payload))

    async def on_submit(self, submission: Submission) -> Reaction:
        """The key is tried, and kept where Grok takes it. Whose view it was is not asked."""
        if self._keys is None:
            return _shown(words.ONLY_ONE)
        if refusal := await self._refusal(submission.user):
            return _shown(refusal)
        key = _typed(submission.view.values)
        if sentence := await self._tried(key) if key else words.NO_KEY:
            return _marked(sentence)
        return await self._save(self._keys, SecretStr(key), submission.user)

    async def removed(self, _: AdminCommand, caller: Caller) -> CommandReply:
        """`/grok key remove`. Raises `StoreUnavailable`."""
        if self._keys is None:
            return CommandReply((words.ONLY_ONE,))
        removed = await self._keys.remove(self._team, by=caller.user)
        return CommandReply((words.REMOVED if removed else words.NONE_TO_REMOVE,))

    @property
    def _team(self) -> str:
        return self._slack.installation.team

    async def _open(self, payload: SlashCommand) -> None:
        user, loading = payload.user_id, sentence_view(form_words.LOADING, words.TITLE)
        form = partial(self._form, user)
        if not await self._slack.views.fill(payload.trigger_id, loading, form, user=user):
            await self._slack.ephemeral.tell(
                form_words.NOT_OPENED,
                user=user,
                channel=payload.channel_id,
                response_url=payload.response_url,
            )

    async def _form(self, user: str) -> ViewJson:
        if refusal := await self._refusal(user):
            return sentence_view(refusal, words.TITLE)
        if self._keys is None:
            return sentence_view(words.ONLY_ONE, words.TITLE)
        try:
            return _form(own=await self._keys.find(self._team) is not None)
        except StoreUnavailable as error:
            log.warning("form not filled", error=str(error))
            return sentence_view(admin_words.NOT_CHANGED, words.TITLE)

    async def _refusal(self, user: str) -> str:
        return self._permission.refusal("key", await self._slack.people.find(user))

    async def _tried(self, key: str) -> str:
        """Why `key` is not taken; empty where Grok takes it, or does not say."""
        try:
            async with asyncio.timeout(TRY_SECONDS):
                found = await self._grok.with_key(SecretStr(key)).reach()
        except (GrokFailed, TimeoutError):
            return words.NOT_TRIED
        return words.NOT_TRIED if found.key is None else words.REFUSED.get(found.key, "")

    async def _save(self, keys: GrokKeys, secret: SecretStr, user: str) -> Reaction:
        try:
            async with asyncio.timeout(STORE_SECONDS):
                saved = await keys.save(self._team, secret, by=user)
        except (StoreUnavailable, TimeoutError) as error:
            log.warning("key not stored", error=type(error).__name__)
            return _marked(not_changed(error))
        return _shown(words.SAME if saved == "same" else words.SAVED)


def _form(*, own: bool) -> ViewJson:
    """`own`: there is a key already, which the form never holds."""
    element = {"type": "plain_text_input", "max_length": KEY_CHARS}
    blocks = [
        section(words.OWN if own else words.OPERATORS),
        input_block(_FIELD, words.LABEL, element, hint=words.HINT, optional=False),
    ]
    return modal(words.TITLE, blocks, callback_id=KEY_FORM, submit=words.SAVE)


def _typed(values: Values) -> str:
    """What was typed, without space around it; empty where that is no key."""
    key = held_text(values, _FIELD).strip()
    return key if is_one_word(key) and len(key) <= KEY_CHARS else ""


def _shown(sentence: str) -> Reaction:
    """In place of the form, or of whatever view it came from."""
    return Reaction.shows(sentence_view(sentence, words.TITLE))


def _marked(sentence: str) -> Reaction:
    return Reaction.marks({_FIELD: sentence})
