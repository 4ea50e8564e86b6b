"""What `ask` is given besides its arguments: a pipe, a file (`<`), or what is typed after `-`; and
what `--file` names, which is read here and never stored."""

from __future__ import annotations

import asyncio
import codecs
import mimetypes
import os
import select
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from pydantic import JsonValue

from bot.characters import excerpt
from bot.completion.flags import Flags, parse_words
from bot.completion.transcript import named_unread
from bot.errors import UserError
from bot.files.file import MOST_FILES, Enclosure, FileInfo, Unread
from bot.files.kinds import kind_by
from bot.files.reading import FILE_BYTES, QUESTION_BYTES, Reading
from bot.words import files as files_words
from bot.words.terminal import ask as words

KEYBOARD = "-"
_SILENT_SECONDS = 1.0
"""After so long without a word from a pipe, it is said what is waited for."""

_CHUNK = 64 * 1024
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""How a text says that it is in another encoding than plain UTF-8."""


def with_input(
    arguments: Sequence[str], *, most: int, stdin: TextIO | None = None, err: TextIO | None = None
) -> Flags:
    """What `arguments` ask for, with what stands on standard input: alone it is the prompt, else it
    follows the prompt after a blank line.

    A last argument of `-` reads it whatever it is; else a pipe or a file is read. Blocks until it
    ends. Raises `UserError` when there are more than `most` bytes (UTF-8), or no text.
    """
    stdin, err = stdin or sys.stdin, err or sys.stderr  # None when whoever started it closed it
    flags = parse_words(arguments)
    if wanted := _ends_with_dash(arguments, flags.values.get("prompt")):
        flags = parse_words(arguments[:-1])
    prompt = flags.values.get("prompt")
    if stdin is None or not (wanted or _is_given(stdin, alone=prompt is None)):
        return flags
    given = _read(stdin, most, err)
    if not given.strip():
        return flags
    return flags.with_(prompt=_joined(prompt, given))


def _ends_with_dash(arguments: Sequence[str], prompt: JsonValue) -> bool:
    """Whether `-` is what ends the prompt, and no value of a flag."""
    return (
        list(arguments[-1:]) == [KEYBOARD]
        and "--" not in arguments
        and isinstance(prompt, str)
        and (prompt == KEYBOARD or prompt.endswith(f" {KEYBOARD}"))
    )


def _is_given(stdin: TextIO, *, alone: bool) -> bool:
    """Whether somebody sends something: beside a prompt, a socket or a device may be what the
    caller happened to have."""
    try:
        mode = os.fstat(stdin.fileno()).st_mode
    except (OSError, ValueError):  # closed
        return False
    if stat.S_ISFIFO(mode) or stat.S_ISREG(mode):
        return True
    return alone and not stdin.isatty()


def _read(stdin: TextIO, most: int, err: TextIO) -> str:
    """All of it as text, without the line end that closes it."""
    if stdin.isatty():
        print(words.TYPE_NOW, file=err, flush=True)
    elif not select.select([stdin], [], [], _SILENT_SECONDS)[0]:
        print(words.READING, file=err, flush=True)
    raw = bytearray()
    while len(raw) <= 2 * most and (chunk := os.read(stdin.fileno(), _CHUNK)):
        raw += chunk
    encoding = next((name for mark, name in _MARKS if raw.startswith(mark)), "utf-8")
    try:
        text = raw.decode(encoding, "ignore" if len(raw) > 2 * most else "strict")
    except UnicodeDecodeError:
        raise UserError(words.NOT_TEXT) from None
    if len(text.encode()) > most:
        raise UserError(words.TOO_LONG(most))
    return text.removesuffix("\n").removesuffix("\r")


def _joined(prompt: JsonValue, given: str) -> JsonValue:
    match prompt:
        case None:
            return given
        case list():
            return [_joined(each, given) for each in prompt]
        case str() if prompt.strip():
            return f"{prompt}\n\n{given}"
        case _:
            return given


async def read_files(paths: Sequence[str], reading: Reading) -> tuple[Enclosure, ...]:
    """What is in the files, each as it is named. Raises `UserError` for those that are not there
    or cannot go along, and for more than are read with one question: whoever names a file here can
    name another, and pays for no answer without it."""
    if len(paths) > MOST_FILES:
        raise UserError(words.TOO_MANY_FILES(MOST_FILES))
    found: list[Enclosure] = []
    left = QUESTION_BYTES
    for path in map(Path, paths):
        name = excerpt(path.name)
        size = await asyncio.to_thread(_size_of, path)
        kind, called = kind_by(path.name, mimetypes.guess_type(path.name)[0] or "")
        if kind is None:
            found.append(Unread(name, files_words.not_taken(called)))
        elif size > FILE_BYTES:
            found.append(Unread(name, files_words.TOO_BIG(size=size, most=FILE_BYTES)))
        elif size > left:
            found.append(Unread(name, files_words.TOO_MUCH(QUESTION_BYTES)))
        else:
            left -= size
            data = await asyncio.to_thread(_bytes_of, path)
            found.append(await reading.read(FileInfo(name=name, kind=kind, size=len(data)), data))
    if unread := named_unread(found):
        raise UserError(words.FILES_UNREAD([f"{name} ({why})" for name, why in unread]))
    return tuple(found)


def _size_of(path: Path) -> int:
    """Raises `UserError` when there is no such file; a pipe has no size to rely on."""
    if path.is_dir():
        raise UserError(words.FOLDER(excerpt(str(path), 200)))
    if not path.is_file():
        raise UserError(words.NO_FILE(excerpt(str(path), 200)))
    return path.stat().st_size


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(FILE_BYTES + 1)
    except OSError:
        raise UserError(words.NO_FILE(excerpt(str(path), 200))) from None
