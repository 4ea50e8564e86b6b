"""What one process does: take questions from Slack, work on them, or both."""

from __future__ import annotations

from enum import Flag, auto


class Duty(Flag):
    """`serve` has both duties, `serve --no-worker` takes only, and `work` works only."""

    TAKING = auto()
    WORKING = auto()
    BOTH = TAKING | WORKING
