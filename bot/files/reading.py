"""From the bytes of a file to what goes along with a question, or why it does not.

Text comes in whichever encoding. A PDF is read in a process of its own, which is ended when it
takes too long.
"""

from __future__ import annotations

import asyncio
import codecs
import json
import re
import sys
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Literal

from bot.characters import boundary, printable
from bot.files.file import (
    Enclosure,
    FileBounds,
    FileInfo,
    Kind,
    Pdf,
    Picture,
    Text,
    Unread,
    in_base64,
)
from bot.files.kinds import called_by_content, size_of_jpeg, size_of_png, type_by_content
from bot.words import files as words

FILE_BYTES = 20 * 1024 * 1024
"""Bytes of one file: xAI takes pictures of 20 MiB (docs.x.ai, "Image understanding")."""

QUESTION_BYTES = 25 * 1024 * 1024
"""Bytes of all files of one question: they go along in one request, a third longer in base64."""

MOST_PIXELS = 50_000_000
"""Of one picture: cameras have up to so many. One that unpacks to more may be meant to harm."""

_KIND_OF: dict[str, Kind] = {"image/png": "image", "image/jpeg": "image", "application/pdf": "pdf"}

PDFS_AT_ONCE = 2
"""Each is read in a process of its own."""

PDF_SECONDS = 20.0
"""How long a PDF may take, waiting for its turn apart."""

TOKENS_OF_A_PAGE = 256
"""What a page adds to the text on it: marks, and what a server may say of it."""

_HERE = str(Path(__file__).resolve().parents[2])

Encoding = Literal["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "cp1252", "latin-1"]

_MARKS: tuple[tuple[bytes, Encoding], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""How a text says in which encoding it is; the longer ones first that begin like others."""

_WIDEST = 4
"""Bytes of one character in any of the encodings."""

_NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
"""Control characters that no text holds; ESC apart, which colours logs."""
_FEW = 0.01
"""So many of its characters may be such all the same."""
_LOOKED_AT = 8_192


class Reading:
    """Reads files, never more of them than was reserved."""

    def __init__(self, bounds: FileBounds) -> None:
        self.bounds = bounds
        self._turns = asyncio.Semaphore(PDFS_AT_ONCE)

    async def read(
        self,
        file: FileInfo,
        data: bytes,
        most: int | None = None,
        *,
        question: asyncio.Lock | None = None,
    ) -> Enclosure:
        """What `data`, all of `file`, is, or why it does not go along; `most`: no more tokens
        of its text than that. Of the PDFs of one `question` one is read, or waits for its turn, at
        a time: those of others need not wait for all of them."""
        if not data:
            return Unread(file.name, words.EMPTY)
        found = type_by_content(data)
        kind = _KIND_OF.get(found)
        if kind is None and found:
            return Unread(file.name, words.not_taken(called_by_content(found)))
        kind = kind or "text"
        if file.kind not in (None, kind):
            return Unread(file.name, _misnamed(file.kind, found))
        reserved = self.bounds.content(file)
        most = reserved if most is None else min(most, reserved)
        match kind:
            case "image":
                return await _picture(file.name, data, found, self.bounds.image)
            case "pdf":
                async with question or nullcontext(), self._turns:
                    return await read_pdf(file.name, data, most)
            case "text":
                return _text(file.name, data, most)


def _misnamed(kind: Kind | None, found: str) -> str:
    if not found:
        return words.NO_PICTURE if kind == "image" else words.NO_PDF
    return words.MISNAMED(called_by_content(found))


async def _picture(name: str, data: bytes, media_type: str, tokens: int) -> Picture | Unread:
    png = media_type == "image/png"
    size = size_of_png(data) if png else size_of_jpeg(data)
    if size is None:
        return Unread(name, words.DAMAGED)
    if (pixels := size[0] * size[1]) > MOST_PIXELS:
        return Unread(name, words.TOO_MANY_PIXELS(pixels=pixels, most=MOST_PIXELS))
    encoded = await in_base64(data)
    return Picture(name, encoded, "image/png" if png else "image/jpeg", tokens)


def _text(name: str, data: bytes, most: int) -> Text | Unread:
    found = _text_in(data, most)
    if found is None:
        return Unread(name, words.NO_TEXT)
    text, cut = found
    if not text.strip():
        return Unread(name, words.EMPTY)
    return Text(name, printable(text), cut)


async def read_pdf(name: str, data: bytes, most: int) -> Pdf | Unread:
    """What is in a PDF, of its text `most` bytes at most (UTF-8)."""
    try:
        found = await _in_pdf(data, most)
    except TimeoutError:
        return Unread(name, words.INTRICATE)
    match found:
        case {"outcome": "read", "pages": int(pages), "text": str(text), "cut": bool(cut)}:
            tokens = len(text.encode()) + TOKENS_OF_A_PAGE * pages
            whole = not cut and tokens <= most
            encoded = await in_base64(data) if whole else ""
            return Pdf(name, encoded, text, tokens if whole else None, cut)
        case {"outcome": "locked"}:
            return Unread(name, words.LOCKED)
        case {"outcome": "intricate"}:
            return Unread(name, words.INTRICATE)
        case _:
            return Unread(name, words.DAMAGED)


async def _in_pdf(data: bytes, most: int) -> Any:
    """What the process says that reads a PDF; None when it says nothing. Raises `TimeoutError` when
    it takes more time than it may, or more of the processor."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.files.pdf_text",
        str(most),
        cwd=_HERE,
        env={},
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
    )
    try:
        async with asyncio.timeout(PDF_SECONDS):
            said, _ = await child.communicate(data)
        if (child.returncode or 0) < 0:
            raise TimeoutError  # the system has ended it: it took more than its share
        return json.loads(said)
    except ValueError:
        return None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


def _text_in(data: bytes, most: int) -> tuple[str, bool] | None:
    """The text in a file, `most` bytes of it at most (UTF-8), and whether it was cut there; None
    when it is no text."""
    named = next((pair for pair in _MARKS if data.startswith(pair[0])), None)
    mark = named[0] if named else b""
    head = data[len(mark) : len(mark) + _WIDEST * (most + 1)]
    whole = len(mark) + len(head) == len(data)
    for encoding in (named[1],) if named else _likely(head):
        text = _decoded(head, encoding, whole=whole)
        if text is not None and _is_text(text):
            return _cut(text, most, whole=whole)
    return None


def _likely(head: bytes) -> tuple[Encoding, ...]:
    """The encodings of a text that does not say: where every other byte is zero, it is one that
    has two for each character."""
    seen = head[:_LOOKED_AT]
    even, odd = seen[::2].count(0), seen[1::2].count(0)
    if len(seen) % 2 == 0 and max(even, odd) > len(seen) // 5:
        return ("utf-16-le",) if odd > even else ("utf-16-be",)
    return "utf-8", "cp1252", "latin-1"


def _decoded(head: bytes, encoding: Encoding, *, whole: bool) -> str | None:
    try:
        return codecs.getincrementaldecoder(encoding)("strict").decode(head, final=whole)
    except UnicodeDecodeError:
        return None


def _is_text(text: str) -> bool:
    seen = text[:_LOOKED_AT]
    return len(_NO_TEXT.findall(seen)) <= _FEW * len(seen)


def _cut(text: str, most: int, *, whole: bool) -> tuple[str, bool]:
    encoded = text.encode(errors="replace")
    if len(encoded) <= most:
        return text, not whole
    kept = encoded[:most].decode(errors="ignore")
    return kept[: boundary(text, len(kept))], True
