"""The Slack scopes the bot needs, each with what needs it; `manifest.yml` asks for the same."""

from __future__ import annotations

_READ_BACK = "conversations.history and conversations.replies, to find its own message again"

SCOPES: dict[str, str] = {
    "commands": "the slash command /grok",
    "chat:write": "chat.postMessage, chat.update, chat.delete, chat.postEphemeral",
    "channels:history": f"{_READ_BACK} in public channels",
    "groups:history": f"{_READ_BACK} in private channels",
    "im:history": f"{_READ_BACK} in direct messages",
    "mpim:history": f"{_READ_BACK} in group messages",
}
"""Scope → the methods and features that need it."""
