"""An Ask: who wants what, where. It is what every way in produces and a job carries."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from bot.completion.request import CompletionRequest

Surface = Literal["command", "form", "shortcut", "thread", "mention", "retry"]
ReplyTo = Literal["channel", "thread", "private"]


class Ask(BaseModel):
    """A validated question with its place in Slack.

    `dedupe` names what Slack repeats when it delivers the same question again (a trigger id,
    a channel and ts): two asks with the same `dedupe` are one.
    """

    model_config = ConfigDict(frozen=True)

    dedupe: str
    surface: Surface
    team: str
    channel: str
    user: str
    request: CompletionRequest
    system: str = ""
    reply: ReplyTo = "channel"
    thread_ts: str | None = None
    response_url: str | None = None
    asked_at: float
    """Unix time in seconds at which the listener got the question."""
