"""Runs of `*`, `_` and `~~` as CommonMark and GFM read them ("Emphasis and strong emphasis")."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from itertools import groupby

LONGEST_RUN = 8
"""A longer run is shown as it was written: rules of asterisks are no emphasis."""

_MOST_OPEN = 8
"""More than can be read; the outermost are dropped, which bounds the work for any text."""


@dataclass(frozen=True, slots=True)
class Opener:
    """A run that opens emphasis: `count` of its characters are left, from `at` on."""

    char: str
    count: int
    length: int
    """Of the whole run, for the rule of three."""
    at: int
    closes_too: bool

    @property
    def end(self) -> int:
        return self.at + self.count

    @property
    def markup(self) -> str:
        return self.char * self.count


Openers = tuple[Opener, ...]
"""What is open at a place in a text, the innermost last."""


def after_run(openers: Openers, run: str, at: int, before: str, after: str) -> Openers:
    """What is open after `run`, a run of one character that stands at `at`.

    `before` and `after` are the characters around it, empty at the ends of the text.
    """
    opens, closes = _flanks(run[0], before, after)
    if len(run) > LONGEST_RUN or (run[0] == "~" and len(run) != 2):
        return openers
    left = len(run)
    while closes and left:
        index = _opener_of(openers, run, both=opens)
        if index is None:
            break
        opener = openers[index]
        used = 2 if min(opener.count, left) >= 2 else 1
        rest = (replace(opener, count=opener.count - used),) if opener.count > used else ()
        openers = openers[:index] + rest
        left -= used
    if not (opens and left):
        return openers
    opened = Opener(run[0], left, len(run), at + len(run) - left, closes)
    return (*openers, opened)[-_MOST_OPEN:]


def closing(openers: Openers, before: str) -> str | None:
    """What closes `openers` when it is put behind a text that ends with `before`; None when
    nothing does."""
    markup = "".join(opener.markup for opener in reversed(openers))
    runs = ["".join(run) for _, run in groupby(markup)]
    for run, following in zip(runs, [*runs[1:], ""], strict=bool(runs)):
        openers = after_run(openers, run, 0, before, following[:1])
        before = run[0]
    return None if openers else markup


def _opener_of(openers: Openers, run: str, *, both: bool) -> int | None:
    """The innermost of `openers` that `run` can close."""
    for index in range(len(openers) - 1, -1, -1):
        opener = openers[index]
        either = both or opener.closes_too
        total = opener.length + len(run)
        three = either and total % 3 == 0 and len(run) % 3 != 0
        if opener.char == run[0] and (run[0] == "~" or not three):
            return index
    return None


def _flanks(char: str, before: str, after: str) -> tuple[bool, bool]:
    """Whether a run of `char` can open, and whether it can close."""
    space_before, space_after = _is_space(before), _is_space(after)
    mark_before, mark_after = _is_mark(before), _is_mark(after)
    left = not space_after and (not mark_after or space_before or mark_before)
    right = not space_before and (not mark_before or space_after or mark_after)
    if char == "_":
        return left and (not right or mark_before), right and (not left or mark_after)
    return left, right


def _is_space(char: str) -> bool:
    return not char or char.isspace()


def _is_mark(char: str) -> bool:
    """Punctuation or a symbol; so is what is replaced by one (`safety.printable`)."""
    if not char or char.isalnum():
        return False
    category = unicodedata.category(char)
    return category[0] in "PS" or category == "Cs" or char == "\0"
