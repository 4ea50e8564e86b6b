"""Whoever dies, freezes or loses the lease, and whenever: one answer stands in the end."""

from __future__ import annotations

import asyncio
import time
from functools import partial

import pytest

from bot.completion.result import Section
from bot.errors import LeaseLost, StoreUnavailable
from bot.reply.ledger import Post
from bot.reply.reply import Reply
from bot.slack.blocks import Message
from bot.slack.pacing import EditBudget
from bot.slack.slack import Slack
from sandbox.workspace import GENERAL, Workspace
from tests.reply.conftest import LAST_LINE, Start, answer, ask, standing
from tests.reply.fake_ledger import FakeJob, FakeLedger
from tests.reply.steps import (
    AT_EVERY_STEP,
    WatchedSlack,
    at_step,
    frozen_at_each_step,
    killed_at_each_step,
)

TEXT = "all of the answer " + "word " * 3_000


async def journey(reply: Reply) -> None:
    """Two messages, streamed and delivered."""
    sections = [Section(text=TEXT[:100])]
    await reply.open()
    async with asyncio.TaskGroup() as group:
        group.create_task(reply.run(lambda: sections))
        for end in (200, 5_000, len(TEXT)):
            sections[0] = Section(text=TEXT[:end])
            reply.changed()
            await asyncio.sleep(0.005)
        reply.close()
    await reply.deliver(answer(TEXT))


async def check_and_clear(workspace: Workspace, slack: Slack) -> None:
    root, second = standing(workspace)
    assert second.thread_ts == root.ts
    assert (root.shown + second.shown).count("word ") == 3_000
    assert second.shown.endswith(LAST_LINE)
    assert not set(root.pings) - {"<@U0ANA00001>"}
    for message in (second, root):
        await slack.delete(GENERAL, message.ts)


@AT_EVERY_STEP
async def test_killed_at_any_step(
    workspace: Workspace, slack: Slack, budget: EditBudget, where: str
) -> None:
    async def work(slack: Slack, ledger: FakeLedger) -> None:
        await journey(Reply(slack, budget, ledger, ask(), backoff=0.01))

    await killed_at_each_step(slack, where, work, partial(check_and_clear, workspace, slack))


@AT_EVERY_STEP
async def test_frozen_at_any_step_while_another_takes_over_and_finishes(
    workspace: Workspace, slack: Slack, budget: EditBudget, where: str
) -> None:
    async def work(slack: Slack, ledger: FakeLedger) -> None:
        await journey(Reply(slack, budget, ledger, ask(), backoff=0.01))

    async def again(slack: Slack, ledger: FakeLedger) -> None:
        reply = Reply(slack, budget, ledger, ask(), backoff=0.01)
        await reply.deliver(answer(TEXT), afresh=True)

    check = partial(check_and_clear, workspace, slack)
    await frozen_at_each_step(slack, where, work, again, check)


async def test_a_post_without_a_lease_is_taken_back_at_once(
    workspace: Workspace, slack: Slack, budget: EditBudget, job: FakeJob
) -> None:
    watched = WatchedSlack.of(slack)

    async def lease_lost() -> None:
        job.take()

    watched.after = at_step(0, lease_lost)
    with pytest.raises(LeaseLost):
        await Reply(watched, budget, job.take(), ask()).open()

    assert not standing(workspace)


async def opened_and_losing_its_lease(slack: Slack, budget: EditBudget, job: FakeJob) -> Reply:
    """A reply whose job is another's as soon as it edits again."""
    watched = WatchedSlack.of(slack)
    reply = Reply(watched, budget, job.take(), ask())
    await reply.open()

    async def lease_lost() -> None:
        job.take()

    watched.before = at_step(0, lease_lost)
    return reply


async def test_an_edit_without_a_lease_is_noticed(
    slack: Slack, budget: EditBudget, job: FakeJob
) -> None:
    reply = await opened_and_losing_its_lease(slack, budget, job)
    with pytest.raises(LeaseLost):
        await reply.deliver(answer("written too late"))


async def test_a_message_nobody_knows_of_is_deleted_when_a_job_was_taken_over(
    workspace: Workspace, slack: Slack, start: Start, job: FakeJob
) -> None:
    await start().open()
    for part in ("0", "1"):
        await slack.post(GENERAL, Message((), "stray"), job_id=job.job_id, part=part)

    await start().deliver(answer("the end"))

    (message,) = standing(workspace)
    assert "the end" in message.shown


async def test_a_lost_lease_ends_the_run(workspace: Workspace, start: Start, job: FakeJob) -> None:
    reply = start()
    await reply.open()
    job.take()
    reply.changed()

    with pytest.raises(LeaseLost):
        await reply.run(lambda: [Section(text="text")])

    assert not workspace.calls_of("chat.update")


@pytest.mark.parametrize("step", ["intend", "posted"])
async def test_redis_loses_a_reply(
    workspace: Workspace, start: Start, job: FakeJob, step: str
) -> None:
    ledger = job.take()
    ledger.lost_replies.add(step)
    reply = start(ledger)

    with pytest.raises(StoreUnavailable):
        await reply.open()
    workspace.fail("conversations.history", error="missing_scope", times=None)
    await reply.deliver(answer("the end"))

    (message,) = standing(workspace)
    assert "the end" in message.shown


async def test_redis_away_while_streaming_is_waited_for(
    workspace: Workspace, start: Start, job: FakeJob
) -> None:
    ledger = job.take()
    reply = start(ledger)
    await reply.open()
    away = 5

    async def lost(step: str) -> None:
        nonlocal away
        away -= 1
        if away >= 0:
            raise StoreUnavailable("away")

    ledger.before = lost
    async with asyncio.TaskGroup() as group:
        group.create_task(reply.run(lambda: [Section(text="text")]))
        await workspace.wait_for(lambda: "text" in standing(workspace)[0].shown)
        reply.close()


async def test_what_an_earlier_holder_posted_without_saying_where_is_adopted(
    workspace: Workspace, slack: Slack, start: Start, job: FakeJob
) -> None:
    posted = await slack.post(GENERAL, Message((), "thinking"), job_id=job.job_id, part="0")
    job.posts["0"] = Post("0", GENERAL, time.time())

    await start().deliver(answer("the end"))

    (message,) = standing(workspace)
    assert message.ts == posted
    assert "the end" in message.shown


async def test_what_its_poster_takes_back_is_not_adopted(
    workspace: Workspace, slack: Slack, start: Start, job: FakeJob
) -> None:
    zombie = job.take()
    posted = await slack.post(GENERAL, Message((), "thinking"), job_id=job.job_id, part="0")
    job.posts["0"] = Post("0", GENERAL, time.time())
    assert await zombie.disown(posted)

    await start().deliver(answer("the end"))
    await slack.delete(GENERAL, posted)

    (message,) = standing(workspace)
    assert message.ts != posted
    assert "the end" in message.shown


async def test_an_adopted_post_is_not_taken_back(
    workspace: Workspace, slack: Slack, budget: EditBudget, start: Start, job: FakeJob
) -> None:
    """The holder freezes after posting; another adopts the post before it wakes."""
    watched = WatchedSlack.of(slack)

    async def adopted(step: str) -> None:
        if step == "post":
            await start().deliver(answer("the end"))

    watched.after = adopted
    with pytest.raises(LeaseLost):
        await Reply(watched, budget, job.take(), ask(), backoff=0.01).open()

    (message,) = standing(workspace)
    assert "the end" in message.shown
    assert len(workspace.calls_of("chat.postMessage")) == 1


async def test_messages_of_other_jobs_are_left_alone(
    workspace: Workspace, slack: Slack, start: Start, job: FakeJob
) -> None:
    other = await slack.post(GENERAL, Message((), "other"), job_id="job2", part="0")
    job.posts["0"] = Post("0", GENERAL, time.time())

    await start().deliver(answer("the end"))

    first, _ = standing(workspace)
    assert first.ts == other


async def test_cancelled_while_posting(workspace: Workspace, start: Start, job: FakeJob) -> None:
    workspace.fail("chat.postMessage", delay=0.1)
    ledger = job.take()
    opening = asyncio.create_task(start(ledger).open())
    while "0" not in job.posts:
        await asyncio.sleep(0)
    await asyncio.sleep(0.01)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    await workspace.wait_for(lambda: workspace.calls_of("chat.postMessage"))

    await start().deliver(answer("the end"))

    (message,) = standing(workspace)
    assert "the end" in message.shown


async def test_an_edit_without_a_lease_is_noticed_though_no_more_text_comes(
    workspace: Workspace, slack: Slack, budget: EditBudget, job: FakeJob
) -> None:
    reply = await opened_and_losing_its_lease(slack, budget, job)
    reply.changed()
    with pytest.raises(LeaseLost):
        await reply.run(lambda: [Section(text="written too late")])

    assert len(workspace.calls_of("chat.update")) == 1
