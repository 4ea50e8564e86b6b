"""Where a text can be cut: between what a reader sees as characters (Unicode, UAX #29).

A flag, a family of people, a letter and its marks, a syllable of Hangul or Devanagari are one
character each, however many code points they take.
"""

from __future__ import annotations

import re

import regex

_BEGUN_ENTITY = re.compile(r"&[#\w]{0,10}\Z")
_BEGUN_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*\\\Z")
_HALF_MARK = re.compile(
    r"&(?:#[xX]?[0-9A-Fa-f]{0,7}|([a-z]{1,6}))?\Z"
    r"|<(?:/?[A-Za-z][A-Za-z0-9-]*+(?:\s++[A-Za-z-]++(?:=[^<>]{0,300})?)?\s*+/?"
    r"|!(?:-[^<>]{0,300})?|/)?\Z"
)
_ENTITIES = ("amp", "lt", "gt", "quot", "apos", "nbsp", "hellip", "ndash", "mdash", "copy")
_LONGEST_HALF = 400
_CHARACTER = regex.compile(r"\X")
_REGIONAL = "".join(map(chr, range(0x1F1E6, 0x1F200)))
"""Letters of which two make a flag."""

_LOOKED_BACK = 128
"""So far above a place is looked for what a character there may have begun with; a longer one is
cut."""

_MAY_GO_ON = regex.compile(
    r"[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{M}\p{RI}\p{Hangul_Syllable_Type=L}\p{Hangul_Syllable_Type=V}"
    r"\u200c\u200d\U000e0020-\U000e007f]|[\u0900-\u0fff\u1000-\u109f\u1780-\u17ff--\p{Nd}]",
    regex.V1,
)
"""What a character is made of that more code points may belong to, so often that it is not shown
before it is known."""


def boundary(text: str, end: int, least: int = 0) -> int:
    """The nearest place at or before `end`, and behind `least`, that cuts no character of `text`;
    `end` where there is none.

    Letters of flags are counted here: the library looks back to the first of them for each."""
    if not least < end < len(text) or (text[end - 1] < "\x7f" > text[end] != "\n"):
        return end
    if text[end] in _REGIONAL and text[end - 1] in _REGIONAL:
        return end - _regional_before(text, end) % 2
    start = max(least, end - _LOOKED_BACK)
    if start > least and text[start] in _REGIONAL:
        start -= _regional_before(text, start) % 2
    found = start
    for character in _CHARACTER.finditer(text, start, end + 1):
        if character.end() > end:
            break
        found = character.end()
    return found if found > start else end


def whole_characters(line: str, end: int, least: int) -> int:
    """The nearest place at or before `end` that cuts no entity, no escape and no character."""
    if entity := _BEGUN_ENTITY.search(line, max(least, end - 11), end):
        return entity.start()
    cut = boundary(line, end, least)
    escaped = _BEGUN_ESCAPE.search(line, max(least, cut - _LOOKED_BACK), cut)
    return cut - bool(escaped and cut - 1 > least)


def beginning(text: str, most: int) -> str:
    """The first characters of `text`, at most `most` of Python's."""
    return text[: boundary(text, most)]


def shortened(text: str, most: int) -> str:
    """`text` in at most `most` characters of Python's, with an ellipsis where it is cut."""
    if len(text) <= most:
        return text
    return f"{beginning(text, most - 1).rstrip()}…"


def unfinished(text: str) -> int:
    """How many code points at the end of a text still growing may be but the beginning of what a
    reader sees as one character."""
    if not _MAY_GO_ON.match(text[-1:]):
        return 0
    start = max(0, len(text) - _LOOKED_BACK)
    start = boundary(text, start)
    *_, last = _CHARACTER.finditer(text, start)
    return min(len(last[0]), _LOOKED_BACK - 1)


def _regional_before(text: str, end: int) -> int:
    """How many letters of flags `text` ends with, up to `end`."""
    if end and text[end - 1] in _REGIONAL:
        return end - len(text[:end].rstrip(_REGIONAL))
    return 0


def half_mark(text: str) -> int:
    """Where half of an entity or of a tag begins that `text`, which was cut, ends with; else its
    end."""
    begun = _HALF_MARK.search(text, max(0, len(text) - _LONGEST_HALF))
    name = begun[1] if begun else None
    known = not name or any(each.startswith(name) for each in _ENTITIES)
    return begun.start() if begun and known else len(text)
