"""Rate budgets: per method (chat.postMessage: per channel too), for the whole workspace."""

from __future__ import annotations

import math
import time
from collections import deque

from sandbox.workspace.config import Limits

MINUTE = 60.0


class Window:
    """At most `count` calls in any `seconds`; after a refusal, none until Retry-After is over.

    A call that comes too early does not put that off: who waits as told gets through.
    """

    def __init__(self, count: int, seconds: float) -> None:
        self._count = count
        self._seconds = seconds
        self._calls: deque[float] = deque()
        self._blocked_until = 0.0

    def wait(self, now: float) -> float:
        """How many seconds from `now` a call would have to wait; 0 when it may be made."""
        while self._calls and self._calls[0] <= now - self._seconds:
            self._calls.popleft()
        until_room = 0.0
        if len(self._calls) >= self._count:
            until_room = self._calls[0] + self._seconds - now
        return max(until_room, self._blocked_until - now, 0.0)

    def take(self, now: float) -> None:
        self._calls.append(now)

    def block(self, until: float) -> None:
        self._blocked_until = until

    def refuse(self, now: float) -> int:
        """Refuse a call; its Retry-After, in whole seconds."""
        retry_after = math.ceil(self.wait(now))
        if self._blocked_until <= now:
            self.block(now + retry_after)
        return retry_after


class Budgets:
    """Every window of the workspace. `tier` is one of the keys below, or `post`."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._windows: dict[tuple[str, ...], Window] = {}
        self._per_minute = {
            "2": limits.tier2_per_minute,
            "3": limits.tier3_per_minute,
            "4": limits.tier4_per_minute,
            "post": limits.posts_per_minute,
        }

    def admit(self, method: str, tier: str, channel: str = "") -> int:
        """Count a call. 0: it may be made, else the Retry-After of its refusal, in seconds."""
        now = time.monotonic()
        windows = self._windows_of(method, tier, channel)
        fullest = max(windows, key=lambda window: window.wait(now))
        if fullest.wait(now) > 0:
            return fullest.refuse(now)
        for window in windows:
            window.take(now)
        return 0

    def block(self, method: str, tier: str, seconds: float) -> None:
        """Refuse `method` for the next `seconds`, whatever its budget."""
        for window in self._windows_of(method, tier, ""):
            window.block(time.monotonic() + seconds)

    def _windows_of(self, method: str, tier: str, channel: str) -> list[Window]:
        windows = [self._window((method,), self._per_minute[tier], MINUTE)]
        if tier == "post":
            burst = self._limits.post_burst
            seconds = burst / self._limits.posts_per_second
            windows.append(self._window((method, channel), burst, seconds))
        return windows

    def _window(self, key: tuple[str, ...], count: int, seconds: float) -> Window:
        if key not in self._windows:
            self._windows[key] = Window(count, seconds * self._limits.scale)
        return self._windows[key]
