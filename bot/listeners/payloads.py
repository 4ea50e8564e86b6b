"""Slack's payloads, parsed at the edge: only the fields that the bot uses."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class SlashCommand(BaseModel):
    """The form of a slash command (docs.slack.dev, "Implementing slash commands")."""

    model_config = ConfigDict(frozen=True)

    command: str
    text: str = ""
    trigger_id: str
    user_id: str
    channel_id: str
    response_url: str = ""
