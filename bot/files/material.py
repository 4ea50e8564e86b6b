"""A file as it was read: what goes along with a question."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import Literal

MediaType = Literal["image/png", "image/jpeg"]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that can be looked at, in base64; `tokens` are the most that it comes to."""

    name: str
    base64: str
    media_type: MediaType
    tokens: int

    @property
    def url(self) -> str:
        """All of it, as an address."""
        return f"data:{self.media_type};base64,{self.base64}"


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
    def url(self) -> str:
        """All of it, as an address."""
        return f"data:application/pdf;base64,{self.base64}"


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that does not go along, and why: a part of a sentence, for people and the model."""

    name: str
    why: str


def in_base64(data: bytes) -> str:
    """As it goes along in a request."""
    return b64encode(data).decode()


Material = Picture | Text | Pdf
Enclosure = Material | Unread
