"""What an answer needs to know of its job. The jobs room provides it; the reply only asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.reply.late import LateCalls
from bot.slack.pacing import Slot, Turn


@dataclass(frozen=True, slots=True)
class Post:
    """One message of an answer. `ts` is None when it was about to be posted and the bot
    cannot know whether it was; `at` is the Unix time in seconds of that intent.

    Parts that are numbers are the messages of the answer. Others say what else is known of it, and
    have no ts: how many messages were `sent` to one person alone; the `route` that it takes
    (`Route.record`); where it was `cut` (`Cut.record`). What the bot deletes itself is recorded
    first, as the part `withdrawn` names.
    """

    part: str
    channel: str
    at: float
    ts: str | None = None
    sent: int = 0
    route: str = ""
    cut: str = ""


def withdrawn(part: str) -> str:
    """The part that stands for the message that was `part` until the bot deleted it."""
    return f"withdrawn:{part}"


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
        ...

    @property
    def posts(self) -> Mapping[str, Post]:
        """Messages known so far, by part; filled from the job when it is taken over."""
        ...

    async def check(self) -> None:
        """Call before (and after) every write to Slack."""
        ...

    async def take(self, turn: Turn) -> Slot:
        """Call before an edit, in the place of `check`: the edit is taken by `turn` in one step
        with it. It is the check after the edit before this one, too."""
        ...

    async def check_last(self) -> None:
        """Check where none of this was done since the last edit was taken: call when no step
        follows soon."""
        ...

    async def intend(self, part: str, channel: str) -> None:
        """Record that `part` is about to be posted."""
        ...

    async def posted(self, part: str, channel: str, ts: str) -> None:
        """Record where `part` was posted. On `LeaseLost` the caller takes its post back."""
        ...

    async def note(
        self, part: str, channel: str, *, sent: int = 0, route: str = "", cut: str = ""
    ) -> None:
        """Record what else is known of the answer, as `part`."""
        ...

    async def adopt(self, part: str, channel: str, ts: str) -> bool:
        """Record that what an earlier holder posted at `ts` is `part` from here on. False when
        that holder takes it back."""
        ...

    async def disown(self, ts: str) -> bool:
        """Ask to take back what was posted without the lease; needs none itself. False when the
        new holder has adopted it; after True it cannot."""
        ...

    async def forget(self, part: str) -> None:
        """Record that `part` is certainly not in Slack (refused, or deleted by us)."""
        ...
