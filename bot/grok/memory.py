"""What the API has taught, for a day: of so many things at most, the latest of them."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

MEMORY_SECONDS = 86_400.0
MEMORY_SIZE = 500

K = TypeVar("K", bound=Hashable)


class Memory(Generic[K]):
    """Remembers keys; each is forgotten after a day, and the oldest when they are too many."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: OrderedDict[K, float] = OrderedDict()

    def add(self, key: K) -> None:
        """Remember `key` from now on."""
        self._until[key] = self._clock() + MEMORY_SECONDS
        self._until.move_to_end(key)
        while len(self._until) > MEMORY_SIZE:
            self._until.popitem(last=False)

    def __contains__(self, key: K) -> bool:
        return self._until.get(key, 0.0) > self._clock()
