"""How much of a text is looked into for formulas, lest a text of nothing else takes long.

What is looked at costs something, about as much as it takes, and a text gives so much of that to
begin with and some more with each of its characters. It depends on the text alone, not on how it
arrives: what is counted is counted once, whether a glance tells it or not.
"""

from __future__ import annotations

import re
from enum import IntEnum

from bot.markdown.rewriting.formulas import LOOKED_AT
from bot.markdown.rewriting.openings import is_plain

BURST, PER_CHAR = 10_240, 0.125
"""What may be spent at the beginning of a text, and with each of its characters. Formulas that
begin lines are enough for 640 and one more in each 128 characters: more than people read."""

PAUSE_CHARS = 4_096
"""So much is shown as it was written where too much would have to be looked into, in characters."""

PAUSE_FENCE = "`" * 32
"""Longer than runs are in any text."""

FORMULA, LISTED = 16, 1
"""What is spent on a formula, and on one that stands in a line with others."""

NONE, LISTED_NONE = 12, 2
"""The same where there is none."""

MARK, FREE_MARKS, MOST_MARKS = 6, 6, 20
"""What is spent on each mark in front of one, but for some. Among words there are few of them."""

_MARK = re.compile(r"[\n\r`|\[\]<>*_#~]")

_LONGEST_AMOUNT = 64
"""Of what a dollar stands before, in characters."""

_PARTS = re.compile(r"[`|\n\]/]")
"""What parts a formula from others of its line."""

_MATTERS = re.compile(r"[\\$]")
"""What may open a formula."""

_OPENINGS = re.compile(rf"\\(?![(\[])[!-/:-@\[-`{{-~]|({LOOKED_AT})")


class Cost(IntEnum):
    """What is spent on a whole line."""

    TABLE = 8
    """The head of a table."""
    ROW = 7
    """A row that is written otherwise."""
    SAME_ROW = 1
    NOTE = 16
    """The first line of a footnote."""
    NOTE_LINE = 9
    """One that is moved to its place."""


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
        self._marks = 0
        """So many marks are between both, of which no more are counted than matter."""
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
            self._see_marks(begin, at)
            self._behind = self._come + at

    def _see_marks(self, begin: int, end: int) -> None:
        if self._marks < MOST_MARKS:
            self._marks += len(_MARK.findall(self._text, begin, end))

    def all_spent(self, at: int) -> bool:
        """Whether nothing is to be looked into from here on, `at` a place of what is read."""
        place = self._come + at
        return place > self._read and self._spent > BURST + place * PER_CHAR

    def count(self, spent: Cost) -> None:
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
            self._see_marks(begin, start)
            marks = min(max(self._marks, FREE_MARKS), MOST_MARKS) - FREE_MARKS
            self._spent += (FORMULA if shown else NONE) + MARK * marks
        elif not shown:
            self._spent += LISTED_NONE
        else:
            self._spent += LISTED if is_plain(self._text, start) else FORMULA
        self._apart, self._marks = False, 0
        self._read, self._behind = place, self._come + end

    def pass_formula(self, at: int, start: int, end: int) -> bool:
        """Count a formula from `start` to `end` that a glance has told, and what opens above it,
        from `at` on. False: so much is spent that it is not passed."""
        if not self._apart and self._behind == self._come + at:
            spent, most = LISTED, BURST + (self._come + at) * PER_CHAR
            if _MATTERS.search(self._text, at, start):
                openings = _OPENINGS.findall(self._text, at, start + 1)
                own = self._text[start] == "$"
                spent += LISTED_NONE * (len(openings) - openings.count("") - own)
            if self._spent + spent <= most and not _PARTS.search(self._text, at, start):
                self._spent += spent
                self._read, self._behind = self._come + start, self._come + end
                return True
        if self.pass_openings(at, start) < start or self.all_spent(start):
            return False
        self.count_opening(start, end, shown=True)
        return True

    def pass_openings(self, at: int, end: int) -> int:
        """Count what opens from `at` to `end`, of which none is a formula. Where it is `all_spent`,
        or the end."""
        openings = [
            found.span()
            for found in _OPENINGS.finditer(self._text, at, end + _LONGEST_AMOUNT)
            if found[1] and found.start() < end
        ]
        for start, behind in openings:
            if self.all_spent(start):
                return start
            self.count_opening(start, behind)
        return end
