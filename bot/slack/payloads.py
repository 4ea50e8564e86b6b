"""Slack's payloads, parsed at the edge: only the fields that the bot uses.

Each model names the page of docs.slack.dev that describes it. What a payload holds beside
them is left alone; one that lacks them is a `ValidationError`.
"""

from __future__ import annotations

from typing import Any

from pydantic import (
    AliasChoices,
    AliasPath,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    model_validator,
)


class _Payload(BaseModel):
    model_config = ConfigDict(
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


class SlashCommand(_Payload):
    """The form of a slash command ("Implementing slash commands")."""

    command: str
    text: str = ""
    trigger_id: str
    user_id: str
    channel_id: str
    response_url: str = ""


class GlobalShortcut(_Payload):
    """A shortcut from the shortcuts menu ("Shortcut payload")."""

    callback_id: str
    trigger_id: str
    user: str = Field(validation_alias=AliasPath("user", "id"))


class SlackMessage(_Payload):
    """A message as payloads carry it ("Message event")."""

    ts: str
    text: str = ""
    user: str = ""
    username: str = ""
    bot_id: str = ""
    thread_ts: str = ""
    subtype: str = ""
    files: tuple[dict[str, JsonValue], ...] = ()
    blocks: tuple[dict[str, JsonValue], ...] = ()
    attachments: tuple[dict[str, JsonValue], ...] = ()
    metadata: dict[str, Any] = Field(default_factory=dict)


class MessageShortcut(_Payload):
    """A shortcut from the menu of a message ("Message shortcut payload")."""

    callback_id: str
    trigger_id: str
    user: str = Field(validation_alias=AliasPath("user", "id"))
    channel: str = Field(validation_alias=AliasPath("channel", "id"))
    response_url: str = ""
    message: SlackMessage


class Action(_Payload):
    """One element that was used ("block_actions payload")."""

    action_id: str
    block_id: str = ""
    value: str = ""
    action_ts: str = ""
    selected_option: dict[str, JsonValue] | None = None
    selected_options: tuple[dict[str, JsonValue], ...] = ()


class View(_Payload):
    """A view that is open ("View object"). `values` maps block_id and action_id to what an
    input holds."""

    id: str
    hash: str = ""
    callback_id: str = ""
    private_metadata: str = ""
    values: dict[str, dict[str, dict[str, JsonValue]]] = Field(
        default_factory=dict, validation_alias=AliasPath("state", "values")
    )


class Click(_Payload):
    """A button pressed or a choice made, in a message or in a view ("block_actions payload")."""

    user: str = Field(validation_alias=AliasPath("user", "id"))
    trigger_id: str = ""
    response_url: str = ""
    channel: str = Field("", validation_alias=AliasPath("channel", "id"))
    message_ts: str = Field("", validation_alias=AliasPath("container", "message_ts"))
    thread_ts: str = Field("", validation_alias=AliasPath("container", "thread_ts"))
    ephemeral: bool = Field(False, validation_alias=AliasPath("container", "is_ephemeral"))
    actions: tuple[Action, ...]
    view: View | None = None

    @property
    def action(self) -> Action:
        """What was used: Slack sends one at a time."""
        return self.actions[0]


class ResponseUrl(_Payload):
    """Where an answer may go that a form was submitted with."""

    response_url: str
    channel_id: str
    block_id: str = ""


class Submission(_Payload):
    """A form that was submitted ("view_submission payload")."""

    user: str = Field(validation_alias=AliasPath("user", "id"))
    trigger_id: str = ""
    view: View
    response_urls: tuple[ResponseUrl, ...] = ()


class Suggestion(_Payload):
    """What was typed into a select whose options the bot gives ("block_suggestion payload")."""

    user: str = Field(validation_alias=AliasPath("user", "id"))
    action_id: str
    block_id: str = ""
    value: str = ""


class HomeOpened(_Payload):
    """Somebody looks at the app's Home ("app_home_opened event")."""

    user: str
    tab: str = "home"


class MessageEvent(_Payload):
    """A message, a change of one, or a mention ("message event", "app_mention event").

    `message` and `previous_message` are those of a change; `deleted_ts` of a deletion.
    """

    type: str
    channel: str
    ts: str = Field(validation_alias=AliasChoices("ts", "event_ts", "deleted_ts"))
    text: str = ""
    user: str = ""
    team: str = ""
    subtype: str = ""
    bot_id: str = ""
    app_id: str = ""
    hidden: bool = False
    channel_type: str = ""
    thread_ts: str = ""
    parent_user_id: str = ""
    edited: dict[str, JsonValue] | None = None
    files: tuple[dict[str, JsonValue], ...] = ()
    deleted_ts: str = ""
    message: SlackMessage | None = None
    previous_message: SlackMessage | None = None
