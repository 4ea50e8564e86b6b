"""The JSON of what comes from Slack, by whichever way, read at the edge; the acks that it waits for
in this process, and what is done after them. No model of a payload is loaded for that: a bot is
ready before it needs them.

To take a question comes before working on one: one event loop does both. An ack that takes its turn
behind the beginnings of a hundred answers comes after the 3 s that Slack waits, and the question is
lost; an answer that begins half a second later is not missed.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import structlog

from bot.characters import as_text

if TYPE_CHECKING:
    from slack_bolt.response import BoltResponse

log = structlog.get_logger(__name__)

JsonObject = dict[str, Any]

Answering = Callable[[JsonObject, object], Awaitable["BoltResponse"]]
"""Answers a payload, with what Slack says of how often it has sent it before; raises `Malformed`.
`answer` of the doors is one, given an app."""


class WayIn(Protocol):
    """How payloads come."""

    async def connected(self) -> bool:
        """Whether Slack can reach this process now, as far as it can know."""


class Reached:
    """Whether Slack reaches this process, for those who wait until that is known."""

    def __init__(self) -> None:
        self._known = asyncio.Event()
        self._way_in: WayIn | None = None

    def opened(self, way_in: WayIn) -> None:
        """From here on it is for `way_in` to say."""
        self._way_in = way_in
        self._known.set()

    def closed(self) -> None:
        """From here on it does not, also where no way in could be opened."""
        self._way_in = None
        self._known.set()

    async def __call__(self) -> bool:
        await self._known.wait()
        return self._way_in is not None and await self._way_in.connected()


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


DRAIN_SECONDS = 5.0
"""How long what was begun may take to end when the process ends."""


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


DEEPEST = 64
"""Objects and lists within one another; Slack's own views and messages have about twenty."""

_LARGEST_NUMBER = 2**63


class Malformed(Exception):  # named as it is told
    """What came is no payload of Slack's. Says why, in words that hold nothing of it."""


def json_object(text: str) -> JsonObject:
    """The JSON object that `text` is. Raises `Malformed`.

    Numbers are finite and fit 64 bits. Half a surrogate pair, which no UTF-8 can hold, is
    replaced.
    """
    try:
        found = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Malformed("not JSON") from None
    if not isinstance(found, dict):
        raise Malformed("no object")
    return {name: value for name, value in _clean(found, 0).items() if value is not None}


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _clean(value: Any, depth: int) -> Any:
    if depth > DEEPEST:
        raise Malformed("too deep")
    if isinstance(value, str):
        return as_text(value)
    if isinstance(value, dict):
        return {as_text(name): _clean(each, depth + 1) for name, each in value.items()}
    if isinstance(value, list):
        return [_clean(each, depth + 1) for each in value]
    if isinstance(value, int | float) and not -_LARGEST_NUMBER < value < _LARGEST_NUMBER:
        raise Malformed("a number too large")
    return value
