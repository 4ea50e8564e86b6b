"""What matters in a text that is rewritten: lines that begin something, and within lines code,
formulas and addresses."""

from __future__ import annotations

import re
from collections import deque
from typing import NamedTuple

from bot.markdown.rewriting.formulas import BEHIND_OPENING
from bot.markdown.rewriting.rows import rule_at

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


_SHORTEST_FENCE = 3


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
    return found[0] != run and len(found[0]) < _SHORTEST_FENCE
