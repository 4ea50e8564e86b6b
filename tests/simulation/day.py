"""`python -m tests.simulation.day`: what lies in the store a day after some simulations, beside the
table of what is kept how long."""

from __future__ import annotations

import asyncio
import sys
import warnings
from typing import Any

from bot.store.lifetimes import DAY, LIFETIMES, MINUTE, lifetime_of
from tests.simulation.plan import plan_of
from tests.simulation.run import Stage, run
from tests.simulation.store import FakeStore
from tests.store.leftovers import faults_of_keys

SEEDS = (*range(7), 8)
"""In 7 somebody looks for Stop, which has just gone, for longer than a budget is kept."""
FOR_LONG = {"job:*", "recent:*", "used:*", "ledger:*", "queue"}
AT_THE_END = {"seen:*"} | FOR_LONG
"""What any use leaves: when it has ended, and after a day."""
FOR_A_MINUTE = "budget:*"
"""Is left as well, unless the last call to Slack was made more than a minute before the end."""
SHORT = {known.names for known in LIFETIMES if known.seconds is not None and known.seconds < DAY}


at_an_end: set[str] = set()
"""What was left of any use."""


class Looking:
    """Reads a simulated store as a Redis is read."""

    def __init__(self, store: FakeStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return lambda *words: self._store.run(name.upper(), *words)


async def a_day_later(stage: Stage) -> list[str]:
    """What the table does not say, when all bots have ended and a day has gone by."""
    stage.world.killed = lambda _: None
    for process in stage.crew.alive():
        stage.world.kill(process)
    left = set(_found(stage.store).values())
    at_an_end.update(left)
    missing = AT_THE_END - left
    faults = [f"nothing is left of {names}" for names in missing]
    faults += faults_of_keys(Looking(stage.store), _found(stage.store))
    await asyncio.sleep(DAY + MINUTE)
    later = _found(stage.store)
    return [
        *faults,
        *faults_of_keys(Looking(stage.store), later),
        *(f"{key} is there after a day" for key, names in later.items() if names in SHORT),
        *(f"{names} is gone after a day" for names in FOR_LONG - set(later.values())),
    ]


def _found(store: FakeStore) -> dict[str, str]:
    """Every key, and what the table calls it."""
    keys = [str(key) for key in store.run("KEYS", "*")]
    return {key: known.names if (known := lifetime_of(key)) else "" for key in keys}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.unraisablehook = lambda _: None
    wrong = [fault for seed in SEEDS for fault in run(plan_of(seed), a_day_later).wrong]
    if FOR_A_MINUTE not in at_an_end:
        wrong.append(f"nothing is left of {FOR_A_MINUTE} in any of them")
    print(*wrong, sep="\n")
    sys.exit(1 if wrong else 0)
