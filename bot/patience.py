"""How long to wait: for what has a deadline, before another try, and for a store that is away; and
whether the event loop runs at all.

Deadlines count the time in which the event loop ran. A process that was stopped, starved or blocked
for a minute has not waited for anybody: what it waits for may have come long ago, and lies in a
socket unread. A timer knows nothing of that, and goes off before anything is read.

Rests between tries are longer and longer, and never the same for all replicas at once.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

import structlog

from bot import metrics
from bot.errors import SlackError, StoreUnavailable, what_it_says

log = structlog.get_logger(__name__)


STEP_SECONDS = 0.5
"""How often it is looked whether the loop ran."""

LATE_SECONDS = 0.5
"""A look that comes so much later than it should tells that the loop stood still."""

GRACE_SECONDS = 1.0
"""So long, or for as long as the whole deadline is, is read after a standstill at least."""

TICK_SECONDS = 0.1
"""What is only looked at from time to time is looked at in one step, at the ticks of the clock:
each waking up costs more than the look."""


def next_tick(now: float, every: float = TICK_SECONDS) -> float:
    """The first tick after `now`, on the clock of the event loop, in seconds."""
    return (math.floor(now / every) + 1) * every


def nearest_tick(now: float) -> float:
    """The tick that is nearest to `now`, on the same clock, in seconds."""
    return next_tick(now - TICK_SECONDS / 2)


class Heartbeat:
    """Notices when the event loop no longer comes round: something blocks it.

    How late each beat is goes into `grokbot_event_loop_lag_seconds`.
    """

    def __init__(
        self,
        *,
        every: float = TICK_SECONDS,
        late_after: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._every = every
        self._late_after = late_after
        self._clock = clock
        self._last = clock()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Heartbeat:
        self._last = self._clock()
        self._task = asyncio.create_task(self._beat(), name="heartbeat")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def faults(self) -> Sequence[str]:
        """A sentence when the last beat is more than `late_after` seconds old."""
        age = self._clock() - self._last
        late = age > self._late_after
        return [f"the event loop has not come round for {age:.0f} s"] if late else []

    async def _beat(self) -> None:
        while True:
            self._last = self._clock()
            due = next_tick(self._last, self._every) if self._every else self._last
            await asyncio.sleep(due - self._last)
            metrics.LOOP_LAG.observe(max(0.0, self._clock() - due))


class Patience:
    """What is left of one deadline of so many `seconds`. As a context manager it raises
    `TimeoutError` when that is nothing; from `begin` to `end` it only counts."""

    def __init__(self, seconds: float) -> None:
        self.stood_still = 0.0
        """Seconds in which the loop did not run."""
        self._scope = asyncio.timeout(None)
        self._grace = min(GRACE_SECONDS, seconds)
        self._left = seconds
        self._loop = asyncio.get_running_loop()

    async def __aenter__(self) -> Self:
        await self._scope.__aenter__()
        self.begin()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.end()
        await self._scope.__aexit__(kind, error, where)

    def expired(self) -> bool:
        """Whether the deadline has passed."""
        return self._scope.expired()

    def begin(self) -> None:
        """Something is waited for from now on."""
        self._looked = self._loop.time()
        self._step = max(0.0, min(self._left, STEP_SECONDS))
        self._timer = self._loop.call_later(self._step, self._look)

    def end(self) -> None:
        """Nothing is waited for any more."""
        self._timer.cancel()
        self._count()

    def _look(self) -> None:
        self._count()
        if self._left > 0:
            self.begin()
        else:
            self._scope.reschedule(self._loop.time())

    def _count(self) -> None:
        passed = self._loop.time() - self._looked
        if passed < self._step + LATE_SECONDS:
            self._left -= passed
            return
        self.stood_still += passed - self._step
        self._left = max(self._left - self._step, self._grace)


def patience(seconds: float) -> Patience:
    """As `asyncio.timeout`, but for time in which the event loop stood still. Raises
    `TimeoutError`."""
    return Patience(seconds)


T = TypeVar("T")
Else = TypeVar("Else")


async def soon(
    work: Awaitable[T], seconds: float, otherwise: Else, event: str, **facts: str
) -> T | Else:
    """What `work` gives; `otherwise` where Redis or Slack has not said it within `seconds`, which
    is logged as `event`."""
    try:
        async with asyncio.timeout(seconds):
            return await work
    except (StoreUnavailable, SlackError, TimeoutError) as error:
        log.warning(event, error=what_it_says(error), **facts)
        return otherwise


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


def pauses(first: float = 0.2, longest: float = 5.0) -> Iterator[float]:
    """Seconds to wait before the first try again, the second, and so on, with jitter."""
    pause = first
    while True:
        yield pause * random.uniform(0.5, 1.0)  # noqa: S311
        pause = min(pause * 2, longest)


async def until_stored(act: Callable[[], Awaitable[T]]) -> T:
    """Do what must be done, as soon as Redis lets it; what came of it."""
    rests = pauses()
    while True:
        try:
            return await act()
        except StoreUnavailable as error:
            log.warning("store away", error=str(error))
        await asyncio.sleep(next(rests))
