"""What is kept of a file that goes along with a question: its id, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

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
there (`bot.completion.enclosed`)."""

_FRAME = 512
"""Tokens that introduce all of them, and a conversation where there is no other."""

_MOST_BYTES_OF_ONE = 3
"""UTF-8 bytes that one byte of another encoding becomes: a euro sign of Windows-1252."""


class FileRef(BaseModel):
    """A file by its `id` in Slack. `name` is safe to show; `size` is in bytes, 0: nobody said.

    `kind` is what it is taken for, None: nobody said, as with files of other organisations.
    `unread`: why it is not read, where that is known from the start.
    """

    model_config = ConfigDict(frozen=True)

    id: str = ""
    name: str = ""
    kind: Kind | None = None
    size: int = 0
    unread: str = ""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most tokens that one picture comes to, and any other file: text beyond them is left
    out."""

    image: int
    file: int

    def of(self, ref: FileRef) -> int:
        """The most tokens that a file may come to, as it goes along."""
        return _MARKS + self.content(ref)

    def all(self, refs: Iterable[FileRef]) -> int:
        """The same of several, with what introduces them."""
        each = [self.of(ref) for ref in refs]
        return _FRAME + sum(each) if each else 0

    def content(self, ref: FileRef) -> int:
        """The same without what is written around it."""
        if ref.unread:
            return 0
        if ref.kind == "image":
            return self.image
        if ref.kind == "text" and ref.size:
            return min(self.file, _MOST_BYTES_OF_ONE * ref.size)
        return max(self.file, self.image if ref.kind is None else 0)


def bounds_of(settings: Settings) -> Bounds:
    """Those that the operator has set."""
    return Bounds(settings.grok_image_tokens, settings.grok_file_tokens)


def shows_pictures(refs: Iterable[FileRef]) -> bool:
    """Whether there are pictures among them, to be looked at."""
    return any(ref.kind == "image" and not ref.unread for ref in refs)


def first_files(refs: Iterable[FileRef], reason: str) -> tuple[FileRef, ...]:
    """`refs`, each once, of which the first `MOST_FILES` that can be are read; the others are not
    for this `reason`."""
    found: list[FileRef] = []
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
