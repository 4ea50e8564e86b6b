"""Slack's "File object": which files of a message are read, and why not others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import JsonValue

from bot.completion.excerpt import excerpt
from bot.files.kinds import kind_by
from bot.files.reading import FILE_BYTES
from bot.files.ref import FileInfo
from bot.words import files as words
from bot.words import talk

_NO_FILES = {
    "canvas": "a canvas",
    "quip": "a canvas",
    "docs": "a canvas",
    "post": "a post",
    "space": "a post",
    "list": "a list",
    "email": "an e-mail",
}
"""Modes and types of what Slack makes itself, which has no file of its own to be read."""

_GONE = {"tombstone": words.DELETED, "hidden_by_limit": words.KEPT_FROM_ME}
"""Modes of what is there no more, or too old to be shown in a free workspace."""

LONGEST_ID = 64
"""Characters of what can be an id."""


def files_of(files: Iterable[Mapping[str, JsonValue]]) -> tuple[FileInfo, ...]:
    """The files of a message, those that were deleted apart."""
    return tuple(file_of(file) for file in files if file.get("mode") != "tombstone")


def file_of(file: Mapping[str, JsonValue]) -> FileInfo:
    """What Slack says of a file. One of another organisation has but an id: its name and kind are
    known once Slack is asked (`files.info`)."""
    name, size = _text(file, "name") or _text(file, "title"), file.get("size")
    known = FileInfo(
        id=_text(file, "id"),
        name=excerpt(name) or talk.A_FILE,
        size=size if isinstance(size, int) and size > 0 else 0,
        media_type=_text(file, "mimetype"),
        url=_text(file, "url_private"),
    )
    if not known.id or len(known.id) > LONGEST_ID:
        return known.model_copy(update={"unread": words.KEPT_FROM_ME})
    if file.get("file_access") == "check_file_info":
        return known
    kind, why = None, _unread(file, known.size)
    if not why:
        kind, called = kind_by(name, known.media_type)
        why = "" if kind else words.not_taken(called)
    return known.model_copy(update={"kind": None if why else kind, "unread": why})


def _unread(file: Mapping[str, JsonValue], size: int) -> str:
    if gone := _GONE.get(_text(file, "mode")):
        return gone
    if file.get("is_external") or file.get("mode") == "external":
        return words.ELSEWHERE
    if own := _NO_FILES.get(_text(file, "mode")) or _NO_FILES.get(_text(file, "filetype")):
        return words.not_taken(own)
    if file.get("file_access") in ("access_denied", "file_not_found"):
        return words.KEPT_FROM_ME
    return words.too_big(size, FILE_BYTES) if size > FILE_BYTES else ""


def _text(file: Mapping[str, JsonValue], name: str) -> str:
    value = file.get(name)
    return value if isinstance(value, str) else ""
