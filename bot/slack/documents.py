"""What is sent to one person as a file; where Slack takes none of the bot, as messages."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from attrs import frozen

from bot.characters import shortened
from bot.errors import PostingDenied, RateLimited, SlackError
from bot.slack.blocks import Message, note
from bot.slack.slack import Slack
from bot.slack.web_api import WebApi, text_of
from bot.slack_limits import ALT_TEXT_CHARS

log = structlog.get_logger(__name__)

TRIES = 3

_PART = "notice"

_BEGIN = "files.getUploadURLExternal"
_COMPLETE = "files.completeUploadExternal"


@frozen
class Announcing:
    """Posts what is no answer. Nothing here raises."""

    _slack: Slack

    async def announce(self, channel: str, sentence: str) -> bool:
        """Tell everybody in `channel`, in mrkdwn; False when the bot may not write there."""
        try:
            await self._post(channel, note(sentence))
        except SlackError as error:
            log.warning("not announced", error=str(error))
            return not isinstance(error, PostingDenied)
        return True

    async def send(self, messages: Sequence[Message], user: str) -> bool:
        """Send `messages` to `user`, in order; whether that was possible."""
        try:
            channel = await self._slack.direct(user)
            for message in messages:
                await self._post(channel, message)
        except SlackError as error:
            log.warning("messages not sent", error=str(error))
            return False
        return True

    async def _post(self, channel: str, message: Message) -> None:
        for tries_left in reversed(range(TRIES)):
            try:
                await self._slack.post(channel, message, job_id="", part=_PART)
                return
            except RateLimited as error:
                if not tries_left:
                    raise
                await asyncio.sleep(error.retry_after)


@dataclass(frozen=True, slots=True)
class File:
    """`title` is what people read above it, `name` what it is called once it is saved, and `alt`
    what a picture shows, in words."""

    name: str
    title: str
    content: bytes
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A file, and the messages that take its place."""

    file: File
    messages: tuple[Message, ...]


@frozen
class Documents:
    """Sends files in direct messages."""

    _api: WebApi
    _slack: Slack
    _announcing: Announcing

    async def send(self, document: Document, user: str) -> bool:
        """Send `document` to `user`: as a file, else as messages; whether one was possible. Never
        raises.

        Without the scope files:write, and whenever Slack refuses or fails, it is messages. A
        file whose last reply was lost may then come beside them.
        """
        try:
            await self.share([document.file], user)
        except SlackError as error:
            log.warning("file not sent", error=str(error))
            return await self._announcing.send(document.messages, user)
        return True

    async def share(self, files: Sequence[File], user: str, comment: str = "") -> None:
        """Send `files` to `user` in one message, below `comment` (mrkdwn). Nobody else sees them.

        Raises `SlackError`; then none of them was shared, unless the last reply was lost.
        """
        uploaded = [{"id": await self._upload(file), "title": file.title} for file in files]
        shared = {"files": uploaded, "channel_id": await self._slack.direct(user)}
        said = {"initial_comment": comment} if comment else {}
        await self._api.call(_COMPLETE, {**shared, **said})

    async def _upload(self, file: File) -> str:
        """Its id, while nobody but the bot sees it."""
        described = {"alt_txt": shortened(file.alt, ALT_TEXT_CHARS)} if file.alt else {}
        asked = {"filename": file.name, "length": len(file.content), **described}
        reply = await self._api.call(_BEGIN, asked, read=True)
        await self._api.upload(text_of(reply, "upload_url", _BEGIN), file.content)
        return text_of(reply, "file_id", _BEGIN)
