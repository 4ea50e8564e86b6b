"""Which conversations a select offers to a person."""

from __future__ import annotations

from sandbox.workspace.model import Channel, Json
from sandbox.workspace.state import State

_KINDS = {"channel": "public", "private": "private", "mpim": "mpim", "im": "im"}


def choosable(state: State, user: str, element: Json, channel_id: str) -> bool:
    """Whether a select of conversations or channels lists `channel_id` for `user`."""
    channel = state.channels.get(channel_id)
    if channel is None or channel.is_archived or not sees(state, user, channel):
        return False
    if element["type"].endswith("channels_select"):
        return channel.kind == "channel"
    rules = element.get("filter", {})
    if _KINDS[channel.kind] not in rules.get("include", _KINDS.values()):
        return False
    if rules.get("exclude_bot_users") and channel.user is not None:
        return False
    return not (rules.get("exclude_external_shared_channels") and channel.is_shared)


def sees(state: State, user: str, channel: Channel) -> bool:
    """Whether `user` may open `channel`: guests and strangers only what they are in."""
    person = state.users[user]
    if user in channel.members:
        return True
    return channel.kind == "channel" and not (person.is_guest or person.organisation)
