"""Where a message goes on within a paragraph that is shown elsewhere as far as it was written.

Emphasis and code that are open there are opened again, and what would mean nothing in front of
them, or close what was closed already, is left out.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import NamedTuple

from bot.markdown.characters import half_mark
from bot.markdown.inline_markup import InlineMarkup, Shown
from bot.markdown.lines import (
    begins_paragraph,
    may_be_rule,
    opened_fence,
    starts_table,
    traits_of,
)
from bot.markdown.links.links import JOINER
from bot.markdown.open_message import seems_block
from bot.markdown.rewriting.rows import columns_of

_BLANK = re.compile(r"[ \t\r]*+(?:\n[ \t\r]*+(?:>[ \t\r]*+)*+)?")
_RUN = re.compile(r"(?:\*+|_+|~+)")
_TICKS = re.compile(r"`*")
_MARKS = "*_~`\\ \t\r\n"
_BEGUN_LINE = re.compile(r"\n[ \t\r>]*+\Z")
_HALF_LINK = re.compile(r"!?\[[^\]]{0,300}(?:\](?:\([^)]{0,400})?)?|<[A-Za-z@#!][^\s>]{0,400}")
_MOST_CLOSED = 8
_ENOUGH = 200
"""Characters behind a blank that tell how a paragraph goes on."""

_ENOUGH_OF_TABLE = 1_200
"""The same where they may be the rest of a table's head, and the rule below it."""


class Join(NamedTuple):
    """The markup that is opened again, and how many characters are left out in front of it."""

    opening: str = ""
    left_out: int = 0


def enough(following: str, last: str) -> str | None:
    """As much of `following` as tells how a message goes on with it behind the line `last`; None:
    more has to come."""
    begin = len(following) - len(following.lstrip())
    end = following.find("\n", begin, begin + _ENOUGH) + 1
    most = _ENOUGH
    if "|" in last or "|" in following[: end or begin + _ENOUGH]:
        most = _ENOUGH_OF_TABLE
        end = following.find("\n", begin, begin + most) + 1
        end = end and following.find("\n", end, begin + most) + 1
    if end:
        return following[:end]
    return following[: begin + most] if len(following) >= begin + most else None


def join(paragraph: str, opening: str, rest: str) -> Join:
    """How a message begins with `rest`, with which `paragraph` goes on, at whose end `opening`
    would open again what is open."""
    line = paragraph[paragraph.rfind("\n") + 1 :]
    at = 0
    for _ in range(_MOST_CLOSED):
        blank = _BLANK.match(rest, at)
        behind = blank.end() if blank else at
        if not _goes_on(line + rest[:at], rest[at:behind], rest[behind:]):
            return Join("", at)
        if not opening:
            break
        ticks = opening[len(opening.rstrip("`")) :]
        closed = (
            _behind_code(rest, behind, ticks)
            if ticks
            else _behind_emphasis(paragraph, opening, rest, at)
        )
        if closed is None:
            gap = " " if ticks and rest.startswith("`", behind) else ""
            return Join(opening + gap, behind)
        opening, at = opening[: len(opening) - len(ticks)] if ticks else closed[0], closed[1]
    bare = rest[at:].lstrip(" \t\r")
    if line.strip() and bare[:1] not in ("", "\n") and not opening:
        at = len(rest) - len(bare)
        return Join(JOINER if seems_block(bare.partition("\n")[0]) else "", at)
    return Join(opening, at)


class Half(NamedTuple):
    """How a paragraph is shown that was cut: to its `end`, with what is open there closed, and
    from where on it is shown again where it goes on, with what opens that."""

    end: int
    closing: str
    again: int
    opening: str


def half(paragraph: str, following: str = "") -> Half:
    """How `paragraph` is shown, which was cut at its end: without what is but half of a link, of a
    tag, of an entity, of a run or of a quoted line. What is `following` may tell that nothing is
    to be shown again."""
    whole, paragraph = paragraph, _BEGUN_LINE.sub("", paragraph)
    following = whole[len(paragraph) :] or following
    shown = _shown(paragraph)
    begun = half_mark(paragraph)
    if begun < shown.end == len(paragraph) and not shown.opening.endswith("`"):
        shown = _shown(paragraph[:begun])
    rest = paragraph[shown.end :].lstrip()
    label = paragraph != whole and rest.endswith("]")
    is_half = half_mark(rest) == 0 or (_HALF_LINK.fullmatch(rest) and not label)
    if is_half or not rest.strip(_MARKS):
        return Half(shown.end, shown.closing, shown.end, shown.opening)
    told = _shown(paragraph + following)
    again = told if told.end >= len(paragraph.rstrip()) else shown
    markup = InlineMarkup()
    markup.read(f"{paragraph}\n")
    bare = paragraph.rstrip()
    return Half(len(bare), markup.closing_at(bare), min(again.end, len(paragraph)), again.opening)


def _shown(paragraph: str) -> Shown:
    markup = InlineMarkup()
    markup.read(paragraph)
    shown = markup.shown()
    return replace(shown, end=max(shown.end, 0))


def last_bar(row: str) -> int:
    """Where the last bar stands in `row` that ends a cell; below 0: there is none."""
    bar = row.rfind("|")
    while bar > 0 and row[bar - 1] == "\\":
        bar = row.rfind("|", 0, bar)
    return bar


def is_begun_rule(line: str) -> bool:
    """Whether `line` begins as the rule below the head of a table does, and as nothing else."""
    return may_be_rule(line) and any(marks in line for marks in ("|", "--", ":-"))


def is_head(row: str) -> bool:
    """Whether `row`, which nothing stands below, is rather the head of a table than text."""
    bare = row.lstrip(" \t>")
    return bare.startswith("|") and any(map(str.isalnum, bare))


def rule_below(head: str) -> str:
    """The rule below the `head` of a table."""
    lead = head[: len(head) - len(head.lstrip(" \t>"))]
    return f"{lead}|{'---|' * columns_of(head)}"


def begins_table(line: str, following: str) -> bool:
    """Whether `line` is the beginning of the head of a table, or may be: of a row, at least."""
    row, *below = f"{line}{following}".split("\n", 2)
    return line.lstrip(" \t\r>").startswith("|") or starts_table(row, "".join(below[:1]))


def _goes_on(line: str, blank: str, rest: str) -> bool:
    """Whether the paragraph that ends with `line` goes on with `rest` behind a `blank`."""
    if "\n" not in blank:
        return True
    lines = [*rest.split("\n", 2), "", ""]
    first = blank.partition("\n")[2] + lines[0]
    if traits_of(line).ends_paragraph or traits_of(first).ends_paragraph or opened_fence(first):
        return False
    return not (begins_paragraph(first, line) or starts_table(first, lines[1]))


def _behind_code(rest: str, at: int, ticks: str) -> tuple[str, int] | None:
    """What is open behind ticks that close code right there, and where that is."""
    run = _TICKS.match(rest, at)
    return ("", run.end()) if run and run[0] == ticks else None


def _behind_emphasis(paragraph: str, opening: str, rest: str, at: int) -> tuple[str, int] | None:
    """What is open behind a run that closes emphasis right there, and where that is."""
    run = _RUN.match(rest, at)
    if run is None:
        return None
    read = paragraph + rest[:at]
    behind = rest[run.end() : run.end() + 1] or "\n"
    markup = InlineMarkup()
    markup.read(f"{read}{run[0]}{behind}\n")
    left = "".join(each.markup for each in markup.openers if each.at < len(read))
    closed = len(opening) - len(left)
    if not 0 < closed <= len(run[0]) or not opening.startswith(left):
        return None
    return left, at + closed
