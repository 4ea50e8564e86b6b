"""The budget of Slack calls, shared by all answers of a workspace and by all replicas."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from dataclasses import dataclass

from bot.store.connection import Store
from bot.store.keys import Keys

WINDOW_SECONDS = 61.0
"""Slack counts calls in 60 s as they arrive; the second more allows for the way there."""

KEPT_FREE = 10
"""Edits in each window that only finals, stops and errors may use (a fifth, if that is less)."""

POSTS = 4
POSTS_WINDOW_SECONDS = 5.2
"""chat.postMessage takes 1 a second in each channel and tolerates a burst ("Rate limits")."""

_LONGEST_SLEEP = 5.0
_NO_ANSWER = ""


@dataclass(frozen=True, slots=True)
class _Bucket:
    """At most `most` calls of `method` in any `window` seconds."""

    method: str
    most: int
    window: float


class EditBudget:
    """Says when a message may be edited or posted. Waits are cut short by `stop`.

    Every method raises `StoreUnavailable` when Redis is away.
    """

    def __init__(self, store: Store, keys: Keys, per_minute: int, *, scale: float = 1.0) -> None:
        """`per_minute`: `chat.update` calls in any minute, for the whole workspace. `scale`
        stretches or shrinks every window, for a workspace whose clock runs otherwise."""
        self._slot = store.script("edit_slot")
        self._rest = store.script("rest")
        self._keys = keys
        kept_free = min(KEPT_FREE, per_minute // 5)
        window = WINDOW_SECONDS * scale
        self._edits = _Bucket("chat.update", per_minute, window)
        self._interim = _Bucket("chat.update", per_minute - kept_free, window)
        self._posts_window = POSTS_WINDOW_SECONDS * scale

    async def interim(self, answer: str, since: float, stop: asyncio.Event) -> bool:
        """Wait for the turn of `answer`, whose last edit was `since` seconds ago.

        False when `stop` was set first.
        """
        return await self._take(self._interim, stop, answer=answer, since=since)

    async def final(self) -> None:
        """Wait for an edit that must not be late; some are kept free for it."""
        await self._take(self._edits, None)

    async def post(self, channel: str, stop: asyncio.Event | None = None) -> bool:
        """Wait until a message may be posted in `channel`. False when `stop` was set first."""
        return await self._take(self._posts(channel), stop)

    async def rest_edits(self, seconds: float) -> None:
        """Nobody edits for `seconds`, after a 429."""
        await self._set_rest(self._edits, seconds)

    async def rest_posts(self, channel: str, seconds: float) -> None:
        """Nobody posts in `channel` for `seconds`, after a 429."""
        await self._set_rest(self._posts(channel), seconds)

    def _posts(self, channel: str) -> _Bucket:
        return _Bucket(f"chat.postMessage:{channel}", POSTS, self._posts_window)

    async def _set_rest(self, bucket: _Bucket, seconds: float) -> None:
        await self._rest([self._keys.rest(bucket.method)], [max(1, round(seconds * 1000))])

    async def _take(
        self,
        bucket: _Bucket,
        stop: asyncio.Event | None,
        *,
        answer: str = _NO_ANSWER,
        since: float = 0.0,
    ) -> bool:
        started = time.monotonic()
        keys = [of(bucket.method) for of in (self._keys.budget, self._keys.rest, self._keys.active)]
        call = uuid.uuid4().hex
        while not (stop and stop.is_set()):
            passed = since + time.monotonic() - started
            wait = await self._slot(
                keys, [call, bucket.most, _ms(bucket.window), answer, _ms(passed)]
            )
            if not wait:
                return True
            await pause(_jittered(wait / 1000), stop)
        return False


async def pause(seconds: float, stop: asyncio.Event | None = None) -> None:
    """Sleep, or until `stop` is set."""
    if stop is None:
        await asyncio.sleep(seconds)
        return
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return


def _ms(seconds: float) -> int:
    return round(min(seconds, 1e6) * 1000)


def _jittered(seconds: float) -> float:
    return min(seconds, _LONGEST_SLEEP) + random.uniform(0.0, 0.05)  # noqa: S311
