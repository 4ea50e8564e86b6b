"""What an answer needs to know of its job, which the jobs room provides; and the calls for it that
Slack has not answered, and may carry out later than calls that were made after them.

A call that was sent is answered within Slack's deadline, or given up then; within as long again
Slack has carried it out, or never will. Who dies, is cancelled or loses the connection in the
middle of one leaves it on its way for as long, for Slack knows nothing of that. So the latest
moment of each is recorded with the job before it is made (`Ledger.check`, `Ledger.intend`), for
whoever takes that over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, Self

from bot.completion.ask import Ask
from bot.completion.result import Answer
from bot.errors import LeaseLost, OutcomeUnknown, SlackError, StoreUnavailable, TooLong
from bot.slack.blocks import Message
from bot.slack.pacing import Slot, TakeSlot
from bot.slack.refusals import passes

_EDITS_REFUSED = 2
"""A message that Slack would not let be edited so often is left alone until the end."""


@dataclass(eq=False, slots=True)
class LateCall:
    """Carried out before `until` (loop time) or never: then the message at `ts` shows `message`,
    or is deleted when that is None. A post, whose ts nobody knows, may appear once more. One of
    an `earlier` holder may be any of them."""

    until: float
    ts: str | None = None
    message: Message | None = None
    earlier: bool = False

    @property
    def may_appear(self) -> bool:
        """Whether it may be a post."""
        return self.earlier or self.ts is None

    def may_change(self, ts: str | None, shown: Message) -> bool:
        """Whether the message at `ts` may have come to be something else than `shown`."""
        return self.earlier or (self.ts == ts and self.message != shown)


class LateCalls:
    """Calls for one job of unknown outcome, each for as long as Slack may be at it."""

    def __init__(self) -> None:
        self._calls: list[LateCall] = []

    @property
    def left(self) -> float:
        """Seconds until all of them were carried out or never will be; 0 when there is none."""
        if not self._calls:
            return 0.0
        return max(0.0, max(call.until for call in self._calls) - _now())

    def expect_earlier(self, seconds: float) -> None:
        """An earlier holder may have left a call that is carried out within `seconds`. What comes
        of it is looked for halfway too, for the sake of whoever reads meanwhile."""
        if seconds > 0:
            now = _now()
            self._calls += [
                LateCall(now + seconds / 2, earlier=True),
                LateCall(now + seconds, earlier=True),
            ]

    @contextmanager
    def sending(
        self, deadline: float, ts: str | None = None, message: Message | None = None
    ) -> Iterator[None]:
        """Around one call that Slack answers within `deadline` seconds: an edit of `ts` to
        `message`, a deletion of `ts`, or a post. It stays unless its outcome is known."""
        call = LateCall(_now() + 2 * deadline, ts, message)
        self._calls.append(call)
        try:
            yield
        except (SlackError, LeaseLost, StoreUnavailable) as error:
            if not (isinstance(error, OutcomeUnknown) and error.pending):
                self._calls.remove(call)
            raise
        except BaseException:  # after a standstill it may have been sent just now
            call.until = max(call.until, _now() + deadline)
            raise
        self._calls.remove(call)

    def passed(self) -> list[LateCall]:
        """Those that will not be carried out any more, if they were not; they are forgotten."""
        now = _now()
        passed = [call for call in self._calls if call.until <= now]
        self._calls = [call for call in self._calls if call.until > now]
        return passed

    async def next_passed(self) -> list[LateCall]:
        """Wait until the next one is over, and return what `passed`; nothing, at once, when
        none is expected."""
        if not self._calls:
            return []
        await asyncio.sleep(min(call.until for call in self._calls) - _now())
        return self.passed()


def _now() -> float:
    return asyncio.get_running_loop().time()


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


THREAD_GONE = "thread_not_found"
"""What Slack answers to a post in a thread whose root was deleted."""

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


@dataclass(frozen=True, slots=True)
class AnswerRoute:
    """One way; `why` is Slack's code of what it refused before, or one of `bot.reply.destination`.

    `channel` is where messages go; empty for a direct message that has not been opened yet.
    """

    way: Way
    channel: str
    why: str = ""

    @property
    def record(self) -> str:
        """The way and the reason, as they are recorded."""
        return f"{self.way}:{self.why}"

    @property
    def lasts(self) -> bool:
        """Whether what is sent this way can be edited and found again."""
        return self.way in (Way.SHOWN, Way.DIRECT)


def first_way(ask: Ask) -> Way:
    """The way that the answer to `ask` takes unless Slack refuses it a place."""
    return Way.EPHEMERAL if ask.is_private else Way.SHOWN


def route_of(ask: Ask, posts: Mapping[str, Post]) -> AnswerRoute:
    """The way that the answer to `ask` takes, as far as it was recorded."""
    taken = posts.get(WAY)
    if taken and taken.route:
        way, _, why = taken.route.partition(":")
        return AnswerRoute(Way(way), taken.channel, why)
    return AnswerRoute(first_way(ask), ask.channel)


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

    def is_refused(self, message: Message) -> bool:
        """Whether it is of no use to send `message` before the end."""
        return self.edits_refused >= _EDITS_REFUSED or self.refused == message

    def deleted(self) -> None:
        """The bot has deleted it."""
        self.shown, self.stream = None, None
        self.streamed = self.has_stop = self.stop_refused = False


class KnownParts(dict[str, Part]):
    """Those of an answer, by their names: nothing is known of one that was not asked for before."""

    def __missing__(self, name: str) -> Part:
        self[name] = part = Part(name)
        return part


def withdrawn(part: str) -> str:
    """The part that stands for the message that was `part` until the bot deleted it."""
    return f"withdrawn:{part}"


def begun(posts: Mapping[str, Post]) -> bool:
    """Whether any message of the answer is there, or was about to be."""
    return any(part.isdigit() for part in posts)


def came_to_nothing(answer: Answer, posts: Mapping[str, Post]) -> bool:
    """Whether it was stopped before there was anything of it, here or in Slack: then there is
    nothing to show."""
    if not answer.stopped or begun(posts):
        return False
    return not any(section.text.strip() for section in answer.sections)


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
