"""Slack's leave to open one connection of Socket Mode."""

from __future__ import annotations

import time
from dataclasses import dataclass

from pydantic import SecretStr

GOOD_SECONDS = 10.0
"""How long one is used. Slack nowhere says how long it is good; its own clients use it at once, and
a bot at its start as soon as the rest is loaded."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """The address that `apps.connections.open` gave, which opens a connection for whoever has it.

    `until`: it is not used later than this, on the monotonic clock.
    """

    url: SecretStr
    until: float

    @classmethod
    def given(cls, url: str) -> Ticket:
        """One that has just come."""
        return cls(SecretStr(url), time.monotonic() + GOOD_SECONDS)

    @property
    def good(self) -> bool:
        """Whether it may still open something."""
        return time.monotonic() < self.until
