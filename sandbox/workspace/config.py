"""The app as Slack knows it from its manifest, and the limits Slack holds it to."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

BOT_SCOPES = frozenset(
    {
        "app_mentions:read",
        "channels:history",
        "channels:read",
        "chat:write",
        "commands",
        "files:read",
        "files:write",
        "groups:history",
        "groups:read",
        "im:history",
        "im:write",
        "mpim:history",
        "mpim:read",
        "reactions:read",
        "users:read",
    }
)
BOT_EVENTS = frozenset(
    {
        "app_home_opened",
        "app_mention",
        "app_uninstalled",
        "message.channels",
        "message.groups",
        "message.im",
        "message.mpim",
        "reaction_added",
        "reaction_removed",
        "tokens_revoked",
    }
)


@dataclass(frozen=True, slots=True)
class Command:
    command: str
    description: str = ""
    usage_hint: str = ""
    should_escape: bool = True


@dataclass(frozen=True, slots=True)
class Shortcut:
    callback_id: str
    name: str


@dataclass(frozen=True, slots=True)
class AppConfig:
    """What the app may do and is told. `from_manifest` reads it from a real manifest.

    `interactive`: clicks, shortcuts and forms reach it; `home_tab`, `messages_tab`: which tabs
    it has; `messages_tab_read_only`: people cannot write to it there; `metadata_events`: the
    types of message metadata whose payload it sees in events; `agent`: it is declared one, and
    has `suggested_prompts` (title and message) until it sets others.
    """

    name: str = "Grok"
    scopes: frozenset[str] = BOT_SCOPES
    events: frozenset[str] = BOT_EVENTS
    metadata_events: frozenset[str] = frozenset()
    app_scopes: frozenset[str] = frozenset({"connections:write"})
    commands: tuple[Command, ...] = (
        Command("/grok", "Ask Grok", "[flags] your question  (or: help)"),
    )
    message_shortcuts: tuple[Shortcut, ...] = (Shortcut("ask_grok", "Ask Grok about this"),)
    global_shortcuts: tuple[Shortcut, ...] = (
        Shortcut("new_grok", "Ask Grok"),
        Shortcut("set_up_grok", "Set up Grok"),
    )
    interactive: bool = True
    home_tab: bool = True
    messages_tab: bool = True
    messages_tab_read_only: bool = False
    agent: bool = False
    suggested_prompts: tuple[tuple[str, str], ...] = ()

    @property
    def hears_mentions(self) -> bool:
        """Whether Slack tells it when somebody mentions it in a channel."""
        return "app_mention" in self.events and "app_mentions:read" in self.scopes

    @property
    def hears_direct_messages(self) -> bool:
        """Whether people can write to it and Slack passes that on."""
        return (
            self.messages_tab
            and not self.messages_tab_read_only
            and "message.im" in self.events
            and "im:history" in self.scopes
        )

    @classmethod
    def from_manifest(cls, manifest: Mapping[str, Any]) -> AppConfig:
        """The app of a parsed manifest (schema version 1 or 2)."""
        features = manifest.get("features", {})
        settings = manifest.get("settings", {})
        home = features.get("app_home", {})
        shortcuts = features.get("shortcuts", [])
        subscriptions = settings.get("event_subscriptions", {})
        oauth = manifest.get("oauth_config", {}).get("scopes", {})
        return cls(
            name=features.get("bot_user", {}).get("display_name", "Grok"),
            scopes=frozenset(oauth.get("bot", [])),
            events=frozenset(subscriptions.get("bot_events", [])),
            metadata_events=frozenset(
                entry["event_type"] for entry in subscriptions.get("metadata_subscriptions", [])
            ),
            commands=tuple(
                Command(
                    entry["command"],
                    entry.get("description", ""),
                    entry.get("usage_hint", ""),
                    bool(entry.get("should_escape", False)),
                )
                for entry in features.get("slash_commands", [])
            ),
            message_shortcuts=_shortcuts(shortcuts, "message"),
            global_shortcuts=_shortcuts(shortcuts, "global"),
            interactive=settings.get("interactivity", {}).get("is_enabled", False),
            home_tab=home.get("home_tab_enabled", False),
            messages_tab=home.get("messages_tab_enabled", False),
            messages_tab_read_only=home.get("messages_tab_read_only_enabled", False),
            agent="agent_view" in features,
            suggested_prompts=tuple(
                (entry["title"], entry["message"])
                for entry in features.get("agent_view", {}).get("suggested_prompts", [])
            ),
        )


def _shortcuts(entries: list[dict[str, str]], kind: str) -> tuple[Shortcut, ...]:
    return tuple(
        Shortcut(entry["callback_id"], entry["name"]) for entry in entries if entry["type"] == kind
    )


@dataclass(frozen=True, slots=True)
class Limits:
    """Slack's limits in time. Durations are in seconds.

    `scale` shrinks the windows of the rate budgets alone (0 removes them), so that a test of
    them is over soon; every other duration is given outright.
    """

    scale: float = 1.0
    tier2_per_minute: int = 20
    tier3_per_minute: int = 50
    tier4_per_minute: int = 100
    posts_per_second: float = 1.0
    post_burst: int = 5
    posts_per_minute: int = 300
    ack: float = 3.0
    trigger: float = 3.0
    response_url: float = 1800.0
    response_url_uses: int = 5
    event_retries: tuple[float, ...] = (0.0, 60.0, 300.0)
    stream: float = 300.0
    session: float = 3600.0
    status: float = 120.0
    socket_ping: float = 30.0
    sockets: int = 10
    file_bytes: int = 1024**3


_APP_TOKEN = f"xapp-sandbox-{secrets.token_hex(8)}"
"""Of this process alone: a bot that has outlived another sandbox, whose port this one has by now,
is not let in, where it would take what is asked of the bot that is tried here."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The app's secrets in this workspace."""

    bot_token: str = "xoxb-sandbox-bot"  # noqa: S105
    app_token: str = _APP_TOKEN
    signing_secret: str = "sandbox-signing-secret"  # noqa: S105
