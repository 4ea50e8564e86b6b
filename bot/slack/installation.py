"""What Slack says of the app as it starts: whose workspace, which bot user, and its leave to open a
connection of Socket Mode."""

from __future__ import annotations

import time
from dataclasses import dataclass

from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class Installation:
    """What `auth.test` said of the bot token."""

    bot_token: SecretStr
    team: str
    team_name: str
    bot_user: str
    bot_id: str
    enterprise_id: str | None = None
    scopes: frozenset[str] | None = None
    """Scopes granted to the token; None when Slack did not say."""
    url: str = ""
    """Where the workspace is on the web, with a slash at the end; empty when Slack did not say."""
    org_wide: bool = False
    """Whether it is that of a whole organisation, one of whose workspaces this is."""


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
