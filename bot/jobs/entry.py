"""What stands in the queue, the right to work on it, and how much there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.store.connection import Store
from bot.store.keys import Keys

GROUP = "workers"
"""The consumer group of all workers."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A job id in the queue, and where it stands there."""

    entry_id: str
    job_id: str
    since: int = 0
    """When the job was accepted, Unix time in milliseconds, if it was handed back since."""

    @property
    def order(self) -> tuple[int, int]:
        """What came earlier has a lower one."""
        entered, _, number = self.entry_id.partition("-")
        return self.since or int(entered), int(number)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write for a job, for as long as nobody has taken it since."""

    entry: Entry
    token: str


@dataclass(frozen=True, slots=True)
class Again:
    """How often another delivery was called for by now, and for how many seconds Slack may carry
    out calls of those who did."""

    calls: int
    late: float = 0.0


@dataclass(frozen=True, slots=True)
class Load:
    """How much waits or runs: jobs in the queue or at rest, the age of the oldest in the queue in
    seconds, and the tokens that all, also those that wait for others, have reserved."""

    depth: int
    oldest: float
    reserved: int = 0
    unread: float = field(default=0.0, compare=False)
    """The age of the oldest that no worker has room for, in seconds."""
    at: float = field(default=0.0, compare=False)
    """Unix time in seconds, by the clock of Redis."""


async def load_of(store: Store, keys: Keys) -> Load:
    """How much there is to do in a workspace. Raises `StoreUnavailable`."""
    counted = [keys.queue, keys.reserved, keys.paused, keys.singly]
    now, queued, *ids, reserved, resting = await store.script("load")(counted, [GROUP])
    at = int(now) / 1000
    oldest, unread = (age_of(entry_id, at) for entry_id in ids)
    return Load(queued + resting, oldest, int(reserved), unread, at)


def age_of(entry_id: str, at: float) -> float:
    """How old an entry is at `at`, Unix time, in seconds; 0 where there is none."""
    return max(0.0, at - int(entry_id.partition("-")[0]) / 1000) if entry_id else 0.0


def entries_of(reply: Sequence[Any]) -> list[Entry]:
    """The entries that Redis lists; 6.2 lists those deleted meanwhile too, without fields."""
    return [
        Entry(str(entry_id), fields["job"], int(fields.get("since", 0)))
        for entry_id, fields in reply
        if fields
    ]
