"""Text from a model, a person or an API, made so that it cannot notify anybody.

An invisible word joiner is put behind the `<` of a Slack mention and behind the `@` of `@here`,
`@channel` and `@everyone`, and into links that hide where they go (`links`). Only these exact
patterns are touched: `<!DOCTYPE html>`, `List<@Nullable T>`, redirections and addresses such as
me@here.com stay as written. Characters written as HTML entities count as what they stand for,
since Slack decodes them in a `markdown` block. Code stays as written to the letter: Slack makes
rich text of such a block, in which nothing is looked for in code (`leaves`, `code_spans`). With
the same joiner emphasis is mended that not every reader would see (`mending`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.characters import printable, with_newlines, with_whole_characters
from bot.markdown.code_spans import NO_CODE, Code, code_in, within
from bot.markdown.inline_markup import mendable_at
from bot.markdown.leaves import (
    CODE,
    DEEP,
    MORE,
    ROWS,
    START,
    TEXT,
    Kind,
    Nesting,
    read,
    reader_at,
)
from bot.markdown.links import links
from bot.markdown.links.links import with_joiners
from bot.markdown.links.targets import LinkReferences
from bot.markdown.mending import MOST_MENDED, mended
from bot.markdown.seen import Seen, decoded

JOINER = links.JOINER
_LONGEST = 160
"""No pattern is longer, every character of it written as an entity."""

_GROUPS = r"(?:channel|here|everyone|group)"
_END = r"[|>&\\]"
_PING = re.compile(
    rf"[<@](?:(?<=<)(?=\\*!\\*{_GROUPS}{_END}|\\*!\\*subteam\\*\^|\\*@[UWB][A-Z0-9]+{_END})"
    r"|(?<=@)(?<![A-Za-z0-9]@)(?=(?:channel|here|everyone)(?!_*[A-Za-z0-9])))",
    re.IGNORECASE,
)
_BEGUN = re.compile(r"[<&@][\\!@^#;&_A-Za-z0-9]*\Z")
_MAY_ACT = r"<\\*[!@]|<[^\s<>]*[@|]|@(?=[cehCEH])|&\#?[A-Za-z0-9]{1,32};"
"""What every mention, every link in angles and every entity holds."""

_ACTING = re.compile(_MAY_ACT)
_ACTING_OR_LINK = re.compile(rf"{_MAY_ACT}|\][(:\[]")
_ONE_CELL = re.compile(r"(?:[ \t>]|(?:[-+*]|\d{1,9}[.)])[ \t])*+\|?(?:[^|\\\n]|\\.)*+\|?[ \t\r]*\n")
"""A row that is one cell, in quotations and items of lists."""

_JOINED_IN_ANGLES = re.compile(f"<[^<>{JOINER}]*+{JOINER}")
"""What was taken apart where it may have been a tag or an address."""

_MOST_READINGS = 4


class Safe(str):
    """Text that was made safe and printable already."""

    __slots__ = ()


class SafeGrowth:
    """Makes one text safe while it grows, each part of it once that no more of it can change."""

    def __init__(self) -> None:
        self._restart()

    def _restart(self) -> None:
        self._done = self._safe = ""
        self._place = START
        self._rows = False
        """The leaf that begins there is right below what may be the head of a table."""
        self._known = LinkReferences()
        self._mends = MOST_MENDED

    def safe(self, text: str) -> Safe:
        """The whole `text`, as `make_safe` makes it."""
        if not text.startswith(self._done):
            self._restart()
        written, text = text, with_whole_characters(text)
        live = _Live(text)
        if live.next(len(self._done)) == len(text):
            return Safe(self._safe + printable(text[len(self._done) :]))
        start, kind, place, rows = self._read(text, live)
        self._done = written[:start]
        end = text.rfind("\n", start) + 1 or start
        last = read(place, with_newlines(text[end:]))[0]
        last = ROWS if rows and last is TEXT else last
        known = LinkReferences(self._known)
        left = self._mends
        if last is MORE:
            return Safe(self._safe + _made(text[start:], kind, known, left)[0])
        above, mends = _made(text[start:end], kind, known, left)
        below, _ = _made(text[end:], last, known, left - mends)
        return Safe(self._safe + above + below)

    def _read(self, text: str, live: _Live) -> tuple[int, Kind, Nesting, bool]:
        """Read the whole lines of `text`. Where the leaf begins that may go on below them, what
        it is, what is open there, and whether some reader sees rows of a table in the next one."""
        made: list[str] = []
        begin = start = end = len(self._done)
        kind, reader = TEXT, reader_at(self._place)
        place, rows, below = self._place, self._rows, self._rows
        changes, lines = live.next(start), with_newlines(text)
        while newline := text.find("\n", end) + 1:
            line = lines[end:newline]
            above = reader
            next_kind, reader = reader.known.get(line) or reader.read(line)
            if next_kind is not MORE:
                if changes < end:
                    if kind is not CODE:
                        leaf, mends = _mended(text[start:end], kind, self._known, self._mends)
                        self._mends -= mends
                        made += printable(text[begin:start]), leaf
                        begin = end
                    changes = live.next(end)
                goes_on = rows and reader.place == (above.place[0], True, *above.place[2:])
                kind = ROWS if goes_on else next_kind
                start, place, below, rows = end, above.place, rows, False
            elif not reader.place.paragraph:
                rows = kind is ROWS or _heads_table(text, end, line)
            end = newline
        self._place, self._rows = place, below
        self._safe += "".join((*made, printable(text[begin:start])))
        return start, kind, reader.place, rows


def make_safe(text: str) -> Safe:
    """`text` as Slack can be given it in a `markdown` block: printable, unable to notify
    anybody, and with links that show where they go. Code is as it was."""
    return SafeGrowth().safe(text)


def neutralise(text: str) -> str:
    """`text` with every notifying pattern broken, wherever it stands; twice is the same as
    once."""
    return with_joiners(text, _pings(text, decoded(text)))


def hold_back(text: str, end: int | None = None) -> int:
    """How many characters at the end of a text still growing, of `text` up to `end`, may begin
    such a pattern.

    What stands before them is neutralised the same whatever follows.
    """
    end = len(text) if end is None else end
    begun = _BEGUN.search(text, max(0, end - _LONGEST), end)
    return end - begun.start() if begun else 0


class _Live:
    """Where there may be something to change in `text`, looked for once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._acting = self._mendable = -1

    def next(self, at: int) -> int:
        """Where that is next, from `at` on, the end of a line; the end of the text where it is
        nowhere. Asked from the front to the back."""
        if self._acting < at:
            found = _ACTING_OR_LINK.search(self._text, at)
            self._acting = found.start() if found else len(self._text)
        if self._mendable < at:
            self._mendable = mendable_at(self._text, at)
        return min(self._acting, self._mendable)


def _heads_table(text: str, at: int, line: str) -> bool:
    """Whether `line`, which underlines a heading and begins in `text` at `at`, is the rule of a
    table of one column to some reader."""
    head = text[text.rfind("\n", 0, at - 1) + 1 : at]
    return "|" in head and "-" in line and _ONE_CELL.fullmatch(head) is not None


def _made(leaf: str, kind: Kind, known: LinkReferences, most: int) -> tuple[str, int]:
    """`leaf` made safe and mended, `most` times at most, and how many times it was mended."""
    if kind is CODE or _Live(leaf).next(0) == len(leaf):
        return printable(leaf), 0
    return _mended(leaf, kind, known, most)


def _mended(leaf: str, kind: Kind, known: LinkReferences, most: int) -> tuple[str, int]:
    """The same of a `leaf` in which there may be something to change. What was taken apart between
    angles may have held code together, so it is read anew."""
    leaf = printable(leaf)
    code, read_in = NO_CODE, ""
    for _ in range(_MOST_READINGS if _ACTING.search(leaf) else 0):
        places = _acting(leaf)
        if places and "`" in leaf:
            code, read_in = _code_in(leaf, kind), leaf
            places = [place for place in places if not within(place - 1, code.certain)]
        if not places:
            break
        leaf = with_joiners(leaf, places)
        if "`" not in leaf or not _JOINED_IN_ANGLES.search(leaf):
            break
    if links.may_hide(leaf):
        code = code if read_in == leaf else _code_in(leaf, kind)
        leaf = with_joiners(leaf, links.hiding_brackets(leaf, code, known))
    return (leaf, 0) if kind is DEEP else mended(leaf, most)


def _code_in(leaf: str, kind: Kind) -> Code:
    code = code_in(leaf, rows=kind is ROWS)
    if kind is not DEEP:
        return code
    return Code((), tuple(sorted((*code.certain, *code.doubtful))))


def _acting(leaf: str) -> Sequence[int]:
    """Where joiners break what would notify somebody or hides where it leads in angles, unless it
    is in code."""
    seen = decoded(leaf) if "&" in leaf else None
    places = _pings(leaf, seen)
    if seen or ("<" in leaf and ("|" in leaf or "@" in leaf)):
        places += links.hiding_angles(leaf, seen=seen)
    return places


def _pings(leaf: str, seen: Seen | None) -> list[int]:
    """Where joiners break what would notify somebody: as it is `seen`, unless that is as it is
    written, and as it is written, where an entity ends the word before it."""
    places = [ping.end() for ping in _PING.finditer(leaf)]
    if seen and seen.text != leaf:
        places += [seen.written(ping.end()) for ping in _PING.finditer(seen.text)]
    return places
