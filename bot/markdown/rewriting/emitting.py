"""A text that comes in pieces, and what is let out of it, as it stands or otherwise. What came out
last tells whether what follows is code; what cannot be told yet is held back."""

from __future__ import annotations

import re
from bisect import bisect_right

from bot.markdown.characters import with_newlines
from bot.markdown.leaves import CODE, DEEP, START, read, read_all
from bot.markdown.rewriting.tokens import LONGEST_LINE, Ticks

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


_LEAD = re.compile(r"[ \t>]*+(?:(?:[-*+]|\d{1,9}[.)])[ \t>]++)*+")


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
