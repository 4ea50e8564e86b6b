"""Brackets in the address or the title of a link or an image.

A reader of CommonMark sees no brackets there. Where they are no pairs among themselves, it pairs
those around them otherwise than who counts them all: `[bank ![a](b]c)](https://evil.example)`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence

_PLAIN = re.compile(r"[^\s()\"'\\]*+\)")
"""An address without brackets, which nearly all are."""
_BLANKS = re.compile(r"[ \t\n]*+")
_ADDRESS = re.compile(r"[^\s()\\]++|\\.?|[()]", re.DOTALL)
_TITLES = {
    '"': re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL),
    "'": re.compile(r"'(?:[^'\\]|\\.)*+'", re.DOTALL),
    "(": re.compile(r"\((?:[^()\\]|\\.)*+\)", re.DOTALL),
}
_DEEPEST = 32
"""Parentheses within one another in an address: more no reader takes for one (CommonMark 6.3)."""
_READ = 4_000
_SHARE_READ = 8
"""Where more than so many letters, and that part of all, are in addresses with brackets or in what
is like them, they are taken for crossed: nobody writes so many."""


class Crossings:
    """Those of `leaf`, whose brackets are at `marks`."""

    __slots__ = ("_last", "_leaf", "_left", "_marks")

    def __init__(self, leaf: str, marks: Sequence[int]) -> None:
        self._leaf = leaf
        self._marks = marks
        self._last = leaf.rfind(")")
        self._left = _READ + len(leaf) // _SHARE_READ

    def behind(self, number: int) -> bool:
        """Whether what follows the bracket of this number, an address in parentheses, has brackets
        that are no pairs among themselves, or that may be."""
        begin = self._marks[number] + 2
        if begin > self._last or number + 1 == len(self._marks):
            return False
        following = self._marks[number + 1]
        if _PLAIN.match(self._leaf, begin, following):
            return False
        end = self._end_of(begin)
        if self._left < 0:
            return True
        depth, last = 0, bisect_left(self._marks, end)
        for at in self._marks[number + 1 : last]:
            depth += 1 if self._leaf[at] == "[" else -1
            if depth < 0:
                break
        return depth != 0

    def _end_of(self, begin: int) -> int:
        """Where address and title end that begin there; 0 where they are none. One in angles is
        left to who reads tags."""
        leaf = self._leaf
        at, depth = _blanks(leaf, begin), 0
        while depth <= _DEEPEST and (part := _ADDRESS.match(leaf, at)):
            if part[0] == ")" and not depth:
                break
            depth += {"(": 1, ")": -1}.get(part[0], 0)
            at = part.end()
        behind = _blanks(leaf, at)
        if behind > at and (form := _TITLES.get(leaf[behind : behind + 1])):
            title = form.match(leaf, behind)
            self._left -= 0 if title else len(leaf) - behind
            behind = _blanks(leaf, title.end()) if title else behind
        self._left -= behind - begin
        return behind + 1 if not depth and leaf[behind : behind + 1] == ")" else 0


def _blanks(leaf: str, at: int) -> int:
    found = _BLANKS.match(leaf, at)
    return found.end() if found else at
