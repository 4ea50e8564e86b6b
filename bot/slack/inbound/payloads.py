"""Slack's payloads, parsed at the edge: only the fields that the bot uses.

Each model names the page of docs.slack.dev that describes it. What a payload holds beside
them is left alone; one that lacks them is `Malformed`.
"""

# Annotations are no texts here: pydantic would compile each by itself.

import re
import time
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import (
    AliasChoices,
    AliasPath,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from bot.slack.inbound.incoming import Malformed

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
"""Of a person, a bot or a place; Slack's are capital letters and digits."""

Moment = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,16}(\.[0-9]{1,16})?$")]
"""When a message was posted, which is its name in its channel: `1700000000.000001`."""

_A_CHANNEL = re.compile(r"[CG][A-Za-z0-9]{1,63}")
_MOST_ENTITIES = 20

_NoId = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9][A-Za-z0-9_.-]{0,63})?$")]
_NoMoment = Annotated[str, StringConstraints(pattern=r"^([0-9]{1,16}(\.[0-9]{1,16})?)?$")]
"""The same, or empty."""

LONGEST_FIELD = 4_000
"""Characters of a field that is no text of a person: Slack's longest, the `private_metadata` of a
view, has 3,000 ("View object")."""


class Payload(BaseModel):
    """What came, as far as the bot uses it."""

    model_config = ConfigDict(
        defer_build=True,
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,  # a payload may hold a prompt, and errors are logged
    )

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, payload: Any) -> Any:
        """Slack writes null in some of the fields that say nothing."""
        if not isinstance(payload, dict):
            return payload
        return {name: value for name, value in payload.items() if value is not None}

    @field_validator("*")
    @classmethod
    def _is_bounded(cls, value: Any, info: ValidationInfo) -> Any:
        """Names of things are kept, in Redis too; texts are measured where they are asked."""
        if isinstance(value, str) and info.field_name != "text" and len(value) > LONGEST_FIELD:
            raise ValueError("too long")
        return value


class SlashCommand(Payload):
    """The form of a slash command ("Implementing slash commands")."""

    command: str
    text: str = ""
    trigger_id: str
    user_id: Id
    team_id: _NoId = ""
    channel_id: Id
    response_url: str = ""


class GlobalShortcut(Payload):
    """A shortcut from the shortcuts menu ("Shortcut payload")."""

    callback_id: str
    trigger_id: str
    user: Id = Field(validation_alias=AliasPath("user", "id"))


class SlackMessage(Payload):
    """A message as payloads carry it ("Message event")."""

    ts: Moment
    text: str = ""
    user: _NoId = ""
    username: str = ""
    bot_id: _NoId = ""
    thread_ts: _NoMoment = ""
    subtype: str = ""
    files: tuple[dict[str, JsonValue], ...] = ()
    blocks: tuple[dict[str, JsonValue], ...] = ()
    attachments: tuple[dict[str, JsonValue], ...] = ()
    metadata: dict[str, Any] = Field(default_factory=dict)


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
    action_ts: _NoMoment = ""


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
    user_team: _NoId = Field("", validation_alias=AliasPath("user", "team_id"))
    trigger_id: str = ""
    response_url: str = ""
    channel: _NoId = Field("", validation_alias=AliasPath("channel", "id"))
    thread_ts: _NoMoment = Field("", validation_alias=AliasPath("container", "thread_ts"))
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
    user_team: _NoId = Field("", validation_alias=AliasPath("user", "team_id"))
    trigger_id: str = ""
    view: View
    response_urls: tuple[ResponseUrl, ...] = ()


class Closing(Payload):
    """A form that was closed ("view_closed payload")."""

    user: Id = Field(validation_alias=AliasPath("user", "id"))
    view: View


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
    channel: _NoId = ""
    tab: str = "home"


class ContextChanged(Payload):
    """What somebody looks at beside the app ("app_context_changed event")."""

    user: _NoId = ""
    channel: _NoId = ""
    context: JsonValue = None

    @property
    def viewed(self) -> str:
        """The channel, as far as it is one."""
        return viewed_in(self.context)


class SessionStopped(Payload):
    """Somebody pressed Slack's own Stop in a thread ("agent_session_stopped event")."""

    user: Id
    channel: Id
    thread_ts: _NoMoment = ""


SAYING = frozenset({"", "file_share", "thread_broadcast", "me_message"})
"""Subtypes by which a person says something ("Message subtypes")."""

_SLACKBOT = "USLACKBOT"
"""Slack's own; not a bot by its user object."""


class MessageEvent(Payload):
    """A message, a change of one, or a mention ("message event", "app_mention event").

    `message` and `previous_message` are those of a change; `deleted_ts` of a deletion.
    """

    type: str
    channel: Id
    ts: Moment = Field(validation_alias=AliasChoices("ts", "event_ts", "deleted_ts"))
    text: str = ""
    user: _NoId = ""
    user_team: _NoId = Field("", validation_alias=AliasChoices("user_team", "team"))
    subtype: str = ""
    bot_id: _NoId = ""
    app_id: _NoId = ""
    hidden: bool = False
    channel_type: str = ""
    thread_ts: _NoMoment = ""
    parent_user_id: _NoId = ""
    edited: dict[str, JsonValue] | None = None
    files: tuple[dict[str, JsonValue], ...] = ()
    blocks: tuple[dict[str, JsonValue], ...] = ()
    attachments: tuple[dict[str, JsonValue], ...] = ()
    deleted_ts: _NoMoment = ""
    app_context: JsonValue = None
    message: SlackMessage | None = None
    previous_message: SlackMessage | None = None

    def by_person(self, bot_user: str) -> bool:
        """Whether a person said this just now: nothing hidden, no edit, and no app, whoever it is,
        for two bots must not keep each other talking."""
        by_app = self.bot_id or self.app_id or self.user in ("", bot_user, _SLACKBOT)
        return not (by_app or self.hidden or self.edited) and self.subtype in SAYING

    @property
    def deletes(self) -> str:
        """The ts of the message that was deleted, if one was. A root with replies leaves a
        tombstone, and comes as a change."""
        if self.subtype == "message_deleted":
            return self.deleted_ts
        left = self.message if self.subtype == "message_changed" else None
        return left.ts if left and left.subtype == "tombstone" else ""


class ReactionEvent(Payload):
    """Somebody reacted to something with an emoji, or took that back ("reaction_added event").
    `channel` and `ts` are empty for what is no message."""

    type: str
    user: Id
    reaction: str
    item_user: _NoId = ""
    channel: _NoId = Field("", validation_alias=AliasPath("item", "channel"))
    ts: _NoMoment = Field("", validation_alias=AliasPath("item", "ts"))
    event_ts: _NoMoment = ""

    @property
    def at(self) -> float:
        """When that was, Unix time in seconds; now where Slack does not say."""
        return float(self.event_ts or time.time())


_KINDS: Mapping[str, type[Payload]] = {
    "shortcut": GlobalShortcut,
    "message_action": MessageShortcut,
    "block_actions": Click,
    "view_submission": Submission,
    "view_closed": Closing,
    "block_suggestion": Suggestion,
}
_EVENTS: Mapping[str, type[Payload]] = {
    "message": MessageEvent,
    "app_mention": MessageEvent,
    "app_home_opened": HomeOpened,
    "app_context_changed": ContextChanged,
    "agent_session_stopped": SessionStopped,
    "reaction_added": ReactionEvent,
    "reaction_removed": ReactionEvent,
}


def viewed_in(context: JsonValue) -> str:
    """The first channel among what somebody looks at; empty where there is none. It is a claim like
    any other: whether they see it, and what they may do there, is asked."""
    entities = context.get("entities") if isinstance(context, dict) else None
    for each in entities[:_MOST_ENTITIES] if isinstance(entities, list) else ():
        match each:
            case {"type": "slack#/types/channel_id", "value": str(channel)}:
                return channel if _A_CHANNEL.fullmatch(channel) else ""
    return ""


def payload_of(body: Mapping[str, Any]) -> Payload | None:
    """What `body` is; None for a kind that the bot does not know. Raises `Malformed`."""
    kind = body.get("type", "")
    if not isinstance(kind, str):
        raise Malformed("a type that is no text")
    if kind == "event_callback":
        event = body.get("event")
        if not isinstance(event, Mapping) or not isinstance(event.get("type"), str):
            raise Malformed("an event without its type")
        return _read(_EVENTS.get(event["type"]), event)
    if "command" not in body:
        return _read(_KINDS.get(kind), body)
    if kind:
        raise Malformed("of two kinds at once")
    return _read(SlashCommand, body)


def _read(model: type[Payload] | None, body: Mapping[str, Any]) -> Payload | None:
    if model is None:
        return None
    try:
        return model.model_validate(body)
    except ValidationError as error:
        # What lies deeper may be named by whoever sent it.
        names = sorted({str(fault["loc"][0]) for fault in error.errors() if fault["loc"]})
        raise Malformed(f"{model.__name__}: {', '.join(names)}") from None
