"""Text as it is seen: entities decoded, and where in the text each part of that was written."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from html.entities import html5

_AMPERSAND = r"&(?:(?:amp|AMP|\#0{0,5}38|\#[xX]0{0,4}26);)*+"
_NAMED = r"(?:\#[0-9]{1,8}|\#[xX][0-9a-fA-F]{1,7}|[A-Za-z][A-Za-z0-9]{1,31});"
ENTITY = rf"{_AMPERSAND}(?:{_NAMED})?"
"""A character written as an entity, however often the `&` of it is written as one."""

_ENTITY = re.compile(ENTITY)
_INNERMOST = re.compile(rf"{_AMPERSAND}({_NAMED})")
_ANY_CASE = {name.lower(): char for name, char in html5.items()}
"""The label of a reference is found in any case, and so is what it shows."""

_UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"
)
"""Default ignorable code points (Unicode, DerivedCoreProperties), and control characters."""

UNSEEN = re.compile(f"[{_UNSEEN}]")

_HAIR = "[\u2006-\u200a\u202f\u205f\u2800]"
"""Blanks that are not seen beside a dot."""

_MARKUP = re.compile(
    rf"{ENTITY}|\\(?=[!-/:-@\[-`{{-~])|[*~`]|(?<![^\W_])_+|_+(?![^\W_])|!(?=\[)"
    rf"|</?[A-Za-z][A-Za-z0-9-]*(?:\s[^<>.:]*)?/?>|<!--[^<>]*-->|[{_UNSEEN}]"
    rf"|(?<!{_HAIR}){_HAIR}++(?=\.)|(?<=\.){_HAIR}++"
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What is seen, and where it was written."""

    text: str
    _at: list[int]
    _written: list[int]

    def written(self, at: int) -> int:
        """Where what stands at `at` begins in the text as it was written."""
        part = bisect_right(self._at, at) - 1
        most = self._written[part + 1] if part + 1 < len(self._written) else None
        place = self._written[part] + at - self._at[part]
        return place if most is None else min(place, most)


def decoded(text: str) -> Seen:
    """`text` with its entities decoded."""
    return _replaced(text, _ENTITY, decode)


def without_markup(text: str) -> Seen:
    """`text` as it looks: decoded, without markup of its words and what shows as nothing."""
    return _replaced(text, _MARKUP, _looks)


def decode(entity: str) -> str:
    """What `entity` stands for, or `entity` itself; a name counts in any case."""
    found = _INNERMOST.fullmatch(entity)
    if found is None:
        return entity
    name = found[1]
    if name.startswith("#"):
        return html.unescape(f"&{name}")
    return html5.get(name) or _ANY_CASE.get(name.lower(), entity)


def _looks(markup: str) -> str:
    if not markup.startswith("&"):
        return ""
    return UNSEEN.sub("", decode(markup))


def _replaced(text: str, pattern: re.Pattern[str], shown: Callable[[str], str]) -> Seen:
    parts: list[str] = []
    at, written = [0], [0]
    end = length = 0
    for found in pattern.finditer(text):
        instead = shown(found[0])
        if instead == found[0]:
            continue
        before = text[end : found.start()]
        end = found.end()
        length += len(before)
        parts += before, instead
        at += length, length + len(instead)
        written += found.start(), end
        length += len(instead)
    parts.append(text[end:])
    return Seen("".join(parts), at, written)
