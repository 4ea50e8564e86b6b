"""A text that is rewritten as its pieces come: what matters in what is held of it, which is lines
that begin something, and within lines code, formulas and addresses; and what has come out of it,
as it stands or otherwise. What came out last tells whether what follows is code."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import deque
from typing import NamedTuple

from bot.characters import with_newlines
from bot.markdown.leaves import CODE, DEEP, START, read, read_all
from bot.markdown.rewriting.formulas import BEGUN, BEHIND_OPENING

_NOTE = re.compile(r"[ ]{0,3}\[\^[^\]\s]{1,60}\]:")
_PUNCTUATION = r"(?![(\[])[!-/:-@\[-`{-~]"
_SPAN = r"(?!`)[^`\n]*+`(?!`)[^\\$`h\]\n]*+"
_TOKEN = re.compile(
    rf"[\\$`h\]](?:(?P<formula>{BEHIND_OPENING})"
    rf"|(?P<escape>(?<=\\){_PUNCTUATION}(?:\\{_PUNCTUATION})*+)"
    rf"|(?P<span>(?<=`){_SPAN}(?:`{_SPAN})*+)|(?P<ticks>(?<=`)`*+)"
    r"|(?P<word>(?:(?<=h)(?<![A-Za-z0-9]h)ttps?://|(?<=\])\()[^\s`]*+))"
)
"""What matters within a line. It begins with one of few characters: that is searched for fast."""

_LINE = re.compile(r"\n(?:[ \t]*+\n)++|\n(?=[ \t>]*+[|:\-\[])")
"""Blank lines, and what a line ends with above one that may matter."""

LONGEST_LINE = 250
"""Of a line that is not ended, no more is kept to look at, in characters."""

_RULE = re.compile(
    r"[ \t>]*+(?!-[ \t])\|?[ \t]*+:?-++:?[ \t]*+(?:\|[ \t]*+:?-++:?[ \t]*+)*+\|?[ \t]*+\r?$",
    re.MULTILINE,
)
"""The line below the head of a table; a bar has to be in it."""

_BEGUN_RULE = re.compile(r"[|:\- \t>\r]*\Z")
_LONGEST_RULE = 4_000
"""A longer line is no rule: so much is waited for at most."""
LONGEST_HEAD = 1_000
"""So much of the head of a table is waited for, from its first bar on, in characters."""

FIRST_BAR = re.compile(r"(?:\\.|[^\\|])*+\|", re.DOTALL)
SPACED_BAR = re.compile(r"^[ \t>]*+\||(?<=[ \t])\||\|(?=[ \t\r\n]|\Z)", re.MULTILINE)

_BEGUN = re.compile(
    rf"(?:{BEGUN}|(?<!`)`{{1,60}}|(?<![A-Za-z0-9])h(?:t(?:t(?:ps?(?::/?)?)?)?)?"
    r"|^[ ]{1,3}|^[ ]{0,3}\[(?:\^[^\]\s]{0,60}\]?)?)\Z",
    re.MULTILINE,
)
LONGEST_BEGUN = 80

_LONGEST_CODE = 2_000
"""So far is code within a line followed before a formula in it is taken for one."""

_STOP = re.compile(r"\n(?:[ \t]*+\n|[ \t>]*+(?:```|~~~))")
"""What ends a paragraph, and with it code that nothing has closed."""

_TICKS = re.compile("``*+")  # searched for faster than one or more

SHORTEST_FENCE = 3

_PLAIN = re.compile(r"[^\s>+*\-0-9]")
"""What begins a line that, below a blank one, ends all lists and quotations."""

_BEGINS_DEEP = frozenset(" \t>")
_DEEP = re.compile(r"(?:[ ]{0,3}>[ ]?)*+(?:[ ]{4}|[ ]{0,3}\t)")
_LEAD = re.compile(r"[ \t>]*+(?:(?:[-*+]|\d{1,9}[.)])[ \t>]++)*+")


class Token(NamedTuple):
    """What matters at a place in a text: of a `kind`, and its text but for `gap` and `note`."""

    kind: str
    start: int
    end: int
    text: str = ""


_new = tuple.__new__
"""Makes a `Token` at once: there may be thousands in a text."""


class Tokens:
    """What matters in `text` from `at` on, where a line begins or not; blank lines where there are
    to be `gaps`. Asked for once for each place, from the front to the back."""

    def __init__(self, text: str, at: int, *, begins_line: bool, gaps: bool = False) -> None:
        self._text = text
        self._lines: deque[Token] = deque()
        self._inline: Token | None = None
        """What matters next within a line, if it was `searched` for."""
        self._searched = False
        if begins_line and (line := self._line_at(at)):
            self._lines.append(line)
        for newlines in _LINE.finditer(text, at):
            start, end = newlines.span()
            if gaps and end - start > 1:
                self._lines.append(_new(Token, ("gap", start, end - 1, "")))
            if line := self._line_at(end):
                self._lines.append(line)

    def begin_line(self, at: int) -> None:
        """Take it that a line begins at `at`, above all that was not asked for yet."""
        if line := self._line_at(at):
            self._lines.appendleft(line)

    def next(self, at: int, run: str = "", *, ticks: bool = True) -> Token | None:
        """What matters next, from `at` on, where `run` may have opened code: no escapes where there
        is none, and no short `ticks` above the next line that matters which do not close it."""
        lines, inline = self._lines, self._inline
        while lines and lines[0].start < at:
            lines.popleft()
        if not self._searched or (inline and inline.start < at):
            upto = (lines[0].start if lines else len(self._text)) if run and ticks else 0
            found = _TOKEN.search(self._text, at)
            while found and _is_nothing(found, run, upto):
                found = _TOKEN.search(self._text, found.end())
            inline = None
            if found and found.lastgroup:
                inline = _new(Token, (found.lastgroup, *found.span(), found[0]))
            self._inline, self._searched = inline, True
        line = lines[0] if lines else None
        return line if inline is None or (line and line.start <= inline.start) else inline

    def _line_at(self, start: int) -> Token | None:
        """What the line matters that begins at `start`, if it does."""
        if (rule := rule_at(self._text, start)) and "|" in rule[0]:
            return _new(Token, ("rule", start, rule.end(), rule[0]))
        note = _NOTE.match(self._text, start)
        return _new(Token, ("note", start, note.end(), "")) if note else None


def _is_nothing(found: re.Match[str], run: str, upto: int) -> bool:
    """Whether what was `found` does not matter where `run` may have opened code: an escape where it
    has not, and above `upto` ticks that neither close it nor may make a fence."""
    if found.lastgroup == "escape":
        return not run
    if found.lastgroup != "ticks" or found.end() >= upto:
        return False
    return found[0] != run and len(found[0]) < SHORTEST_FENCE


class Ticks:
    """What opens code, as far as a text was read, of which not all has come out."""

    __slots__ = ("_ahead", "_out", "run", "stray")

    def __init__(self) -> None:
        self.run = ""
        """A run that may have opened code."""
        self.stray = 0
        """How long the longest run is in this paragraph that opens nothing."""
        self._out = "", 0
        """What both are where the text ends that has come out."""
        self._ahead: deque[tuple[int, str, int]] = deque()
        """What both are behind places further down."""

    def read_again(self) -> None:
        """Read on from what has come out."""
        self.run, self.stray = self._out
        self._ahead.clear()

    def pass_to(self, end: int) -> None:
        """What was read up to `end` has come out."""
        ahead = self._ahead
        while ahead and ahead[0][0] <= end:
            _, run, stray = ahead.popleft()
            self._out = run, stray

    def change(self, at: int, run: str = "", stray: int = 0) -> None:
        """Behind `at` both are another."""
        self.run, self.stray = run, stray
        self._ahead.append((at, run, stray))

    def leave(self, at: int) -> None:
        """Nothing is open behind `at`."""
        if self.run or self.stray:
            self.change(at)

    def begin_paragraph(self) -> None:
        """Nothing is open where the text ends that has come out."""
        self._out = "", 0
        if not self._ahead:
            self.run, self.stray = "", 0

    def read(self, token: Token, size: int, *, whole: bool) -> int:
        """Where to go on behind `token`, which opens or closes code or is all of that: the text
        held is of that `size`, and more may come unless it is `whole`."""
        _, start, end, text = token
        if token.kind == "span" and not self.run:
            last = text.rfind("`", 0, text.rfind("`"))
            told = whole or end < size
            if told or last:
                return end if told else start + last
        ticks = "`" if token.kind == "span" else text
        end = start + len(ticks)
        if self.run in ("", ticks):
            self.change(end, "" if self.run else ticks, self.stray)
        return end

    def end_of_code(self, held: str, start: int, *, whole: bool) -> int | None:
        """Where the code ends that was opened above `start`; 0: it was none. None: it cannot be
        told yet."""
        stop = _STOP.search(held, start, start + _LONGEST_CODE)
        end = stop.start() if stop else start + _LONGEST_CODE
        runs = _TICKS.finditer(held, start, end)
        told = len(held) + whole
        closing = next((r.end() for r in runs if r[0] == self.run and r.end() < told), 0)
        if not closing and not (stop or whole or len(held) >= end):
            return None
        stray = max(self.stray, 0 if closing else len(self.run))
        self.change(closing or start, "", stray)
        return closing


def rule_at(text: str, at: int) -> re.Match[str] | None:
    """The rule that is the line of `text` from `at` on; a bar is still to be found in it."""
    rule = _RULE.match(text, at, at + _LONGEST_RULE)
    return rule if rule and rule.end() - at < _LONGEST_RULE else None


def may_begin_rule(text: str, at: int) -> bool:
    """Whether what begins in `text` at `at` is a rule, or becomes one when more comes."""
    return len(text) - at <= _LONGEST_RULE and _BEGUN_RULE.match(text, at) is not None


def may_become_head(lines: str, most: int) -> bool:
    """Whether the end of `lines` may become the head of a table that is written otherwise from its
    first bar on, which is one of the last `most` characters."""
    if "|" not in lines:
        return False
    bar, first, near = SPACED_BAR.search(lines), FIRST_BAR.match(lines), len(lines) - most
    return bar is not None and bar.start() >= near and not (first and first.end() <= near)


def told(held: str, at: int, end: int, begins: int, *, in_line: bool) -> int:
    """`end`, or the place above in what is `held`, from `at` on, from where on a table, a formula
    or a footnote may have begun. A line begins at `begins`; `in_line`: that at `at` began above."""
    ends_line = held[end - 1 : end] == "\n"
    if ends_line and end < len(held) - LONGEST_BEGUN and held.find("\n", end) >= 0:
        return end
    begun = _BEGUN.search(held[begins:], max(at, len(held) - LONGEST_BEGUN) - begins)
    if begun:
        start = begins + begun.start()
        before = held[at:start]
        escapes = len(before) - len(before.rstrip("\\"))
        end = min(end, start - escapes % 2)
    line = held.rfind("\n", at) + 1 or at
    if may_begin_rule(held, line) and (line > at or not in_line):
        end = min(end, line)
        line = held.rfind("\n", at, line - 1) + 1 or at
    if may_become_head(held[line:], LONGEST_HEAD + LONGEST_BEGUN):
        end = min(end, line)
    return end


class Above:
    """What has come out, as far as it matters for what comes next."""

    def __init__(self) -> None:
        self.line = ""
        """The beginning of the line that is not ended, and its last character."""
        self._ended = ""
        """The line above, and perhaps more above that."""
        self._parts: list[str] = []
        self._unread: list[str] = []
        self._place = START
        """What is open where that begins which was not read."""
        self._may_be_code = False
        self.verdict: bool | None = None
        """Whether the line that is not ended is code, once it was read."""

    @property
    def last(self) -> str:
        """The line above."""
        return self._ended.rpartition("\n")[2]

    @property
    def blank(self) -> bool:
        """Whether the line above is blank, or there is none."""
        return not self.last.strip(" \t\r>")

    def add(self, text: str) -> None:
        """`text` has come out."""
        self._unread.append(text)
        if not self._may_be_code and ("`" in text or "~" in text):
            beside = self.line[-2:] + text
            self._may_be_code = "```" in beside or "~~~" in beside
        ended, newline, rest = text.rpartition("\n")
        if newline:
            self._ended = ended if "\n" in ended else "".join((*self._parts, ended))
            self._parts = [rest]
            self.verdict = None
            self.line = rest
            if rest and not self._may_be_code and self.blank and _PLAIN.match(rest):
                self._unread, self._place = [rest], START
        else:
            self._parts.append(rest)
            self.line += rest
        if len(self.line) > LONGEST_LINE:
            self.line = self.line[:LONGEST_LINE] + self.line[-1]

    def is_code(self, line: str) -> bool:
        """Whether `line`, or what began it, stands in a block of code."""
        if self.verdict is not None:
            return self.verdict
        fence = "```" in line or "~~~" in line
        deep = line[:1] in _BEGINS_DEEP and _DEEP.match(line)
        if not (self._may_be_code or fence or deep):
            return False
        unread = self._unread[0] if len(self._unread) == 1 else "".join(self._unread)
        if end := unread.rfind("\n") + 1:
            self._place = read_all(self._place, with_newlines(unread[:end]))
            self._unread = [unread[end:]]
        kind, behind = read(self._place, with_newlines(line))
        self._may_be_code = self._place.fence is not None or fence
        self.verdict = behind.fence is not None or kind is CODE or kind is DEEP
        return self.verdict


class Emitting:
    """What is held of one text, and what has come out of it by now."""

    def __init__(self) -> None:
        self._held = ""
        self._at = 0
        """What stands before this in what is held has come out."""
        self._out: list[str] = []
        self._come = self._grown = 0
        """How many characters came before what is held, and how many more have come out."""
        self._marks: list[tuple[int, int]] = [(0, 0)]
        """Where what has come out stands for something else: there, and in the text."""
        self._above = Above()
        self._code = Ticks()
        self._dedented = False
        """The line that comes out has lost what it was indented."""
        self._blank = True
        """Nothing has come out but space."""

    @property
    def held(self) -> str:
        """What has come and has not come out."""
        return self._held

    def given(self, shown: int) -> int:
        """How many characters of the text the first `shown` of those stand for that came out."""
        number = bisect_right(self._marks, (shown, 1 << 62))
        begin, source = self._marks[number - 1]
        most = self._marks[number][1] if number < len(self._marks) else self._come
        return min(source + shown - begin, most)

    def _pass(self, end: int) -> None:
        """Let what is held up to `end` come out."""
        text = self._held[self._at : end]
        self._at = end
        self._code.pass_to(end)
        if text:
            self._came_out(text, text)

    def _replace(self, end: int, shown: str) -> None:
        """Let what is `shown` come out in place of what is held up to `end`."""
        source = self._held[self._at : end]
        self._at = end
        self._code.pass_to(end)
        if shown != source:
            self._grown += len(shown) - len(source)
            self._marks.append((self._come + end + self._grown, self._come + end))
        self._came_out(source, shown)

    def _came_out(self, source: str, shown: str) -> None:
        if shown:
            self._out.append(shown)
            self._above.add(shown)
            self._blank = self._blank and shown.isspace()
        if self._dedented and "\n" in source:
            self._dedented = False

    def _is_alone(self, start: int) -> bool:
        """Whether nothing is shown above `start`."""
        return self._blank and not self._held[self._at : start].strip()

    def _before(self, at: int) -> str:
        """The beginning of the line that goes on at `at`, and what stands right in front of
        that."""
        line = self._above.line + self._held[self._at : min(at, self._at + LONGEST_LINE + 1)]
        if len(line) <= LONGEST_LINE:
            return line
        return line[:LONGEST_LINE] + (self._held[at - 1] if at > self._at else line[-1])

    def _begins_line(self, at: int, line: int) -> bool:
        """Whether what stands at `at` is the first in the line that begins at `line`; 0: above."""
        if at - (line or self._at) > LONGEST_LINE:
            return False
        lead = self._held[line:at] if line else self._before(at)
        return not lead or _LEAD.fullmatch(lead) is not None
