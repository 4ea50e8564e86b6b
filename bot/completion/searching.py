"""What is searched while an answer is made: which calls of tools there were, and how they stand."""

from __future__ import annotations

from bot.completion.excerpt import excerpt
from bot.completion.result import ToolStep, ToolUse
from bot.completion.tools import Searched
from bot.words import search as words

_MOST_CALLS = 1_000
"""More than any answer makes; of others nothing is kept."""


class Searching:
    """The calls of one answer."""

    def __init__(self) -> None:
        self._calls: dict[str, ToolStep] = {}
        self._last = ""

    def take(self, step: ToolStep) -> None:
        """Take how a call stands now."""
        known = self._calls.get(step.call)
        if known is None:
            if len(self._calls) >= _MOST_CALLS:
                return
            known = step
        self._calls[step.call] = known.then(step)
        if not step.over and step.asked:
            self._last = step.call

    def __bool__(self) -> bool:
        """Whether anything was searched."""
        return bool(self._calls)

    @property
    def doing(self) -> str:
        """What is searched now, in words."""
        step = self._calls.get(self._last) or next(reversed(self._calls.values()), None)
        if step is None:
            return ""
        return words.searching(step.tool, excerpt(step.asked), step.opens)

    @property
    def searches(self) -> int:
        """How many calls there were."""
        return len(self._calls)

    @property
    def places(self) -> tuple[Searched, ...]:
        """Where there was searched."""
        return tuple(dict.fromkeys(call.tool for call in self._calls.values()))

    def use(self) -> ToolUse:
        """What the calls used as far as that was seen: of those that failed nothing is billed."""
        calls = [call for call in self._calls.values() if not call.failed]
        of_x = [call for call in calls if call.tool == "x"]
        return ToolUse(
            web_calls=len(calls) - len(of_x),
            x_calls=len(of_x),
            posts=_sum([call.posts for call in of_x]),
            profiles=_sum([call.profiles for call in of_x]),
        )


def _sum(counts: list[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None
