"""A file of a question: what is kept of it, its id; what Slack says of it; and what goes along with
the question once it was read."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, model_validator

if TYPE_CHECKING:
    from bot.settings import Settings

Kind = Literal["image", "pdf", "text"]

MOST_FILES = 10
"""Files that are read with one question."""

PDF_TURNS = 1
"""How often Grok may look something up in PDFs that go along themselves before it answers: with any
file xAI lets a model do so, and bills all that is read each time (docs.x.ai, "Files")."""

PDF_SEARCHES = 5
"""How often it may search in files for that, which is billed besides."""

_MARKS = 512
"""Tokens (a byte each) that name a file and mark where it begins and ends, or why it is not
there (`bot.completion.transcript`)."""

_FRAME = 512
"""Tokens that introduce all of them, and a conversation where there is no other."""

_UNREAD = "not read"
"""In place of the reason, which would tell what it is. Versions that know no other field do not
read it either."""

_MOST_BYTES_OF_ONE = 3
"""UTF-8 bytes that one byte of another encoding becomes: a euro sign of Windows-1252."""


class FileRef(BaseModel):
    """What is kept of a file that goes along: its `id` in Slack, and what was reserved for it. What
    it is called, what it is and how large is looked up again when it is read.

    `tokens` are the most that it may come to, None: nobody has said; `turns`: how often more all is
    read so that Grok may look things up in it; `eyes`: it is to be looked at. `unread`: nothing was
    reserved, as it is not read; empty where it is.
    """

    model_config = ConfigDict(defer_build=True, frozen=True)

    id: str = ""
    tokens: int | None = None
    turns: int = 0
    eyes: bool = False
    unread: str = ""

    @model_validator(mode="before")
    @classmethod
    def _of_an_earlier_version(cls, stored: Any) -> Any:
        """Earlier versions have kept the kind and the size."""
        if not (isinstance(stored, dict) and "kind" in stored):
            return stored
        kind, size, read = stored["kind"], stored.get("size"), not stored.get("unread")
        return {
            **stored,
            "tokens": _MOST_BYTES_OF_ONE * size if size and kind == "text" else None,
            "turns": PDF_TURNS if read and kind in ("pdf", None) else 0,
            "eyes": read and kind == "image",
        }


class FileInfo(BaseModel):
    """What Slack says of a file ("File object"), which is never kept. `name` is safe to show;
    `size` is in bytes, 0: nobody said.

    `kind` is what it is taken for, None: nobody said, as with files of other organisations.
    `unread`: why it is not read, where that is known from the start. `media_type` and `url` are
    where and as what Slack has it. `most`: the tokens that were reserved for it, where any were.
    """

    model_config = ConfigDict(defer_build=True, frozen=True)

    id: str = ""
    name: str = ""
    kind: Kind | None = None
    size: int = 0
    unread: str = ""
    media_type: str = ""
    url: str = ""
    most: int | None = None


R = TypeVar("R", FileRef, FileInfo)


@dataclass(frozen=True, slots=True)
class FileBounds:
    """The most tokens that one picture comes to, and any other file: text beyond them is left
    out."""

    image: int
    file: int

    def all(self, refs: Iterable[FileRef]) -> int:
        """The most tokens that all of them may come to as they go along, with what introduces
        them."""
        each = [_MARKS + self._reserved(ref) for ref in refs]
        return _FRAME + sum(each) if each else 0

    def _reserved(self, ref: FileRef) -> int:
        if ref.unread:
            return 0
        most = self.image if ref.eyes else max(self.file, self.image)
        return most if ref.tokens is None else min(most, ref.tokens)

    def content(self, file: FileInfo) -> int:
        """The most tokens that a file may come to, without what is written around it."""
        most = self._content(file)
        return most if file.most is None else min(most, file.most)

    def _content(self, file: FileInfo) -> int:
        if file.unread:
            return 0
        if file.kind == "image":
            return self.image
        if file.kind == "text" and file.size:
            return min(self.file, _MOST_BYTES_OF_ONE * file.size)
        return max(self.file, self.image if file.kind is None else 0)

    def kept(self, files: Iterable[FileInfo]) -> tuple[FileRef, ...]:
        """What is kept of `files`, with what is to be reserved for each."""
        return tuple(self._kept(file) for file in files)

    def _kept(self, file: FileInfo) -> FileRef:
        if file.unread:
            return FileRef(id=file.id, tokens=0, unread=_UNREAD)
        return FileRef(
            id=file.id,
            tokens=self.content(file),
            turns=0 if file.kind in ("image", "text") else PDF_TURNS,
            eyes=file.kind == "image",
        )


def bounds_of(settings: Settings) -> FileBounds:
    """Those that the operator has set."""
    return FileBounds(settings.grok_image_tokens, settings.grok_file_tokens)


def first_files(refs: Iterable[R], reason: str) -> tuple[R, ...]:
    """`refs`, each once, of which the first `MOST_FILES` that can be are read; the others are not
    for this `reason`."""
    found: list[R] = []
    read, known = 0, set[str]()
    for ref in refs:
        if ref.id and ref.id in known:
            continue
        known.add(ref.id)
        if not ref.unread:
            read += 1
        over = not ref.unread and read > MOST_FILES
        found.append(ref.model_copy(update={"unread": reason}) if over else ref)
    return tuple(found)


_SLICE = 3 * 256 * 1024
"""Bytes: a multiple of three."""

MediaType = Literal["image/png", "image/jpeg"]


class DataUrl(str):
    """An address that is all of a file in base64: nothing in it has to be escaped anywhere."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that can be looked at, in base64; `tokens` are the most that it comes to."""

    name: str
    base64: str
    media_type: MediaType
    tokens: int

    @property
    def url(self) -> DataUrl:
        """All of it, as an address."""
        return DataUrl(f"data:{self.media_type};base64,{self.base64}")


@dataclass(frozen=True, slots=True)
class Text:
    """What is written in a file; `cut`: there is more, which is left out."""

    name: str
    text: str
    cut: bool = False

    @property
    def tokens(self) -> int:
        """The most that it comes to: a token for each byte."""
        return len(self.text.encode(errors="replace"))


@dataclass(frozen=True, slots=True)
class Pdf:
    """A PDF, in base64, and what is written in it, as far as that was looked for.

    `tokens` are the most that it comes to where it goes along itself, and not its `text`; None: it
    would come to more than may be. `cut`: there is more text, which is left out.
    """

    name: str
    base64: str
    text: str
    tokens: int | None
    cut: bool = False

    @property
    def url(self) -> DataUrl:
        """All of it, as an address."""
        return DataUrl(f"data:application/pdf;base64,{self.base64}")


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that does not go along, and why: a part of a sentence, for people and the model."""

    name: str
    why: str


async def in_base64(data: bytes) -> str:
    """As it goes along in a request. Others have their turn between its slices."""
    parts: list[str] = []
    for start in range(0, len(data), _SLICE):
        parts.append(b64encode(data[start : start + _SLICE]).decode("ascii"))
        await asyncio.sleep(0)
    return "".join(parts)


Material = Picture | Text | Pdf
Enclosure = Material | Unread
