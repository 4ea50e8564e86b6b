"""What happens in the workspace, told to whoever waits for it and to the open pages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from sandbox.workspace.model import Json

T = TypeVar("T")
Sink = Callable[[Json, str | None], None]

_LOOK_SECONDS = 0.1
"""How often a predicate is asked though nothing has changed here."""


class Feed:
    """`touch` wakes the waiters after any change; `publish` also shows it on the pages."""

    def __init__(self) -> None:
        self._waiters: set[asyncio.Future[None]] = set()
        self._sinks: set[Sink] = set()

    def touch(self) -> None:
        waiters, self._waiters = self._waiters, set()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def publish(self, frame: Json, only: str | None = None) -> None:
        """Show `frame` on the page of user `only`, or on everybody's."""
        for sink in tuple(self._sinks):
            sink(frame, only)
        self.touch()

    def subscribe(self, sink: Sink) -> Callable[[], None]:
        """Call `sink` with each frame until the returned function is called."""
        self._sinks.add(sink)
        return lambda: self._sinks.discard(sink)

    async def wait_for(self, predicate: Callable[[], T | None], seconds: float) -> T:
        """The first true value of `predicate`, asked again after each change, and from time to
        time, since it may be about more than is told here; `TimeoutError` when there is none
        within `seconds`."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(seconds):
                while not (value := predicate()):
                    waiter = loop.create_future()
                    self._waiters.add(waiter)
                    try:
                        await asyncio.wait([waiter], timeout=_LOOK_SECONDS)
                    finally:
                        self._waiters.discard(waiter)
        except TimeoutError:
            raise TimeoutError(f"what was waited for did not come within {seconds} s") from None
        return value
