"""The surface that Slack gives an app which is declared an agent ("Agent sessions").

An app is one by its manifest (`python -m bot manifest --agent`); Slack then grants it a scope that
no other has. Without that none of these methods is called.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from bot.errors import PostingDenied, SlackError
from bot.slack.installation import Installation
from bot.slack.refusals import passes
from bot.slack.slack import REFUSED_SECONDS, Slack
from bot.slack.web_api import WebApi

log = structlog.get_logger(__name__)

SCOPE = "assistant:write"
"""What only an agent is granted ("Agent sessions")."""

SESSION = "agents.sessions.setStatus"
LINE = "assistant.threads.setStatus"
SUGGESTED = "assistant.threads.setSuggestedPrompts"

_NOT_OURS = frozenset(
    {
        "access_denied",
        "accesslimited",
        "deprecated_endpoint",
        "enterprise_is_restricted",
        "free_teams_not_allowed",
        "method_deprecated",
        "missing_scope",
        "not_allowed_token_type",
        "not_authorized",
        "team_access_not_granted",
        "unknown_method",
    }
)
"""Refusals that are about the app, and not about the place or the moment."""

_NO_STOP = "missing_agent_session_stopped_event_subscription"


class AgentSurface:
    """Calls of one workspace. Every one raises what `WebApi.call` raises."""

    def __init__(self, api: WebApi, *, declared: bool = True) -> None:
        """`declared`: whether the app is an agent there."""
        self._api = api
        self.deadline = api.deadline
        self.declared = declared
        """Whether people meet the app on this surface: the same for all replicas, and for as long
        as the bot runs, whatever Slack refuses."""
        self._refused: dict[str, float] = {}

    @classmethod
    def of(cls, api: WebApi, installation: Installation) -> AgentSurface:
        """That of an installation. Where Slack does not say which scopes it has, it is none."""
        return cls(api, declared=SCOPE in (installation.scopes or ()))

    def takes(self, method: str) -> bool:
        """Whether `method` may be called: the app is an agent, and Slack has not refused it."""
        return self.declared and self._refused.get(method, 0.0) <= time.monotonic()

    async def session(
        self, channel: str, thread_ts: str, status: str, *, title: str = "", initiator: str = ""
    ) -> bool:
        """Say what becomes of the session of a thread; one that begins with it gets `title` and
        `initiator`. Whether people can stop it by Slack's own means."""
        body = {"channel_id": channel, "thread_ts": thread_ts, "status": status}
        if title:
            body |= {"title": title, "initiator_user_id": initiator}
        return _NO_STOP not in str(await self._call(SESSION, body))

    async def line(self, channel: str, thread_ts: str, text: str) -> None:
        """Say below a thread what is done there ("is searching…"), until the bot writes there or
        for two minutes; an empty `text` takes it back."""
        body = {"channel_id": channel, "thread_ts": thread_ts, "status": text}
        await self._call(LINE, {**body, "loading_messages": [text]} if text else body)

    async def suggest(self, channel: str, title: str, prompts: Sequence[tuple[str, str]]) -> None:
        """Put prompts, each with its title, at the top of somebody's Messages tab."""
        shown = [{"title": name, "message": message} for name, message in prompts]
        await self._call(SUGGESTED, {"channel_id": channel, "title": title, "prompts": shown})

    async def _call(self, method: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            return await self._api.call(method, body)
        except SlackError as error:
            if error.code in _NOT_OURS:
                log.warning("not on the surface of agents", method=method, error=error.code)
                self._refused[method] = time.monotonic() + REFUSED_SECONDS
            raise


class ThreadStatus:
    """The "is thinking…" of one thread. Slack takes it away when the bot writes there."""

    def __init__(self, slack: Slack, channel: str, thread_ts: str) -> None:
        self._slack = slack
        self._channel = channel
        self._thread_ts = thread_ts
        self._said = ""

    async def say(self, status: str) -> bool:
        """Say `status` behind the bot's name, unless it stands there; empty: nothing any more.

        False: Slack does not let it be said here. Raises `PostingDenied` where the bot may not
        write either.
        """
        if status == self._said:
            return True
        try:
            await self._slack.set_status(self._channel, self._thread_ts, status)
        except PostingDenied:
            raise
        except SlackError as error:
            log.info("status not shown", error=str(error))
            return passes(error)
        self._said = status
        return True
