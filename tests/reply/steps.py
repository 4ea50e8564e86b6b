"""Something happens at a step of an answer: before a ledger write, or around one to Slack."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bot.errors import LeaseLost
from bot.slack.blocks import Message
from bot.slack.slack import Slack
from tests.reply.fake_ledger import FakeJob, FakeLedger

MOST_STEPS = 60
Work = Callable[[Slack, FakeLedger], Awaitable[None]]
"""What one process does for an answer, from taking the job until it is shown."""
AT_EVERY_STEP = pytest.mark.parametrize("where", ["ledger", "before", "after"])


class CrashError(Exception):
    """The process is killed here."""


def at_step(number: int, act: Callable[[], Awaitable[None]]) -> Callable[[str], Awaitable[None]]:
    """A hook that does `act` at the step `number`, counted from 0."""
    left = number

    async def before(step: str) -> None:
        nonlocal left
        left -= 1
        if left == -1:
            await act()

    return before


async def crash() -> None:
    raise CrashError


class WatchedSlack(Slack):
    """A Slack with a moment before, and one after, each write."""

    before: Callable[[str], Awaitable[None]]
    after: Callable[[str], Awaitable[None]]

    @classmethod
    def of(cls, slack: Slack) -> WatchedSlack:
        async def nothing(step: str) -> None:
            return

        watched = cls(slack._api)
        watched.before = watched.after = nothing
        return watched

    async def post(self, channel: str, message: Message, **fields: Any) -> str:
        await self.before("post")
        ts = await super().post(channel, message, **fields)
        await self.after("post")
        return ts

    async def update(self, channel: str, ts: str, message: Message, **fields: Any) -> None:
        await self.before("update")
        await super().update(channel, ts, message, **fields)
        await self.after("update")

    async def start_stream(self, channel: str, thread_ts: str, **fields: Any) -> str:
        await self.before("start_stream")
        ts = await super().start_stream(channel, thread_ts, **fields)
        await self.after("start_stream")
        return ts

    async def append_stream(self, channel: str, ts: str, text: str) -> None:
        await self.before("append_stream")
        await super().append_stream(channel, ts, text)
        await self.after("append_stream")

    async def stop_stream(self, channel: str, ts: str, **fields: Any) -> None:
        await self.before("stop_stream")
        await super().stop_stream(channel, ts, **fields)
        await self.after("stop_stream")

    async def delete(self, channel: str, ts: str) -> None:
        await self.before("delete")
        await super().delete(channel, ts)
        await self.after("delete")

    async def ephemeral(
        self, channel: str, user: str, message: Message, *, thread_ts: str | None = None
    ) -> None:
        await self.before("ephemeral")
        await super().ephemeral(channel, user, message, thread_ts=thread_ts)
        await self.after("ephemeral")

    async def respond(self, response_url: str, message: Message) -> None:
        await self.before("respond")
        await super().respond(response_url, message)
        await self.after("respond")


async def no_preparation(job: FakeJob) -> None:
    """Nothing was done for the job before."""


async def killed_at_each_step(
    slack: Slack,
    where: str,
    work: Work,
    check: Callable[[], Awaitable[None]],
    *,
    prepare: Callable[[FakeJob], Awaitable[None]] = no_preparation,
) -> None:
    """A process is killed at step 0, 1, 2, … of its work, and another one does all of it again.
    Each time `check` looks at what stands then, and clears it away."""

    async def attempt(number: int) -> bool:
        job = FakeJob(f"job-{where}-{number}")
        await prepare(job)
        ledger, watched = job.take(), WatchedSlack.of(slack)
        _fault_at(where, ledger, watched, at_step(number, crash))
        crashed = False
        try:
            await work(watched, ledger)
        except* CrashError:
            crashed = True
        await work(slack, job.take())
        await check()
        return crashed

    await _until_none(attempt)


async def frozen_at_each_step(
    slack: Slack, where: str, work: Work, again: Work, check: Callable[[], Awaitable[None]]
) -> None:
    """A process freezes at step 0, 1, 2, … of its work, another one does all of it meanwhile, and
    the first one goes on. The queue has the job shown `again` after that, by whoever holds it.
    Each time `check` looks at what stands then, and clears it away."""

    async def attempt(number: int) -> bool:
        job = FakeJob(f"job-{where}-{number}")
        ledger, watched = job.take(), WatchedSlack.of(slack)

        async def taken_over() -> None:
            await work(slack, job.take())

        _fault_at(where, ledger, watched, at_step(number, taken_over))
        lost = False
        try:
            await work(watched, ledger)
        except* LeaseLost:
            lost = True
            await again(slack, job.take())
        await check()
        return lost

    await _until_none(attempt)


async def _until_none(attempt: Callable[[int], Awaitable[bool]]) -> None:
    """Try with the fault at step 0, 1, 2, … until a journey ends before it is reached."""
    for number in range(MOST_STEPS):
        if not await attempt(number):
            assert number >= 3
            return
    raise AssertionError("a journey has more steps than expected")


def _fault_at(
    where: str,
    ledger: FakeLedger,
    watched: WatchedSlack,
    hook: Callable[[str], Awaitable[None]],
) -> None:
    """Have `hook` called before each step of the ledger, or before or after each write."""
    if where == "ledger":
        ledger.before = hook
    else:
        setattr(watched, where, hook)
