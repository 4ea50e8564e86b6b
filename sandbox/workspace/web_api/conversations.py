"""conversations.*: reading messages, opening direct messages, looking up conversations."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

from sandbox.workspace.blocks.validate import check_ts
from sandbox.workspace.delivering.wire import Metadata, channel_json, message_json
from sandbox.workspace.errors import ApiError
from sandbox.workspace.model import Channel, Json, Message
from sandbox.workspace.state import BOT_USER
from sandbox.workspace.team import Team
from sandbox.workspace.web_api.method import Args, method, need_scope
from sandbox.workspace.web_api.places import direct_message, readable, visible

T = TypeVar("T")
PAGE = 100
PAGE_MOST = 999
_READ_SCOPES = {
    "channel": "channels:read",
    "private": "groups:read",
    "mpim": "mpim:read",
    "im": "im:read",
}
_TYPES = {"public_channel": "channel", "private_channel": "private", "mpim": "mpim", "im": "im"}


@method("conversations.history", "3")
async def history(team: Team, args: Args) -> Json:
    """Top-level messages, newest first."""
    channel = readable(team, args.required("channel"))
    within = _range(args)
    found = [m for m in reversed(team.state.top_level(channel.id)) if within(m.ts)]
    return _messages_page(team, args, found)


@method("conversations.replies", "3")
async def replies(team: Team, args: Args) -> Json:
    """A thread, its root first, then oldest first. The ts of a reply gives that reply alone."""
    channel = readable(team, args.required("channel"))
    root = team.state.find(channel.id, check_ts(args.required("ts"), "thread_not_found"))
    if root is None:
        raise ApiError("thread_not_found")
    within = _range(args)
    thread = [root] if root.is_reply else [root, *team.state.replies(channel.id, root.ts)]
    return _messages_page(team, args, [m for m in thread if m is root or within(m.ts)])


@method("conversations.info", "3")
async def info(team: Team, args: Args) -> Json:
    channel = visible(team, args.required("channel"))
    need_scope(team, _READ_SCOPES[channel.kind])
    return {"channel": channel_json(channel, bot=BOT_USER, team=team.state.team_id)}


@method("conversations.list", "2")
async def list_channels(team: Team, args: Args) -> Json:
    found = _of_types(team, args, lambda c: c.kind == "channel" or BOT_USER in c.members)
    return _channels_page(team, args, found)


@method("users.conversations", "3")
async def own_channels(team: Team, args: Args) -> Json:
    """The conversations that `user` (default: the bot) shares with the bot."""
    user = args.optional("user") or BOT_USER
    found = _of_types(team, args, lambda c: {user, BOT_USER} <= c.members)
    return _channels_page(team, args, found)


@method("conversations.members", "4")
async def members(team: Team, args: Args) -> Json:
    channel = visible(team, args.required("channel"))
    need_scope(team, _READ_SCOPES[channel.kind])
    page, cursor = _page(args, sorted(channel.members))
    return {"members": page, "response_metadata": {"next_cursor": cursor}}


@method("conversations.open", "3", "im:write")
async def open_dm(team: Team, args: Args) -> Json:
    """The direct message with one person: its id alone, unless `return_im` asks for more."""
    if "channel" in args:
        return {"channel": {"id": visible(team, args.required("channel")).id}}
    users = [user for user in args.required("users").split(",") if user]
    if len(users) != 1:
        need_scope(team, "mpim:write")
        raise ApiError("not_enough_users" if not users else "too_many_users")
    channel = direct_message(team, users[0])
    whole = args.flag("return_im")
    body = (
        channel_json(channel, bot=BOT_USER, team=team.state.team_id)
        if whole
        else {"id": channel.id}
    )
    return {"channel": body, "already_open": True, "no_op": True}


def _range(args: Args) -> Callable[[str], bool]:
    oldest = args.seconds("oldest", 0.0)
    latest = args.seconds("latest", math.inf)
    inclusive = args.flag("inclusive")

    def within(ts: str) -> bool:
        at = float(ts)
        return oldest < at < latest or (inclusive and at in (oldest, latest))

    return within


def _messages_page(team: Team, args: Args, found: list[Message]) -> Json:
    page, cursor = _page(args, found)
    metadata: Metadata = "whole" if args.flag("include_all_metadata") else "named"
    body: Json = {
        "messages": [message_json(team.state, m, metadata=metadata) for m in page],
        "has_more": bool(cursor),
    }
    return body | ({"response_metadata": {"next_cursor": cursor}} if cursor else {})


def _page(args: Args, items: list[T]) -> tuple[list[T], str]:
    size = args.count("limit", PAGE, PAGE_MOST)
    cursor = args.optional("cursor") or "0"
    if not cursor.isdigit() or int(cursor) > len(items):
        raise ApiError("invalid_cursor")
    end = int(cursor) + size
    return items[int(cursor) : end], str(end) if end < len(items) else ""


def _of_types(team: Team, args: Args, wanted: Callable[[Channel], bool]) -> list[Channel]:
    types = (args.optional("types") or "public_channel").split(",")
    for name in types:
        if name not in _TYPES:
            raise ApiError("invalid_types")
    kinds = {_TYPES[name] for name in types}
    for kind in kinds:
        need_scope(team, _READ_SCOPES[kind])
    no_archived = args.flag("exclude_archived")
    return [
        channel
        for channel in team.state.channels.values()
        if channel.kind in kinds and wanted(channel) and not (no_archived and channel.is_archived)
    ]


def _channels_page(team: Team, args: Args, found: list[Channel]) -> Json:
    page, cursor = _page(args, found)
    return {
        "channels": [
            channel_json(channel, bot=BOT_USER, team=team.state.team_id) for channel in page
        ],
        "response_metadata": {"next_cursor": cursor},
    }
