"""One workspace of a run: its people, what the store holds of it, and what is seen there."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

from redis.exceptions import RedisError

from bot.jobs.job import GROUP
from bot.rules.hold import Hold
from bot.store.keys import Keys
from sandbox.grok import GrokServer
from sandbox.workspace import ANA, GENERAL, Workspace
from tests.chaos import recorder
from tests.chaos.books import Books, read_books
from tests.chaos.history import Span
from tests.chaos.people import People
from tests.chaos.stores import Disturbed

_TOKENS = re.compile(r"This month: [^·]*· ([\d,.]+)([km]?) tokens?")
_LETTERS = {"": 1, "k": 1_000, "m": 1_000_000}


class Place:
    """A workspace, and its part of the store. `number`: which of several, from 0; `lost`: the
    seconds that the store has forgotten of it, `removed` those in which it did not have the app."""

    def __init__(
        self, number: int, workspace: Workspace, keys: Keys, grok: GrokServer, store: Disturbed
    ) -> None:
        self.number = number
        self.workspace = workspace
        self.keys = keys
        self.people = People(workspace, grok)
        self.holds: dict[str, Hold] = {}
        self.lost: list[Span] = []
        self.removed: list[Span] = []
        self.unfinished: list[str] = []
        self._store = store

    async def jobs_of(self, pid: int) -> list[str]:
        """The jobs that a process has in hand; none while the store does not say."""
        jobs: list[str] = []
        with contextlib.suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(0.5):
                redis, queue = self._store.serving(self.keys), self.keys.queue
                found: Any = await redis.xpending_range(queue, GROUP, "-", "+", 100)
                for each in found:
                    if f"-{pid}-" in str(each["consumer"]):
                        entries: Any = await redis.xrange(
                            queue, each["message_id"], each["message_id"]
                        )
                        jobs += [str(fields["job"]) for _, fields in entries]
        return jobs

    async def sample(self) -> None:
        """Note what jobs reserve just now."""
        with contextlib.suppress(RedisError, OSError, ValueError):
            redis = self._store.serving(self.keys)
            async for key in redis.scan_iter(self.keys.job("*")):
                job = str(key).rpartition(":")[2]
                if job not in self.holds:
                    hold = await redis.hget(str(key), "hold")
                    if hold:
                        self.holds[job] = Hold.model_validate_json(str(hold))

    async def calm(self, seconds: float) -> Books:
        """Wait until nothing is left to be done; what the store holds then."""
        deadline = time.monotonic() + seconds
        if not await self.people.heard(seconds):
            self.unfinished.append("Slack has not delivered everything")
        while True:
            with contextlib.suppress(RedisError, OSError):
                books = await self._books()
                if books.over or time.monotonic() > deadline:
                    break
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.5)
        self.unfinished += recorder.unfinished(books)
        return await self._books()

    async def _books(self) -> Books:
        return await read_books(self._store.serving(self.keys), self.keys)

    async def told(self) -> int | None:
        """How many tokens `/grok usage` says were used in the month."""
        workspace, known = self.workspace, len(self.workspace.ephemerals(ANA))
        for _ in range(3):
            await workspace.command(ANA, GENERAL, "/grok usage workspace")
            with contextlib.suppress(TimeoutError):
                told = await workspace.wait_for(_told_since(workspace, known), 5)
                found = _TOKENS.search(told[-1])
                return _number(*found.groups()) if found else 0
        said = [each.shown for each in workspace.ephemerals(ANA)[known:]]
        self.unfinished.append(f"/grok usage tells nothing of it, but {said}")
        return None

    def working(self) -> Iterator[str]:
        """The threads whose session says that they are worked on."""
        return recorder.working(self.workspace)


def _told_since(workspace: Workspace, known: int) -> Callable[[], list[str]]:
    return lambda: [
        each.shown for each in workspace.ephemerals(ANA)[known:] if "This month" in each.shown
    ]


def _number(digits: str, letter: str) -> int:
    return round(float(digits.replace(",", "")) * _LETTERS[letter])
