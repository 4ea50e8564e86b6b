"""The watch on the event loop can fail."""

from __future__ import annotations

import asyncio
import textwrap
import time

import pytest

from tests.e2e.loop_watch import watched_steps

BUSY = textwrap.dedent(
    """
    async def busy(seconds):
        end = time.thread_time() + seconds
        while time.thread_time() < end:
            pass
    """
)


async def test_a_step_that_computes_long_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"time": time}
    exec(compile(BUSY, "bot/busy.py", "exec"), names)
    with watched_steps(monkeypatch) as steps:
        await asyncio.create_task(names["busy"](0.3))  # type: ignore[operator]
    (found,) = steps.too_long
    monkeypatch.undo()

    assert "busy" in found


async def test_a_step_that_stands_still_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"time": time}
    exec(compile("async def still():\n    time.sleep(0.3)", "bot/still.py", "exec"), names)
    with watched_steps(monkeypatch) as steps:
        await asyncio.create_task(names["still"]())  # type: ignore[operator]

    assert steps.too_long == []
    assert steps.longest < 0.1
