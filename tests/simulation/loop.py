"""An event loop without a clock or a socket: the same seed runs everything in the same order.

Time is a number that moves to the next timer once nothing is ready. Which callback of those that
are ready runs next is drawn at random, among processes always, within one as often as `shuffle`
says: asyncio runs those of one process in the order in which they became ready.

A process is a name in the context of its tasks. One that was killed never runs again; what it had
asked of others goes on. One that is frozen runs what has come meanwhile when it thaws.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import sys
from asyncio import events
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, ContextVar, copy_context
from random import Random
from typing import Any, TypeVar

T = TypeVar("T")

MOST_STEPS = 400_000
TICK = 1e-6
"""Seconds that a step takes: no clock stands still."""


class Process:
    """One process of the bot: alive, frozen, or dead. No fault strikes one that is `spared`: it
    prepares what the others find, and nobody would start it again."""

    def __init__(self, name: str, *, spared: bool = False) -> None:
        self.name = name
        self.spared = spared
        self.dead = False
        self.frozen = False
        self.calls = 0
        """How many calls to the store, to Slack and to Grok it has made."""
        self.parked: list[asyncio.Handle] = []

    def __repr__(self) -> str:
        return self.name


PROCESS: ContextVar[Process | None] = ContextVar("process", default=None)


class Stuck(Exception):
    """Nothing is ready and nothing is waited for, or there is no end."""


class _Task(asyncio.Task[Any]):
    """Its place in a set is always the same, and nobody complains when it is left pending."""

    _serials = itertools.count()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._serial = next(self._serials)
        super().__init__(*args, **kwargs)
        self._log_destroy_pending = False

    def __hash__(self) -> int:
        return self._serial

    def __eq__(self, other: object) -> bool:
        return self is other


class SimLoop(asyncio.BaseEventLoop):
    """Runs one simulation, drawn from `random`, to its end."""

    def __init__(self, random: Random, *, shuffle: float = 0.0) -> None:
        self._random = random
        self._shuffle = shuffle
        self._now = 1000.0
        self._ready: list[asyncio.Handle] = []
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._serials = itertools.count()
        self._running = False
        self._tasks: list[_Task] = []
        self.steps = 0
        self.faults: list[str] = []
        """What asyncio would have logged: exceptions that nobody has seen."""

    # What runs.

    def simulate(self, main: Coroutine[Any, Any, T]) -> T:
        """What `main` returns. Raises `Stuck`."""
        _Task._serials = itertools.count()
        events._set_running_loop(self)
        self._running = True
        try:
            task = self.create_task(main)
            while not task.done():
                self._step()
            return task.result()
        finally:
            self._running = False
            self._dispose()
            events._set_running_loop(None)

    def _step(self) -> None:
        if not self._ready:
            self._pass_time()
        self.steps += 1
        self._now += TICK
        if self.steps > MOST_STEPS:
            raise Stuck(f"no end after {MOST_STEPS} steps")
        handle = self._next()
        if handle._cancelled:
            return
        process = _process_of(handle)
        if process is not None:
            if process.dead:
                return
            if process.frozen:
                process.parked.append(handle)
                return
        handle._run()

    def _next(self) -> asyncio.Handle:
        ready = self._ready
        if len(ready) == 1:
            return ready.pop()
        chosen = self._random.randrange(len(ready))
        if self._random.random() >= self._shuffle:
            process = _process_of(ready[chosen])
            chosen = next(place for place, each in enumerate(ready) if _process_of(each) is process)
        return ready.pop(chosen)

    def _pass_time(self) -> None:
        timers = self._timers
        while timers and timers[0][2]._cancelled:
            heapq.heappop(timers)
        if not timers:
            raise Stuck("everybody waits, and nothing will come")
        self._now = max(self._now, timers[0][0])
        while timers and timers[0][0] <= self._now:
            self._ready.append(heapq.heappop(timers)[2])

    def _dispose(self) -> None:
        """Nothing that was left pending is to run when it is collected."""
        hook, sys.unraisablehook = sys.unraisablehook, lambda _: None
        try:
            for task in self._tasks:
                if not task.done():
                    _close(task.get_coro())
            self._tasks.clear()
            self._ready.clear()
            self._timers.clear()
        finally:
            sys.unraisablehook = hook

    def thaw(self, process: Process) -> None:
        """Let a frozen process go on, with all that has come meanwhile."""
        process.frozen = False
        self._ready += process.parked
        process.parked = []

    # What asyncio asks of a loop.

    def time(self) -> float:
        return self._now

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    call_soon_threadsafe = call_soon  # type: ignore[assignment]

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._serials), handle))
        return handle

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(  # type: ignore[override]
        self,
        coro: Coroutine[Any, Any, T] | Generator[Any, None, T],
        *,
        name: str | None = None,
        context: Context | None = None,
    ) -> asyncio.Task[T]:
        task = _Task(coro, loop=self, name=name, context=context)
        self._tasks.append(task)
        return task

    def is_running(self) -> bool:
        return self._running

    def is_closed(self) -> bool:
        return not self._running

    def get_debug(self) -> bool:
        return False

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """It is skipped when its time comes."""

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if not self._running:
            return
        self.faults.append(f"{context.get('message')}: {context.get('exception')!r}")


def spawn(process: Process, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """Run `work` as a task of `process`."""
    context = copy_context()
    context.run(PROCESS.set, process)
    return asyncio.get_running_loop().create_task(work, context=context)


def _process_of(handle: Any) -> Process | None:
    found: Process | None = handle._context.get(PROCESS)
    return found


def _close(coroutine: Any) -> None:
    try:
        coroutine.close()
    except BaseException:  # noqa: BLE001 - it belongs to nobody any more
        return
