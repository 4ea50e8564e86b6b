"""What an answer needs to know of its job, which the jobs room provides, and what is known of each
of its messages beside that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, Self

from bot.completion.result import Answer
from bot.errors import SlackError, TooLong
from bot.slack.blocks import Message
from bot.slack.pacing import LateCalls, Slot, TakeSlot
from bot.slack.refusals import passes


@dataclass(frozen=True, slots=True)
class Post:
    """One message of an answer. `ts` is None when it was about to be posted and the bot
    cannot know whether it was; `at` is the Unix time in seconds of that intent.

    Parts that are numbers are the messages of the answer. Others say what else is known of it, and
    have no ts: how many messages were `sent` to one person alone; the `route` that it takes
    (`AnswerRoute.record`); where it was `cut` (`Cut.record`). What the bot deletes itself is
    recorded first, as the part `withdrawn` names.
    """

    part: str
    channel: str
    at: float
    ts: str | None = None
    sent: int = 0
    route: str = ""
    cut: str = ""


WAY = "way"
"""The part of a job that says which way its answer takes."""


class Way(StrEnum):
    """How an answer reaches its asker: for everybody, where it was asked for; there, in one message
    that only the asker sees; the same through a `response_url`, which works where the bot is no
    member; or in the direct message with the asker."""

    SHOWN = "shown"
    EPHEMERAL = "ephemeral"
    RESPONSE = "response"
    DIRECT = "direct"


CUT = "cut"
"""The part of a job that says where its answer was cut."""


@dataclass(frozen=True, slots=True)
class Cut:
    """`at` so many characters of the text of the section with this index, counted from 0."""

    section: int
    at: int

    @classmethod
    def of(cls, record: str) -> Self:
        """The cut as it was recorded."""
        section, _, at = record.partition(":")
        return cls(int(section), int(at))

    @property
    def record(self) -> str:
        """The cut as it is recorded."""
        return f"{self.section}:{self.at}"


@dataclass(slots=True)
class Stream:
    """What is known of a message that streams. Unless `certain`, nobody knows what it says;
    `lasts`: it says everything, and its end is put off."""

    began: float
    said: str = ""
    certain: bool = True
    lasts: bool = False


@dataclass(slots=True)
class Part:
    """`name`: what the ledger calls it. `shown`: what it is known to show. `unrecorded`: where it
    was posted, as long as that is not in the ledger. `gone`: somebody has deleted it. `stream`: it
    grows by one, as far as is known; `streamed`: it does or did, and an edit of it has to say what
    part it is. `has_stop`: Stop stands above its text, until an edit takes it away. `stop_refused`:
    Slack has refused to end its stream, so that it may be edited once that ends by itself."""

    name: str
    shown: Message | None = None
    refused: Message | None = None
    too_long: Message | None = None
    unrecorded: str | None = None
    gone: bool = False
    edits_refused: int = 0
    stream: Stream | None = None
    streamed: bool = False
    has_stop: bool = False
    stop_refused: bool = False

    def streams_by(self, stream: Stream) -> None:
        """It grows by `stream` from here on."""
        self.stream, self.streamed = stream, True

    def refuse(self, message: Message, error: SlackError) -> None:
        """Slack did not take `message`."""
        if not passes(error):
            self.refused = message
        if isinstance(error, TooLong):
            self.too_long = message

    def deleted(self) -> None:
        """The bot has deleted it."""
        self.shown, self.stream = None, None
        self.streamed = self.has_stop = self.stop_refused = False


def withdrawn(part: str) -> str:
    """The part that stands for the message that was `part` until the bot deleted it."""
    return f"withdrawn:{part}"


def begun(posts: Mapping[str, Post]) -> bool:
    """Whether any message of the answer is there, or was about to be."""
    return any(part.isdigit() for part in posts)


def nothing_of(answer: Answer, posts: Mapping[str, Post]) -> bool:
    """Whether there is nothing of it, here or in Slack: once it was stopped there is nothing to
    show then."""
    return not (begun(posts) or any(section.text.strip() for section in answer.sections))


def stands(posts: Mapping[str, Post], channel: str, ts: str) -> bool:
    """Whether the message at `ts` belongs to the job, and the bot has no wish to delete it."""
    known = [part for part, post in posts.items() if (post.channel, post.ts) == (channel, ts)]
    return bool(known) and not any(part.startswith(withdrawn("")) for part in known)


class Ledger(Protocol):
    """A job as seen from its answer. Every method raises `LeaseLost` when another worker
    holds the job, and `StoreUnavailable` when Redis does not say."""

    @property
    def job_id(self) -> str: ...

    @property
    def late(self) -> LateCalls:
        """Calls of unknown outcome, also of earlier holders. What is left of them is recorded
        with every other step, for a later holder."""

    @property
    def posts(self) -> Mapping[str, Post]:
        """Messages known so far, by part; filled from the job when it is taken over."""

    async def check(self) -> None:
        """Call before (and after) every write to Slack."""

    async def take(self, turn: TakeSlot) -> Slot:
        """Call before an edit, in the place of `check`: the edit is taken by `turn` in one step
        with it. It is the check after the edit before this one, too."""

    async def check_last(self) -> None:
        """Check where none of this was done since the last edit was taken: call when no step
        follows soon."""

    async def intend(self, part: str, channel: str) -> None:
        """Record that `part` is about to be posted."""

    async def posted(self, part: str, channel: str, ts: str) -> None:
        """Record where `part` was posted. On `LeaseLost` the caller takes its post back."""

    async def note(
        self, part: str, channel: str, *, sent: int = 0, route: str = "", cut: str = ""
    ) -> None:
        """Record what else is known of the answer, as `part`."""

    async def adopt(self, part: str, channel: str, ts: str) -> bool:
        """Record that what an earlier holder posted at `ts` is `part` from here on. False when
        that holder takes it back."""

    async def disown(self, ts: str) -> bool:
        """Ask to take back what was posted without the lease; needs none itself. False when the
        new holder has adopted it; after True it cannot."""

    async def forget(self, part: str) -> None:
        """Record that `part` is certainly not in Slack (refused, or deleted by us)."""
