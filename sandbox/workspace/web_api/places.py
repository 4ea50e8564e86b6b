"""Which conversations the bot sees, and where it may write."""

from __future__ import annotations

from sandbox.workspace.delivering.events import HISTORY_SCOPES
from sandbox.workspace.errors import ApiError
from sandbox.workspace.model import Channel, Message
from sandbox.workspace.state import BOT_USER
from sandbox.workspace.team import Team
from sandbox.workspace.web_api.method import need_scope

PUBLIC_POSTING = "chat:write.public"


def visible(team: Team, channel_id: str) -> Channel:
    """A conversation the bot may know of: public ones, and those it is in."""
    channel = team.state.channels.get(channel_id)
    if channel is None or (channel.kind != "channel" and BOT_USER not in channel.members):
        raise ApiError("channel_not_found")
    return channel


def direct_message(team: Team, user_id: str) -> Channel:
    """The one between the bot and a person, who is of this workspace."""
    user = team.state.users.get(user_id)
    if user is None or user_id == BOT_USER:
        raise ApiError("user_not_found")
    if user.is_bot:
        raise ApiError("cannot_dm_bot")
    if user.organisation:
        raise ApiError("channel_not_found")
    return team.state.dm(user_id)


def writable(team: Team, channel_id: str) -> Channel:
    """Where a message may go; a person's id stands for the direct message with them."""
    if channel_id in team.state.users and channel_id != BOT_USER:
        channel_id = direct_message(team, channel_id).id
    channel = visible(team, channel_id)
    if channel.is_archived:
        raise ApiError("is_archived")
    if channel.user is not None and not team.app.messages_tab:
        raise ApiError("messages_tab_disabled")
    if BOT_USER not in channel.members and PUBLIC_POSTING not in team.app.scopes:
        raise ApiError("not_in_channel")
    return channel


def readable(team: Team, channel_id: str) -> Channel:
    """A conversation whose messages the bot may read."""
    channel = visible(team, channel_id)
    need_scope(team, HISTORY_SCOPES[channel.kind])
    if BOT_USER not in channel.members:
        raise ApiError("not_in_channel")
    return channel


def own_message(team: Team, channel_id: str, ts: str, error: str) -> Message:
    """A message of the bot that still stands; `error` when it is somebody else's."""
    channel = visible(team, channel_id)
    message = team.state.find(channel.id, ts)
    if message is None or message.tombstone:
        raise ApiError("message_not_found")
    if message.user != BOT_USER:
        raise ApiError(error)
    if channel.is_archived:
        raise ApiError("is_archived")
    return message


def refuse_streaming(team: Team, message: Message) -> None:
    if message.is_streaming(team.limits.stream):
        raise ApiError("streaming_state_conflict")
