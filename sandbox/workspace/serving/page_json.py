"""Messages and views in the JSON of the demo page."""

from __future__ import annotations

import copy

from sandbox.workspace.model import Json, Message, View
from sandbox.workspace.state import APP_ID, BOT_ID, State


def page_message(state: State, message: Message) -> Json:
    author = state.users[message.user]
    body: Json = {
        "channel": message.channel,
        "ts": message.ts,
        "user": message.user,
        "name": author.real_name,
        "color": author.color,
        "is_bot": author.is_bot,
        "text": message.text,
        "blocks": list(message.blocks),
        "edited": message.edited,
        "revision": len(message.revisions),
    }
    if message.tombstone:
        body |= {"text": "This message was deleted.", "blocks": [], "deleted": True}
    if message.ephemeral_to is not None:
        body["ephemeral"] = True
    if message.broadcast:
        body["broadcast"] = True
    if message.streaming_since is not None:
        body["streaming"] = True
    if message.subtype == "me_message":
        body["me"] = True
    if message.files:
        body["files"] = [
            {"name": file.name, "id": file.id, "mimetype": file.kind, "alt": file.alt}
            for file in message.files
        ]
    if message.thread_ts is not None:
        body["thread_ts"] = message.thread_ts
    if not message.is_reply and (replies := state.replies(message.channel, message.ts)):
        body |= {
            "thread_ts": message.ts,
            "reply_count": len(replies),
            "latest_reply": replies[-1].ts,
        }
    return body


def view_json(view: View, *, state: bool = True) -> Json:
    """A view as Slack sends it. Without `state`, as its methods and suggestions give it: what
    was typed is then left out (bolt-js issue 1146)."""
    return {
        **view.content,
        "id": view.id,
        "team_id": view.team,
        "app_id": APP_ID,
        "bot_id": BOT_ID,
        "app_installed_team_id": view.team,
        "hash": view.hash,
        "root_view_id": view.root,
        "previous_view_id": view.previous,
        "external_id": view.external_id,
        "callback_id": view.content.get("callback_id", ""),
        "private_metadata": view.content.get("private_metadata", ""),
        "state": {"values": copy.deepcopy(view.values) if state else {}},
    }
