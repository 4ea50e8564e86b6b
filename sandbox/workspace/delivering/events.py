"""The Events API: what the app is told, by its subscriptions, memberships and scopes."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from sandbox.workspace.clock import Clock, Ids
from sandbox.workspace.config import AppConfig
from sandbox.workspace.delivering.delivery import Dispatcher
from sandbox.workspace.delivering.wire import CHANNEL_TYPES, message_json
from sandbox.workspace.model import Channel, Json, Message, Session
from sandbox.workspace.state import APP_ID, BOT_USER, State

HISTORY_SCOPES = {
    "channel": "channels:history",
    "private": "groups:history",
    "mpim": "mpim:history",
    "im": "im:history",
}
_MESSAGE_EVENTS = {
    "channel": "message.channels",
    "private": "message.groups",
    "mpim": "message.mpim",
    "im": "message.im",
}
_NOT_MENTIONED = ("files", "upload", "attachments", "subtype")
"""What an `app_mention` lacks of the message that it tells of ("app_mention event")."""

_MENTION = re.compile(rf"<@{BOT_USER}(\|[^>]*)?>")


def mentions_bot(text: str) -> bool:
    return _MENTION.search(text) is not None


@dataclass(slots=True)
class Events:
    """Builds events and hands those that the app may see to the dispatcher."""

    state: State
    app: AppConfig
    clock: Clock
    ids: Ids
    dispatcher: Dispatcher

    def posted(self, message: Message) -> None:
        channel = self.state.channels[message.channel]
        self._mention(channel, message)
        self._message(channel, self.seen(message), message.ts)

    def seen(self, message: Message) -> Json:
        """`message` as an event shows it to the app."""
        event_type = (message.metadata or {}).get("event_type")
        whole = event_type in self.app.metadata_events
        return message_json(self.state, message, metadata="whole" if whole else "named")

    def changed(self, message: Message, previous: Json) -> None:
        """`previous` is the message's JSON before the change. Slack tells of a mention again
        at every edit of a message that has one; it is then marked `edited`."""
        channel = self.state.channels[message.channel]
        if message.edited_ts is not None and not message.tombstone:
            self._mention(channel, message)
        body = {
            "type": "message",
            "subtype": "message_changed",
            "hidden": True,
            "message": self.seen(message),
            "previous_message": previous,
        }
        self._message(channel, body, self.clock.ts())

    def deleted(self, message: Message, previous: Json) -> None:
        body = {
            "type": "message",
            "subtype": "message_deleted",
            "hidden": True,
            "deleted_ts": message.ts,
            "previous_message": previous,
        }
        self._message(self.state.channels[message.channel], body, self.clock.ts())

    def unfurled(self, message: Message, address: str) -> None:
        """Slack added a preview to a message: a change that nobody made."""
        body = self.seen(message)
        preview = {"id": 1, "from_url": address, "original_url": address, "fallback": address}
        event = {
            "type": "message",
            "subtype": "message_changed",
            "hidden": True,
            "message": {**body, "attachments": [preview]},
            "previous_message": body,
        }
        self._message(self.state.channels[message.channel], event, self.clock.ts())

    def home_opened(self, user: str, tab: str, view: Json | None) -> None:
        event: Json = {
            "type": "app_home_opened",
            "user": user,
            "channel": self.state.dm(user).id,
            "tab": tab,
        }
        if view is not None:
            event["view"] = view
        self.emit("app_home_opened", event)

    def context_changed(self, user: str) -> None:
        """What `user` looks at beside the app ("app_context_changed event")."""
        event = {"type": "app_context_changed", "channel": self.state.dm(user).id, "user": user}
        self.emit("app_context_changed", {**event, "context": self._context(user)})

    def session_stopped(self, user: str, channel: str, root: str, streams: list[str]) -> None:
        """`user` pressed Slack's Stop ("agent_session_stopped event")."""
        event = {"type": "agent_session_stopped", "user": user, "channel": channel}
        self.emit(
            "agent_session_stopped", {**event, "thread_ts": root, "streaming_message_ts": streams}
        )

    def session_renamed(self, user: str, session: Session, previous: str) -> None:
        """`user` gave a session another title ("agent_session_title_changed event")."""
        event = {
            "type": "agent_session_title_changed",
            "user": user,
            "channel": session.channel,
            "thread_ts": session.thread_ts,
            "title": session.title,
            "team_id": self.state.team_id,
        }
        if previous:
            event["previous_title"] = previous
        self.emit("agent_session_title_changed", event)

    def _context(self, user: str) -> Json:
        channel = self.state.viewing.get(user)
        if channel is None:
            return {}
        entity = {"type": "slack#/types/channel_id", "value": channel}
        return {"entities": [{**entity, "team_id": self.state.team_id}]}

    def reacted(self, message: Message, user: str, name: str, *, added: bool) -> None:
        """`user` reacted with an emoji, or took that back ("reaction_added event")."""
        channel = self.state.channels[message.channel]
        if BOT_USER not in channel.members or "reactions:read" not in self.app.scopes:
            return
        kind = "reaction_added" if added else "reaction_removed"
        item = {"type": "message", "channel": message.channel, "ts": message.ts}
        event = {"type": kind, "user": user, "reaction": name, "item_user": message.user}
        self.emit(kind, {**event, "item": item}, shared=channel.is_shared)

    def member_joined(self, user: str, channel: Channel, inviter: str) -> None:
        event = {
            "type": "member_joined_channel",
            "user": user,
            "channel": channel.id,
            "channel_type": "C" if channel.kind == "channel" else "G",
            "team": self.state.team_id,
            "inviter": inviter,
        }
        self.emit("member_joined_channel", event)

    def emit(self, name: str, event: Json, *, shared: bool = False) -> None:
        """Deliver `event` when the app subscribes to `name`; `shared`: it happened where
        another organisation is too."""
        if name not in self.app.events or not self.state.installed:
            return
        enterprise = self.state.enterprise.id if self.state.enterprise else None
        authorization = {
            "enterprise_id": enterprise,
            "team_id": self.state.team_id,
            "user_id": BOT_USER,
            "is_bot": True,
            "is_enterprise_install": self.state.org_wide,
        }
        of_team = {
            "team_id": self.state.team_id,
            "context_team_id": self.state.team_id,
            "context_enterprise_id": enterprise,
            "authorizations": [authorization],
            "is_ext_shared_channel": shared,
            "event_context": self.ids.secret(),
        }
        self.dispatcher.event(self._wrapped(event) | of_team)

    def emit_of_organisation(self, name: str, event: Json) -> None:
        """The same of an event of the whole organisation ("team_access_granted event")."""
        if name in self.app.events and self.state.enterprise is not None:
            of_all = {"team_id": None, "enterprise_id": self.state.enterprise.id}
            self.dispatcher.event(self._wrapped(event) | of_all)

    def _wrapped(self, event: Json) -> Json:
        return {
            "token": "sandbox-verification",
            "api_app_id": APP_ID,
            "event": {"event_ts": self.clock.ts(), **event},
            "type": "event_callback",
            "event_id": self.ids.new("Ev"),
            "event_time": int(time.time()),
        }

    def _mention(self, channel: Channel, message: Message) -> None:
        if (
            channel.kind == "im"
            or message.user == BOT_USER
            or not mentions_bot(message.text)
            or BOT_USER not in channel.members
            or "app_mentions:read" not in self.app.scopes
        ):
            return
        seen = {name: v for name, v in self.seen(message).items() if name not in _NOT_MENTIONED}
        event = {**seen, "type": "app_mention", "channel": channel.id}
        self.emit("app_mention", event, shared=channel.is_shared)

    def _message(self, channel: Channel, body: Json, ts: str) -> None:
        if BOT_USER not in channel.members or HISTORY_SCOPES[channel.kind] not in self.app.scopes:
            return
        event = {
            **body,
            "ts": ts,
            "event_ts": ts,
            "channel": channel.id,
            "channel_type": CHANNEL_TYPES[channel.kind],
        }
        if self.app.agent and channel.user is not None and "subtype" not in body:
            event["app_context"] = self._context(channel.user)
        self.emit(_MESSAGE_EVENTS[channel.kind], event, shared=channel.is_shared)
