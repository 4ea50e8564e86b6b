"""What Slack waits for an ack of in this process, what a listener says in one, and what it does
after it: to take a question comes before working on one.

One event loop does both. An ack that takes its turn behind the beginnings of a hundred answers
comes after the 3 s that Slack waits, and the question is lost; an answer that begins half a second
later is not missed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog

log = structlog.get_logger(__name__)

T = TypeVar("T")

REST_SECONDS = 1.0
"""For so long after one ack another is expected."""

PAUSE_SECONDS = 0.01
LATE_SECONDS = 0.02
"""An ack that has been due for longer holds work back: one takes 5 ms where nothing else is
done."""

CROWD = 20
CROWD_PAUSE_SECONDS = 0.05
"""When so many answers have begun within a second, there is a pause before each further one, acks
or not: other processes want the store and the processor too, and Slack lets five messages be posted
in a second."""

LONGEST_PAUSE_SECONDS = 0.5
"""Work goes on, however late acks are: else what is refused for want of room is so for ever."""

OVERDUE_SECONDS = 1.0
"""With an ack due for so long, one that comes now may miss Slack's 3 s."""

MOST_OVERDUE = 50
"""Fewer of them are late for another reason, such as a store that is away."""

DRAIN_SECONDS = 5.0
"""How long what was begun may take to end when the process ends."""


class Acks:
    """Which acks are due, and since when."""

    def __init__(self) -> None:
        self._clock = asyncio.get_running_loop().time
        self._due: dict[object, float] = {}
        self._none_due = asyncio.Event()
        self._none_due.set()
        self._last = float("-inf")
        self._begun: deque[float] = deque(maxlen=CROWD)

    @contextmanager
    def due(self) -> Iterator[None]:
        """Slack waits for an ack while this is entered."""
        name = object()
        self._due[name] = self._clock()
        self._none_due.clear()
        try:
            yield
        finally:
            del self._due[name]
            if not self._due:
                self._none_due.set()
            self._last = self._clock()

    @property
    def expected(self) -> bool:
        """Whether one is due, or may be soon."""
        return bool(self._due) or self._since(self._last) < REST_SECONDS

    @property
    def overdue(self) -> bool:
        """Whether so many are so late that what else comes is better refused at once."""
        return len(self._due) >= MOST_OVERDUE and self._oldest() > OVERDUE_SECONDS

    async def given(self, until: float) -> None:
        """Wait until none is due, or to this time of the loop's clock."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                await self._none_due.wait()

    async def go_first(self) -> None:
        """An answer has begun: wait until the next one may. Then no ack is late, or this has been
        waited for long enough."""
        self._begun.append(self._clock())
        rush = len(self._begun) == CROWD and self._since(self._begun[0]) < 1.0
        if not rush and not self.expected:
            return
        pause = CROWD_PAUSE_SECONDS if rush else PAUSE_SECONDS
        for _ in range(round(LONGEST_PAUSE_SECONDS / pause)):
            await asyncio.sleep(pause)
            if self._oldest() <= LATE_SECONDS:
                return

    def _oldest(self) -> float:
        """For how many seconds the first of them has been due."""
        first = next(iter(self._due.values()), None)
        return 0.0 if first is None else self._since(first)

    def _since(self, then: float) -> float:
        return self._clock() - then


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
