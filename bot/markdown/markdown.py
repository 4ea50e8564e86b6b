"""Growing markdown cut into messages, each within Slack's limits and valid on its own.

Boundaries depend on the text alone (and on breaks that are told before), not on how it arrived: a
sealed message never changes when more text comes, and another process that lays out the same text
cuts it the same way. The end of a message is shown otherwise while it grows, and once it is sealed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.characters import unfinished
from bot.markdown.filling import Paragraph, Piece, Room
from bot.markdown.inline_markup import InlineMarkup, Shown
from bot.markdown.joins import Break
from bot.markdown.leaves import START
from bot.markdown.lines import (
    WIDE_TABLE,
    Context,
    Fence,
    begins_paragraph,
    opened_fence,
    starts_table,
    traits_of,
)
from bot.markdown.open_message import Mark, OpenMessage, above_begun_line, undecided
from bot.markdown.outdent import Outdent, place_behind
from bot.markdown.safety import hold_back

_SLICE_CHARS = 4_000
"""Longer text is taken in slices, so that none of it is looked at for each message anew."""

_TABLE_COLUMNS = 20
"""A row of Slack's table block has no more cells ("Table block")."""


_MOST_BEGUN = 8
"""So many lines at the end of a paragraph may be but begun; then all of it waits."""

_HALF_CHARACTER = re.compile(r"[\r\ud800-\udbff]\Z")


class Layout:
    """Text cut into pieces while it grows. The work is linear in the text."""

    def __init__(self, first: Room, rest: Room) -> None:
        """`first` is the room of the first message, `rest` that of each further one."""
        self.sealed: list[Piece] = []
        self.left_out = 0
        """How many characters were fed that mean nothing where a message goes on."""
        self._leaving_out = ""
        self._taken = 0
        self._breaks: Sequence[int] = ()
        self._place = START
        self._rooms = first, rest
        self._ending: Ending
        self._begin("")

    def feed(self, text: str) -> None:
        """More text. A carriage return before a newline counts as part of the line."""
        if self._leaving_out:
            text = self._without_left_out(text)
        start = 0
        while start < len(text):
            most = min(self._breaks[0] - self._taken if self._breaks else len(text), _SLICE_CHARS)
            part = text[start : start + most]
            self._take(part)
            self._taken += len(part)
            start += len(part)
            if self._breaks and self._taken == self._breaks[0]:
                self._breaks = self._breaks[1:]
                if self._open.text.strip():
                    self._seal(self._open.end())

    def break_at(self, places: Sequence[int]) -> None:
        """End a message at each of these `places`, in order, however much room is left in it: where
        so many characters were fed, or were fed since it has gone on behind others."""
        self._breaks = places

    def breaks(self, *, between_blocks: bool) -> Iterator[tuple[int, Piece]]:
        """The places for `break_at` where the message still open may end, as something follows, the
        best first, and what of it is above each: between two blocks, else also below a line, or
        where it is settled."""
        message = self._open
        places = [*message.breaks(between_blocks=between_blocks)]
        settled = self._ending.settled().text
        if settled and not between_blocks:
            places.append(len(settled))
        for at in places:
            if message.context or message.text[at:].strip():
                yield self._taken - len(message.text) + at, message.made(message.text[:at])

    def tail(self, *, growing: bool = False) -> Piece:
        """The message still open.

        While it is `growing`, what cannot be told yet is left out, such as half a row or half a
        link, and what is open is closed.
        """
        return self._ending.growing() if growing else self._ending.whole()

    def settled(self) -> Piece:
        """The beginning of the message still open that stays as it is, whatever follows."""
        return self._ending.settled()

    def conclude(self, words: str) -> None:
        """Words that do not belong to the text, below it: in a message of their own where
        they do not fit."""
        text, closing = self._open.text, self._ending.closing()
        gap = "\n\n" if text.strip() and not text.endswith("\n\n") else ""
        below = f"{closing}{gap}{words}"
        if not self._open.fits_below(below):
            last = self.tail()
            self.sealed.append(replace(last, after=last.after or closing))
            self._place = START
            self._begin("")
            below = words
        self.feed(below)

    def break_off(self) -> None:
        """Something should follow, and does not: close what is open, without what is but half of
        some markup."""
        hidden, closing = Break(self._open).half()
        if self._open.text[: len(self._open.text) - hidden].strip():
            self._open.end_with(closing, instead_of=hidden)
            self._ending = Ending(self._open)

    def go_on(self, following: str) -> str:
        """What was fed by now is shown elsewhere: go on behind it in a message of its own, that
        opens again what is open there; `following` is what comes next, `enough` of it.
        Returns what of it is shown once more, since it means nothing without what follows.
        """
        mark, joined = Break(self._open).broken_off(following)
        text = self._open.text
        place = place_behind(text[: mark.at], self._place)
        self._place = place if mark.context else place._replace(fence=None)
        self.sealed.clear()
        self._taken = 0
        left_out = following[: joined.left_out]
        broken = text[: mark.at][-1:] not in ("", "\n")
        self._begin(text[mark.at :], mark.context, joined.opening, broken=broken)
        self._leaving_out = left_out
        return text[mark.at :]

    def _without_left_out(self, text: str) -> str:
        """`text`, which comes next, without what of it is left out."""
        most = min(len(text), len(self._leaving_out))
        same = next((at for at in range(most) if text[at] != self._leaving_out[at]), most)
        self.left_out += same
        self._leaving_out = self._leaving_out[same:] if same == len(text) else ""
        return text[same:]

    def _take(self, text: str) -> None:
        self._open.append(text)
        while True:
            self._open.take_run()
            line, whole = self._open.next_line()
            wide = self._open.context is WIDE_TABLE or (whole and "|" in line)
            if wide and self._turns_into_code(line, whole=whole):
                continue
            if not whole and self._open.still_fits():
                return
            if not (whole and self._open.take(line)):
                self._seal(self._open.boundary(line))

    def _begin(
        self, text: str, context: Context = None, opening: str = "", *, broken: bool = False
    ) -> None:
        """Start the next message, with `text`; `broken`: within a line."""
        place = self._place._replace(fence=None) if context else self._place
        opening = context.indent if broken and isinstance(context, Fence) else opening
        broken = broken and context is None
        moved = Outdent(place, broken=broken).shown if place.containers else None
        self._open = OpenMessage(self._rooms[bool(self.sealed)], context, opening, moved)
        self._open.append(text)
        self._ending = Ending(self._open)

    def _seal(self, mark: Mark) -> None:
        piece, opening = self._ending.sealed(mark)
        if not (opening or mark.context or piece.after):
            opening = self._open.before_rest(len(piece.text), mark.paragraph)
        self.sealed.append(piece)
        self._place = place_behind(piece.text, self._place)
        broken = not piece.text.endswith("\n")
        rest = self._open.text[len(piece.text) :]
        self._begin(rest, mark.context, opening, broken=broken)

    def _turns_into_code(self, line: str, *, whole: bool) -> bool:
        """Begin a message of code where `line` shows that a wide table has begun, and one of
        text where it shows that it has ended."""
        message = self._open
        if message.context is WIDE_TABLE:
            return WIDE_TABLE.leaves(line) and self._begin_at(message.mark(), None)
        if message.context or not (whole and _starts_wide_table(message.last_line, line)):
            return False
        return message.fits_length(line) and self._begin_at(message.above_last_line(), WIDE_TABLE)

    def _begin_at(self, mark: Mark, context: Context) -> bool:
        """Go on in a new message, inside `context`, with the line that begins at `mark`; above
        it stays nothing but spaces."""
        if self._open.text[: mark.at].strip():
            self._seal(mark)
            if len(self.sealed[-1].text) < mark.at:
                return True
        self._begin(self._open.text, context)
        return True


def _starts_wide_table(line: str, following: str) -> bool:
    """Whether the two are the head of a table with more columns than Slack can show."""
    if following.count("|") < _TABLE_COLUMNS:
        return False
    wide = following.strip(" \t\r\n|").count("|") >= _TABLE_COLUMNS
    barred = line.lstrip().startswith("|") and following.lstrip().startswith("|")
    return wide and barred and starts_table(line, following)


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
        first = above_begun_line(text, first)
        if 2 * first > mark.at:
            return self._ended(first, mark.paragraph), ""
        shown = followed.markup.shown()
        end = followed.base + shown.end
        if shown.closing and end > max(first, mark.at // 2):
            return self._closed(text, end, shown)
        if 4 * first > mark.at:
            return self._ended(first, mark.paragraph), ""
        return piece, ""

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
            line = above_begun_line(message.text, end)
            if not paragraph.at <= line < end:
                return self._ended(end, paragraph, shown.closing) if end else Piece("")
            end = line
        calm = max(followed.base + followed.markup.settled(), 0)
        calm = above_begun_line(message.text, min(calm, end))
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
        return above_begun_line(text, end - hold_back(text, end))

    def _follow(self, paragraph: Paragraph, end: int, known: _Followed | None = None) -> _Followed:
        """The inline markup of `paragraph`, read up to `end`. Not read again is what is `known`;
        for what must not depend on how the text arrived that is nothing."""
        start = paragraph.at
        opening = "" if start else self._message.opening
        goes_on = known and known.start == start and known.end <= end
        markup = known.markup if known and goes_on else InlineMarkup()
        markup.read(opening + self._message.text[start:end])
        return _Followed(start, end, start - len(opening), markup)
