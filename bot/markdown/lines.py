"""What one line of markdown is, and what it makes of the message that it is added to.

That depends on the line, on what is open above it, a code fence or a table, and on little of the
line above: so it is told once for each, and remembered of short lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar, NamedTuple

from bot.characters import weigh

LONGEST_FENCE = 64
"""A longer fence, or a deeper one, is text like any other."""

_SPACE = r"(?:[ \t]|\r(?!\n))"
"""A carriage return alone is shown as a space (`safety.printable`)."""
LIST_MARKER = rf"(?:(?:[-*+]|\d{{1,9}}[.)])(?={_SPACE}))"
_FENCE = re.compile(
    rf"((?:[ \t\r]*(?:{LIST_MARKER}|>))*[ \t\r]*)"
    r"(`{3,}(?=[^`\n]*$)|~{3,})[ \t\r]*([^\s`]*).*$",
    re.MULTILINE,
)
_LANGUAGE = re.compile(r"[A-Za-z0-9+#./_-]{1,64}")
_MARKER = re.compile(LIST_MARKER)
_HEADING = re.compile(r"#{1,6}(?:\s.*)?|=+|-+")
_DIVIDER = re.compile(r"(?:-[ \t\r]*){3,}|(?:\*[ \t\r]*){3,}|(?:_[ \t\r]*){3,}")
_HEADING_MARKS, _DIVIDER_MARKS = frozenset("#=-"), frozenset("-*_")
_TABLE_RULE = re.compile(r"\|?[ \t\r]*:?-+:?[ \t\r]*(?:\|[ \t\r]*:?-+:?[ \t\r]*)*\|?")
_BEGUN_RULE = re.compile(r"[|:\- \t\r]*")
_BEGINS_BLOCK = re.compile(rf"[ \t\r]*(?:{LIST_MARKER}|#{{1,6}}{_SPACE})")
_MOST_KEPT = 64
"""Lines of which is remembered what they are: each is asked about several times in a row, and many
are alike."""

HEADING_CHARS = 100
"""What a heading counts on top of its text (measured live, see `slack_limits`)."""

NOWHERE, ABOVE, BELOW = range(3)
"""Where a message may end beside a line, as far as that line goes."""

LONGEST_KEPT = 32
_MOST_BARS = 8
"""Longer lines, and those of more bars, which may begin a wide table, are not remembered."""

_MOST_PLACES, _MOST_STEPS = 256, 4_096
"""At so many places is remembered what so many lines do in all."""


@dataclass(frozen=True, slots=True)
class Fence:
    """An open code block; `indent` is what its lines begin with."""

    indent: str
    marker: str
    language: str
    plain: bool = True
    """Whether every reader takes it for a fence: neither quoted, nor in a list, nor deep."""
    of_table: bool = False
    """Put around a table by us, since it is too wide for one of Slack's."""
    quoted: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "quoted", ">" in self.indent)

    @property
    def opening(self) -> str:
        return f"{self.indent}{self.marker}{self.language}\n"

    def closes(self, line: str) -> bool:
        """Whether `line` closes the block."""
        if self.marker not in line:
            return False
        return not self._bare(line).strip(self.marker[0])

    def may_close(self, line: str) -> bool:
        """Whether an unfinished `line` may become one that `closes`."""
        return not self._bare(line).strip(self.marker[0])

    def seems_closed(self, line: str) -> bool:
        """Whether some reader may take `line` for one that `closes`."""
        bare = line.strip()
        return len(bare) >= len(self.marker) and not bare.strip(self.marker[0])

    def leaves(self, line: str) -> bool:
        """Whether `line` is outside the table or the quotation that the code stands in."""
        if self.of_table:
            return line.lstrip()[:1] not in ("", "|")
        return self.quoted and not traits_of(line).quoted

    def _bare(self, line: str) -> str:
        return bare_of(line) if self.quoted else line.strip(" \t\r\n")


@dataclass(frozen=True, slots=True)
class Table:
    """An open table; `head` is its first two lines."""

    head: str


WIDE_TABLE = Fence("", "```", "", of_table=True)

Context = Fence | Table | None


@lru_cache(maxsize=_MOST_KEPT)
def opened_fence(line: str) -> Fence | None:
    """The fence that `line` opens."""
    match = _FENCE.match(line)
    if match is None:
        return None
    prefix, marker, language = match.groups()
    if len(marker) > LONGEST_FENCE or len(prefix) > LONGEST_FENCE:
        return None
    indent = _MARKER.sub(lambda found: " " * len(found.group()), prefix)
    plain = len(prefix) <= 3 and not prefix.strip(" ")
    return Fence(indent, marker, language if _LANGUAGE.fullmatch(language) else "", plain)


class Traits(NamedTuple):
    """What a line is by itself: what it weighs, whether it is quoted, whether Slack may show it, or
    the one above, as a heading, or it as a divider, what fence it opens, whether some reader may
    take it for one, whether inline markup cannot go on behind it, and whether it may be the rule of
    a table."""

    weight: int
    quoted: bool
    heading: bool
    divider: bool
    fence: Fence | None
    may_be_fence: bool
    ends_paragraph: bool
    blank: bool
    bar: bool
    rule: bool


_new = tuple.__new__
"""Makes `Traits` or an `Effect` at once: there may be thousands in a text."""


@lru_cache(maxsize=_MOST_KEPT)
def traits_of(line: str) -> Traits:
    """What `line` is by itself."""
    bare = line.strip()
    heading = bare[:1] in _HEADING_MARKS and _HEADING.fullmatch(bare) is not None
    divider = bare[:1] in _DIVIDER_MARKS and _DIVIDER.fullmatch(bare) is not None
    ticks, bar = "```" in line or "~~~" in line, "|" in line
    traits = (
        weigh(line),
        ">" in line and is_quoted(line),
        heading,
        divider,
        opened_fence(line) if ticks else None,
        ticks and bare.startswith(("```", "~~~")),
        heading or divider or not line.strip(" \t\r\n>"),
        not bare,
        bar,
        bar and _TABLE_RULE.fullmatch(bare) is not None,
    )
    return _new(Traits, traits)


def starts_table(line: str, following: str) -> bool:
    """Whether the two are the head of a table."""
    return "|" in line and "|" in following and bool(_TABLE_RULE.fullmatch(following.strip()))


def begins_text(line: str) -> bool:
    """Whether `line` is text that a line below it may make a heading."""
    text = bool(line.strip()) and not _BEGINS_BLOCK.match(line) and "|" not in line
    return text and not traits_of(line).divider


@lru_cache(maxsize=_MOST_KEPT)
def begins_paragraph(line: str, last: str) -> bool:
    """Whether inline markup cannot go on from `last`, the line above, into `line`: an item of a
    list, a heading, the first line of a quotation."""
    return bool(_BEGINS_BLOCK.match(line)) or (is_quoted(line) and not is_quoted(last))


def may_be_rule(line: str) -> bool:
    """Whether an unfinished `line` may become the rule below the head of a table."""
    return _BEGUN_RULE.fullmatch(line) is not None


def is_quoted(line: str) -> bool:
    """Whether `line` begins with the mark of a quotation."""
    return line.lstrip(" \t\r")[:1] == ">"


def bare_of(line: str) -> str:
    return line.strip(" \t\r\n>" if is_quoted(line) else " \t\r\n")


class Effect(NamedTuple):
    """What a line does."""

    weight: int
    """Counted characters of the line."""
    chars: int
    """Those that it counts on top of them."""
    blocks: int
    begins: bool
    """Inline markup cannot go on from above into it."""
    ends: bool
    """Nor from it into what is below."""
    goes_on: bool
    """The same is open below as above."""
    context: Context
    """What is open below; of a table that goes on only that there is one."""
    row: bool
    """It stands in a table, as one of its rows unless a fence begins there."""
    gap: int
    """Where there is a gap: `ABOVE` it or `BELOW` it, between two blocks."""
    line: int
    """Where the message may end, be it between two blocks or not."""
    behind: Standing
    """Where the line below stands."""


_Plain = tuple[bool, bool, bool, bool, bool]
"""Of a line whether it is quoted, ends paragraphs, is blank, holds a bar and begins a paragraph."""


class Standing:
    """Where a line stands: what is `context` above it, of a table only that there is one, whether
    the code there is `doubtful`, and of the line above whether it is quoted and holds a bar."""

    __slots__ = ("_alike", "_bar", "_context", "_quoted", "_within", "doubtful", "known")

    kept: ClassVar = 0
    """Lines that are remembered, of all places."""

    def __init__(
        self, context: Context, *, doubtful: bool, quoted: bool, bar: bool, within: bool = False
    ) -> None:
        """`within`: a line of code goes on here."""
        self._context = context
        self.doubtful = doubtful
        self._quoted = quoted
        self._bar = bar
        self._within = within
        self.known: dict[str, Effect] = {}
        """What `effect` finds for some lines, by what they are without their ends."""
        self._alike: dict[_Plain, Effect] = {}
        """What any line does that is text, by what it is."""

    def effect(self, line: str, last: str) -> Effect:
        """What `line`, a whole one, does below the line `last`."""
        return self.known.get(line[:-1]) or self._effect(line, last)

    def below(self, last: str) -> Standing:
        """Where the same is open, below the line `last`."""
        quoted, bar = is_quoted(last), "|" in last
        return _standing(self._context, doubtful=self.doubtful, quoted=quoted, bar=bar)

    def _effect(self, line: str, last: str) -> Effect:
        traits = traits_of(line)
        if (plain := self._as_plain(line, last, traits)) is None:
            return self._read(line, last, traits)
        if alike := self._alike.get(plain):
            effect = _new(Effect, (traits.weight, *alike[1:]))
            self._remember(line, effect)
        else:
            effect = self._alike[plain] = self._read(line, last, traits)
        return effect

    def _as_plain(self, line: str, last: str, traits: Traits) -> _Plain | None:
        """What `line` is, where what it does depends on nothing else but its weight; None: it does
        not."""
        _, quoted, heading, divider, fence, may_be_fence, ends, blank, bar, rule = traits
        before = self._context
        if heading or divider or fence or may_be_fence or rule or self._within:
            return None
        if before is None:
            return quoted, ends, blank, bar, begins_paragraph(line, last)
        if before is WIDE_TABLE or (isinstance(before, Fence) and before.marker in line):
            return None
        return quoted, ends, blank, bar, True

    def forget(self) -> None:
        """Remember nothing."""
        self.known.clear()
        self._alike.clear()

    def _read(self, line: str, last: str, traits: Traits) -> Effect:
        before = self._context
        fence = before if isinstance(before, Fence) else None
        inside = fence is not None and (self._within or not fence.leaves(line))
        heads = traits.rule and self._bar and not isinstance(before, Table)
        chars = blocks = 0
        if fence is None or self.doubtful:
            chars, blocks = (HEADING_CHARS, 2) if traits.heading else (0, 0)
            blocks = 2 if traits.divider or heads else blocks
        context = _context_after(before, line, traits, last if heads else "", inside=inside)
        doubtful = self.doubtful or _makes_doubtful(before, context, line, traits)
        goes_on = context is before
        gap, noted = _ends(before, context, line, traits, goes_on=goes_on)
        begins = before is not None or begins_paragraph(line, last)
        ends = inside or traits.ends_paragraph or context is not None
        row = isinstance(before, Table) and traits.bar
        behind = _standing(context, doubtful=doubtful, quoted=traits.quoted, bar=traits.bar)
        found = (traits.weight, chars, blocks, begins, ends, goes_on, context, row, gap, noted)
        effect = _new(Effect, (*found, behind))
        if not (heads or self._within):
            self._remember(line, effect)
        return effect

    def _remember(self, line: str, effect: Effect) -> None:
        if len(line) > LONGEST_KEPT or line.count("|") > _MOST_BARS or self._context is WIDE_TABLE:
            return
        if Standing.kept == _MOST_STEPS:
            _forget()
        Standing.kept += 1
        self.known[line[:-1]] = effect


_ANY_TABLE = Table("")
_STANDINGS: dict[tuple[Context, bool, bool, bool], Standing] = {}


def standing_at(context: Context, *, within: bool) -> Standing:
    """Where the first line of a message stands that begins inside `context`; `within` a line."""
    doubtful = is_doubtful(context)
    if within:
        return Standing(context, doubtful=doubtful, quoted=False, bar=False, within=True)
    return _standing(context, doubtful=doubtful, quoted=False, bar=False)


def is_doubtful(context: Context) -> bool:
    """Whether not every reader sees the same code here, so that headings may be seen in it."""
    return isinstance(context, Fence) and not context.plain


def _standing(context: Context, *, doubtful: bool, quoted: bool, bar: bool) -> Standing:
    context = _ANY_TABLE if isinstance(context, Table) else context
    key = context, doubtful, quoted, bar
    if known := _STANDINGS.get(key):
        return known
    if len(_STANDINGS) == _MOST_PLACES:
        _forget()
    standing = Standing(context, doubtful=doubtful, quoted=quoted, bar=bar)
    return _STANDINGS.setdefault(key, standing)


def _forget() -> None:
    for each in _STANDINGS.values():
        each.forget()
    _STANDINGS.clear()
    Standing.kept = 0


def _context_after(
    before: Context, line: str, traits: Traits, head: str, *, inside: bool
) -> Context:
    """What is open behind `line`, which is `inside` of a block of code or not; the `head` of a
    table stands above it if it is the rule below that."""
    if isinstance(before, Fence) and inside:
        return None if before.closes(line) else before
    if traits.fence or not traits.bar:
        return traits.fence
    if isinstance(before, Table):
        return before
    return Table(head + line) if head else None


def _makes_doubtful(before: Context, context: Context, line: str, traits: Traits) -> bool:
    """Whether not every reader sees the code that we see, now that `line` was added."""
    if not (traits.may_be_fence or traits.fence):
        return False
    if is_doubtful(context):
        return True
    if not traits.may_be_fence:
        return False
    code = before if isinstance(before, Fence) else None
    passed_over = context is before and (code is None or code.seems_closed(line))
    return passed_over or line.expandtabs(4)[:4].isspace()


def _ends(
    before: Context, context: Context, line: str, traits: Traits, *, goes_on: bool
) -> tuple[int, int]:
    """Where there is a gap beside `line`, and where the message may end there: rather above a line
    that leads on to those below it."""
    opens = isinstance(context, Fence) and not goes_on
    leads = opens or (before is None and traits.heading and line.lstrip().startswith("#"))
    gap = NOWHERE
    if context is None and traits.blank:
        gap = BELOW
    elif before is None and leads:
        gap = ABOVE
    if isinstance(context, Table) and not goes_on:
        return gap, NOWHERE
    return gap, ABOVE if leads or (context is None and traits.bar) else BELOW
