"""When and how long to wait before asking again."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

Sleep = Callable[[float], Awaitable[None]]
Random = Callable[[], float]

TRIES = 3
_FIRST_BACKOFF = 0.5
_LONGEST_BACKOFF = 8.0
_LONGEST_RETRY_AFTER = 120.0
"""xAI's own client waits no longer than this (xai-org/grok-build)."""


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
    """The `Retry-After` header in seconds from now, given as a number or as a date."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    return min(max(0.0, seconds), _LONGEST_RETRY_AFTER)


def should_retry(headers: Mapping[str, str]) -> bool | None:
    """The `x-should-retry` header; None when the API does not say."""
    return {"true": True, "false": False}.get(headers.get("x-should-retry", "").strip().lower())
