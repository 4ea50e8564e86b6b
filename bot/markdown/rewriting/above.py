"""What has come out of a text that is rewritten, as far as it matters for what comes next."""

from __future__ import annotations

import re

from bot.markdown.characters import with_newlines
from bot.markdown.containers import CODE, DEEP, START
from bot.markdown.leaves import reader_at, reader_behind

LONGEST_LINE = 250
"""Of a line that is not ended, no more is kept to look at, in characters."""

_PLAIN = re.compile(r"[^\s>+*\-0-9]")
"""What begins a line that, below a blank one, ends all lists and quotations."""

_BEGINS_DEEP = frozenset(" \t>")
_DEEP = re.compile(r"(?:[ ]{0,3}>[ ]?)*+(?:[ ]{4}|[ ]{0,3}\t)")


class Above:
    """What has come out, as far as it matters for what comes next."""

    def __init__(self) -> None:
        self.line = ""
        """The beginning of the line that is not ended, and its last character."""
        self._ended = ""
        """The line above, and perhaps more above that."""
        self._parts: list[str] = []
        self._unread: list[str] = []
        self._reader = reader_at(START)
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
                self._unread, self._reader = [rest], reader_at(START)
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
        reader, line = self._reader, with_newlines(line)
        if end := unread.rfind("\n") + 1:
            reader = self._reader = reader_behind(reader, with_newlines(unread[:end]))
            self._unread = [unread[end:]]
        kind, behind = reader.known.get(line) or reader.read(line)
        self._may_be_code = reader.place.fence is not None or fence
        self.verdict = behind.place.fence is not None or kind is CODE or kind is DEEP
        return self.verdict
