"""Leaving out of a plan what its fault does not need."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulation.plan import Plan
    from tests.simulation.run import Outcome


def shortened(outcome: Outcome, run: Callable[[Plan], Outcome], most: int = 40) -> Outcome:
    """The outcome of the shortest plan found, in `most` tries, that still goes wrong so."""
    kind = _kind(outcome.wrong[0])
    tried = 0
    found = True
    while found:
        found = False
        for plan in outcome.plan.shorter():
            tried += 1
            if tried > most:
                return outcome
            other = run(plan)
            if any(_kind(each) == kind for each in other.wrong):
                outcome, found = other, True
                break
    return outcome


def _kind(sentence: str) -> str:
    """A sentence without what differs from case to case."""
    return "".join(letter for letter in sentence if not letter.isdigit())[:24]
