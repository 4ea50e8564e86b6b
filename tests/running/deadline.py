"""No test waits for ever: after `SECONDS` it fails, and says what everybody waited for.

pytest-timeout, which ends a run in which the event loop itself is blocked, knows only threads. A
test that `@pytest.mark.timeout` gives longer than others has longer here too.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable
from types import CoroutineType, FrameType
from typing import Any

import pytest

SECONDS = 45.0
SHARE = 0.75
"""Of the seconds after which pytest-timeout ends everything."""

Test = Callable[..., Awaitable[object]]


def pytest_itemcollected(item: pytest.Item) -> None:
    """Bound every test that has an event loop to itself."""
    if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
        marked = item.get_closest_marker("timeout")
        seconds = SHARE * float(marked.args[0]) if marked and marked.args else SECONDS
        item.obj = within(seconds)(item.obj)


def within(seconds: float) -> Callable[[Test], Test]:
    """Makes a test that fails with the state of all tasks when it takes longer."""

    def bounded(test: Test) -> Test:
        @functools.wraps(test)
        async def run(*args: Any, **kwargs: Any) -> object:
            loop, waiting = asyncio.get_running_loop(), list[str]()
            look = loop.call_later(seconds, lambda: waiting.extend(map(_where, all_tasks())))
            try:
                async with asyncio.timeout(seconds):
                    return await test(*args, **kwargs)
            except TimeoutError as error:
                if not waiting:
                    raise
                state = "\n".join(waiting)
                raise AssertionError(f"not done after {seconds} s; waiting:\n{state}") from error
            finally:
                look.cancel()

        return run

    return bounded


def all_tasks() -> list[asyncio.Task[Any]]:
    return sorted(asyncio.all_tasks(), key=lambda task: task.get_name())


def _where(task: asyncio.Task[Any]) -> str:
    """The frames of `task`, from its own to where it waits."""
    frames = [f"  {_place(frame)}" for frame in _frames(task.get_coro())]
    return "\n".join([task.get_name(), *frames])


def _frames(awaited: object) -> list[FrameType]:
    frames = []
    while isinstance(awaited, CoroutineType):
        if awaited.cr_frame is not None:
            frames.append(awaited.cr_frame)
        awaited = awaited.cr_await
    return frames


def _place(frame: FrameType) -> str:
    return f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_qualname}"
