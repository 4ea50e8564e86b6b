"""What a person, a model or an API wrote, as a short quotation inside our own words; and with no
character in halves, since JSON may escape each half of an emoji on its own."""

from __future__ import annotations

import math
import re

from bot.markdown.characters import beginning, shortened
from bot.words import request as words

_LOOKALIKES = str.maketrans({"<": "‹", ">": "›", "&": "＆", "@": "＠", "`": "ˋ", "|": "∣"})
_JOINS = re.compile(
    r"(?<=[^\s\x00-\x7f])[\u200c\u200d](?=[^\s\x00-\x7f])"
    r"|(?<=[\U0001f3f4\U000e0030-\U000e007a])[\U000e0030-\U000e007f]"
)
"""Joiners, as in the sign for a family, and the letters of a flag like that of Wales."""

_LONGEST_NUMBER = 10**20
_HALF = re.compile("[\ud800-\udfff]")


def excerpt(text: str, limit: int = 60) -> str:
    """`text` on one line of at most `limit` characters that cannot act in Slack or a terminal.

    Control characters are gone, runs of whitespace are one space, and what could ping, link or
    leave a code span is replaced by a character that looks like it.
    """
    start = beginning(text, limit * 4)
    line = one_line(start)
    if len(line) > limit or len(start) < len(text):
        line = f"{beginning(line, limit - 1).rstrip()}…"
    return line.translate(_LOOKALIKES)


def short(text: str, limit: int) -> str:
    """`text` in at most `limit` characters, to the letter."""
    return shortened(text, limit)


def one_line(text: str) -> str:
    """All of `text` on one line: what is not printed is gone, whitespace is one space."""
    return " ".join(_printed(text).split())


def _printed(text: str) -> str:
    """`text` with spaces for what is not printed, but for what joins signs or letters."""
    joins = {found.start() for found in _JOINS.finditer(text)}
    return "".join(
        char if char.isprintable() or at in joins else " " for at, char in enumerate(text)
    )


def shown_value(value: object) -> str:
    """The value of a parameter, much as its author wrote it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() if abs(value) >= _LONGEST_NUMBER:
            digits = math.floor((value.bit_length() - 1) * math.log10(2)) + 1
            return words.NUMBER_OF_DIGITS(digits + (abs(value) >= 10**digits))
        case list():
            return words.A_LIST
        case dict():
            return words.AN_OBJECT
        case _:
            return excerpt(str(value)) or '""'


def as_text(text: str) -> str:
    """`text` with its halves joined; a half alone becomes U+FFFD, for it can be sent nowhere."""
    if text.isascii() or _HALF.search(text) is None:
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
