"""People, conversations and messages in the JSON that Slack's API and events use."""

from __future__ import annotations

from sandbox.workspace.markdown import stored_blocks
from sandbox.workspace.model import Channel, Json, Message, User
from sandbox.workspace.state import APP_ID, BOT_ID, TEAM_ID, State

CHANNEL_TYPES = {"channel": "channel", "private": "group", "im": "im"}


def user_json(user: User) -> Json:
    return {
        "id": user.id,
        "team_id": TEAM_ID,
        "name": user.name,
        "deleted": False,
        "color": user.color.lstrip("#"),
        "real_name": user.real_name,
        "tz": "Europe/Amsterdam",
        "tz_offset": 3600,
        "profile": {
            "real_name": user.real_name,
            "display_name": user.name,
            "real_name_normalized": user.real_name,
            "display_name_normalized": user.name,
            "team": TEAM_ID,
            **({"bot_id": BOT_ID, "api_app_id": APP_ID} if user.is_bot else {}),
        },
        "is_admin": user.is_admin,
        "is_owner": user.is_owner,
        "is_primary_owner": user.is_owner,
        "is_restricted": user.is_guest,
        "is_ultra_restricted": False,
        "is_bot": user.is_bot,
        "is_app_user": False,
    }


def channel_json(channel: Channel, *, bot: str) -> Json:
    if channel.kind == "im":
        return {
            "id": channel.id,
            "is_im": True,
            "is_archived": channel.is_archived,
            "user": channel.user,
            "is_open": True,
        }
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": channel.kind == "channel",
        "is_group": channel.kind == "private",
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.kind == "private",
        "is_archived": channel.is_archived,
        "is_member": bot in channel.members,
        "num_members": len(channel.members),
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }


def message_json(state: State, message: Message, *, metadata: bool = False) -> Json:
    """`message` as the API returns it: markdown already turned into Slack's own blocks."""
    if message.tombstone:
        body: Json = {
            "type": "message",
            "subtype": "tombstone",
            "text": "This message was deleted.",
            "user": "USLACKBOT",
            "hidden": True,
            "ts": message.ts,
        }
        return body | _thread(state, message)
    body = {
        "type": "message",
        "user": message.user,
        "text": message.text,
        "ts": message.ts,
        "team": TEAM_ID,
    }
    if message.blocks:
        body["blocks"] = stored_blocks(message.blocks)
    if message.bot_id is not None:
        body |= {"bot_id": message.bot_id, "app_id": APP_ID}
    else:
        body["client_msg_id"] = f"{message.channel}-{message.ts}"
    if message.edited_ts is not None:
        body["edited"] = {"user": message.revisions[-1].by, "ts": message.edited_ts}
    if message.files:
        body["files"] = [{"id": f"F{n:08d}", "name": f} for n, f in enumerate(message.files, 1)]
        body["subtype"] = "file_share"
    if message.broadcast:
        body["subtype"] = "thread_broadcast"
    if metadata and message.metadata is not None:
        body["metadata"] = message.metadata
    return body | _thread(state, message)


def _thread(state: State, message: Message) -> Json:
    if message.is_reply:
        root = state.find(message.channel, message.thread_ts or "")
        parent = {"parent_user_id": root.user} if root is not None else {}
        return {"thread_ts": message.thread_ts, **parent}
    replies = state.replies(message.channel, message.ts)
    if not replies:
        return {}
    users = list(dict.fromkeys(reply.user for reply in replies))
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users": users,
        "reply_users_count": len(users),
        "latest_reply": replies[-1].ts,
        "is_locked": False,
        "subscribed": False,
    }
