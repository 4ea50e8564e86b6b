"""Growing markdown cut into messages, each within Slack's limits and valid on its own.

Boundaries depend on the text alone (and on breaks that are told before), not on how it arrived: a
sealed message never changes when more text comes, and another process that lays out the same text
cuts it the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.markdown.ending import Ending
from bot.markdown.filling import Piece, Room
from bot.markdown.leaves import START
from bot.markdown.lines import WIDE_TABLE, Context, Fence, starts_table
from bot.markdown.open_message import Mark, OpenMessage
from bot.markdown.outdent import Outdent, place_behind

_SLICE_CHARS = 4_000
"""Longer text is taken in slices, so that none of it is looked at for each message anew."""

_TABLE_COLUMNS = 20
"""A row of Slack's table block has no more cells ("Table block")."""


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
        hidden, closing = self._ending.half()
        if self._open.text[: len(self._open.text) - hidden].strip():
            self._open.end_with(closing, instead_of=hidden)
            self._ending = Ending(self._open)

    def go_on(self, following: str) -> str:
        """What was fed by now is shown elsewhere: go on behind it in a message of its own, that
        opens again what is open there; `following` is what comes next, `enough` of it.
        Returns what of it is shown once more, since it means nothing without what follows.
        """
        mark, joined = self._ending.broken_off(following)
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
