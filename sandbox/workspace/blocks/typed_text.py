"""What Slack makes of what a person types: mentions, channel links, addresses, entities."""

from __future__ import annotations

import re

from sandbox.workspace.state import State

_SPECIAL = re.compile(
    r"(?P<mention>(?<![\w@])@(?P<user>[\w.-]*\w))"
    r"|(?P<link>(?<![\w&#])\#(?P<channel>[\w-]+))"
    r"|(?P<url>https?://[^\s<>|]*[^\s<>|.,;:!?)\]\"'`])"
    r"|(?P<reserved>[&<>])"
)
_READY = re.compile(r"<(?:@[UW][A-Z0-9]+|#C[A-Z0-9]+)(?:\|[^<>]*)?>")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_BROADCASTS = ("channel", "here", "everyone")


def encode(state: State, typed: str, *, escape: bool = True) -> str:
    """`typed` as Slack sends it: `&`, `<`, `>` as entities and, with `escape`, people, channels
    and addresses as `<@U…|name>`, `<#C…|name>`, `<https://…>`. Ids in Slack's own form
    (`<@U…>`), as its composer makes them, stay."""
    return _encode(state, typed, escape=escape, names=True)


def encode_message(state: State, typed: str) -> str:
    """The same for a message, where a person is `<@U…>` without a name."""
    return _encode(state, typed, escape=True, names=False)


def _encode(state: State, typed: str, *, escape: bool, names: bool) -> str:
    def special(match: re.Match[str]) -> str:
        if reserved := match["reserved"]:
            return _ENTITIES[reserved]
        if url := match["url"]:
            address = url.replace("&", "&amp;")
            return f"<{address}>" if escape else address
        if not escape:
            return match[0]
        if match["mention"]:
            return _mention(state, match["user"], names=names) or match[0]
        channel = state.channel_named(match["channel"])
        return f"<#{channel.id}|{channel.name}>" if channel is not None else match[0]

    pieces: list[str] = []
    end = 0
    for ready in _READY.finditer(typed):
        pieces += [_SPECIAL.sub(special, typed[end : ready.start()]), ready[0]]
        end = ready.end()
    return "".join([*pieces, _SPECIAL.sub(special, typed[end:])])


def _mention(state: State, name: str, *, names: bool) -> str | None:
    if name in _BROADCASTS:
        return f"<!{name}>"
    user = state.user_named(name) or state.user_named(name.lower())
    if user is None:
        return None
    return f"<@{user.id}|{user.name}>" if names else f"<@{user.id}>"
