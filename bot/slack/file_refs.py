"""Slack's "File object", as far as it is kept: which files of a message are read, and why not
others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import JsonValue

from bot.completion.excerpt import excerpt
from bot.files.kinds import kind_by
from bot.files.reading import FILE_BYTES
from bot.files.ref import FileRef
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

_LONGEST_ID = 64


def refs_of(files: Iterable[Mapping[str, JsonValue]]) -> tuple[FileRef, ...]:
    """The files of a message, those that were deleted apart."""
    return tuple(ref_of(file) for file in files if file.get("mode") != "tombstone")


def ref_of(file: Mapping[str, JsonValue]) -> FileRef:
    """What is kept of a file. One of another organisation has but an id: its name and kind are
    known once Slack is asked (`files.info`)."""
    name, size = _text(file, "name") or _text(file, "title"), file.get("size")
    known = FileRef(
        id=_text(file, "id"),
        name=excerpt(name) or talk.A_FILE,
        size=size if isinstance(size, int) and size > 0 else 0,
    )
    if not known.id or len(known.id) > _LONGEST_ID:
        return known.model_copy(update={"unread": words.KEPT_FROM_ME})
    if file.get("file_access") == "check_file_info":
        return known
    kind, why = None, _unread(file, known.size)
    if not why:
        kind, called = kind_by(name, _text(file, "mimetype"))
        why = "" if kind else words.not_taken(called)
    return known.model_copy(update={"kind": None if why else kind, "unread": why})


def _unread(file: Mapping[str, JsonValue], size: int) -> str:
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
