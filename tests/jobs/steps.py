"""What a worker does, one step at a time."""

from __future__ import annotations

from bot.jobs.job import Entry, Job, Lease
from bot.jobs.queue import SCAN_START, Queue


async def read_one(queue: Queue) -> Entry:
    """The next entry; the first read of an empty Redis makes the group."""
    entries: list[Entry] = []
    while not entries:
        entries = await queue.read(1)
    return entries[0]


async def take_next(queue: Queue) -> tuple[Lease, Job]:
    taken = await queue.take(await read_one(queue))
    assert taken is not None
    return taken


async def take_over(queue: Queue) -> tuple[Lease, Job]:
    """Claim the one entry that is pending, whoever holds it."""
    _, (entry,) = await queue.claim(10, SCAN_START, 0)
    taken = await queue.take(entry)
    assert taken is not None
    return taken
