"""The manifest of the Slack app: what someone pastes at api.slack.com/apps to make one.

`manifest.yml` is this, written by `make docs`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.errors import StartupError
from bot.net.web_address import REDIRECT_PATH, SLACK_PATH, web_address_fits
from bot.ops import words
from bot.words.home import PROMPTS

Manifest = dict[str, Any]

_HTTPS = re.compile(r"https://[\w.~:/!$&'()*+,;=%\[\]-]+", re.ASCII | re.IGNORECASE)
"""What an address may be written with (RFC 3986) that names nobody, no query and no fragment."""

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

EVENTS = (
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
)
OF_ORGANISATIONS = ("team_access_revoked",)
"""What an app hears of besides that can be installed in a whole organisation."""

AGENT_EVENTS = ("agent_session_stopped", "app_context_changed")
"""What Slack tells agents alone."""

_AGENT_DESCRIPTION = (
    "Ask anything, and watch the answer grow. Each message begins a conversation of its own; reply "
    "in its thread to go on."
)

_DESCRIPTION = (
    "Type /grok and a question in any channel, and Grok answers there while everyone watches the "
    "text grow. Reply in the thread to go on, mention @Grok in any thread, or pick “Ask Grok "
    "about this” from the menu of a message. A form holds every parameter for those who do not "
    "like flags; /grok help explains the flags. Answers come from the Grok API of xAI and may be "
    "wrong: check what matters. The bot reads a thread only when it is called into it."
)


def manifest(address: str = "", pages: str = "", *, agent: bool = False) -> Manifest:
    """The app for Socket Mode, or for HTTP mode with the bot at `address` (`https://…`). `pages`:
    where several workspaces install it; then its tokens expire, which cannot be undone. As an
    `agent` people meet it on Slack's own surface for those, which cannot be undone either.

    Raises `StartupError` for an address that Slack would not take.
    """
    url = request_url(address) if address else ""
    oauth: Manifest = {"scopes": {"bot": list(scopes_of(agent=agent))}}
    if pages:
        oauth = {"redirect_urls": [redirect_url(pages)], **oauth}
    of_several, of_agents = OF_ORGANISATIONS if pages else (), AGENT_EVENTS if agent else ()
    events = sorted((*EVENTS, *of_several, *of_agents))
    return {
        "_metadata": {"major_version": 2},
        "display_information": {
            "name": "Grok",
            "description": "Ask Grok with /grok and watch the answer grow in the channel.",
            "long_description": _DESCRIPTION,
            "background_color": "#14171a",
        },
        "features": {**_features(url), **(_agent() if agent else {})},
        "oauth_config": oauth,
        "settings": {
            "event_subscriptions": {**_at("request_url", url), "bot_events": events},
            "interactivity": {
                "is_enabled": True,
                **_at("request_url", url),
                **_at("message_menu_options_url", url),
            },
            "org_deploy_enabled": bool(pages),
            "socket_mode_enabled": not url,
            "token_rotation_enabled": bool(pages),
        },
    }


def _features(url: str) -> Manifest:
    command = {
        "command": "/grok",
        **_at("url", url),
        "description": "Ask Grok; the answer appears here",
        "usage_hint": "[--temperature 0.2 --max-tokens 500 …] your question, or: help",
        "should_escape": True,
    }
    return {
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "bot_user": {"display_name": "Grok", "always_online": True},
        "slash_commands": [command],
        "shortcuts": [
            _shortcut("Ask Grok", "global", "new_grok", "Open the form with every parameter"),
            _shortcut(
                "Set up Grok",
                "global",
                "set_up_grok",
                "Defaults and quotas of a channel or the workspace",
            ),
            _shortcut(
                "Ask Grok about this",
                "message",
                "ask_grok",
                "Summarise, explain, translate or answer this message",
            ),
        ],
    }


def _agent() -> Manifest:
    """What makes the app an agent; what it suggests until it has said so itself."""
    prompts = [{"title": title, "message": message} for title, message in PROMPTS]
    view = {"agent_description": _AGENT_DESCRIPTION, "suggested_prompts": prompts}
    return {"agent_view": view}


def _shortcut(name: str, kind: str, callback_id: str, description: str) -> Manifest:
    return {"name": name, "type": kind, "callback_id": callback_id, "description": description}


def _at(name: str, url: str) -> Manifest:
    """Slack takes request URLs only of an app that is not in Socket Mode."""
    return {name: url} if url else {}


def request_url(address: str) -> str:
    """Where Slack sends everything, when the bot is reached at `address`.

    Raises `StartupError` when Slack would not take it.
    """
    base = _public(address)
    return base if base.endswith(SLACK_PATH) else base + SLACK_PATH


def redirect_url(address: str) -> str:
    """Where Slack sends people back to who install the app, when its pages are at `address`.

    Raises `StartupError` when Slack would not take it.
    """
    return _public(address) + REDIRECT_PATH


def _public(address: str) -> str:
    if not (_HTTPS.fullmatch(address) and web_address_fits(address)):
        raise StartupError([words.WRONG_PUBLIC_ADDRESS(address)])
    return address.rstrip("/")


def as_yaml(value: Manifest) -> str:
    """`value` as YAML. Texts are JSON strings, which YAML takes as they are."""
    return "\n".join(_lines(value)) + "\n"


def _lines(value: Mapping[str, Any] | Sequence[Any], indent: str = "") -> Iterator[str]:
    entries = (
        [(f"{name}:", each) for name, each in value.items()]
        if isinstance(value, Mapping)
        else [("-", each) for each in value]
    )
    for head, each in entries:
        if not isinstance(each, Mapping | list):
            yield f"{indent}{head} {json.dumps(each, ensure_ascii=False)}"
        elif head == "-":
            first, *rest = _lines(each, indent + "  ")
            yield f"{indent}- {first.lstrip()}"
            yield from rest
        else:
            yield f"{indent}{head}"
            yield from _lines(each, indent + "  ")
