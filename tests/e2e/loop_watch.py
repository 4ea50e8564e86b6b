"""Watches that no step of the event loop takes long."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

MOST_SECONDS = 0.25

_ROOT = Path(__file__).parents[2]
_OTHERS = (str(_ROOT / "tests"), str(_ROOT / "sandbox"))


@dataclass(slots=True)
class Steps:
    """The steps that took more than `MOST_SECONDS`, and the longest of all in seconds."""

    too_long: list[str] = field(default_factory=list)
    longest: float = 0.0


@contextmanager
def watched_steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[Steps]:
    """What the steps of the event loop take while entered.

    Measured is the CPU time of the thread, without the garbage collection of all that the test
    run holds: on a machine that stands still, or that other processes have for themselves, a
    step takes long by the clock and has blocked nothing. Steps of coroutines that are the test's
    own or the sandbox's are left out: the bot, the test and the sandbox share one loop here.
    """
    steps = Steps()
    run = asyncio.events.Handle._run
    collecting = _Collecting()

    def timed(handle: Any) -> None:
        collected, begin = collecting.seconds, time.thread_time()
        run(handle)
        taken = time.thread_time() - begin - (collecting.seconds - collected)
        if taken > steps.longest and not _is_of_others(handle):
            steps.longest = taken
            if taken > MOST_SECONDS:
                steps.too_long.append(f"{taken:.2f} s in {_task_of(handle) or handle!r}")

    gc.callbacks.append(collecting)
    monkeypatch.setattr(asyncio.events.Handle, "_run", timed)
    try:
        yield steps
    finally:
        gc.callbacks.remove(collecting)


class _Collecting:
    """How much CPU time garbage collection has taken."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._begun = 0.0

    def __call__(self, phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            self._begun = time.thread_time()
        else:
            self.seconds += time.thread_time() - self._begun


def _is_of_others(handle: Any) -> bool:
    task = _task_of(handle)
    code = getattr(task.get_coro(), "cr_code", None) if task else None
    return code is not None and code.co_filename.startswith(_OTHERS)


def _task_of(handle: Any) -> asyncio.Task[Any] | None:
    """The task of which `handle` runs a step, if it does; what begins one hides it."""
    callback = handle._callback
    near = (getattr(callback, "__self__", None), *gc.get_referents(callback))
    return next((each for each in near if isinstance(each, asyncio.Task)), None)
