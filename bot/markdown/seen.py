"""Text as it is seen: entities decoded, and where in the text each part of that was written."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from html.entities import html5
from itertools import accumulate
from operator import add, sub

_AMPERSANDS = r"(?:(?:amp|AMP|\#0{0,5}38|\#[xX]0{0,4}26);)*+"
_NAMED = r"(?:\#[0-9]{1,8}|\#[xX][0-9a-fA-F]{1,7}|[A-Za-z][A-Za-z0-9]{1,31});"

_ENTITY = re.compile(rf"(&{_AMPERSANDS}{_NAMED})")
"""A character written as an entity, however often the `&` of it is written as one."""

_INNERMOST = re.compile(rf"&{_AMPERSANDS}({_NAMED})")

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

_HAIR = "\u2006-\u200a\u202f\u205f\u2800"
"""Blanks that are not seen beside a dot."""

_MARKUP = re.compile(
    rf"([&\\*~`_!<{_UNSEEN}{_HAIR}](?:(?<=[*~`])[*~`]*+|(?<=\\)(?=[!-/:-@\[-`{{-~])"
    rf"|(?<=_)(?:(?<![^\W_]_)_*+|_*(?![^\W_]))|(?<=&){_AMPERSANDS}{_NAMED}"
    r"|(?<=<)(?:/?[A-Za-z][A-Za-z0-9-]*(?:\s[^<>.:]*)?/?>|!--[^<>]*-->)|(?<=!)(?=\[)"
    rf"|(?<=[{_UNSEEN}])"
    rf"|(?<=[{_HAIR}])(?:(?<![{_HAIR}]{{2}})[{_HAIR}]*+(?=\.)|(?<=\.[{_HAIR}])[{_HAIR}]*+)))"
)
"""It begins with one of few characters: that is searched for fast."""


class Seen:
    """What is seen of a text, and where it was written."""

    def __init__(
        self, written: str, pattern: re.Pattern[str], shown: Callable[[str], str] | None = None
    ) -> None:
        """Each match of `pattern`, which is its only group, in what was `written`, the `source`, is
        seen as `shown` says; as nothing where that is not given."""
        self.source = written
        parts = pattern.split(written)
        self._kept, self._hidden = parts[::2], parts[1::2]
        self._shown = [*map(shown, self._hidden)] if shown else []
        if self._shown:
            parts[1::2] = self._shown
        self.text = "".join(parts if self._shown else self._kept)

    def written(self, at: int) -> int:
        """Where what stands at `at` begins in the text as it was written."""
        if len(self.text) == len(self.source) and self.text == self.source:
            return at
        begins, gone = self._places
        part = bisect_right(begins, at)
        if part and self._shown:
            end = begins[part - 1] + len(self._shown[part - 1])
            if at < end:
                return min(at + gone[part - 1], end + gone[part])
        return at + gone[part]

    @cached_property
    def _places(self) -> tuple[Sequence[int], Sequence[int]]:
        """Where the parts begin, in what is seen, that may be seen otherwise than they are written;
        and how much is gone above each of them and behind the last."""
        kept, hidden = map(len, self._kept[:-1]), map(len, self._hidden)
        if not self._shown:
            return [*accumulate(kept)], [0, *accumulate(hidden)]
        shown = [*map(len, self._shown)]
        return [*accumulate(map(add, kept, [0, *shown]))], [0, *accumulate(map(sub, hidden, shown))]


def decoded(text: str) -> Seen:
    """`text` with its entities decoded."""
    return Seen(text, _ENTITY, decode)


def without_markup(text: str) -> Seen:
    """`text` as it looks: decoded, without markup of its words and what shows as nothing."""
    return Seen(text, _MARKUP, _looks if "&" in text and _ENTITY.search(text) else None)


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
