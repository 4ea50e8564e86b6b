"""Where a message breaks off, and how one goes on with what is shown elsewhere by then.

Emphasis and code that are open there are opened again, and what would mean nothing in front of
them, or close what was closed already, is left out.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import NamedTuple

from bot.characters import half_mark
from bot.markdown.inline_markup import InlineMarkup, Shown
from bot.markdown.lines import (
    WIDE_TABLE,
    Fence,
    begins_paragraph,
    begins_text,
    may_be_rule,
    opened_fence,
    starts_table,
    traits_of,
)
from bot.markdown.links.links import JOINER
from bot.markdown.open_message import Mark, OpenMessage, above_begun_line, is_begun, seems_block
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

_MOST_REPEATED = 500
"""Characters of half a link and its like that are shown once more where a message goes on."""

_HEADING = re.compile(r"[ \t>]*+(#{1,6}[ \t]++)")
_UNDERLINE = re.compile(r"[ ]{0,3}(?:-{2,}|={2,})[ \t]*\r?")
_DIVIDER = re.compile(r"[ ]{0,3}(?:-{3,}|={3,})[ \t]*\r?")
_BEGUN_ITEM = re.compile(r"[ \t>]*+(\d{1,9})([.)]?)[ \t\r]*+(?:\[[ xX]?\]?[ \t\r]*+)?")
_ITEM = re.compile(r"^[ \t>]*+(\d{1,9})[.)][ \t]", re.MULTILINE)


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


def rule_for(head: str) -> str:
    """The rule below the `head` of a table."""
    lead = head[: len(head) - len(head.lstrip(" \t>"))]
    return f"{lead}|{'---|' * columns_of(head)}"


def begins_row(line: str, following: str) -> bool:
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


class Break:
    """Where a message breaks off, though something should follow, or goes on elsewhere."""

    def __init__(self, message: OpenMessage) -> None:
        self._message = message

    def half(self) -> tuple[int, str]:
        """How many characters at the end are but half of some markup, as nothing follows though
        something should, and what closes what is open in front of them."""
        message = self._message
        line, context = message.unfinished, message.inside()
        if isinstance(context, Fence):
            begun = bool(line.strip()) and context.may_close(line) and not context.closes(line)
            return len(line) * begun, ""
        above = message.last_line
        headed = is_head(above) or ("|" in above and bool(line.strip()))
        if not context and headed and (is_begun_rule(line) or not line.strip()):
            return len(line), rule_for(above)
        end = message.at if self._is_empty_item() else len(message.text)
        start, opening = self._open_part(end)
        found = half(opening + message.text[start:end])
        end = max(start - len(opening) + found.end, 0)
        if not context and end < len(message.text.rstrip()):
            end = above_begun_line(message.text, end)
        row = message.text[message.at : end]
        rule = f"\n{rule_for(row)}" if not context and is_head(row) else ""
        return len(message.text) - end, found.closing + rule

    def _is_empty_item(self) -> bool:
        """Whether the last line is nothing but marks, or but the number of one more item: of the
        first, or of one whose number follows on that of an item above."""
        message = self._message
        line = message.unfinished
        item = _BEGUN_ITEM.fullmatch(line)
        if item is None:
            return _is_half_line(line)
        number, above = int(item[1]), message.text[: message.at]
        if number == 1:
            return item[2] != "" and above.endswith("\n\n")
        return any(int(each[1]) == number - 1 for each in _ITEM.finditer(above))

    def _open_part(self, end: int) -> tuple[int, str]:
        """Where the paragraph or the cell begins that goes on to `end`, and the markup that was
        opened again there."""
        message = self._message
        if message.inside():
            return message.at + last_bar(message.unfinished) + 1, ""
        start = message.paragraph_of(end).at
        return start, "" if start else message.opening

    def broken_off(self, following: str) -> tuple[Mark, Join]:
        """Where a message that goes on behind all of this one begins, which is above its end where
        that means nothing by itself, and how it goes on from there with what is `following`."""
        message = self._message
        end, line, context = message.end(), message.unfinished, message.inside()
        if isinstance(context, Fence) and context is not WIDE_TABLE:
            return self._in_code(context, end, following)
        if context:
            return self._in_table(following)
        head, rest = message.last_line, following.partition("\n")[0]
        underline = bool(line) and _UNDERLINE.fullmatch(line + rest) is not None
        if underline and not _is_half_line(line):
            return end, Join("", len(rest))
        rule = starts_table(head, line + rest) or ("|" in head and is_begun_rule(line))
        if rule or (underline and begins_text(head)):
            return message.above_last_line(), Join()
        if line.strip() and begins_row(line, following):
            return message.mark(), Join()
        return self._in_paragraph(end, following)

    def _in_code(self, fence: Fence, end: Mark, following: str) -> tuple[Mark, Join]:
        """The same within a block of code."""
        message = self._message
        line, rest = message.unfinished, following.partition("\n")[0]
        if fence.closes(line) or opens_anew(following):
            return end._replace(context=None), Join()
        if line.strip() and fence.closes(line + rest):
            return end._replace(context=None), Join("", len(rest))
        return (message.above_end() if fence.closes(first_line(following)) else end), Join()

    def _in_table(self, following: str) -> tuple[Mark, Join]:
        """The same within a table: a row that was begun is shown again, with the rest of it."""
        message = self._message
        begins_line = bool(message.unfinished) or not message.text.endswith("\n")
        behind = following.lstrip(" \t\r")
        if not behind.startswith("\n"):
            return message.mark(), Join()
        below = behind[1:].partition("\n")[0]
        if not begins_line or not below.strip():
            return message.end()._replace(context=None), Join()
        return message.end(), Join("", len(following) - len(behind) + 1)

    def _in_paragraph(self, end: Mark, following: str) -> tuple[Mark, Join]:
        """The same within a paragraph: what is half written is shown again."""
        text = self._message.text
        start, opened = self._open_part(end.at)
        found = half(opened + text[start:], following[:1])
        again = max(0, start - len(opened) + found.again)
        at = above_begun_line(text, again)
        if end.at - at > _MOST_REPEATED:
            return end, Join()
        opening = found.opening if at == again else ""
        joined = join(opened + text[start:at], opening, text[at:] + following)
        repeated = min(joined.left_out, end.at - at)
        at += repeated
        left_out = following[: joined.left_out - repeated]
        quotes = "> " * left_out.count(">") if text[:at].endswith("\n") else ""
        heading = _HEADING.match(text, text.rfind("\n", 0, at) + 1, at)
        goes_on = not following.startswith(("\n", "\r"), len(left_out))
        lead = quotes + (heading[1] if heading and goes_on else "")
        return end._replace(at=at), Join(lead + joined.opening, len(left_out))


def _is_half_line(line: str) -> bool:
    """Whether `line` is nothing but marks, of which nobody knows what they would have begun."""
    marks = not any(char.isalnum() for char in line)
    begun = marks and (is_begun(line) or may_be_rule(line)) and not _DIVIDER.fullmatch(line)
    return bool(line.strip()) and (begun or opened_fence(line) is not None)


def first_line(text: str) -> str:
    """The first line of `text` that holds anything."""
    return text.lstrip("\r\n").partition("\n")[0]


def opens_anew(text: str) -> bool:
    """Whether `text` begins with a fence that names its language, and so can close none."""
    begin = text.lstrip()
    fence = opened_fence(begin) if begin.startswith(("```", "~~~")) else None
    return fence is not None and bool(fence.language)
