"""What is searched while an answer is made: which calls of tools there were, and how they stand."""

from __future__ import annotations

import time
from collections.abc import Callable

from bot.completion.excerpt import excerpt
from bot.completion.result import ToolStep, ToolUse
from bot.words import search as words

_LONGEST_ASKED = 60
_PLAIN = str.maketrans(dict.fromkeys("*_~[]()#$\\", " "))
"""What would mean something in markdown."""

_MOST_CALLS = 1_000
"""More than any answer makes; of others nothing is kept."""


class Searching:
    """The calls of one answer."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: float | None = None
        self._calls: dict[str, ToolStep] = {}
        self._last = ""

    def take(self, step: ToolStep) -> None:
        """Take how a call stands now."""
        self._since = self._clock() if self._since is None else self._since
        known = self._calls.get(step.call)
        if known is None and len(self._calls) >= _MOST_CALLS:
            return
        self._calls[step.call] = step if known is None else known.then(step)
        if step.asked and (known is None or step.asked != known.asked):
            self._last = step.call

    def __bool__(self) -> bool:
        """Whether anything was searched."""
        return bool(self._calls)

    @property
    def lasts(self) -> bool:
        """Whether some call is not over."""
        return not all(call.over for call in self._calls.values())

    @property
    def progress(self) -> str:
        """What is searched now, how often there was, and for how long, in words that cannot act;
        empty before anything is."""
        if self._since is None:
            return ""
        return words.progress(self.doing, len(self._calls), self._clock() - self._since)

    @property
    def doing(self) -> str:
        """What is searched now."""
        step = self._calls.get(self._last) or next(reversed(self._calls.values()), None)
        if step is None:
            return ""
        asked = excerpt(step.asked.translate(_PLAIN), _LONGEST_ASKED)
        return words.searching(step.tool, asked, opens=step.opens)

    def use(self, unknown: int | None = None) -> ToolUse:
        """What the calls used as far as that was seen: of those that failed nothing is billed.

        No event says how many posts and profiles a call has fetched, only how many it may at most:
        that counts. `unknown` is what counts of a call that does not even say that, None: then
        nobody knows how many there were of all.
        """
        calls = [call for call in self._calls.values() if not call.failed]
        of_x = [call for call in calls if call.tool == "x"]
        return ToolUse(
            web_calls=len(calls) - len(of_x),
            x_calls=len(of_x),
            posts=_sum([unknown if call.posts is None else call.posts for call in of_x]),
            profiles=_sum([unknown if call.profiles is None else call.profiles for call in of_x]),
        )


def _sum(counts: list[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None
