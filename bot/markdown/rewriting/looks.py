"""How much of a text is looked into for formulas, lest a text of nothing else takes long.

What is looked at costs something, about as much as it takes, and a text gives so much of that to
begin with and some more with each of its characters. It depends on the text alone, not on how it
arrives: what is counted is counted once, whether a glance tells it or not.
"""

from __future__ import annotations

import re

from bot.markdown.rewriting.formulas import LOOKED_AT

BURST, PER_CHAR = 12_288, 0.25
"""What may be spent at the beginning of a text, and with each of its characters. Formulas that
begin lines are enough for 768 and one more in each 64 characters: more than people read."""

FORMULA, LISTED = 16, 1
"""What is spent on a formula, and on one that stands in a line with others."""

NONE, LISTED_NONE = 8, 2
"""The same where there is none."""

LINE, TABLE, ROW, SAME_ROW = 4, 8, 8, 1
"""What is spent on each line above one that is more than a gap, on the head of a table, on a row
that is written otherwise and on one that is not."""

_FREE_LINES, _MOST_LINES = 2, 8

_LONGEST_LISTED, _LONGEST_WORDS = 204, 16
"""Longer formulas, and of so many words, are not told at a glance."""

_LONGEST_AMOUNT = 64
"""Of what a dollar stands before, in characters."""

_PARTS = re.compile(r"[`|\n\]/]")
"""What parts a formula from others of its line."""

_OPENINGS = re.compile(rf"\\(?![(\[])[!-/:-@\[-`{{-~]|({LOOKED_AT})")


class Looks:
    """What was spent on a text so far. Places are counted from the beginning of that."""

    def __init__(self) -> None:
        self._spent = 0
        self._read = -1
        """Up to there openings were counted: they are read again when more has come."""
        self._behind = 0
        """Behind what was counted last."""
        self._apart = True
        """Something parts that from what has not been looked at."""
        self._lines = 0
        """So many lines end between both."""
        self._text = ""
        self._come = 0

    def read(self, text: str, come: int) -> None:
        """The `text` that is read from here on, which so many characters came before."""
        self._text, self._come = text, come

    def leave(self, at: int) -> None:
        """What is read stands behind this place of the text from here on."""
        begin = self._behind - self._come
        if begin < at:
            begin = max(begin, 0)
            self._apart = self._apart or _PARTS.search(self._text, begin, at) is not None
            self._lines += self._text.count("\n", begin, at)
            self._behind = self._come + at

    def all_spent(self, at: int) -> bool:
        """Whether nothing is to be looked into from here on, `at` a place of what is read."""
        place = self._come + at
        return place > self._read and self._spent > BURST + place * PER_CHAR

    def count(self, spent: int) -> None:
        """So much was spent on what begins and ends a line."""
        self._spent += spent

    def count_opening(self, start: int, end: int, *, shown: bool = False) -> None:
        """What opens at `start` was looked into, to its `end`: a formula, if one is `shown`."""
        place = self._come + start
        if place <= self._read:
            return
        begin = max(self._behind - self._come, 0)
        apart = self._apart or _PARTS.search(self._text, begin, start) is not None
        if apart:
            lines = self._lines + self._text.count("\n", begin, start)
            more = min(max(lines, _FREE_LINES), _MOST_LINES) - _FREE_LINES
            self._spent += (FORMULA if shown else NONE) + LINE * more
        elif not shown:
            self._spent += LISTED_NONE
        else:
            self._spent += LISTED if _is_listed(self._text[start:end]) else FORMULA
        self._apart, self._lines = False, 0
        self._read, self._behind = place, self._come + end

    def pass_openings(self, at: int, end: int) -> int:
        """Count what opens from `at` to `end`, of which none is a formula. Where it is `all_spent`,
        or the end."""
        openings = [
            found.span()
            for found in _OPENINGS.finditer(self._text, at, end + _LONGEST_AMOUNT)
            if found[1] and found.start() < end
        ]
        if not openings:
            return end
        if not self._apart and self._read < self._come + at <= self._behind:
            spent = LISTED_NONE * len(openings)
            most = BURST + (self._come + at) * PER_CHAR
            if self._spent + spent <= most and not _PARTS.search(self._text, at, end):
                self._spent += spent
                start, behind = openings[-1]
                self._read, self._behind = self._come + start, self._come + behind
                return end
        for start, behind in openings:
            if self.all_spent(start):
                return start
            self.count_opening(start, behind)
        return end


def _is_listed(written: str) -> bool:
    """Whether a glance may tell this formula."""
    if len(written) <= _LONGEST_WORDS:
        return "\n" not in written
    return len(written) <= _LONGEST_LISTED and len(written.split(None, 1)) == 1
