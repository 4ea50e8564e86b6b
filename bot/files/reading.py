"""From the bytes of a file to what goes along with a question, or why it does not."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext

from bot.files.kinds import called_by_content, type_by_content
from bot.files.material import Enclosure, Picture, Text, Unread, in_base64
from bot.files.pdf import read_pdf
from bot.files.pictures import size_of_jpeg, size_of_png
from bot.files.plain import text_in
from bot.files.ref import FileBounds, FileInfo, Kind
from bot.markdown.characters import printable
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
    found = text_in(data, most)
    if found is None:
        return Unread(name, words.NO_TEXT)
    text, cut = found
    if not text.strip():
        return Unread(name, words.EMPTY)
    return Text(name, printable(text), cut)
