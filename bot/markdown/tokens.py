"""What matters in a text that is rewritten: lines that begin something, and within lines code,
formulas and addresses."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from bot.markdown.formulas import BEHIND_OPENING
from bot.markdown.rows import rule_at

_NOTE = re.compile(r"[ ]{0,3}\[\^[^\]\s]{1,60}\]:")
_PUNCTUATION = r"(?![(\[])[!-/:-@\[-`{-~]"
_SPAN = r"(?!`)[^`\n]*+`(?!`)[^\\$`h\]\n]*+"
_NO_FORMULA = (
    rf"(?P<escape>(?<=\\){_PUNCTUATION}(?:\\{_PUNCTUATION})*+)"
    rf"|(?P<span>(?<=`){_SPAN}(?:`{_SPAN})*+)|(?P<ticks>(?<=`)`*+)"
    r"|(?P<word>(?:(?<=h)(?<![A-Za-z0-9]h)ttps?://|(?<=\])\()[^\s`]*+)"
)
_WITHOUT_FORMULAS = re.compile(rf"[\\`h\]](?:{_NO_FORMULA})")
_TOKEN = re.compile(rf"[\\$`h\]](?:(?P<formula>{BEHIND_OPENING})|{_NO_FORMULA})")
"""What matters within a line. It begins with one of few characters: that is searched for fast."""

_LINE = re.compile(r"\n(?:[ \t]*+\n)++|\n(?=[ \t>]*+[|:\-\[])")
"""Blank lines, and what a line ends with above one that may matter."""


class Token(NamedTuple):
    """What matters at a place in a text: of a `kind`, and its text but for `gap` and `note`."""

    kind: str
    start: int
    end: int
    text: str = ""


class Tokens:
    """What matters in `text` from `at` on, where a line begins or not; blank lines where there are
    to be `gaps`. Asked for once for each place, from the front to the back."""

    def __init__(self, text: str, at: int, *, begins_line: bool, gaps: bool = False) -> None:
        self._text = text
        self._lines: deque[Token] = deque(self._line_at(at) if begins_line else ())
        self._inline: re.Match[str] | None = None
        """What matters next within a line, if it was `searched` for."""
        self._searched = False
        for newlines in _LINE.finditer(text, at):
            if gaps and len(newlines[0]) > 1:
                self._lines.append(Token("gap", newlines.start(), newlines.end() - 1))
            self._lines += self._line_at(newlines.end())

    def begin_line(self, at: int) -> None:
        """Take it that a line begins at `at`, above all that was not asked for yet."""
        self._lines.extendleft(self._line_at(at))

    def next(self, at: int, behind: int = 0) -> Token | None:
        """What matters next, from `at` on; of formulas those `behind` a place."""
        while self._lines and self._lines[0].start < at:
            self._lines.popleft()
        if not self._searched or (self._inline and self._inline.start() < at):
            self._inline = _TOKEN.search(self._text, at) if at >= behind else self._past(at, behind)
            self._searched = True
        line = self._lines[0] if self._lines else None
        found = self._inline
        if found is None or (line and line.start <= found.start()):
            return line
        return Token(str(found.lastgroup), found.start(), found.end(), found[0])

    def _past(self, at: int, behind: int) -> re.Match[str] | None:
        """What matters next within a line, of formulas those `behind` a place."""
        found = _WITHOUT_FORMULAS.search(self._text, at)
        return found if found and found.start() < behind else _TOKEN.search(self._text, behind)

    def _line_at(self, start: int) -> Iterator[Token]:
        """What the line matters that begins at `start`, if it does."""
        if (rule := rule_at(self._text, start)) and "|" in rule[0]:
            yield Token("rule", start, rule.end(), rule[0])
        elif note := _NOTE.match(self._text, start):
            yield Token("note", start, note.end())
