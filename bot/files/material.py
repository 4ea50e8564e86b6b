"""A file as it was read: what goes along with a question."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from dataclasses import dataclass
from typing import Literal

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
