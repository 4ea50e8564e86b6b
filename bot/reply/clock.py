"""Timestamps of one answer: asked, first text, last shown, ended."""

from __future__ import annotations

import time


class Clock:
    """How long an answer has been waited for, written and not shown anew. All in seconds."""

    def __init__(self) -> None:
        self._waits = time.monotonic()
        self._began: float | None = None
        self._ended: float | None = None
        self._shown: float | None = None

    def wait_anew(self) -> None:
        """What is waited for is something else from here on."""
        self._waits = time.monotonic()

    def begin(self) -> None:
        """There is text."""
        if self._began is None:
            self._began = time.monotonic()

    def show(self, at: float) -> None:
        """Text is shown that had come by then (monotonic)."""
        self._shown = at

    def end(self) -> None:
        """No more text comes."""
        self._ended = time.monotonic()

    @property
    def waited(self) -> float:
        """For how long the asker has waited for the same."""
        return time.monotonic() - self._waits

    @property
    def text(self) -> float | None:
        """For how long text has come, None before the first."""
        if self._began is None:
            return None
        return (self._ended or time.monotonic()) - self._began

    @property
    def shown(self) -> float | None:
        """How long ago text was shown last, None before the first time."""
        return None if self._shown is None else time.monotonic() - self._shown
