"""When and how long to wait before asking again."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

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
    for name, unit in (
        ("retry-after-ms", "ms"),
        ("x-ms-retry-after-ms", "ms"),
        ("retry-after", "s"),
    ):
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
