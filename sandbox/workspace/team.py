"""All parts of one workspace, joined. What the methods, the pages and the people work on."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sandbox.workspace.budgets import Budgets
from sandbox.workspace.clock import Clock, Ids
from sandbox.workspace.config import AppConfig, Credentials, Limits
from sandbox.workspace.delivering.delivery import Dispatcher
from sandbox.workspace.delivering.events import Events
from sandbox.workspace.delivering.interactions import ResponseUrls, Triggers
from sandbox.workspace.delivering.socket_mode import SocketMode
from sandbox.workspace.faults import Faults
from sandbox.workspace.feed import Feed
from sandbox.workspace.model import Call
from sandbox.workspace.state import State
from sandbox.workspace.timeline import Timeline
from sandbox.workspace.uploads import Uploads
from sandbox.workspace.views import Views


@dataclass(slots=True)
class Team:
    """`origin` is the address of the server; `revoked` maps a dead token to Slack's error, and
    `bot_tokens` a good one to when it expires, by the monotonic clock."""

    app: AppConfig
    limits: Limits
    credentials: Credentials
    state: State
    clock: Clock
    ids: Ids
    feed: Feed
    budgets: Budgets
    faults: Faults
    timeline: Timeline
    events: Events
    dispatcher: Dispatcher
    sockets: SocketMode
    triggers: Triggers
    response_urls: ResponseUrls
    uploads: Uploads
    views: Views
    calls: list[Call]
    problems: list[str]
    revoked: dict[str, str]
    bot_tokens: dict[str, float]
    origin: str = ""

    def refusal(self, token: str) -> str | None:
        """Slack's error for a bot token that is not good now, or is none of this workspace's."""
        whole = self.state.enterprise
        if whole is not None and token in whole.tokens:
            if token in whole.revoked:
                return whole.revoked[token]
            if not self.state.org_wide and whole.granted:
                return "team_access_not_granted"
            return "token_expired" if whole.tokens[token] < time.monotonic() else None
        if token in self.revoked:
            return self.revoked[token]
        if token not in self.bot_tokens:
            return "invalid_auth"
        return "token_expired" if self.bot_tokens[token] < time.monotonic() else None
