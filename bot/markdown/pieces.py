"""What a message may hold, how much of it a text takes, and the part of a text that it shows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

_LEADS_OF_FOUR = (0xF0, 0xF1, 0xF2, 0xF3, 0xF4)
"""What begins four bytes of UTF-8."""

_COUNTS_MORE = re.compile("[&<>@\\]\U00010000-\U0010ffff]")
_SHORT = 64
"""Longer text of ASCII is counted faster than it is searched."""


def weigh(text: str) -> int:
    """At most what Slack counts for `text` once it was made safe.

    UTF-16 units, with `&` as `&amp;`, `<` and `>` likewise, and a joiner for every `&`, `<`,
    `@` and `]` that may need one.
    """
    plain = text.isascii()
    if (len(text) < _SHORT or not plain) and not _COUNTS_MORE.search(text):
        return len(text)
    units = len(text) if plain else len(text) + _in_two_units(text)
    count = text.count
    return units + 5 * count("&") + 4 * count("<") + 3 * count(">") + count("@") + count("]")


def _in_two_units(text: str) -> int:
    """How many characters of `text` take two UTF-16 units. It is told by their first bytes in
    UTF-8: lone surrogates, one unit each, are slow to encode otherwise."""
    return sum(map(text.encode("utf-8", "surrogatepass").count, _LEADS_OF_FOUR))


def most_within(text: str, room: int) -> int:
    """How many characters from the start of `text` weigh `room` at most; below 0: there is
    none."""
    if room < 0:
        return -1
    least, most = 0, min(len(text), room) + 1
    while most - least > 1:
        middle = (least + most) // 2
        weight = weigh(text[least:middle])
        if weight <= room:
            least, room = middle, room - weight
        else:
            most = middle
    return least


@dataclass(frozen=True, slots=True)
class Room:
    """What one message may hold: counted characters, and blocks as Slack renders them."""

    chars: int
    blocks: int


@dataclass(frozen=True, slots=True)
class Piece:
    """The part of the text that one message shows.

    `text` is as it was fed; `before` opens again what was open where the message before it
    ended, or repeats a table's head; `after` closes what is open, `inset` characters before
    the end.
    """

    text: str
    before: str = ""
    after: str = ""
    inset: int = 0
    moved: Callable[[str], str] | None = field(default=None, compare=False)
    """What a message that begins inside a list makes of its lines (`outdent`)."""

    @property
    def markdown(self) -> str:
        end = len(self.text) - self.inset
        written = f"{self.before}{self.text[:end]}{self.after}{self.text[end:]}"
        return self.moved(written) if self.moved else written
