"""Slack's payloads, parsed at the edge: the models of what people write in commands and messages,
and the text in them, turned back into what was seen when it was written.

A model has only the fields that the bot uses, and names the page of docs.slack.dev that describes
it. What a payload holds beside them is left alone; one that lacks them is `Malformed`.
"""

# Annotations are no texts here: pydantic would compile each by itself.

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from bot.characters import from_seen

_TOKEN = re.compile(
    r"<(?P<sigil>[@#!]?)(?P<target>[^<>|]+)(?:\|(?P<label>[^<>]*))?>|&(?P<entity>amp|lt|gt);"
)
_MENTION = re.compile(r"<@([^<>|]+)(?:\|[^<>]*)?>")
_GROUP = re.compile(r"<!(?:subteam\^|here|channel|everyone)")
_LEFT_OUT = re.compile(r"\A(?:(?:https?://)?(?:www\.)?|mailto:|tel:)")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">"}
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_NO_NAMES: Mapping[str, str] = {}

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
"""Of a person, a bot or a place; Slack's are capital letters and digits."""

Moment = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,16}(\.[0-9]{1,16})?$")]
"""When a message was posted, which is its name in its channel: `1700000000.000001`."""

NoId = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9][A-Za-z0-9_.-]{0,63})?$")]
NoMoment = Annotated[str, StringConstraints(pattern=r"^([0-9]{1,16}(\.[0-9]{1,16})?)?$")]
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
    team_id: NoId = ""
    channel_id: Id
    response_url: str = ""


class SlackMessage(Payload):
    """A message as payloads carry it ("Message event")."""

    ts: Moment
    text: str = ""
    user: NoId = ""
    username: str = ""
    bot_id: NoId = ""
    thread_ts: NoMoment = ""
    subtype: str = ""
    files: tuple[dict[str, JsonValue], ...] = ()
    blocks: tuple[dict[str, JsonValue], ...] = ()
    attachments: tuple[dict[str, JsonValue], ...] = ()
    metadata: dict[str, Any] = Field(default_factory=dict)


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
    user: NoId = ""
    user_team: NoId = Field("", validation_alias=AliasChoices("user_team", "team"))
    subtype: str = ""
    bot_id: NoId = ""
    app_id: NoId = ""
    hidden: bool = False
    channel_type: str = ""
    thread_ts: NoMoment = ""
    parent_user_id: NoId = ""
    edited: dict[str, JsonValue] | None = None
    files: tuple[dict[str, JsonValue], ...] = ()
    blocks: tuple[dict[str, JsonValue], ...] = ()
    attachments: tuple[dict[str, JsonValue], ...] = ()
    deleted_ts: NoMoment = ""
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


def shown(text: str, names: Mapping[str, str] | None = None) -> str:
    """`text` of a payload as it looked in Slack.

    `&amp; &lt; &gt;` are undone, in one pass, so that what was typed as `&lt;` stays so.
    Mentions and links become the words shown for them (docs.slack.dev, "Formatting message
    text"), and a link says where it leads; a command needs `should_escape: true` in the manifest
    for its mentions to come so. A message names people and channels by id alone: `names` says
    what they are called.
    """
    known = names or _NO_NAMES
    return _TOKEN.sub(lambda token: _shown_token(token, known), text)


def mentioned(text: str) -> tuple[str, ...]:
    """The ids of the people that `text` of a payload mentions, each once, in order."""
    return tuple(dict.fromkeys(_MENTION.findall(text)))


def escaped(text: str) -> str:
    """`text` as Slack sends it: `shown` gives it back to the letter."""
    return text.translate(_ESCAPES)


def without_call(text: str, bot_user: str) -> str:
    """`text` of a payload without the mentions of the bot that it begins or ends with."""
    call = rf"<@{re.escape(bot_user)}(?:\|[^<>]*+)?>"
    start, end = 0, len(text)
    if begun := re.compile(rf"\s*+(?:{call}\s*+,?+:?+\s*+)*+").match(text):
        start = begun.end()
    last = re.compile(rf"\s*+{call}\s*+")
    while (at := text.rfind("<@", start, end)) >= 0 and last.fullmatch(text, at, end):
        end = at
    return text[start:end].strip()


def says_forget(text: str, bot_user: str) -> bool:
    """Whether `text` of a payload says nothing but that the bot shall forget the conversation."""
    return from_seen(without_call(text, bot_user)).lower() == "forget"


def says_leave(text: str, bot_user: str) -> bool:
    """Whether `text` of a payload says nothing but that the bot shall leave the thread alone."""
    return from_seen(without_call(text, bot_user)).rstrip(".!").lower() == "leave"


def names_somebody(text: str, *, but: Collection[str]) -> bool:
    """Whether `text` of a payload speaks to somebody: a person, none of `but`, or a group."""
    return bool(_GROUP.search(text)) or not set(mentioned(text)) <= set(but)


def _shown_token(match: re.Match[str], names: Mapping[str, str]) -> str:
    entity = match["entity"]
    if entity:
        return _ENTITIES[entity]
    sigil, target, label = match["sigil"], match["target"], match["label"]
    if sigil in ("@", "#") and not label and target in names:
        return sigil + names[target]
    if sigil in ("@", "#"):
        return sigil + shown(label or target)
    if sigil == "!":
        return _shown_command(target, label)
    return _shown_link(shown(target), shown(label or ""))


def _shown_link(address: str, label: str) -> str:
    """The words of a link, and where it leads, unless they say that already."""
    if not label or _bare(label) == _bare(address):
        return label or address
    return f"{label} ({address})"


def _bare(address: str) -> str:
    """`address` without what people leave out of it."""
    return _LEFT_OUT.sub("", address.strip().lower()).removesuffix("/")


def _shown_command(target: str, label: str | None) -> str:
    kind, _, rest = target.partition("^")
    if kind == "date":
        return shown(label) if label else _shown_date(rest.partition("^")[0])
    words = shown(label or (rest if kind == "subteam" else kind))
    return words if words.startswith("@") else "@" + words


def _shown_date(moment: str) -> str:
    """A moment, Unix time in seconds, for whom nobody says how it was shown."""
    try:
        at = datetime.fromtimestamp(int(moment), UTC)
    except (ValueError, OverflowError, OSError):
        return ""
    return f"{at:%Y-%m-%d %H:%M} UTC"
