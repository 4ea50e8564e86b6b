"""The files that go along with a question, as far as they can be where it goes, and the text that
tells of them.

As with all that people write, nothing in it can pass for a mark: `bot.completion.transcript`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.files.material import Enclosure, Pdf, Picture, Text, Unread
from bot.words import files as words


def carried(files: Iterable[Enclosure], *, pictures: bool, pdfs: bool) -> tuple[Enclosure, ...]:
    """`files` where pictures, or PDFs as they are, can go along or not: of other PDFs only what is
    written in them does."""
    return tuple(_carried(file, pictures=pictures, pdfs=pdfs) for file in files)


def _carried(file: Enclosure, *, pictures: bool, pdfs: bool) -> Enclosure:
    match file:
        case Picture(name) if not pictures:
            return Unread(name, words.NO_EYES)
        case Pdf(name, _, text, tokens, cut) if not pdfs or tokens is None:
            return Text(name, text, cut) if text.strip() else Unread(name, words.NO_TEXT_IN_PDF)
        case _:
            return file


def named_unread(files: Iterable[Enclosure]) -> tuple[tuple[str, str], ...]:
    """Those that do not go along: what each is called, and why."""
    return tuple((file.name, file.why) for file in files if isinstance(file, Unread))


def nothing_read(files: Sequence[Enclosure]) -> str:
    """What to say where there is nothing but files, and none of them can go along; empty where one
    can."""
    unread = named_unread(files)
    return words.none_read(unread) if unread and len(unread) == len(files) else ""


def holds_pictures(files: Iterable[Enclosure]) -> bool:
    """Whether there are pictures among them, to be looked at."""
    return any(isinstance(file, Picture) for file in files)


def beside_text(files: Iterable[Enclosure]) -> int:
    """The most tokens that files come to besides what is written of them, or instead."""
    return sum(_beside_text(file) for file in files)


def _beside_text(file: Enclosure) -> int:
    match file:
        case Picture():
            return file.tokens
        case Pdf():
            return file.tokens or 0
        case _:
            return 0


def one_fewer(files: Sequence[Enclosure]) -> tuple[Enclosure, ...] | None:
    """`files` without the last that goes along, for want of room; None when none does."""
    for place in range(len(files) - 1, -1, -1):
        if not isinstance(files[place], Unread):
            fewer = Unread(files[place].name, words.NO_ROOM)
            return (*files[:place], fewer, *files[place + 1 :])
    return None
