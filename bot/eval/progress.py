"""How far an eval is, in the terminal."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TextIO

from bot.eval.asking import Question, is_done
from bot.eval.record import Record
from bot.words.sentences import cost
from bot.words.terminal import eval as words

_BAR_CELLS = 20
_EVERY_SECONDS = 0.1
"""How often a line changes."""

_LINES = 20
"""Of progress, where nobody sees one line change."""


class Progress:
    """One line that changes, or some lines where nobody would see that."""

    def __init__(
        self, record: Record, budget: float, questions: Sequence[Question], err: TextIO
    ) -> None:
        """`budget` in US dollars."""
        self._record = record
        self._budget = budget
        self._keys = {question.key for question in questions}
        self._done = sum(is_done(record.results.get(key)) for key in self._keys)
        self._err = err
        self._changes = err.isatty()
        self._shown = -1
        self._again_at = 0.0

    def show(self) -> None:
        """One more is done."""
        self._done = min(len(self._keys), self._done + 1)
        step = self._done * _LINES // max(1, len(self._keys))
        now, last = time.monotonic(), self._done == len(self._keys)
        early = now < self._again_at if self._changes else step == self._shown
        if early and not last:
            return
        self._shown, self._again_at = step, now + _EVERY_SECONDS
        cells = self._done * _BAR_CELLS // max(1, len(self._keys))
        bar = f"[{'#' * cells}{'-' * (_BAR_CELLS - cells)}]"
        failed = sum(bool(self._result_failed(key)) for key in self._keys)
        spent = cost(self._record.settled / 1_000_000)
        line = words.PROGRESS(
            bar=bar,
            done=self._done,
            total=len(self._keys),
            spent=spent,
            budget=f"${self._budget:.2f}",
            failed=failed,
        )
        text, end = (f"\r\x1b[K{line}", "") if self._changes else (line, "\n")
        print(text, end=end, file=self._err, flush=True)

    def say(self, line: str) -> None:
        """Something else, below what stands there."""
        self.end()
        print(line, file=self._err, flush=True)

    def end(self) -> None:
        """The line stays as it is."""
        if self._changes and self._shown >= 0:
            print(file=self._err)
        self._shown = -1

    def _result_failed(self, key: str) -> str:
        found = self._record.results.get(key)
        return found.failed if found else ""
