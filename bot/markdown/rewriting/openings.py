r"""Openings of formulas that come by the thousand in one line, passed together.

Most of what `\(`, `\[`, `$$` and `$` may mean is told by what stands right around them. What needs
more than a glance is left to `formulas`, and what is found here is what that would have found.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from itertools import combinations
from typing import NamedTuple

from bot.markdown.rewriting.held import LONGEST_HEAD, may_begin_rule, rule_at

_LOOKED_AT = 4_000
"""Of a longer line, in characters."""

_BEGINS_RULE = ("", *" \t\r>|:-")
"""What the rule below the head of a table may begin with."""

WAITING = ("\\(", "\\[", "$$")
"""What opens a formula that may want its end."""

_ESCAPED = r"\\(?![(\[`|])[!-/:-@\[-`{-~]"
_NOTHING = (
    r"\\\((?=[ \t]*+\\\)[\s\S])"
    r"|\$(?=[^$])(?:(?<=[A-Za-z0-9_\\]\$)|(?=[^$\n`\\_*~<\[&|h]*+(?:\n|\$[\s\S])))"
)
"""Blank parentheses, and a dollar behind a word, or with nothing behind it that markdown spoils."""

_WANTING = {"\\(": r"\\\((?=[^)])", "\\[": r"\\\[", "$$": r"\$\$(?=[^$])"}


_KINDS = [kinds for number in range(len(WAITING) + 1) for kinds in combinations(WAITING, number)]


def _dull(number: int, *, bars: bool) -> str:
    """Openings without a formula in a line, those of `_KINDS[number]` being without an end."""
    wanting = (_WANTING[opening] for opening in _KINDS[number])
    return f"(?:{_fill(bars=bars)}(?:{'|'.join((_NOTHING, *wanting))}))*+"


def _fill(*, bars: bool) -> str:
    """What means nothing in a line, be it a bar or not."""
    bar, escaped = ("", rf"{_ESCAPED}|\\\|") if bars else ("|", _ESCAPED)
    return rf"(?:[^\\$`h\]\n{bar}]|h(?!ttps?://)|\](?=[^(])|{escaped})*+"


def _plain(number: int, *, bars: bool, anywhere: bool = False) -> str:
    """Formulas in a line, none of `_KINDS[number]`; `anywhere`: whatever stands before them."""
    apart = "" if anywhere else r"(?<![A-Za-z0-9_$\\`])", "" if anywhere else r"(?<!\$)"
    bar = "" if bars else "|"
    content = rf"[^\s$`,.\\_*<&{bar}]{{0,90}}+[\\_*<&][^\s$`,.{bar}]{{0,90}}+"
    forms = {"$": rf"{apart[0]}\$(?!\d){content}(?<!\\)\$(?=[^A-Za-z0-9_$`])"}
    word = rf"(?:[^\s`,.\\{bar}]|\\(?!\))){{1,200}}+"
    words = rf"(?=[ ]*[^\s\\])(?:[^\n`\\{bar}]|\\(?!\))){{1,11}}+"
    forms["\\("] = rf"\\\((?!\))(?:{word}|{words})\\\)(?=[^`])"
    content = (
        rf"[^\s`\\^_={{}}+*/<>&{bar}]{{0,90}}+[\^_={{}}+*/<>&](?:[^\s`\\{bar}]|\\(?!\])){{0,90}}+"
    )
    forms["\\["] = rf"\\\[{content}\\\](?=[^(`])"
    content = rf"[^\s$`\\_*~<\[&{bar}]{{0,90}}+[\\_*~<\[&][^\s$`{bar}]{{0,90}}+"
    forms["$$"] = rf"{apart[1]}\$\${content}\$\$(?=[^$`])"
    return "|".join(form for opening, form in forms.items() if opening not in _KINDS[number])


@cache
def _all_dull(kinds: tuple[str, ...], bars: bool) -> re.Pattern[str]:
    return re.compile(_dull(_KINDS.index(kinds), bars=bars))


@cache
def _next_formula(kinds: tuple[str, ...], bars: bool) -> re.Pattern[str]:
    number = _KINDS.index(kinds)
    return re.compile(f"{_dull(number, bars=bars)}{_fill(bars=bars)}({_plain(number, bars=bars)})")


@cache
def _any_plain() -> re.Pattern[str]:
    return re.compile(_plain(0, bars=True, anywhere=True))


def is_plain(text: str, at: int) -> bool:
    """Whether the formula that begins in `text` at `at` is one that a glance may tell."""
    return _any_plain().match(text, at) is not None


class Alike(NamedTuple):
    """A part of a line in which all that may open a formula is told in the same way."""

    text: str
    end: int
    wanting: tuple[str, ...]
    """Of these kinds no formula ends."""
    bars: bool
    """Bars mean nothing in it; else there are none."""

    def behind_dull(self, at: int) -> int:
        """Where the last opening ends that follows on `at` and is none of a formula."""
        found = _all_dull(self.wanting, self.bars).match(self.text, at, self.end)
        return found.end() if found else at

    def next_plain(self, at: int) -> tuple[int, int] | None:
        """Where the next formula begins and ends, if it stands apart from what is before `at`,
        is to be put into code as it is written, and there is no doubt of it."""
        found = _next_formula(self.wanting, self.bars).match(self.text, at, self.end)
        return found.span(1) if found and found.start(1) > at else None


def may_open(text: str, at: int) -> bool:
    """Whether a formula may open in the line of `text` behind `at`."""
    end = text.find("\n", at, at + _LOOKED_AT)
    end = end if end >= 0 else at + _LOOKED_AT
    return text.find("$", at, end) >= 0 or text.find("\\", at, end) >= 0


def alike(text: str, at: int, missing: Mapping[str, int], come: int, *, whole: bool) -> Alike:
    """The part of the line of `text` from `at` on, in which nothing opened a table or code so far.
    Of each kind that is `missing` no formula ends that begins before so many characters of all that
    has come, so many of them before `text`. More text may come, but where it is `whole`."""
    wanting: tuple[str, ...] = ()
    end = len(text)
    for opening in WAITING if missing else ():
        if (until := missing.get(opening, 0) - come) > at:
            wanting, end = (*wanting, opening), min(end, until)
    most = min(len(text), at + _LOOKED_AT)
    newline = text.find("\n", at, most)
    if newline < 0:
        told = most if whole and most == len(text) else most - LONGEST_HEAD
    else:
        following = text[newline + 1 : newline + 2]
        may = following in _BEGINS_RULE and (
            rule_at(text, newline + 1) or (not whole and may_begin_rule(text, newline + 1))
        )
        told = newline - LONGEST_HEAD if may else newline + 1
    return Alike(text, min(end, told) if told > at else end, wanting, told > at)
