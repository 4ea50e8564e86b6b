"""So many of something in any minute, counted for all replicas together; and methods of Slack that
rest after a 429, for all of them."""

from __future__ import annotations

import math
import time
import uuid
from collections import OrderedDict, deque

from bot.patience import soon
from bot.store.keys import Keys
from bot.store.redis.connection import Records, Store, answered

WINDOW_SECONDS = 61.0
"""A minute, and a second for the way of what is taken to whoever counts it too."""

ASK_SECONDS = 0.3
"""How long Redis may take to say so: whoever asks has an ack to give."""

MOST_NAMES = 10_000
"""How many names this process counts by itself while Redis is away."""


class Allowances(Records):
    """Counts what is taken of an allowance, by its name. While Redis does not say, this process
    counts alone: never raises."""

    def __init__(self, store: Store, keys: Keys) -> None:
        super().__init__(store, keys)
        self._alone: OrderedDict[str, deque[float]] = OrderedDict()

    async def take(self, name: str, most: int, *, call: str = "") -> float:
        """Take one of `most` in any `WINDOW_SECONDS` by `name`. 0 when there was one left, else
        how many seconds to wait for one.

        What is named by `call` takes one, however often it is asked for within that time. What
        was refused takes none.
        """
        keys = [self._keys.allowance(name), self._keys.rest(name)]
        window = round(WINDOW_SECONDS * 1000)
        taking = self._script("slot")(keys, [call or uuid.uuid4().hex, most, window])
        wait: int | None = await soon(taking, ASK_SECONDS, None, "counted by this process alone")
        return self._take_alone(name, most) if wait is None else wait / 1000

    def _take_alone(self, name: str, most: int) -> float:
        taken = self._alone.setdefault(name, deque())
        self._alone.move_to_end(name)
        if len(self._alone) > MOST_NAMES:
            self._alone.popitem(last=False)
        now = time.monotonic()
        while taken and taken[0] <= now - WINDOW_SECONDS:
            taken.popleft()
        if len(taken) >= most:
            return taken[-most] + WINDOW_SECONDS - now if most else math.inf
        taken.append(now)
        return 0.0


class Rests(Records):
    """Knows for how long which method rests. While Redis does not say, each process knows what
    Slack has told it: never raises."""

    def __init__(self, store: Store, keys: Keys) -> None:
        super().__init__(store, keys)
        self._until: dict[str, float] = {}

    async def left(self, method: str) -> float:
        """For how many seconds `method` must not be called; 0: it may be."""
        own = self._until.get(method, 0.0) - time.monotonic()
        left = self._left_of_all(method)
        return max(own, await soon(left, ASK_SECONDS, 0.0, "rest not known", method=method))

    async def begin(self, method: str, seconds: float) -> None:
        """Let `method` rest for `seconds`. A longer rest stands."""
        self._until[method] = max(self._until.get(method, 0.0), time.monotonic() + seconds)
        resting = self._script("rest")([self._keys.rest(method)], [round(seconds * 1000)])
        await soon(resting, ASK_SECONDS, None, "only this process rests", method=method)

    async def _left_of_all(self, method: str) -> float:
        left = await answered(self._redis.pttl(self._keys.rest(method)))
        return max(0, int(left)) / 1000
