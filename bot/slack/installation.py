"""The app as it is installed: whose workspace, which bot user. Known once, at start-up."""

from __future__ import annotations

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
