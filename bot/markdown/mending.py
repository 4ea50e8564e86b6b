"""Emphasis that not every reader would see, made so that all do (`emphasis`).

Where it is closed or opened beside punctuation and a letter follows or comes before, an invisible
word joiner is put on the inner side of the run: it is neither space nor punctuation, so that
CommonMark's rules and Slack's own take the run for what it is. Runs of `_`, which no letter may
touch, become runs of `*`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from bot.markdown.code_spans import cells_of, code_in, within
from bot.markdown.emphasis import LONGEST_RUN, Emphasis, Openers, after_run, is_own
from bot.markdown.inline_markup import (
    LONGEST_TICKS,
    MOST_STEPS,
    InlineMarkup,
    may_link,
    mendable_at,
)
from bot.markdown.links.links import with_joiners

MOST_MENDED = 800
"""In one text, which is less than what rooms for messages leave below Slack's limit."""

_BOTH_KINDS = re.compile(
    r"(\*(?<![*_\\].)\*?)_(?![\s*_])([^*_`\[\]\\<>\n]{1,300})(?<!\s)_\1(?![*_])"
)
"""As `**_so_**`, where neither could be mended without spoiling the other."""

_TWO = re.compile(r"\*[^*]++\*|_[^_]++_|~[^~]++~")
"""Of runs, of which the one may open what the other closes."""

_RUNS = re.compile(r"[*~]+")
_MARK = re.compile(r"[*_`~\\\[\]<:](?:(?<=\*)\*+|(?<=_)_+|(?<=`)`+|(?<=~)~+|(?<=\\)[\s\S]|)")
_RUN = re.compile(r"[*_`~\\](?:(?<=\*)\**|(?<=_)_*|(?<=`)`*|(?<=~)~*|(?<=\\)[\s\S])")
"""Of all marks those that are not but counted."""

_MARKS = "*_`~\\[]<:"
_EMPHASIS = "*_~"
_MOST_TICKS = 32


def mended(leaf: str, most: int = MOST_MENDED) -> tuple[str, int]:
    """`leaf` with what is plainly emphasis made so to every reader, `most` times at most, and how
    many times that was done."""
    if mendable_at(leaf, 0) == len(leaf) or not (most or "_" in leaf) or not _TWO.search(leaf):
        return leaf, 0
    if "*_" in leaf:
        leaf = _of_one_kind(leaf)
    pairs: list[Emphasis] = []
    places: list[int] = []
    for start, end in cells_of(leaf):
        cell = leaf[start:end]
        if cell is not leaf and mendable_at(cell, 0) == len(cell):
            continue
        for pair in _pairs(cell):
            moved = Emphasis(start + pair.opens, start + pair.closes, *pair[2:])
            inner = [*_places(leaf, moved)]
            if len(places) + len(inner) > most:
                break
            pairs.append(moved)
            places += inner
    return with_joiners(_starred(leaf, pairs), places) if pairs else leaf, len(places)


def _of_one_kind(leaf: str) -> str:
    """`leaf` with the runs around a word starred that neither can be mended by themselves."""
    if not _BOTH_KINDS.search(leaf):
        return leaf
    code = code_in(leaf)
    spans = sorted((*code.certain, *code.doubtful))

    def starred(found: re.Match[str]) -> str:
        beside = leaf[found.start() - 1 : found.start()] + leaf[found.end() : found.end() + 1]
        if within(found.start(), spans) or not any(map(is_own, beside)):
            return found[0]
        return f"{found[1]}*{found[2]}*{found[1]}"

    return _BOTH_KINDS.sub(starred, leaf)


def _pairs(text: str) -> list[Emphasis]:
    text = f"{text}\n"
    if not may_link(text):
        return _pairs_of_runs(text)
    markup = InlineMarkup()
    markup.read(text)
    for _ in range(_MOST_TICKS):
        if not markup.pass_code():
            break
        markup.read(text)
    return markup.to_mend


def _pairs_of_runs(text: str) -> list[Emphasis]:
    """What `InlineMarkup` finds in `text`, in which there is no link, with less work."""
    pairs: list[Emphasis] = []
    openers: Openers = ()
    behind = unclosed = steps = 0
    for found in _marks(text):
        at = found.start()
        if at < behind:
            continue
        if steps >= MOST_STEPS or unclosed > _MOST_TICKS:
            break
        steps += 1
        char = text[at]
        if char in _EMPHASIS:
            openers, mendable = after_run(openers, found[0], at, text)
            if mendable:
                pairs += mendable
        elif char == "`" and found.end() - at <= LONGEST_TICKS:
            behind, passed = _end_of_code(text, found.end(), found[0])
            unclosed += not behind
            steps += passed
    return pairs


def _marks(text: str) -> Iterator[re.Match[str]]:
    """The marks of `text`; without those that are but counted where so few are to be followed."""
    ticks = text.count("`")
    if len(text) + ticks * (ticks + 3) // 2 < MOST_STEPS:
        return _RUN.finditer(text)
    if ticks:
        few = sum(map(text.count, _MARKS)) + ticks * (ticks + 3) // 2 < MOST_STEPS
        return (_RUN if few else _MARK).finditer(text)
    beyond = next(islice(_MARK.finditer(text), MOST_STEPS, None), None)
    return _RUN.finditer(text, 0, beyond.start() if beyond else len(text))


def _end_of_code(text: str, at: int, ticks: str) -> tuple[int, int]:
    """Where the code ends that `ticks` open in front of `at`, 0 if nothing closes it, and in how
    many steps that is found."""
    steps = 0
    while (begin := text.find(ticks, at)) >= 0:
        steps += 1
        at = begin + len(ticks)
        if text[at] != "`":
            return at, steps + 1
        while text[at] == "`":
            at += 1
    return 0, steps


def _places(leaf: str, pair: Emphasis) -> Iterator[int]:
    """The inner ends of the runs that are mended, and of the runs right inside of those."""
    begin, end = pair.opens + pair.length, pair.closes
    if pair.mends_opener and leaf[begin] not in (_star(leaf[pair.opens]), "_"):
        yield begin
        if runs := _RUNS.match(leaf, begin):
            yield runs.end()
    if pair.mends_closer and leaf[end - 1] not in (_star(leaf[end]), "_"):
        yield end
        run = leaf[max(end - LONGEST_RUN, 0) : end]
        bare = run.rstrip("*~")
        if bare and bare != run:
            yield end - len(run) + len(bare)


def _star(char: str) -> str:
    return "*" if char == "_" else char


def _starred(leaf: str, pairs: Iterable[Emphasis]) -> str:
    runs = [
        (at, pair.length) for pair in pairs for at in (pair.opens, pair.closes) if leaf[at] == "_"
    ]
    parts: list[str] = []
    end = 0
    for at, length in sorted(runs):
        parts += leaf[end:at], "*" * length
        end = at + length
    return "".join((*parts, leaf[end:]))
