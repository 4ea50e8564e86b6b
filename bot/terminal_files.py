"""What `ask --file` names: read here, and never stored."""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import Sequence
from pathlib import Path

from bot.completion.enclosed import named_unread
from bot.completion.excerpt import excerpt
from bot.errors import UserError
from bot.files.kinds import kind_by
from bot.files.material import Enclosure, Unread
from bot.files.reading import FILE_BYTES, QUESTION_BYTES, Reading
from bot.files.ref import MOST_FILES, FileInfo
from bot.words import files as words
from bot.words import terminal as terminal_words


async def read_files(paths: Sequence[str], reading: Reading) -> tuple[Enclosure, ...]:
    """What is in the files, each as it is named. Raises `UserError` for those that are not there
    or cannot go along, and for more than are read with one question: whoever names a file here can
    name another, and pays for no answer without it."""
    if len(paths) > MOST_FILES:
        raise UserError(terminal_words.too_many_files(MOST_FILES))
    found: list[Enclosure] = []
    left = QUESTION_BYTES
    for path in map(Path, paths):
        name = excerpt(path.name)
        size = await asyncio.to_thread(_size_of, path)
        kind, called = kind_by(path.name, mimetypes.guess_type(path.name)[0] or "")
        if kind is None:
            found.append(Unread(name, words.not_taken(called)))
        elif size > FILE_BYTES:
            found.append(Unread(name, words.too_big(size, FILE_BYTES)))
        elif size > left:
            found.append(Unread(name, words.too_much(QUESTION_BYTES)))
        else:
            left -= size
            data = await asyncio.to_thread(_bytes_of, path)
            found.append(await reading.read(FileInfo(name=name, kind=kind, size=len(data)), data))
    if unread := named_unread(found):
        raise UserError(terminal_words.unread(unread))
    return tuple(found)


def _size_of(path: Path) -> int:
    """Raises `UserError` when there is no such file; a pipe has no size to rely on."""
    if path.is_dir():
        raise UserError(terminal_words.folder(excerpt(str(path), 200)))
    if not path.is_file():
        raise UserError(terminal_words.no_file(excerpt(str(path), 200)))
    return path.stat().st_size


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(FILE_BYTES + 1)
    except OSError:
        raise UserError(terminal_words.no_file(excerpt(str(path), 200))) from None
