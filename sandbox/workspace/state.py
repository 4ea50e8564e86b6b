"""Who and what is in the workspace: people, conversations, messages, views."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from sandbox.workspace.model import (
    Channel,
    Json,
    Message,
    Session,
    SharedFile,
    StatusLine,
    User,
    View,
)

TEAM_ID = "T0SANDBOX1"
ENTERPRISE_ID = "E0SANDBOX1"
APP_ID = "A0SANDBOX1"
BOT_USER = "U0GROKBOT1"
BOT_ID = "B0GROKBOT1"
OTHER_BOT = "U0PARROT01"
OTHER_BOT_ID = "B0PARROT01"
OTHER_APP_ID = "A0PARROT01"
OTHER_TEAM_ID = "T0PARTNER1"

ANA = "U0ANA00001"
BEN = "U0BEN00001"
CHLOE = "U0CHLOE001"
GUEST = "U0GUEST001"
STRANGER = "U0DANA0001"

GENERAL = "C0GENERAL1"
ENGINEERING = "C0ENGINEE1"
RANDOM = "C0RANDOM01"
LEADERSHIP = "C0LEADERS1"
DESIGN = "C0DESIGN01"
FINANCE = "C0FINANCE1"
PARTNERS = "C0PARTNER1"
GROUP_DM = "C0GROUPDM1"
ANA_AND_BEN = "D0ANABEN01"

NAMED = ("channel", "private")
"""The kinds of conversations that have a name of their own."""

_HUMANS = (
    User(ANA, "ana", "Ana Silva", "#9f69e7", is_admin=True, is_owner=True),
    User(BEN, "ben", "Ben Okafor", "#4bbe2e"),
    User(CHLOE, "chloe", "Chloé Martin", "#e7392d"),
    User(GUEST, "gus", "Gus (guest)", "#d58247", is_guest=True),
)
_STRANGER = User(STRANGER, "dana", "Dana Ito (Acme)", "#3c989f", organisation=OTHER_TEAM_ID)
_OTHER_BOT = User(
    OTHER_BOT, "parrot", "Parrot", "#5b8c3e", is_bot=True, bot_id=OTHER_BOT_ID, app_id=OTHER_APP_ID
)


def dm_of(user: str) -> str:
    """The id of the direct message between `user` and the bot."""
    return "D" + user.removeprefix("U")


@dataclass(slots=True)
class Enterprise:
    """An organisation of several workspaces. `granted`: those that its installation of the app was
    added to; `tokens`: those of that installation, by when they expire, `revoked` which of them are
    dead, by Slack's error."""

    id: str
    name: str
    granted: list[str] = field(default_factory=list)
    tokens: dict[str, float] = field(default_factory=dict)
    revoked: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class State:
    """Everything that is there, without behaviour. `default_state` fills it."""

    team_id: str = TEAM_ID
    team_name: str = "Sandbox"
    domain: str = "sandbox"
    users: dict[str, User] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    timelines: dict[str, dict[str, Message]] = field(default_factory=dict)
    threads: dict[tuple[str, str], list[Message]] = field(default_factory=dict)
    ephemerals: list[Message] = field(default_factory=list)
    views: dict[str, View] = field(default_factory=dict)
    homes: dict[str, View] = field(default_factory=dict)
    files: dict[str, SharedFile] = field(default_factory=dict)
    deleted_files: set[str] = field(default_factory=set)
    sessions: dict[tuple[str, str], Session] = field(default_factory=dict)
    lines: dict[tuple[str, str], StatusLine] = field(default_factory=dict)
    said: list[tuple[str, str, str, tuple[str, ...]]] = field(default_factory=list)
    """Every line that a thread had: its channel and root, the text, and what goes round with it."""
    suggested: dict[str, Json] = field(default_factory=dict)
    viewing: dict[str, str] = field(default_factory=dict)
    """The conversation that a person looks at beside the app."""
    zone: str = "Europe/Amsterdam"
    zone_seconds: int = 3600
    """The time zone that everybody is in, and how far it is east of UTC."""
    origin: str = ""
    """The address of the server, where files lie."""
    enterprise: Enterprise | None = None
    """The organisation that the workspace belongs to."""
    installed: bool = True
    """Whether the app is: what happens where it is not, it is not told."""
    install_url: str = ""
    """The app's page for those who want it; empty where there is none."""

    def add(self, message: Message) -> None:
        self.timelines[message.channel][message.ts] = message
        if message.is_reply and message.thread_ts is not None:
            self.threads.setdefault((message.channel, message.thread_ts), []).append(message)

    def find(self, channel: str, ts: str) -> Message | None:
        """The message that stands there now (a tombstone does)."""
        message = self.timelines.get(channel, {}).get(ts)
        return message if message is not None and not message.deleted else None

    def timeline(self, channel: str) -> Iterator[Message]:
        """Messages of a conversation that still stand, oldest first, replies included."""
        return (m for m in self.timelines.get(channel, {}).values() if not m.deleted)

    def top_level(self, channel: str) -> list[Message]:
        return [m for m in self.timeline(channel) if not m.is_reply or m.broadcast]

    def replies(self, channel: str, root: str) -> list[Message]:
        """The replies in a thread, oldest first, without its root."""
        return [m for m in self.threads.get((channel, root), ()) if not m.deleted]

    def thread_of(self, channel: str, ts: str) -> str | None:
        """The root of the thread that the message at `ts` is in or would start; None when no
        such message stands."""
        message = self.find(channel, ts)
        if message is None:
            return None
        return message.thread_ts if message.is_reply else message.ts

    def find_ephemeral(self, channel: str, ts: str) -> Message | None:
        for message in self.ephemerals:
            if message.channel == channel and message.ts == ts and not message.deleted:
                return message
        return None

    def shares(self, file_id: str) -> list[Message]:
        """The messages that still stand and hold the file."""
        return [
            message
            for channel in self.timelines
            for message in self.timeline(channel)
            if any(file.id == file_id for file in message.files)
        ]

    def user_named(self, name: str) -> User | None:
        return next((user for user in self.users.values() if user.name == name), None)

    def channel_named(self, name: str) -> Channel | None:
        return next(
            (c for c in self.channels.values() if c.name == name and c.kind in NAMED),
            None,
        )

    def dm(self, user: str) -> Channel:
        """The direct message between `user` and the bot."""
        return next(c for c in self.channels.values() if c.kind == "im" and c.user == user)

    @property
    def org_wide(self) -> bool:
        """Whether it has the app by the installation of its organisation."""
        return self.enterprise is not None and self.team_id in self.enterprise.granted

    @property
    def enterprise_json(self) -> dict[str, str] | None:
        """Its organisation, as payloads name it."""
        whole = self.enterprise
        return {"id": whole.id, "name": whole.name} if whole else None


def default_state(bot_name: str) -> State:
    """Four people, somebody from another organisation, the bot, another app's bot, and
    conversations of every kind that the bot can meet."""
    humans = [replace(human) for human in _HUMANS]
    grok = User(
        BOT_USER, bot_name.lower(), bot_name, "#1d1c1d", is_bot=True, bot_id=BOT_ID, app_id=APP_ID
    )
    others = (replace(_STRANGER), grok, replace(_OTHER_BOT))
    state = State(users={user.id: user for user in (*humans, *others)})

    everyone = {user.id for user in humans}
    staff = everyone - {GUEST}
    bot = {BOT_USER}
    bots = {BOT_USER, OTHER_BOT}
    for channel in (
        Channel(GENERAL, "general", "channel", everyone | bots, "Company-wide news and questions"),
        Channel(ENGINEERING, "engineering", "channel", staff | bots, "How we build things"),
        Channel(RANDOM, "random", "channel", everyone | bots, "Anything goes"),
        Channel(
            PARTNERS, "partners", "channel", {ANA, BEN, STRANGER} | bot, "With Acme", is_shared=True
        ),
        Channel(LEADERSHIP, "leadership", "private", {ANA, BEN} | bot, "Private, with the bot"),
        Channel(DESIGN, "design", "channel", set(staff), "Public, without the bot"),
        Channel(FINANCE, "finance", "private", {ANA, CHLOE}, "Private, without the bot"),
        Channel(GROUP_DM, f"mpdm-ana--ben--{grok.name}-1", "mpim", {ANA, BEN} | bot),
        Channel(ANA_AND_BEN, "ana, ben", "im", {ANA, BEN}),
        *_bot_dms(humans),
    ):
        state.channels[channel.id] = channel
        state.timelines[channel.id] = {}
    return state


def _bot_dms(humans: Iterable[User]) -> Iterator[Channel]:
    for user in humans:
        yield Channel(dm_of(user.id), user.name, "im", {user.id, BOT_USER}, user=user.id)
