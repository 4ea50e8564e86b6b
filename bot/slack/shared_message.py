"""The message that somebody shares with a question."""

from __future__ import annotations

from collections.abc import Iterable

from bot.completion.ask import Said
from bot.errors import UserError
from bot.files.ref import MOST_FILES, FileInfo, R, first_files
from bot.markdown.characters import shortened
from bot.markdown.safety import printable
from bot.slack.file_info import files_of
from bot.slack.message_text import names_of_files, parts_of, text_of_message
from bot.slack.payloads import SlackMessage
from bot.slack.people import People
from bot.slack.shown import mentioned, shown
from bot.slack_limits import MESSAGE_TEXT_CHARS
from bot.words import files as files_words
from bot.words import form as words
from bot.words.talk import GROK

LOOK_UP_SECONDS = 1.0
"""Who is not found within this goes by their id: a form waits for it."""


async def said_in(message: SlackMessage, people: People, asker: str, *, bot_user: str = "") -> Said:
    """Who said what in `message`, which `asker` shares, the names of its files included. What
    `bot_user` said is the bot's own.

    Raises `UserError` when there is nothing in it to read.
    """
    text = text_of_message(
        message.text, message.blocks, message.attachments, by_app=bool(message.bot_id)
    )
    users = (message.user, *mentioned(text))
    names = await people.names(users, asker=asker, within=LOOK_UP_SECONDS)
    files = words.attached(names_of_files(message.files))
    said = printable("\n\n".join(filter(None, (shown(text, names).strip(), files))))
    if not said:
        raise UserError(words.NOTHING_TO_READ)
    author = names.get(message.user) or message.username or message.user or words.AN_APP
    own = bool(bot_user) and message.user == bot_user
    return Said(author=GROK if own else author, text=bounded(said), own=own)


def bounded(text: str) -> str:
    """As much of `text` as Slack keeps of a message: blocks and attachments may hold more."""
    return shortened(text, MESSAGE_TEXT_CHARS)


def files_in(message: SlackMessage) -> tuple[FileInfo, ...]:
    """The files of `message`, and of what was forwarded with it."""
    parts = parts_of(message.text, message.blocks, message.attachments, by_app=bool(message.bot_id))
    return with_reasons((*files_of(message.files), *parts.files))


def with_reasons(refs: Iterable[R]) -> tuple[R, ...]:
    """`refs`, with the reason where there are more than are read."""
    return first_files(refs, files_words.too_many(MOST_FILES))


async def name_of(user: str, people: People) -> str:
    """What `user` is called; empty when Slack does not say it soon."""
    return await people.name(user, within=LOOK_UP_SECONDS)
