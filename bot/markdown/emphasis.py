"""Runs of `*`, `_` and `~~` as CommonMark and GFM read them ("Emphasis and strong emphasis").

Where words are written without spaces, those rules take `**` between punctuation and a letter for
the wrong end of a pair, or for none: `**重要（注）：**次`. What is plainly meant is paired here.
It is to be mended in what is shown (`mending`): the run that would not do gets a mark on its inner
side that is neither space nor punctuation.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

LONGEST_RUN = 8
"""A longer run is shown as it was written: rules of asterisks are no emphasis."""

_MOST_OPEN = 8
"""More than can be read; the outermost are dropped, which bounds the work for any text."""

OWN_WORDS = (
    "\u0e00-\u0fff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3021-\u3029\u3031-\u3035"
    "\u3040-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
    "\uff66-\uffdc\U00020000-\U0003ffff"
)
"""Scripts that put no space between words, or none before a particle."""

_OWN_BOUNDS = sorted((*OWN_WORDS[::3], *(chr(ord(last) + 1) for last in OWN_WORDS[2::3])))
"""Where such a script begins, and where the one before it has ended. To compile a class of so many
characters takes 2 ms, and most texts have none of them."""

_RUNS = frozenset("*_~")
_STRAIGHT = frozenset("\"'")
_LEADS = frozenset("#$@&<-/\\|=~^‐‑‒–—¡¿")
"""What rather begins a word, or joins two, than ends one."""

_BEGINS = frozenset("\"'`[<#@$&+-*_~¡¿!")
"""What a word in emphasis may begin with, besides brackets and signs."""


class Opener(NamedTuple):
    """A run that opens emphasis: so many of its characters are `left`, from `at` on."""

    char: str
    left: int
    length: int
    """Of the whole run, for the rule of three."""
    at: int
    closes_too: bool
    mended: bool
    """It opens only once it is mended."""

    @property
    def end(self) -> int:
        return self.at + self.left

    @property
    def markup(self) -> str:
        return self.char * self.left


Openers = tuple[Opener, ...]
"""What is open at a place in a text, the innermost last."""


class Emphasis(NamedTuple):
    """Two runs, or what is left of them, that belong together: where each begins, how long they
    are, and which of them has to be mended."""

    opens: int
    closes: int
    length: int
    mends_opener: bool
    mends_closer: bool


_NO_PAIRS: tuple[Emphasis, ...] = ()
_new = tuple.__new__
"""Makes an `Opener` at once: most runs open something."""


class _Beside(NamedTuple):
    """What a run is by the characters beside it, and whether it is to be mended for them where it
    opens or closes."""

    opens: bool
    closes: bool
    meant_to_open: bool
    mends_opener: bool
    mends_closer: bool
    ends_word: bool
    """It reads as the end of what is emphasized, before a letter."""
    within_word: bool
    """Letters of scripts without spaces between words are on both sides."""


def after_run(
    openers: Openers, run: str, at: int, text: str
) -> tuple[Openers, tuple[Emphasis, ...]]:
    """What is open after `run`, a run of one character that stands in `text` at `at`, and the
    pairs that it closes and that have to be mended."""
    char, left = run[0], len(run)
    if left > LONGEST_RUN or (char == "~" and left != 2):
        return openers, _NO_PAIRS
    end = at + left
    beside = _beside(char, text[at - 1] if at else "", text[end : end + 1])
    opens, closes, mended, foreign, _, ends_word, within_word = beside
    pairs, closes_too = _NO_PAIRS, mended
    if closes:
        if openers:
            openers, left, pairs = _closing(openers, run, end, beside)
            mended = mended and end - at == left
        closes_too = mended or not foreign
    elif openers and (ends_word or (within_word and run == "__")):
        found = _meant_to_close(openers, run, at, text)
        if found:
            return found
    if not ((opens or mended) and left):
        return openers, pairs
    if len(openers) >= _MOST_OPEN:
        openers = openers[1 - _MOST_OPEN :]
    opened = (char, left, end - at, end - left, closes_too, mended or foreign)
    return (*openers, _new(Opener, opened)), pairs


def _closing(
    openers: Openers, run: str, end: int, beside: _Beside
) -> tuple[Openers, int, tuple[Emphasis, ...]]:
    """What is open behind a run that can close something and stands before `end`, how many of its
    characters have closed nothing, and the pairs that have to be mended."""
    left, pairs = len(run), _NO_PAIRS
    while left and openers:
        index = _opener_of(openers, run, both=beside.opens)
        if index < 0:
            break
        opener = openers[index]
        openers, used = _closed(openers, index, left)
        if opener.mended or beside.mends_closer:
            pair = _pair(opener, end - left, used, mends_closer=beside.mends_closer)
            pairs = (*pairs, pair)
        left -= used
    return openers, left, pairs


def _meant_to_close(
    openers: Openers, run: str, at: int, text: str
) -> tuple[Openers, tuple[Emphasis, ...]] | None:
    """What is open after a run that cannot close anything as it stands, where it is meant to: it
    ends all that it can, and what stands before it is not what a word begins with."""
    before = text[at - 1]
    left, pairs = len(run), []
    while left:
        index = _opener_of(openers, run, both=True)
        if index < 0 or openers[index].left > left:
            return None
        opener = openers[index]
        if before in _STRAIGHT and text.count(before, opener.end, at) % 2:
            return None
        openers, used = _closed(openers, index, left)
        pairs.append(_pair(opener, at + len(run) - left, used, mends_closer=True))
        left -= used
    return openers, tuple(pairs)


def _closed(openers: Openers, index: int, left: int) -> tuple[Openers, int]:
    """What is open when `left` characters of a run close that of `index`, and how many of them
    do."""
    opener = openers[index]
    used = 2 if opener.left >= 2 <= left else 1
    if opener.left == used:
        return openers[:index], used
    char, before, length, at, closes_too, mended = opener
    rest = (char, before - used, length, at, closes_too, mended)
    return (*openers[:index], _new(Opener, rest)), used


def _pair(opener: Opener, closes: int, length: int, *, mends_closer: bool) -> Emphasis:
    return Emphasis(opener.end - length, closes, length, opener.mended, mends_closer)


def closing(openers: Openers, before: str) -> str | None:
    """What closes `openers` when it is put behind a text that ends with `before`; None when
    nothing does."""
    markup = "".join(opener.markup for opener in reversed(openers))
    runs = ["".join(run) for _, run in groupby(markup)]
    at, text = len(before), before + markup
    for run in runs:
        openers, _ = after_run(openers, run, at, text)
        at += len(run)
    return None if openers else markup


def _opener_of(openers: Openers, run: str, *, both: bool) -> int:
    """The innermost of `openers` that `run` can close; below 0: there is none."""
    char, length = run[0], len(run)
    index = len(openers) - 1
    while index >= 0:
        opener = openers[index]
        if opener[0] == char:
            three = (opener.length + length) % 3 == 0 and length % 3 != 0
            if not (three and (both or opener.closes_too)) or char == "~":
                break
        index -= 1
    return index


@lru_cache(maxsize=4_096)
def _beside(char: str, before: str, after: str) -> _Beside:
    opens, closes = _flanks(char, before, after)
    inner = _is_mark(before) and before not in _RUNS
    outer = _is_mark(after) and after not in _RUNS
    return _Beside(
        opens,
        closes,
        not opens and _meant_to_open(char, before, after),
        mends_opener=outer and _is_foreign_mark(before),
        mends_closer=inner and _is_foreign_mark(after),
        ends_word=_ends_before_letter(before, after),
        within_word=_is_own_letter(before) and _is_own_letter(after),
    )


def _flanks(char: str, before: str, after: str) -> tuple[bool, bool]:
    """Whether a run of `char` can open, and whether it can close."""
    space_before, space_after = _is_space(before), _is_space(after)
    mark_before, mark_after = _is_mark(before), _is_mark(after)
    left = not space_after and (not mark_after or space_before or mark_before)
    right = not space_before and (not mark_before or space_after or mark_after)
    if char == "_":
        return left and (not right or mark_before), right and (not left or mark_after)
    return left, right


def _ends_before_letter(before: str, after: str) -> bool:
    """Whether a run between punctuation and a letter reads as the end of what is emphasized."""
    if not _is_mark(before) or _is_space(after) or _is_mark(after):
        return False
    if unicodedata.category(before) in ("Ps", "Pi"):
        return False
    return is_own(after) or before not in _LEADS


def _meant_to_open(char: str, before: str, after: str) -> bool:
    """Whether a run between a letter and punctuation opens emphasis of what begins there."""
    if _is_space(before) or not _is_mark(after) or not (is_own(before) or after > "\x7f"):
        return False
    if char == "_" and not is_own(before):
        return False
    return unicodedata.category(after) in ("Ps", "Pi", "So") or after in _BEGINS


def is_own(char: str) -> bool:
    """Whether `char` is of a script that puts no space between words."""
    return bisect_right(_OWN_BOUNDS, char) % 2 == 1


def _is_own_letter(char: str) -> bool:
    return is_own(char) and not _is_mark(char)


def _is_foreign_mark(char: str) -> bool:
    """Whether `char` is punctuation that Slack, other than CommonMark, does not take for any beside
    a run (seen live by the authors of "slack-markdown-parser")."""
    return char > "\x7f" and _is_mark(char)


def _is_space(char: str) -> bool:
    return not char or char.isspace()


def _is_mark(char: str) -> bool:
    """Punctuation or a symbol; so is what is replaced by one (`safety.printable`)."""
    if not char or char.isalnum():
        return False
    category = unicodedata.category(char)
    return category[0] in "PS" or category == "Cs" or char == "\0"
