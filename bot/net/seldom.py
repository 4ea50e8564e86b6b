"""Warnings that anybody outside can cause: a flood of causes is no flood of lines."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import structlog

EVERY_SECONDS = 60.0


class Seldom:
    """Logs each event at once, and then once in `every` seconds with how often it was left out."""

    def __init__(
        self,
        logger: structlog.stdlib.BoundLogger,
        *,
        every: float = EVERY_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._logger = logger
        self._every = every
        self._clock = clock
        self._last: dict[str, float] = {}
        self._left_out: dict[str, int] = {}

    def warning(self, event: str, **fields: Any) -> None:
        """`event` is one of a few texts of our own; `fields` are short and hold no payload."""
        now = self._clock()
        if event in self._last and now - self._last[event] < self._every:
            self._left_out[event] = self._left_out.get(event, 0) + 1
            return
        self._last[event] = now
        if left_out := self._left_out.pop(event, 0):
            fields["more_since_last_line"] = left_out
        self._logger.warning(event, **fields)
