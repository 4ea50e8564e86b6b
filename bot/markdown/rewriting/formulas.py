r"""Formulas as models write them, in `\( \)`, `\[ \]`, `$$` and `$`, which markdown would spoil.

It takes `\(` for an escaped parenthesis and `_` for emphasis. So a formula is put in code, where
Slack shows it as it was written: in the line it stands in, or in a block where it takes several.
One in dollars stays as it is where markdown means nothing in it.
"""

from __future__ import annotations

import re
import string
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from bot.markdown.links.links import JOINER

LONGEST_FORMULA = 4_000
"""So much is waited for the end of a formula, in characters."""

_LONGEST_INLINE = 1_000
_MOST_KEPT = 64
"""Of so many formulas is remembered how they are shown."""

_ENVIRONMENTS = (
    "align|aligned|alignat|array|bmatrix|cases|eqnarray|equation|flalign|gather|gathered|matrix"
    "|multline|pmatrix|smallmatrix|split|vmatrix"
)
OPENING = rf"\\\((?!\))|\\\[|\\begin\{{(?:{_ENVIRONMENTS})\*?\}}|\$\$?(?!\$)"
"""What a formula begins with."""

_NO_FORMULA = r"\$|[\s`]|\d[\d.,]*+[ \t]*+[^\\^_*+=/({-]"
"""What stands behind a dollar that opens none, such as an amount of money."""

BEHIND_OPENING = (
    rf"(?<=\\)(?:\((?!\))|\[|begin\{{(?:{_ENVIRONMENTS})\*?\}})"
    rf"|(?<=\$)(?:\$(?!\$)|(?!{_NO_FORMULA})(?<![A-Za-z0-9_\\]\$))"
)
"""The same without what opens none, but for the first character, behind which it is to stand."""

LOOKED_AT = rf"[\\$](?:{BEHIND_OPENING})"
"""The same with it."""

_BEGUN_ENVIRONMENT = r"\\b(?:e(?:g(?:i(?:n(?:\{[a-z]{0,11}\*?)?)?)?)?)?"
BEGUN = rf"{_BEGUN_ENVIRONMENT}|[\\$]"
"""What may become that."""

_UNTOLD = re.compile(r"\$(?:\$|\d[\d.,]*+[ \t]*+)?\Z|\\\(\Z")
"""An opening of which more has to come to tell that it is one."""

BEGUN_AT_END = re.compile(rf"(?:{_BEGUN_ENVIRONMENT}|(?<!\$)\${{1,2}})\Z")
"""What has begun as an opening, or is one, where a text ends."""

_OPENS = re.compile(OPENING)
_END_OF = {"\\(": "\\)", "\\[": "\\]", "$$": "$$", "$": "$"}
_STOP = re.compile(r"\n[ \t>]*+(?:(?=\n)|```|~~~)")
_FENCE = re.compile(r"\n[ \t>]*+(?:```|~~~)")
_MARKS = re.compile(r"(?<![ \t])[ \t]*+>")
_GAP = re.compile(r"[ \t]*+")
_TICKS = re.compile("``*+")  # searched for faster than one or more
_ALONE = re.compile(r"[ \t\r]*\n")
_LINE_END = re.compile(r"\n[ \t>]*+")
_REST = re.compile(r"[ \t]*+([.,;:!?]?)[ \t]*+(\r?\n|\r?\Z)")
_LEAD = re.compile(r"((?:[ \t]*+>)*+[ \t]*+)((?:[-*+]|\d{1,9}[.)])[ \t]+)?")
_MATHS = re.compile(r"[\\^_={}+*/<>|&]")
_SPOILT = re.compile(r"[\\_*~<\[&`\n]|https?:")
_SENTENCE = re.compile(r"(?<![^\W\d_])[^\W\d_]{3,}+[\s,.]++[^\W\d_]{3,}+[\s,.]++[^\W\d_]{3,}+")
_DOLLARS = re.compile(
    r"\$(?=[^\s\d$`]|\d[\d.,]*+[ \t]*+[\\^_*+=/({-])([^$\n`]{0,200}?[^\s$\\`])\$(?![A-Za-z0-9_$])"
)
_BEGUN_DOLLARS = re.compile(
    r"\$(?:\Z|\d[\d.,]*(?:[ \t]*(?:\Z|[\\^_*+=/({-][^$\n`]{0,200}\Z))|[^\s\d$`][^$\n`]{0,200}\Z)"
)
_BEFORE_DOLLAR = frozenset(f"{string.ascii_letters}{string.digits}_$\\")


class Formula(NamedTuple):
    """A formula that ends at `end`, and what is shown in its place."""

    end: int
    shown: str


class Missing(NamedTuple):
    """Nothing ends the formula, nor any of its kind that begins before `until`; the text goes on
    at `behind`."""

    behind: int
    until: int


Found = Formula | Missing | int | None


def formula_at(
    text: str, at: int, opening: str, line: str, *, whole: bool, least: int = 1
) -> Found:
    """The formula that begins in `text` at `at` with `opening`, below or behind `line`, the
    beginning of its line. None: more text has to come, of which there is none where it is `whole`.
    A number: there is none, and the text goes on there. Code has `least` marks around it."""
    behind = at + len(opening)
    if opening == "$":
        return _in_dollars(text, at, line, whole=whole, least=least)
    closing = _END_OF.get(opening) or opening.replace("begin", "end", 1)
    most = _LONGEST_INLINE if opening == "\\(" else LONGEST_FORMULA
    first = _is_first(line)
    stops = _FENCE if first and opening != "\\(" and _ALONE.match(text, behind) else _STOP
    end = text.find(closing, behind, behind + most)
    stop = stops.search(text, behind, end if end >= 0 else behind + most)
    if stop or end < 0:
        waits = not (stop or whole or len(text) - behind >= most)
        return None if waits else Missing(behind, stop.start() if stop else behind + most)
    content, end = text[behind:end], end + len(closing)
    if not whole and end == len(text):
        return None
    if not _is_formula(opening, content, text[end : end + 1]):
        return behind
    if "\n" in content and first and opening != "\\(":
        return _block(text, at, end, line, whole=whole)
    written = text[at:end]
    if opening == "$$" and not _SPOILT.search(content):
        return Formula(end, written)
    return Formula(end, _beside(line, code(written, least), text[end : end + 1]))


def is_told(text: str, at: int, opening: str, line: str, *, whole: bool) -> bool | None:
    """Whether `opening`, which stands in `text` at `at` behind `line`, is one. None: more has to
    come."""
    if opening == "$" and line[-1:] in _BEFORE_DOLLAR:
        return False
    return None if not whole and _UNTOLD.match(text, at) else True


def is_half(text: str, line: str) -> bool:
    """Whether `text`, behind `line`, is but the beginning of a formula that has to come first."""
    opens = _OPENS.match(text)
    if opens is None or (opens[0] == "$" and not (_MATHS.search(text) and _SPOILT.search(text))):
        return False
    return formula_at(text, 0, opens[0], line, whole=False) is None and not isinstance(
        formula_at(text, 0, opens[0], line, whole=True), Formula
    )


def half_shown(written: str) -> str:
    """Half of a formula in code."""
    return f"```\n{written.rstrip()}\n```" if "\n" in written else code(written)


@lru_cache(maxsize=_MOST_KEPT)
def code(written: str, least: int = 1) -> str:
    """`written` as code within a line, between `least` marks or more."""
    bare = written.rstrip()
    if "\n" in written:
        bare = " ".join(line.rstrip() for line in _LINE_END.split(written))
    if "`" not in bare:
        return f"{'`' * least}{bare}{'`' * least}"
    ticks = "`" * max(1 + max(map(len, _TICKS.findall(bare))), least)
    gap = " " if bare.startswith("`") or bare.endswith("`") else ""
    return f"{ticks}{gap}{bare}{gap}{ticks}"


def _is_formula(opening: str, content: str, following: str) -> bool:
    if not content.strip():
        return False
    if opening == "\\(":
        return bool(_MATHS.search(content)) or not _SENTENCE.search(content)
    if opening == "\\[":
        return following != "(" and (content[0].isspace() or bool(_MATHS.search(content)))
    return True


def _in_dollars(text: str, at: int, line: str, *, whole: bool, least: int) -> Formula | int | None:
    """A formula in single dollars, where it can be nothing else: what costs money stays."""
    if line[-1:] in _BEFORE_DOLLAR:
        return at + 1
    found = _DOLLARS.match(text, at)
    if found and (whole or found.end() < len(text)):
        content = found[1]
        if not (_MATHS.search(content) and _SPOILT.search(content)) or _SENTENCE.search(content):
            return at + 1
        shown = _beside(line, code(found[0], least), text[found.end() : found.end() + 1])
        return Formula(found.end(), shown)
    if not whole and (found or _BEGUN_DOLLARS.match(text, at)):
        return None
    return at + 1


def _is_first(line: str) -> bool:
    return not line or _LEAD.fullmatch(line) is not None


def _block(text: str, at: int, end: int, line: str, *, whole: bool) -> Formula | None:
    """A block of code that begins behind `line`."""
    rest = _REST.match(text, end)
    if rest and not whole and rest.end() == len(text) and "\n" not in rest[2]:
        return None
    shown = _in_block(text[at:end] + (rest[1] if rest else ""), line)
    if rest:
        return Formula(rest.end(), shown if rest[2] else shown[:-1])
    space = _GAP.match(text, end)
    return Formula(space.end() if space else end, shown + "".join(_lead_of(line)))


@lru_cache(maxsize=_MOST_KEPT)
def _in_block(written: str, line: str) -> str:
    """`written` in a block of code that begins behind `line`."""
    quotes, space = _lead_of(line)
    below = quotes + space
    first, *others = written.split("\n")
    lines = [first, *(_without(each, quotes, len(below)) for each in others)]
    longest = max((len(run) for run in _TICKS.findall(written)), default=0)
    fence = "`" * max(3, longest + 1)
    inside = "".join(f"{below}{each}\n" for each in lines)
    return f"{fence}\n{inside}{below}{fence}\n"


def _lead_of(line: str) -> tuple[str, str]:
    """The marks of quotations in `line`, and space in place of that of an item."""
    lead = _LEAD.fullmatch(line) if line else None
    return (lead[1], " " * len(lead[2] or "")) if lead else ("", "")


def _without(line: str, quotes: str, width: int) -> str:
    """`line` without the marks of the quotation and the indentation that it stands in."""
    bare = line.rstrip("\r")
    if depth := quotes.count(">"):
        at = 0
        for mark in islice(_MARKS.finditer(bare), depth):
            if mark.start() != at:
                break
            at = mark.end()
        return bare[at:].removeprefix(" ")
    space = len(bare) - len(bare.lstrip(" \t"))
    return bare[min(space, width) :]


def _beside(line: str, shown: str, following: str) -> str:
    """`shown`, kept apart from code that it touches."""
    before = JOINER if line.endswith("`") else ""
    return f"{before}{shown}{JOINER if following == '`' else ''}"
