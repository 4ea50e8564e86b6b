"""What a listener says in an ack to Slack, and what it does after it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog

log = structlog.get_logger(__name__)

T = TypeVar("T")

DRAIN_SECONDS = 5.0
"""How long what was begun may take to end when the process ends."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """`ack` goes back to Slack within 3 s: a text for the author alone, or fields of the ack
    (`response_action`, `options`). `then` is done after it; only it may take its time. With
    `again` there is no ack: an event Slack delivers once more, a click it marks as failed; when
    an event has come for the last time, it is acked and `at_last` done in the place of `then`."""

    ack: str | Mapping[str, Any] = ""
    then: Callable[[], Coroutine[Any, Any, None]] | None = None
    again: bool = False
    at_last: Callable[[], Coroutine[Any, Any, None]] | None = None

    @classmethod
    def marks(cls, errors: Mapping[str, str]) -> Reaction:
        """To a form: it stays, with a sentence at each of these fields, by block_id."""
        return cls({"response_action": "errors", "errors": {**errors}})

    @classmethod
    def shows(cls, view: Mapping[str, Any]) -> Reaction:
        """To a form: `view` takes its place."""
        return cls({"response_action": "update", "view": view})


async def begun(work: Coroutine[Any, Any, T], seconds: float) -> asyncio.Task[T]:
    """`work`, once it is done or so many seconds have gone: then it goes on, and whoever asked
    awaits it. It ends with whoever waits here."""
    task = asyncio.create_task(work)
    try:
        await asyncio.wait([task], timeout=seconds)
    except asyncio.CancelledError:
        task.cancel()
        raise
    return task


class BackgroundTasks:
    """Owns what listeners do after their ack. Nothing that it runs may raise unnoticed."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> BackgroundTasks:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=DRAIN_SECONDS)
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(list(self._tasks))

    def start(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` beside everything else."""
        task = asyncio.create_task(_guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _guarded(work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except Exception:
        log.exception("task failed")
