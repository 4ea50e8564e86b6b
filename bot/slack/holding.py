"""How many bytes of files a process holds at once: a hundred answers at work must not fill its
memory."""

from __future__ import annotations

import asyncio
from collections import deque


class Holding:
    """`most` bytes, for all questions together, given in the order in which they are asked for.
    What one question needs it takes at once, so that no two wait for what the other has."""

    def __init__(self, most: int) -> None:
        self._most = self._left = most
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def take(self, size: int) -> int:
        """Wait for so many bytes; how many were taken, to be given back."""
        size = min(size, self._most)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((size, turn))
        self._serve()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give(size)
            self._serve()
            raise
        return size

    def give(self, size: int) -> None:
        """Give back what was taken."""
        self._left += size
        self._serve()

    def _serve(self) -> None:
        while self._waiting:
            size, turn = self._waiting[0]
            if not turn.done():
                if size > self._left:
                    return
                self._left -= size
                turn.set_result(None)
            self._waiting.popleft()
