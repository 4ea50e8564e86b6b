"""People, conversations and messages in the JSON that Slack's API and events use."""

from __future__ import annotations

import uuid
from typing import Literal, TypeAlias
from urllib.parse import quote

from sandbox.workspace.blocks.markdown import stored_blocks
from sandbox.workspace.blocks.rich_text import composed
from sandbox.workspace.model import Channel, Json, Message, SharedFile, User
from sandbox.workspace.state import ENTERPRISE_ID, State

CHANNEL_TYPES = {"channel": "channel", "private": "group", "mpim": "mpim", "im": "im"}
_CLIENT_IDS = uuid.UUID(int=0)

Metadata: TypeAlias = Literal["named", "whole"]
"""How much of a message's metadata an app gets to see: without `include_all_metadata`, and
without a subscription in its manifest, only the `event_type` (python-slack-sdk issue 1501)."""


def user_json(state: State, user: User) -> Json:
    """A "User object". `enterprise_user` comes with people of an Enterprise Grid."""
    home = user.organisation or next(iter(user.workspaces), state.team_id)
    enterprise = state.enterprise.id if state.enterprise else ENTERPRISE_ID
    grid = {"id": user.id, "enterprise_id": enterprise, "teams": [*user.workspaces]}
    return {
        "id": user.id,
        **({"team_id": home} if user.is_placed else {}),
        "name": user.name,
        "deleted": False,
        "color": user.color.lstrip("#"),
        "real_name": user.real_name,
        "tz": state.zone,
        "tz_offset": state.zone_seconds,
        "profile": {
            "real_name": user.real_name,
            "display_name": user.display_name or user.name,
            "real_name_normalized": user.real_name,
            "display_name_normalized": user.display_name or user.name,
            "team": home,
            **({"bot_id": user.bot_id, "api_app_id": user.app_id} if user.is_bot else {}),
        },
        "is_admin": user.is_admin,
        "is_owner": user.is_owner,
        "is_primary_owner": user.is_owner,
        "is_restricted": user.is_guest,
        "is_ultra_restricted": False,
        "is_bot": user.is_bot,
        "is_app_user": False,
        **({"is_stranger": True} if user.organisation else {}),
        **({"enterprise_user": grid} if user.workspaces else {}),
    }


def channel_json(channel: Channel, *, bot: str, team: str) -> Json:
    """A "Channel object", of `team` alone: `is_shared` is told, and not with whom else."""
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
        "is_group": channel.kind in ("private", "mpim"),
        "is_im": False,
        "is_mpim": channel.kind == "mpim",
        "is_private": channel.kind != "channel",
        "is_archived": channel.is_archived,
        "is_member": bot in channel.members,
        "is_shared": channel.is_shared,
        "is_ext_shared": channel.is_shared,
        "context_team_id": team,
        "shared_team_ids": [team],
        "num_members": len(channel.members),
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }


def message_json(state: State, message: Message, *, metadata: Metadata = "named") -> Json:
    """`message` as the API returns it: markdown already turned into Slack's own blocks."""
    if message.tombstone:
        return _tombstone(message) | _thread(state, message)
    body: Json = {"type": "message", "text": message.text, "ts": message.ts}
    if subtype := _subtype(message):
        body["subtype"] = subtype
    body |= _author(state, message)
    if blocks := _blocks(message):
        body["blocks"] = blocks
    if message.edited_ts is not None:
        body["edited"] = {"user": message.revisions[-1].by, "ts": message.edited_ts}
    if message.files:
        body |= {"files": _files(state, message), "upload": False}
    if message.attachments:
        body["attachments"] = [dict(each) for each in message.attachments]
    if message.reactions:
        body["reactions"] = _reactions(message)
    if message.metadata is not None:
        whole = metadata == "whole"
        body["metadata"] = message.metadata if whole else {**message.metadata, "event_payload": {}}
    if message.broadcast and (root := state.find(message.channel, message.thread_ts or "")):
        body["root"] = message_json(state, root)
    return body | _thread(state, message)


def _reactions(message: Message) -> list[Json]:
    """Those to a message, by emoji, in the order in which the first of each came."""
    names = dict.fromkeys(name for _, name in message.reactions)
    by_name = {name: [who for who, what in message.reactions if what == name] for name in names}
    return [{"name": n, "users": users, "count": len(users)} for n, users in by_name.items()]


def _tombstone(message: Message) -> Json:
    return {
        "type": "message",
        "subtype": "tombstone",
        "text": "This message was deleted.",
        "user": "USLACKBOT",
        "hidden": True,
        "ts": message.ts,
    }


def _subtype(message: Message) -> str | None:
    if message.broadcast:
        return "thread_broadcast"
    return "file_share" if message.files else message.subtype


def _author(state: State, message: Message) -> Json:
    """Who wrote it. What a webhook posts has no user."""
    author = state.users[message.user]
    home = author.organisation or state.team_id
    if message.bot_id is None:
        body: Json = {"user": author.id, "team": home}
        if message.subtype != "me_message":
            name = f"{message.channel}-{message.ts}"
            body["client_msg_id"] = str(uuid.uuid5(_CLIENT_IDS, name))
        if author.organisation:
            body |= {"user_team": home, "source_team": home}
        return body
    if message.subtype == "bot_message":
        return {"bot_id": message.bot_id, "username": author.real_name, "app_id": author.app_id}
    profile = {
        "id": author.bot_id,
        "app_id": author.app_id,
        "name": author.real_name,
        "deleted": False,
        "updated": 1_700_000_000,
        "team_id": home,
    }
    return {
        "user": author.id,
        "team": home,
        "bot_id": message.bot_id,
        "app_id": author.app_id,
        "bot_profile": profile,
    }


def _blocks(message: Message) -> list[Json]:
    """What an app sent, or what a person's composer made of the text."""
    if message.blocks:
        return stored_blocks(message.blocks)
    typed = message.bot_id is None and message.subtype != "me_message"
    return composed(message.text, f"{message.ts} {len(message.revisions)}") if typed else []


def _files(state: State, message: Message) -> list[Json]:
    """What a message says of its files: of a deleted one, and of one of another organisation,
    little more than the id."""
    return [_file(state, message, file) for file in message.files]


def _file(state: State, message: Message, file: SharedFile) -> Json:
    if file.id in state.deleted_files:
        return {"id": file.id, "mode": "tombstone"}
    if file.is_foreign:
        return {"id": file.id, "mode": "file_access", "file_access": "check_file_info"}
    return file_json(state, file, message.user)


def file_json(state: State, file: SharedFile, user: str) -> Json:
    """A "File object", as `files.info` shows it."""
    url = file_url(state, file)
    size = len(file.content or b"") if file.size is None else file.size
    return {
        "id": file.id,
        "created": 1_700_000_000,
        "name": file.name,
        "title": file.title or file.name,
        "mimetype": file.kind,
        "filetype": file.name.rpartition(".")[2],
        "user": user,
        "user_team": state.team_id,
        "mode": file.mode,
        "is_external": file.mode == "external",
        "external_type": "gdrive" if file.mode == "external" else "",
        "is_public": True,
        "size": size,
        **({"alt_txt": file.alt} if file.alt else {}),
        "url_private": url,
        **({} if file.mode == "external" else {"url_private_download": f"{url}?download=1"}),
    }


def file_url(state: State, file: SharedFile) -> str:
    """Where a file lies, for those who are let in."""
    if file.mode == "external":
        return file.url
    return f"{state.origin}/files-pri/{state.team_id}-{file.id}/{quote(file.name, safe='')}"


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
