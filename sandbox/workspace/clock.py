"""Slack's ids and time stamps: unique, and ever growing."""

from __future__ import annotations

import itertools
import secrets
import string
import time

_ALPHABET = string.ascii_uppercase + string.digits


class Clock:
    """Hands out time stamps (`1700000000.000100`) that are unique in the workspace."""

    def __init__(self) -> None:
        self._last = 0

    def ts(self) -> str:
        self._last = max(self._last + 1, time.time_ns() // 1000)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"


class Ids:
    """Hands out ids such as `V0A1B2C3D4`, and secrets for addresses."""

    def __init__(self) -> None:
        self._counter = itertools.count(1)

    def new(self, prefix: str) -> str:
        return f"{prefix}{next(self._counter):03d}" + "".join(
            secrets.choice(_ALPHABET) for _ in range(6)
        )

    @staticmethod
    def secret() -> str:
        return secrets.token_urlsafe(18)
