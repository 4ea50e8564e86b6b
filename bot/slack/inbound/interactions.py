"""Payloads of what people do but write: shortcuts, buttons, forms, Home, emojis. Their kind is
that of `bot.slack.inbound.payloads`."""

# Annotations are no texts here: pydantic would compile each by itself.

import re
import time

from pydantic import AliasPath, Field, JsonValue

from bot.slack.inbound.payloads import Id, NoId, NoMoment, Payload, SlackMessage

_A_CHANNEL = re.compile(r"[CG][A-Za-z0-9]{1,63}")
_MOST_ENTITIES = 20


class GlobalShortcut(Payload):
    """A shortcut from the shortcuts menu ("Shortcut payload")."""

    callback_id: str
    trigger_id: str
    user: Id = Field(validation_alias=AliasPath("user", "id"))


class MessageShortcut(Payload):
    """A shortcut from the menu of a message ("Message shortcut payload")."""

    callback_id: str
    trigger_id: str
    user: Id = Field(validation_alias=AliasPath("user", "id"))
    channel: Id = Field(validation_alias=AliasPath("channel", "id"))
    response_url: str = ""
    message: SlackMessage


class Action(Payload):
    """One element that was used ("block_actions payload")."""

    action_id: str
    block_id: str = ""
    value: str = ""
    action_ts: NoMoment = ""


class View(Payload):
    """A view that is open ("View object"). `values` maps block_id and action_id to what an
    input holds."""

    id: str
    hash: str = ""
    callback_id: str = ""
    private_metadata: str = ""
    values: dict[str, dict[str, dict[str, JsonValue]]] = Field(
        default_factory=dict, validation_alias=AliasPath("state", "values")
    )


class Click(Payload):
    """A button pressed or a choice made, in a message or in a view ("block_actions payload")."""

    user: Id = Field(validation_alias=AliasPath("user", "id"))
    user_team: NoId = Field("", validation_alias=AliasPath("user", "team_id"))
    trigger_id: str = ""
    response_url: str = ""
    channel: NoId = Field("", validation_alias=AliasPath("channel", "id"))
    thread_ts: NoMoment = Field("", validation_alias=AliasPath("container", "thread_ts"))
    ephemeral: bool = Field(False, validation_alias=AliasPath("container", "is_ephemeral"))
    actions: tuple[Action, ...] = Field(min_length=1)
    view: View | None = None

    @property
    def action(self) -> Action:
        """What was used: Slack sends one at a time."""
        return self.actions[0]

    @property
    def at(self) -> float:
        """When it was used, Unix time in seconds; now where Slack does not say."""
        return float(self.action.action_ts or time.time())


class ResponseUrl(Payload):
    """Where an answer may go that a form was submitted with."""

    response_url: str
    channel_id: Id
    block_id: str = ""


class Submission(Payload):
    """A form that was submitted ("view_submission payload")."""

    user: Id = Field(validation_alias=AliasPath("user", "id"))
    user_team: NoId = Field("", validation_alias=AliasPath("user", "team_id"))
    trigger_id: str = ""
    view: View
    response_urls: tuple[ResponseUrl, ...] = ()


class Suggestion(Payload):
    """What was typed into a select whose options the bot gives ("block_suggestion payload")."""

    user: Id = Field(validation_alias=AliasPath("user", "id"))
    action_id: str
    block_id: str = ""
    value: str = ""
    private_metadata: str = Field("", validation_alias=AliasPath("view", "private_metadata"))


class HomeOpened(Payload):
    """Somebody looks at the app's Home ("app_home_opened event")."""

    user: Id
    channel: NoId = ""
    tab: str = "home"


class ContextChanged(Payload):
    """What somebody looks at beside the app ("app_context_changed event")."""

    user: NoId = ""
    channel: NoId = ""
    context: JsonValue = None

    @property
    def viewed(self) -> str:
        """The channel, as far as it is one."""
        return viewed_in(self.context)


class SessionStopped(Payload):
    """Somebody pressed Slack's own Stop in a thread ("agent_session_stopped event")."""

    user: Id
    channel: Id
    thread_ts: NoMoment = ""


class ReactionEvent(Payload):
    """Somebody reacted to something with an emoji, or took that back ("reaction_added event").
    `channel` and `ts` are empty for what is no message."""

    type: str
    user: Id
    reaction: str
    item_user: NoId = ""
    channel: NoId = Field("", validation_alias=AliasPath("item", "channel"))
    ts: NoMoment = Field("", validation_alias=AliasPath("item", "ts"))
    event_ts: NoMoment = ""

    @property
    def at(self) -> float:
        """When that was, Unix time in seconds; now where Slack does not say."""
        return float(self.event_ts or time.time())


def viewed_in(context: JsonValue) -> str:
    """The first channel among what somebody looks at; empty where there is none. It is a claim like
    any other: whether they see it, and what they may do there, is asked."""
    entities = context.get("entities") if isinstance(context, dict) else None
    for each in entities[:_MOST_ENTITIES] if isinstance(entities, list) else ():
        match each:
            case {"type": "slack#/types/channel_id", "value": str(channel)}:
                return channel if _A_CHANNEL.fullmatch(channel) else ""
    return ""
