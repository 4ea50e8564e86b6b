"""Code within the lines of a paragraph, of a text that grows: what may have opened it, and where it
ends."""

from __future__ import annotations

import re
from collections import deque

from bot.markdown.rewriting.tokens import Token

_LONGEST_CODE = 2_000
"""So far is code within a line followed before a formula in it is taken for one."""

_STOP = re.compile(r"\n(?:[ \t]*+\n|[ \t>]*+(?:```|~~~))")
"""What ends a paragraph, and with it code that nothing has closed."""

_TICKS = re.compile("``*+")  # searched for faster than one or more


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
