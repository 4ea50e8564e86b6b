"""All that a message shows: what its author says, and what others said that is attached to it.

Text is in Slack's own notation, as that of blocks (`bot.slack.reading.block_text`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from pydantic import JsonValue

from bot.characters import excerpt, printable, shortened
from bot.completion.ask import Said
from bot.errors import UserError
from bot.files.file import MOST_FILES, FileInfo, R, first_files
from bot.slack.files import files_of
from bot.slack.inbound.payloads import SlackMessage, escaped, mentioned, shown
from bot.slack.people.people import People
from bot.slack.reading.block_text import RICH_TEXT, linked, text_of_blocks
from bot.slack.web_api import mappings
from bot.slack_limits import MESSAGE_TEXT_CHARS
from bot.words import files as files_words
from bot.words import form as words
from bot.words import talk
from bot.words.form import ATTACHED, not_looked_at
from bot.words.talk import GROK

Attachment = Mapping[str, JsonValue]

_NO_PREVIEW = "[no preview available]"
"""Slack's `fallback` of what has none."""

_OF_OTHERS = (
    "is_share",
    "is_msg_unfurl",
    "is_app_unfurl",
    "from_url",
    "original_url",
    "author_id",
    "author_name",
    "service_name",
    "bot_id",
)
"""Fields of an attachment that somebody else wrote: a forwarded message, the preview of a link."""

_DEEPEST = 3
_MOST = 100
"""Attachments of one message ("Secondary message attachments")."""

LOOK_UP_SECONDS = 1.0
"""Who is not found within this goes by their id: a form waits for it."""


@dataclass(frozen=True, slots=True)
class Attached:
    """What somebody else wrote; `author` is what they are called, or empty, `user` their id."""

    text: str
    author: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a message shows. `text`: what its author wrote; `beside`: tables that they pasted, and
    what else is theirs; `others`: what others wrote. `unread`: attachments without any text;
    `files` are those of messages that were forwarded with it."""

    text: str = ""
    beside: str = ""
    others: tuple[Attached, ...] = ()
    unread: int = 0
    files: tuple[FileInfo, ...] = ()


def text_of_message(
    text: str, blocks: Iterable[JsonValue], attachments: Iterable[Attachment], *, by_app: bool
) -> str:
    """All that a message shows, as one text: what was forwarded with it is quoted below."""
    parts = parts_of(text, blocks, attachments, by_app=by_app)
    unread = not_looked_at(parts.unread)
    return "\n".join(filter(None, (parts.text, parts.beside, *map(_quoted, parts.others), unread)))


def parts_of(
    text: str,
    blocks: Iterable[JsonValue],
    attachments: Iterable[Attachment],
    *,
    by_app: bool = False,
) -> Parts:
    """All that a message shows, by whose it is.

    Slack shows the blocks of a message in place of its text. Of a person's both say the same,
    tables apart; an app may put but a summary into the one or the other.
    """
    blocks = tuple(blocks)
    said, beside = (_app(text, blocks), "") if by_app else _person(text, blocks)
    own, others, unread = [beside], list[Attached](), 0
    files: list[FileInfo] = []
    for attachment in islice(attachments, _MOST):
        files += files_of(mappings(attachment, "files"))
        if _is_shared(attachment) or (not by_app and _is_of_others(attachment)):
            found = _of_others(attachment)
            others += [found] if found.text else []
            unread += not found.text
        elif (part := _attached(attachment)) not in said:
            own.append(part)
        else:
            unread += not (part or by_app)
    return Parts(said, "\n".join(filter(None, own)), tuple(others), unread, tuple(files))


def names_of_files(files: Iterable[Attachment]) -> tuple[str, ...]:
    """What the files of a message are called ("File object"), those that were deleted apart;
    safe. Slack keeps some names to itself."""
    there = (file for file in files if file.get("mode") != "tombstone")
    names = (file.get("name") or file.get("title") for file in there)
    return tuple(excerpt(name) if isinstance(name, str) else talk.A_FILE for name in names)


def _person(text: str, blocks: Iterable[JsonValue]) -> tuple[str, str]:
    """What a person wrote, and what stands beside that: rich text says the same as `text`."""
    rich = [each for each in blocks if _kind(each) == RICH_TEXT]
    beside = [each for each in blocks if _kind(each) != RICH_TEXT]
    return text.strip() or text_of_blocks(rich).strip(), text_of_blocks(beside).strip()


def _app(text: str, blocks: Iterable[JsonValue]) -> str:
    """What stands in the blocks; where `text` says more, that too."""
    text, shown = text.strip(), text_of_blocks(blocks)
    if len(text) <= len(shown):
        return shown
    said = frozenset(text.split("\n"))
    return "\n".join([text, *(line for line in shown.split("\n") if line not in said)]).strip()


def _kind(block: JsonValue) -> object:
    return block.get("type") if isinstance(block, dict) else None


def _is_of_others(attachment: Attachment) -> bool:
    return any(attachment.get(name) for name in _OF_OTHERS)


def _is_shared(attachment: Attachment) -> bool:
    """Whether it is a message of Slack's, forwarded or linked to."""
    return bool(attachment.get("is_share") or attachment.get("is_msg_unfurl"))


def _of_others(attachment: Attachment) -> Attached:
    names = (attachment.get(name) for name in ("author_name", "author_subname", "service_name"))
    author = next((name for name in names if isinstance(name, str) and name), "")
    user = attachment.get("author_id")
    return Attached(_attached(attachment), author, user if isinstance(user, str) else "")


def _quoted(attached: Attached) -> str:
    lines = [f"&gt; {line}" for line in attached.text.split("\n")]
    return "\n".join([talk.FORWARDED(attached.author), *lines])


def _attached(attachment: Attachment, depth: int = 0) -> str:
    if depth > _DEEPEST:
        return ""
    lines = dict.fromkeys([*_parts(attachment, depth), *_small_print(attachment)])
    if any(lines):
        return "\n".join(filter(None, lines))
    fallback = _text(attachment, "fallback")
    return "" if fallback == _NO_PREVIEW else fallback


def _parts(attachment: Attachment, depth: int) -> Iterator[str]:
    yield _text(attachment, "pretext")
    if not _is_shared(attachment):
        yield _text(attachment, "author_name")
    title, url = _text(attachment, "title"), _text(attachment, "title_link")
    yield linked(title, url) if url and "<" not in title else title
    yield from _person(_text(attachment, "text"), _blocks(attachment))
    yield from map(_field, mappings(attachment, "fields"))
    yield from (_action(each) for each in mappings(attachment, "actions"))
    for nested in mappings(attachment, "attachments"):
        yield _attached(nested, depth + 1)


def _small_print(attachment: Attachment) -> Iterator[str]:
    if isinstance(attachment.get("image_url"), str) and not _is_shared(attachment):
        yield talk.PICTURE_UNREAD("")
    if names := names_of_files(mappings(attachment, "files")):
        yield ATTACHED(names)
    yield _text(attachment, "footer")


def _blocks(attachment: Attachment) -> list[JsonValue]:
    """Its blocks; those of a forwarded message stand deeper."""
    found: list[JsonValue] = []
    for each in mappings(attachment, "message_blocks"):
        message = each.get("message")
        blocks = message.get("blocks") if isinstance(message, dict) else None
        found += blocks if isinstance(blocks, list) else []
    blocks = attachment.get("blocks")
    return found + (blocks if isinstance(blocks, list) else [])


def _field(field: Attachment) -> str:
    title, value = _text(field, "title"), _text(field, "value")
    return f"{title}: {value}" if title and value else title or value


def _action(action: Attachment) -> str:
    url = _text(action, "url")
    return linked(_text(action, "text"), url) if url else ""


def _text(attachment: Attachment, name: str) -> str:
    value = attachment.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return escaped(str(value))
    return value.strip() if isinstance(value, str) else ""


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
    files = words.ATTACHED(names_of_files(message.files))
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
    return first_files(refs, files_words.TOO_MANY(MOST_FILES))


async def name_of(user: str, people: People) -> str:
    """What `user` is called; empty when Slack does not say it soon."""
    return await people.name(user, within=LOOK_UP_SECONDS)
