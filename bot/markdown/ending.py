"""How the end of a message is shown: while it grows, once it is sealed, and what of it stays."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.markdown.characters import unfinished
from bot.markdown.filling import Paragraph, Piece
from bot.markdown.inline_markup import InlineMarkup, Shown
from bot.markdown.joins import (
    Join,
    begins_table,
    half,
    is_begun_rule,
    is_head,
    join,
    last_bar,
    rule_below,
)
from bot.markdown.lines import (
    LIST_MARKER,
    WIDE_TABLE,
    Context,
    Fence,
    Table,
    bare_of,
    begins_paragraph,
    begins_text,
    may_be_rule,
    opened_fence,
    starts_table,
    traits_of,
)
from bot.markdown.open_message import Mark, OpenMessage
from bot.markdown.safety import hold_back

_MOST_BEGUN = 8
"""So many lines at the end of a paragraph may be but begun; then all of it waits."""

_MOST_REPEATED = 500
"""Characters of half a link and its like that are shown once more where a message goes on."""

_HEADING = re.compile(r"[ \t>]*+(#{1,6}[ \t]++)")
_UNDERLINE = re.compile(r"[ ]{0,3}(?:-{2,}|={2,})[ \t]*\r?")
_DIVIDER = re.compile(r"[ ]{0,3}(?:-{3,}|={3,})[ \t]*\r?")
_BEGUN_ITEM = re.compile(r"[ \t>]*+(\d{1,9})([.)]?)[ \t\r]*+(?:\[[ xX]?\]?[ \t\r]*+)?")
_ITEM = re.compile(r"^[ \t>]*+(\d{1,9})[.)][ \t]", re.MULTILINE)
_BEGUN_FENCE = re.compile(
    rf"(?:{LIST_MARKER}[ \t\r]+)*(?:`{{1,2}}|~{{1,2}}|`{{3,}}+[^`]*+|~{{3,}}+.*+)"
)
_BEGUN_MARKER = re.compile(
    r"[-*_=+ \t\r]*|#{1,6}|\d{1,9}[.)]?|[-*+][ \t\r]+\[[ xX]?\]?|\d{1,9}[.)][ \t\r]+\[[ xX]?\]?"
)
_LONGEST_MARKER = 100
_MOST_HELD = 200
"""How long a line is held back for what it may become, in characters."""

_HALF_CHARACTER = re.compile(r"[\r\ud800-\udbff]\Z")


@dataclass(frozen=True, slots=True)
class _Followed:
    """The inline markup of a paragraph as far as it was read: from `start` to `end` of the
    text, behind the markup that was opened again."""

    start: int
    end: int
    base: int
    markup: InlineMarkup


class Ending:
    """The end of one message that is being filled."""

    def __init__(self, message: OpenMessage) -> None:
        self._message = message
        self._shown: _Followed | None = None
        self._calm: _Followed | None = None
        self._settled = 0

    def whole(self) -> Piece:
        """All of the message, as nothing follows."""
        return self._message.piece(len(self._message.text), self._message.context)

    def growing(self) -> Piece:
        """The message without what cannot be told yet, such as half a row or half a link, and
        with what is open closed."""
        end = self._told()
        if isinstance(self._message.inside(), Fence):
            return self._message.piece(end, self._message.context)
        return self._prose(end)

    def settled(self) -> Piece:
        """The beginning of the message that stays as it is, whatever follows."""
        message = self._message
        place = message.least_boundary()
        if place.at > self._settled:
            self._settled = max(self._settled, self._calm_end(place))
        text = message.text[: self._settled]
        if message.context is WIDE_TABLE:
            text = text.rstrip()
        return message.made(text) if text.strip() else Piece("")

    def closing(self) -> str:
        """What closes what is open, to be put before words that do not belong to it."""
        message = self._message
        if message.context is WIDE_TABLE:
            return ""
        if (closing := self.whole().after) or message.context:
            return closing
        end = len(message.text)
        followed = self._follow(message.paragraph_of(end), end)
        shown = followed.markup.shown()
        return shown.closing if followed.base + shown.end == end else ""

    def sealed(self, mark: Mark) -> tuple[Piece, str]:
        """The message as it ends at `mark` or a little above, and the inline markup that the
        next one opens again.

        It ends before the markup that is open at `mark`, if that is not far back; else that is
        closed.
        """
        piece = self._message.piece(mark.at, mark.context)
        if mark.context or piece.after:
            return piece, ""
        text = piece.text
        followed = self._follow(mark.paragraph, mark.at)
        first = min(followed.base + followed.markup.first_open(), mark.at - hold_back(text))
        first = _above_begun_line(text, first)
        if 2 * first > mark.at:
            return self._ended(first, mark.paragraph), ""
        shown = followed.markup.shown()
        end = followed.base + shown.end
        if shown.closing and end > max(first, mark.at // 2):
            return self._closed(text, end, shown)
        if 4 * first > mark.at:
            return self._ended(first, mark.paragraph), ""
        return piece, ""

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
            return len(line), rule_below(above)
        end = message.at if self._is_empty_item() else len(message.text)
        start, opening = self._open_part(end)
        found = half(opening + message.text[start:end])
        end = max(start - len(opening) + found.end, 0)
        if not context and end < len(message.text.rstrip()):
            end = _above_begun_line(message.text, end)
        row = message.text[message.at : end]
        rule = f"\n{rule_below(row)}" if not context and is_head(row) else ""
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
        if line.strip() and begins_table(line, following):
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
        at = _above_begun_line(text, again)
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

    def _ended(self, end: int, paragraph: Paragraph, closing: str = "") -> Piece:
        """The message up to `end`, which is in `paragraph` or right above it."""
        message = self._message
        if end <= paragraph.at:
            return message.piece(end, paragraph.above)
        return message.made(message.text[:end], closing)

    def _closed(self, text: str, end: int, shown: Shown) -> tuple[Piece, str]:
        """`text` up to `end` and the spaces behind it, with what is open closed, and what opens
        it again."""
        space = len(text) - end - len(text[end:].lstrip())
        piece = self._message.made(text[: end + space], shown.closing, space)
        return piece, shown.opening if self._goes_on(end + space, shown.opening) else ""

    def _goes_on(self, at: int, opening: str) -> bool:
        """Whether the paragraph in front of `at` goes on right there, and `opening` would open
        it again."""
        text = self._message.text
        following = text[at : at + 1]
        if following.isspace() or following in (opening[-1], "`", "~") or opened_fence(opening):
            return False
        start = text.rfind("\n", 0, at) + 1
        line = text[at : text.find("\n", at) + 1 or None]
        last = text[text.rfind("\n", 0, max(start - 1, 0)) + 1 : start]
        begins = begins_paragraph(line, last) or opened_fence(line) is not None
        return at > start or not (begins or traits_of(line).ends_paragraph)

    def _prose(self, end: int) -> Piece:
        """The message up to `end`, as it can be shown while it grows."""
        message = self._message
        for _ in range(_MOST_BEGUN):
            paragraph = message.paragraph_of(end)
            followed = self._shown = self._follow(paragraph, end, self._shown)
            shown = followed.markup.shown()
            end = max(followed.base + shown.end, 0)
            line = _above_begun_line(message.text, end)
            if not paragraph.at <= line < end:
                return self._ended(end, paragraph, shown.closing) if end else Piece("")
            end = line
        calm = max(followed.base + followed.markup.settled(), 0)
        calm = _above_begun_line(message.text, min(calm, end))
        return self._ended(calm, paragraph) if calm else Piece("")

    def _told(self) -> int:
        """The end of what is not still waiting for more to be told what it is."""
        message = self._message
        text = message.text
        half = bool(_HALF_CHARACTER.search(text[-1:]))
        end = len(text) - (hold_back(text) or half or unfinished(text))
        waits = undecided(message.unfinished, message.last_line, message.inside())
        return end if waits is None else min(end, message.at + waits)

    def _calm_end(self, place: Mark) -> int:
        """The end of what is above `place` and outside of all that is open there."""
        text, end = self._message.text, place.at
        if place.context is None:
            followed = self._calm = self._follow(place.paragraph, end, self._calm)
            end = max(followed.base + followed.markup.settled(), 0)
        return _above_begun_line(text, end - hold_back(text, end))

    def _follow(self, paragraph: Paragraph, end: int, known: _Followed | None = None) -> _Followed:
        """The inline markup of `paragraph`, read up to `end`. Not read again is what is `known`;
        for what must not depend on how the text arrived that is nothing."""
        start = paragraph.at
        opening = "" if start else self._message.opening
        goes_on = known and known.start == start and known.end <= end
        markup = known.markup if known and goes_on else InlineMarkup()
        markup.read(opening + self._message.text[start:end])
        return _Followed(start, end, start - len(opening), markup)


def _is_half_line(line: str) -> bool:
    """Whether `line` is nothing but marks, of which nobody knows what they would have begun."""
    marks = not any(char.isalnum() for char in line)
    begun = marks and (is_begun(line) or may_be_rule(line)) and not _DIVIDER.fullmatch(line)
    return bool(line.strip()) and (begun or opened_fence(line) is not None)


def _above_begun_line(text: str, end: int) -> int:
    """`end`, or where the line that ends there begins if it is but begun."""
    line = text.rfind("\n", 0, end) + 1
    begun = text[line:end]
    return line if is_begun(begun) or opened_fence(begun) else end


def first_line(text: str) -> str:
    """The first line of `text` that holds anything."""
    return text.lstrip("\r\n").partition("\n")[0]


def opens_anew(text: str) -> bool:
    """Whether `text` begins with a fence that names its language, and so can close none."""
    begin = text.lstrip()
    fence = opened_fence(begin) if begin.startswith(("```", "~~~")) else None
    return fence is not None and bool(fence.language)


def undecided(line: str, last: str, context: Context) -> int | None:
    """From where on an unfinished `line` has to wait for more of it, counted from its start.

    `last` is the line above; where it is perhaps the head of a table, that waits too, and the
    place is below zero. None: all of it can be shown.
    """
    if isinstance(context, Fence):
        return 0 if context.may_close(line) else None
    if isinstance(context, Table):
        return 0 if "|" in line or len(line) <= _MOST_HELD else None
    if "|" in last and may_be_rule(line) and (head := _table_at(last)) is not None:
        return head - len(last)
    return 0 if is_begun(line) else _table_at(line)


def is_begun(line: str) -> bool:
    """Whether `line` is nothing yet but what a list, a heading, a rule or a fence begins with."""
    return _BEGUN_FENCE.fullmatch(bare_of(line)) is not None or (
        len(line) <= _LONGEST_MARKER and _BEGUN_MARKER.fullmatch(bare_of(line)) is not None
    )


def _table_at(line: str) -> int | None:
    """From where on `line` may be the head of a table."""
    if line.lstrip(" \t\r>").startswith("|"):
        return 0
    bar = line.find("|")
    return bar if bar >= 0 and len(line) - bar <= _MOST_HELD else None
