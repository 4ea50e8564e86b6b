"""What a person, a model or an API wrote, as a short quotation inside our own words."""

from __future__ import annotations

import math

from bot import words

_LOOKALIKES = str.maketrans({"<": "‹", ">": "›", "&": "＆", "@": "＠", "`": "ˋ", "|": "∣"})
_LONGEST_NUMBER = 10**20


def excerpt(text: str, limit: int = 60) -> str:
    """`text` on one line of at most `limit` characters that cannot act in Slack or a terminal.

    Control characters are gone, runs of whitespace are one space, and what could ping, link or
    leave a code span is replaced by a character that looks like it.
    """
    start = text[: limit * 4]
    line = " ".join("".join(c if c.isprintable() else " " for c in start).split())
    if len(line) > limit or len(start) < len(text):
        line = f"{line[: limit - 1].rstrip()}…"
    return line.translate(_LOOKALIKES)


def shown_value(value: object) -> str:
    """The value of a parameter, much as its author wrote it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() if abs(value) >= _LONGEST_NUMBER:
            return words.number_of_digits(math.ceil(value.bit_length() * math.log10(2)))
        case list():
            return words.A_LIST
        case dict():
            return words.AN_OBJECT
        case _:
            return excerpt(str(value)) or '""'
