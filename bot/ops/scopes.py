"""The Slack scopes the bot needs, each with what needs it; `manifest.yml` asks for the same."""

from __future__ import annotations

_READ = (
    "replies in its threads; conversations.history and conversations.replies, to find its own "
    "message again and to read a thread it is called into,"
)

_MEMBERS = "conversations.info and conversations.members, to know who sees a channel of a form, of"

SCOPES: dict[str, str] = {
    "commands": "the slash command /grok and both shortcuts",
    "chat:write": (
        "chat.postMessage, chat.update, chat.delete, chat.postEphemeral; with SLACK_STREAMING "
        "chat.startStream, chat.appendStream, chat.stopStream and the status of a thread"
    ),
    "app_mentions:read": "being called by @Grok",
    "channels:history": f"{_READ} in public channels",
    "groups:history": f"{_READ} in private channels",
    "im:history": f"{_READ} in direct messages",
    "mpim:history": f"{_READ} in group messages",
    "im:write": (
        "conversations.open, for an answer that only one person may see and that is too long "
        "to be shown in the channel"
    ),
    "channels:read": f"{_MEMBERS} public channels",
    "groups:read": f"{_MEMBERS} private channels",
    "mpim:read": f"{_MEMBERS} group messages",
    "reactions:read": "votes on answers by 👍 and 👎 as reactions",
    "users:read": "users.info, for people's names and who is an admin",
    "files:read": "files.info and downloads, for files that are attached to a question",
    "files:write": (
        "files.getUploadURLExternal and files.completeUploadExternal, for what was used in a month "
        "and votes as files, and for pictures of charts where Slack draws none"
    ),
}
"""Scope → the methods and features that need it."""

AGENT_SCOPES: dict[str, str] = {
    "assistant:write": "assistant.threads.setSuggestedPrompts; an app with it is an agent"
}
"""The same of an app that is declared an agent."""


def scopes_of(*, agent: bool) -> tuple[str, ...]:
    """Those that an app asks for, which may be an `agent`."""
    return (*SCOPES, *AGENT_SCOPES) if agent else tuple(SCOPES)


OPTIONAL = frozenset({"files:read", "files:write", "reactions:read"})
"""Those without which the bot does the same in another way, or says what it cannot do."""
