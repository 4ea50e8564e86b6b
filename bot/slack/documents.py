"""What is sent to one person as a file; where Slack takes none of the bot, as messages."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from bot.errors import SlackError
from bot.slack.announcing import Announcing
from bot.slack.blocks import Message
from bot.slack.slack import Slack
from bot.slack.web_api import WebApi, text_of

log = structlog.get_logger(__name__)

_BEGIN = "files.getUploadURLExternal"
_COMPLETE = "files.completeUploadExternal"


@dataclass(frozen=True, slots=True)
class File:
    """`title` is what people read above it, `name` what it is called once it is saved."""

    name: str
    title: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Document:
    """A file, and the messages that take its place."""

    file: File
    messages: tuple[Message, ...]


class Documents:
    """Sends documents in direct messages. Nothing here raises."""

    def __init__(self, api: WebApi, slack: Slack, announcing: Announcing) -> None:
        self._api = api
        self._slack = slack
        self._announcing = announcing

    async def send(self, document: Document, user: str) -> bool:
        """Send `document` to `user`: as a file, else as messages; whether one was possible.

        Without the scope files:write, and whenever Slack refuses or fails, it is messages. A
        file whose last reply was lost may then come beside them.
        """
        try:
            await self._share(document.file, user)
        except SlackError as error:
            log.warning("file not sent", error=str(error))
            return await self._announcing.send(document.messages, user)
        return True

    async def _share(self, file: File, user: str) -> None:
        asked = {"filename": file.name, "length": len(file.content)}
        reply = await self._api.call(_BEGIN, asked, read=True)
        file_id = text_of(reply, "file_id", _BEGIN)
        await self._api.upload(text_of(reply, "upload_url", _BEGIN), file.content)
        channel = await self._slack.direct(user)
        shared = {"files": [{"id": file_id, "title": file.title}], "channel_id": channel}
        await self._api.call(_COMPLETE, shared)
