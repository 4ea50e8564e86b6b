"""Text as it is seen: entities decoded, and where in the text each part of that was written."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Callable
from functools import cached_property, lru_cache
from html.entities import html5

_AMPERSAND = r"&(?:(?:amp|AMP|\#0{0,5}38|\#[xX]0{0,4}26);)*+"
_NAMED = r"(?:\#[0-9]{1,8}|\#[xX][0-9a-fA-F]{1,7}|[A-Za-z][A-Za-z0-9]{1,31});"
ENTITY = rf"{_AMPERSAND}(?:{_NAMED})?"
"""A character written as an entity, however often the `&` of it is written as one."""

_INNERMOST = re.compile(rf"{_AMPERSAND}({_NAMED})")
_LONGEST_KEPT = 64
"""What is written in so many characters is remembered."""

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


class Seen:
    """What is seen of a text, and where it was written."""

    def __init__(
        self, written: str, pattern: re.Pattern[str], shown: Callable[[str], str] | None = None
    ) -> None:
        """Each match of `pattern` in what was `written`, the `source`, is seen as `shown` says;
        as nothing where that is not given."""
        self.source = written
        self._pattern = pattern
        self._shown = shown
        self.text = self._read[0] if shown else pattern.sub("", written)

    def written(self, at: int) -> int:
        """Where what stands at `at` begins in the text as it was written."""
        if len(self.text) == len(self.source) and self.text == self.source:
            return at
        _, seen, written = self._read
        part = bisect_right(seen, at) - 1
        most = written[part + 1] if part + 1 < len(written) else None
        place = written[part] + at - seen[part]
        return place if most is None else min(place, most)

    @cached_property
    def _read(self) -> tuple[str, list[int], list[int]]:
        """What is seen, and where the parts begin that are seen otherwise than they are written,
        and those between them: in what is seen, and as it was written."""
        source, shown = self.source, self._shown
        seen, written = [0], [0]
        parts: list[str] = []
        end = length = 0
        for found in self._pattern.finditer(source):
            start, behind = found.span()
            instead = shown(source[start:behind]) if shown else ""
            if len(instead) == behind - start and instead == source[start:behind]:
                continue
            parts += source[end:start], instead
            begin = length + start - end
            end, length = behind, begin + len(instead)
            seen += begin, length
            written += start, behind
        return "".join((*parts, source[end:])), seen, written


def decoded(text: str) -> Seen:
    """`text` with its entities decoded."""
    return Seen(text, _INNERMOST, decode)


def without_markup(text: str) -> Seen:
    """`text` as it looks: decoded, without markup of its words and what shows as nothing."""
    return Seen(text, _MARKUP, _looks if "&" in text else None)


def decode(entity: str) -> str:
    """What `entity` stands for, or `entity` itself; a name counts in any case."""
    return _decoded_short(entity) if len(entity) <= _LONGEST_KEPT else _decode(entity)


def _decode(entity: str) -> str:
    found = _INNERMOST.fullmatch(entity)
    if found is None:
        return entity
    name = found[1]
    if name.startswith("#"):
        return html.unescape(f"&{name}")
    return html5.get(name) or _ANY_CASE.get(name.lower(), entity)


_decoded_short = lru_cache(maxsize=1_024)(_decode)


def _looks(markup: str) -> str:
    if not markup.startswith("&"):
        return ""
    return UNSEEN.sub("", decode(markup))
