"""The three deadlines of an answer: its first event, any silence after that, and its end;
and how long to wait before asking again.

Time in which this process stood still is nobody's silence: it does not count.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TypeVar

import httpx

from bot.grok.errors import Failure
from bot.patience import Patience, patience
from bot.settings import Settings
from bot.words import grok as words

T = TypeVar("T")

Sleep = Callable[[float], Awaitable[None]]
Random = Callable[[], float]

TRIES = 3
_FIRST_BACKOFF = 0.5
_LONGEST_BACKOFF = 8.0
LONGEST_WAIT = 60.0
"""Seconds that somebody may be left waiting because the API asks for it; xAI's own client waits
two minutes at most (xai-org/grok-build)."""

_LONGEST_READ = 366 * 86_400.0
"""Seconds; what asks for more is a mistake."""

_HEADERS = (("retry-after-ms", "ms"), ("x-ms-retry-after-ms", "ms"), ("retry-after", "s"))
"""The first two are OpenAI's and Azure's, and finer."""

_AMOUNT = re.compile(r"([0-9]{0,15}\.?[0-9]{1,15})\s*(ms|s|m|h)?", re.IGNORECASE)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


class Deadlines:
    """Watches over the waits of one answer; made when asking begins, for all its attempts."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._total_at = asyncio.get_running_loop().time() + settings.grok_total_seconds
        self._begun = False
        self._works = False
        self._patient = False

    @property
    def left(self) -> float:
        """Seconds until the answer must be complete."""
        return self._total_at - asyncio.get_running_loop().time()

    def attempt(self, *, stream: bool) -> None:
        """A new attempt begins; without a stream only the total counts."""
        self._begun = self._works = False
        self._patient = not stream

    def event(self) -> None:
        """An event came: from now on the deadline for silence counts."""
        self._begun, self._works = True, False

    def working(self) -> None:
        """A tool is at work, and then what it found is thought about: that takes as long as to
        begin."""
        self._begun, self._works = False, True

    async def within(self, wait: Awaitable[T]) -> T:
        """Wait for the next sign of life; raises `Failure` when it is too late."""
        now = asyncio.get_running_loop().time()
        quiet_at = self._total_at if self._patient else now + self._quiet
        scope: Patience | None = None
        try:
            async with patience(min(quiet_at, self._total_at) - now) as scope:
                return await wait
        except TimeoutError:
            if scope is None or not scope.expired():
                raise
            raise Failure(self._sentence(quiet_at), kind="timeout") from None
        finally:
            self._total_at += scope.stood_still if scope else 0.0

    def give_back(self, seconds: float) -> None:
        """For so long this process stood still while nobody's silence was counted."""
        self._total_at += seconds

    @property
    def _quiet(self) -> float:
        if self._begun:
            return self._settings.grok_silence_seconds
        return self._settings.grok_first_event_seconds

    def _sentence(self, quiet_at: float) -> str:
        if quiet_at >= self._total_at:
            return words.grok_too_slow(self._settings.grok_total_seconds)
        if self._begun:
            return words.grok_silent(self._settings.grok_silence_seconds)
        late = words.grok_lost_in_search if self._works else words.grok_late
        return late(self._settings.grok_first_event_seconds)


class Watched(httpx.AsyncByteStream):
    """A body under the deadlines: whatever comes, keep-alive comments too, is a sign of life."""

    def __init__(self, stream: httpx.AsyncByteStream, deadlines: Deadlines) -> None:
        self._stream = stream
        self._deadlines = deadlines

    async def __aiter__(self) -> AsyncIterator[bytes]:
        pieces = aiter(self._stream)
        while (piece := await self._deadlines.within(anext(pieces, None))) is not None:
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


@dataclass(frozen=True, slots=True)
class Retries:
    """Exponential backoff with full jitter; all times are in seconds."""

    sleep: Sleep
    rng: Random

    def delay(self, failed: int, retry_after: float | None) -> float:
        """How long to wait after the `failed`-th failure in a row."""
        backoff = min(_LONGEST_BACKOFF, _FIRST_BACKOFF * 2.0 ** (failed - 1))
        return (retry_after or 0.0) + self.rng() * backoff


def retry_after(headers: Mapping[str, str]) -> float | None:
    """How many seconds from now the API asks to wait: in milliseconds (`retry-after-ms`), in
    seconds, or until a date; None when it does not say, or says what cannot be."""
    for name, unit in _HEADERS:
        seconds = _seconds(headers.get(name, "").strip(), unit)
        if seconds is not None and seconds <= _LONGEST_READ:
            return max(0.0, seconds)
    return None


def _seconds(value: str, unit: str) -> float | None:
    if amount := _AMOUNT.fullmatch(value):
        return float(amount[1]) * _UNITS[(amount[2] or unit).lower()]
    try:
        return parsedate_to_datetime(value).timestamp() - time.time()
    except (ValueError, OverflowError, TypeError, IndexError, OSError):
        return None


def should_retry(headers: Mapping[str, str]) -> bool | None:
    """The `x-should-retry` header; None when the API does not say."""
    return {"true": True, "false": False}.get(headers.get("x-should-retry", "").strip().lower())
