"""What one line of markdown is, and what it leaves open: a code fence or a table."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from bot.markdown.characters import weigh

LONGEST_FENCE = 64
"""A longer fence, or a deeper one, is text like any other."""

_SPACE = r"(?:[ \t]|\r(?!\n))"
"""A carriage return alone is shown as a space (`safety.printable`)."""
LIST_MARKER = rf"(?:(?:[-*+]|\d{{1,9}}[.)])(?={_SPACE}))"
_FENCE = re.compile(
    rf"((?:[ \t\r]*(?:{LIST_MARKER}|>))*[ \t\r]*)"
    r"(`{3,}(?=[^`\n]*$)|~{3,})[ \t\r]*([^\s`]*).*$",
    re.MULTILINE,
)
_BEGUN_FENCE = re.compile(
    rf"(?:{LIST_MARKER}[ \t\r]+)*(?:`{{1,2}}|~{{1,2}}|`{{3,}}+[^`]*+|~{{3,}}+.*+)"
)
_LANGUAGE = re.compile(r"[A-Za-z0-9+#./_-]{1,64}")
_MARKER = re.compile(LIST_MARKER)
_HEADING = re.compile(r"#{1,6}(?:\s.*)?|=+|-+")
_SEEMS_BLOCK = re.compile(r"[ \t]*(?:>|(?:[-*+=_]+|#{1,6}|\d{1,9}[.)])(?=\s|\Z))")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-+)[ \t]*")
_DIVIDER = re.compile(r"(?:-[ \t\r]*){3,}|(?:\*[ \t\r]*){3,}|(?:_[ \t\r]*){3,}")
_HEADING_MARKS, _DIVIDER_MARKS = frozenset("#=-"), frozenset("-*_")
_TABLE_RULE = re.compile(r"\|?[ \t\r]*:?-+:?[ \t\r]*(?:\|[ \t\r]*:?-+:?[ \t\r]*)*\|?")
_BEGUN_RULE = re.compile(r"[|:\- \t\r]*")
_BEGINS_BLOCK = re.compile(rf"[ \t\r]*(?:{LIST_MARKER}|#{{1,6}}{_SPACE})")
_BEGUN_MARKER = re.compile(
    r"[-*_=+ \t\r]*|#{1,6}|\d{1,9}[.)]?|[-*+][ \t\r]+\[[ xX]?\]?|\d{1,9}[.)][ \t\r]+\[[ xX]?\]?"
)
_PLAIN = re.compile(r"[ \t\r>\d.)(\[\"'*_+-]*(?:`{1,2}(?!`))?[^\W\d_]")
_TABLE_COLUMNS = 20
"""A row of Slack's table block has no more cells ("Table block")."""

_MOST_KEPT = 64
"""Lines of which is remembered what they are: each is asked about several times in a row, and many
are alike."""

_LONGEST_MARKER = 100
_MOST_HELD = 200
"""How long a line is held back for what it may become, in characters."""


@dataclass(frozen=True, slots=True)
class Fence:
    """An open code block; `indent` is what its lines begin with."""

    indent: str
    marker: str
    language: str
    plain: bool = True
    """Whether every reader takes it for a fence: neither quoted, nor in a list, nor deep."""
    of_table: bool = False
    """Put around a table by us, since it is too wide for one of Slack's."""
    quoted: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "quoted", ">" in self.indent)

    @property
    def opening(self) -> str:
        return f"{self.indent}{self.marker}{self.language}\n"

    def closes(self, line: str) -> bool:
        """Whether `line` closes the block."""
        if self.marker not in line:
            return False
        return not self._bare(line).strip(self.marker[0])

    def may_close(self, line: str) -> bool:
        """Whether an unfinished `line` may become one that `closes`."""
        return not self._bare(line).strip(self.marker[0])

    def seems_closed(self, line: str) -> bool:
        """Whether some reader may take `line` for one that `closes`."""
        bare = line.strip()
        return len(bare) >= len(self.marker) and not bare.strip(self.marker[0])

    def leaves(self, line: str) -> bool:
        """Whether `line` is outside the table or the quotation that the code stands in."""
        if self.of_table:
            return line.lstrip()[:1] not in ("", "|")
        return self.quoted and not traits_of(line).quoted

    def _bare(self, line: str) -> str:
        return _bare(line) if self.quoted else line.strip(" \t\r\n")


@dataclass(frozen=True, slots=True)
class Table:
    """An open table; `head` is its first two lines."""

    head: str


WIDE_TABLE = Fence("", "```", "", of_table=True)

Context = Fence | Table | None


@lru_cache(maxsize=_MOST_KEPT)
def opened_fence(line: str) -> Fence | None:
    """The fence that `line` opens."""
    match = _FENCE.match(line)
    if match is None:
        return None
    prefix, marker, language = match.groups()
    if len(marker) > LONGEST_FENCE or len(prefix) > LONGEST_FENCE:
        return None
    indent = _MARKER.sub(lambda found: " " * len(found.group()), prefix)
    plain = len(prefix) <= 3 and not prefix.strip(" ")
    return Fence(indent, marker, language if _LANGUAGE.fullmatch(language) else "", plain)


class Traits(NamedTuple):
    """What a line is by itself: what it weighs, whether it is quoted, whether Slack may show it, or
    the one above, as a heading, or it as a divider, what fence it opens, whether some reader may
    take it for one, whether inline markup cannot go on behind it, and whether it may be the rule of
    a table."""

    weight: int
    quoted: bool
    heading: bool
    divider: bool
    fence: Fence | None
    may_be_fence: bool
    ends_paragraph: bool
    blank: bool
    bar: bool
    rule: bool


_new = tuple.__new__
"""Makes `Traits` at once: there may be thousands in a text."""


@lru_cache(maxsize=_MOST_KEPT)
def traits_of(line: str) -> Traits:
    """What `line` is by itself."""
    bare = line.strip()
    heading, divider = _is_heading(bare), _is_divider(bare)
    ticks, bar = "```" in line or "~~~" in line, "|" in line
    traits = (
        weigh(line),
        ">" in line and is_quoted(line),
        heading,
        divider,
        opened_fence(line) if ticks else None,
        ticks and bare.startswith(("```", "~~~")),
        heading or divider or not line.strip(" \t\r\n>"),
        not bare,
        bar,
        bar and _TABLE_RULE.fullmatch(bare) is not None,
    )
    return _new(Traits, traits)


def first_line(text: str) -> str:
    """The first line of `text` that holds anything."""
    return text.lstrip("\r\n").partition("\n")[0]


def opens_anew(text: str) -> bool:
    """Whether `text` begins with a fence that names its language, and so can close none."""
    begin = text.lstrip()
    fence = opened_fence(begin) if begin.startswith(("```", "~~~")) else None
    return fence is not None and bool(fence.language)


def is_deep(line: str) -> bool:
    """Whether `line` is indented so far that not every reader takes it for a fence."""
    return line.expandtabs(4)[:4].isspace()


def starts_table(line: str, following: str) -> bool:
    """Whether the two are the head of a table."""
    return "|" in line and "|" in following and bool(_TABLE_RULE.fullmatch(following.strip()))


def starts_wide_table(line: str, following: str) -> bool:
    """Whether the two are the head of a table with more columns than Slack can show."""
    if following.count("|") < _TABLE_COLUMNS:
        return False
    wide = following.strip(" \t\r\n|").count("|") >= _TABLE_COLUMNS
    barred = line.lstrip().startswith("|") and following.lstrip().startswith("|")
    return wide and barred and starts_table(line, following)


def is_heading(line: str) -> bool:
    """Whether Slack may show `line`, or the one above, as a heading."""
    return _is_heading(line.strip())


@lru_cache(maxsize=_MOST_KEPT)
def heading_at(text: str, end: int) -> int | None:
    """Where the heading begins that `text` up to `end` ends with, blank lines apart."""
    bare = text.rstrip(" \t\r\n") if end == len(text) else text[:end].rstrip(" \t\r\n")
    start = bare.rfind("\n") + 1
    line = bare[start:]
    if end < len(text) and "\n" not in text[len(bare) : end]:
        return None
    if line.lstrip().startswith("#"):
        return start if is_heading(line) else None
    above = bare.rfind("\n", 0, max(start - 1, 0)) + 1
    underlined = _UNDERLINE.fullmatch(line) and begins_text(bare[above:start])
    return above if start and underlined else None


def begins_text(line: str) -> bool:
    """Whether `line` is text that a line below it may make a heading."""
    text = bool(line.strip()) and not _BEGINS_BLOCK.match(line) and "|" not in line
    return text and not is_divider(line)


def seems_block(line: str) -> bool:
    """Whether `line`, which goes on with a paragraph, would begin something else in its place."""
    return _SEEMS_BLOCK.match(line) is not None


def is_divider(line: str) -> bool:
    """Whether Slack may show `line` as a divider."""
    return _is_divider(line.strip())


def ends_paragraph(line: str) -> bool:
    """Whether inline markup cannot go on behind `line`."""
    return traits_of(line).ends_paragraph


@lru_cache(maxsize=_MOST_KEPT)
def begins_paragraph(line: str, last: str) -> bool:
    """Whether inline markup cannot go on from `last`, the line above, into `line`: an item of a
    list, a heading, the first line of a quotation."""
    return bool(_BEGINS_BLOCK.match(line)) or (is_quoted(line) and not is_quoted(last))


def undecided(line: str, last: str, context: Context) -> int | None:
    """From where on an unfinished `line` has to wait for more of it, counted from its start.

    `last` is the line above; where it is perhaps the head of a table, that waits too, and the
    place is below zero. None: all of it can be shown.
    """
    if isinstance(context, Fence):
        return 0 if context.may_close(line) else None
    if isinstance(context, Table):
        return 0 if "|" in line or len(line) <= _MOST_HELD else None
    if "|" in last and _BEGUN_RULE.fullmatch(line) and (head := _table_at(last)) is not None:
        return head - len(last)
    return 0 if is_begun(line) else _table_at(line)


def is_begun(line: str) -> bool:
    """Whether `line` is nothing yet but what a list, a heading, a rule or a fence begins with."""
    return _is_begun_fence(line) or (
        len(line) <= _LONGEST_MARKER and _BEGUN_MARKER.fullmatch(_bare(line)) is not None
    )


def is_plain(line: str) -> bool:
    """Whether a line that begins with `line` is text: no heading, rule, fence, or row that
    begins with its bar."""
    return _PLAIN.match(line) is not None


def may_be_rule(line: str) -> bool:
    """Whether an unfinished `line` may become the rule below the head of a table."""
    return _BEGUN_RULE.fullmatch(line) is not None


def _is_heading(bare: str) -> bool:
    return bare[:1] in _HEADING_MARKS and _HEADING.fullmatch(bare) is not None


def _is_divider(bare: str) -> bool:
    return bare[:1] in _DIVIDER_MARKS and _DIVIDER.fullmatch(bare) is not None


def _table_at(line: str) -> int | None:
    """From where on `line` may be the head of a table."""
    if line.lstrip(" \t\r>").startswith("|"):
        return 0
    bar = line.find("|")
    return bar if bar >= 0 and len(line) - bar <= _MOST_HELD else None


def _is_begun_fence(line: str) -> bool:
    return _BEGUN_FENCE.fullmatch(_bare(line)) is not None


def is_quoted(line: str) -> bool:
    """Whether `line` begins with the mark of a quotation."""
    return line.lstrip(" \t\r")[:1] == ">"


def _bare(line: str) -> str:
    return line.strip(" \t\r\n>" if is_quoted(line) else " \t\r\n")
