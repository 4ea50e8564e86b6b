"""What the workspace is made of and what it records. Plain data: tests and benchmarks read it."""

from __future__ import annotations

import mimetypes
import time
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from sandbox.workspace.blocks.texts import texts_of

Json: TypeAlias = dict[str, Any]
ChannelKind: TypeAlias = Literal["channel", "private", "mpim", "im"]
DeliveryKind: TypeAlias = Literal["events_api", "slash_commands", "interactive"]


@dataclass(slots=True)
class User:
    """A person or a bot. `organisation` is the team id of somebody from another organisation;
    `bot_id` and `app_id` are those of a bot. `workspaces` are those that a colleague of an
    Enterprise Grid is in, the first one being their home; with `is_placed` False Slack does not
    say whose they are."""

    id: str
    name: str
    real_name: str
    color: str
    is_admin: bool = False
    is_owner: bool = False
    is_guest: bool = False
    is_bot: bool = False
    organisation: str | None = None
    workspaces: tuple[str, ...] = ()
    is_placed: bool = True
    bot_id: str | None = None
    app_id: str | None = None
    display_name: str = ""
    """What they are to be called; empty: by their `name`."""


@dataclass(slots=True)
class Channel:
    """A conversation. `user` is the human of a direct message with the bot; `is_shared`: people
    of another organisation are in it."""

    id: str
    name: str
    kind: ChannelKind
    members: set[str]
    topic: str = ""
    user: str | None = None
    is_archived: bool = False
    is_shared: bool = False


@dataclass(frozen=True, slots=True)
class Revision:
    """A message as it stood after one write. `at` is Unix time in seconds, `by` a user id.

    `pings` is everything in it that would notify somebody, `unfurls` every address that Slack
    would fetch and preview.
    """

    text: str
    blocks: tuple[Json, ...]
    at: float
    by: str
    pings: tuple[str, ...] = ()
    unfurls: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """The text that people see: that of the blocks, or `text` when there are none."""
        return "\n".join(texts_of(self.blocks)) if self.blocks else self.text


FileMode: TypeAlias = Literal["hosted", "external"]


@dataclass(frozen=True, slots=True)
class SharedFile:
    """A file of a message ("File object"). `mimetype` is what Slack takes it for, empty: by its
    name. An `external` one lies somewhere else, at `url`.

    `is_foreign`: of another organisation, so that messages hold but its id (Slack Connect).
    `size` is what Slack says, None: the truth. `pause` are the seconds before each piece of it is
    sent, and with `moved_to` its address sends on to another. `alt` says what a picture shows.
    """

    name: str
    id: str = ""
    title: str = ""
    content: bytes | None = None
    mimetype: str = ""
    mode: FileMode = "hosted"
    url: str = ""
    is_foreign: bool = False
    size: int | None = None
    pause: float = 0.0
    moved_to: str = ""
    alt: str = ""

    @property
    def kind(self) -> str:
        """Its MIME type."""
        return self.mimetype or mimetypes.guess_type(self.name)[0] or "application/octet-stream"


@dataclass(slots=True, eq=False)
class Message:
    """A message with its whole history, `revisions[-1]` being what stands there now.

    `ephemeral_to` names the only person who sees it. `edited` is the flag people see; `deleted`
    messages are kept for the record, and a `tombstone` holds the place of a deleted root.
    `subtype` is `me_message` or `bot_message` (posted by a webhook, without a user); a
    `broadcast` is a reply that is shown in the channel too. A streamed message has been growing
    since `streaming_since` (monotonic seconds, None once it ended); `stream_stopped`: by a person.
    """

    channel: str
    ts: str
    user: str
    revisions: list[Revision]
    thread_ts: str | None = None
    bot_id: str | None = None
    subtype: str | None = None
    metadata: Json | None = None
    files: tuple[SharedFile, ...] = ()
    attachments: tuple[Json, ...] = ()
    ephemeral_to: str | None = None
    unfurl: bool = True
    edited: bool = False
    edited_ts: str | None = None
    deleted: bool = False
    tombstone: bool = False
    broadcast: bool = False
    streaming_since: float | None = None
    stream_stopped: bool = False
    deleted_at: float | None = None
    reactions: list[tuple[str, str]] = field(default_factory=list)
    """Who reacted with what, in order: an id, and the name of an emoji."""

    @property
    def text(self) -> str:
        return self.revisions[-1].text

    @property
    def blocks(self) -> tuple[Json, ...]:
        return self.revisions[-1].blocks

    @property
    def shown(self) -> str:
        return self.revisions[-1].shown

    @property
    def pings(self) -> tuple[str, ...]:
        """Everything any revision would have notified somebody with."""
        return tuple(ping for revision in self.revisions for ping in revision.pings)

    @property
    def unfurls(self) -> tuple[str, ...]:
        return tuple(address for revision in self.revisions for address in revision.unfurls)

    @property
    def is_reply(self) -> bool:
        return self.thread_ts is not None and self.thread_ts != self.ts

    def is_streaming(self, lifetime: float) -> bool:
        """Whether it still grows: a stream ends by itself after `lifetime` seconds."""
        since = self.streaming_since
        return since is not None and time.monotonic() - since < lifetime


@dataclass(slots=True, eq=False)
class Session:
    """What an agent does in one thread. `since` is when that was said last (monotonic seconds), and
    `history` what it has been, oldest first; `stream`: a message whose end ends the processing."""

    channel: str
    thread_ts: str
    initiator: str = ""
    title: str = ""
    status: str = "active"
    since: float = 0.0
    stream: Message | None = None
    history: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class StatusLine:
    """What stands below a thread while the app works, since then (monotonic seconds)."""

    text: str
    loading: tuple[str, ...]
    since: float


@dataclass(slots=True, eq=False)
class View:
    """An open modal or a Home tab.

    `values` is what its inputs hold, in the shape of `state.values`; `previous` the view below
    it in the stack; `conversation` what its user was looking at when it opened; `offered` the
    options that the app last gave each external select, by (block_id, action_id)."""

    id: str
    type: Literal["modal", "home"]
    user: str
    content: Json
    hash: str
    values: dict[str, dict[str, Json]]
    root: str
    team: str
    previous: str | None = None
    external_id: str = ""
    conversation: str | None = None
    offered: dict[tuple[str, str], list[Json]] = field(default_factory=dict)
    closed: bool = False


@dataclass(slots=True)
class Call:
    """One Web API call, as it came and as it was answered. `at` is Unix time in seconds,
    `monotonic` the same moment for measuring. `dropped`: the caller never got the reply."""

    method: str
    args: Json
    status: int
    response: Json
    at: float
    monotonic: float
    token_ok: bool
    dropped: bool = False

    @property
    def ok(self) -> bool:
        return self.response.get("ok") is True

    @property
    def error(self) -> str | None:
        return self.response.get("error")


@dataclass(slots=True, eq=False)
class Delivery:
    """One attempt to hand a payload to the app.

    `delay` is the time to its ack in seconds. `error` is why it failed: `http_timeout`,
    `http_error`, `connection_failed`, or `no_connection`.
    """

    id: str
    kind: DeliveryKind
    payload: Json
    at: float
    retry: int = 0
    reason: str | None = None
    via: str = ""
    status: int | None = None
    ack: Json | None = None
    delay: float | None = None
    error: str | None = None
    no_retry: bool = False
    done: bool = False

    @property
    def acked(self) -> bool:
        return self.done and self.error is None


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What became of a slash command. `error` is the name of the fault its author was shown,
    `delay` the seconds until the ack (or until Slack gave up)."""

    ack_status: int | None
    ack_body: Json
    delay: float
    error: str | None
    response_url: str
    trigger_id: str


@dataclass(frozen=True, slots=True)
class InteractionResult:
    """What became of a click, a shortcut, a submission or a suggestion. `errors` marks fields
    of a form; `options` are those of a suggestion."""

    ack: Json
    delay: float
    error: str | None = None
    errors: dict[str, str] = field(default_factory=dict)
    options: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ResponseUse:
    """One POST to a response_url and the answer to it."""

    url: str
    body: Json
    status: int
    reply: str
    at: float
