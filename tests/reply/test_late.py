"""What Slack may carry out late, of this holder of a job and of those before it."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import LeaseLost, OutcomeUnknown, SlackError
from bot.reply.ledger import Post, withdrawn
from bot.slack.blocks import Message
from bot.slack.pacing import LateCalls
from bot.slack.slack import Slack
from sandbox.workspace import GENERAL, Workspace
from tests.reply.conftest import Start, answer, standing
from tests.reply.fake_ledger import FakeJob, FakeLedger

LONG = "all of the answer " + "word " * 3_000
LATE = 1.0


async def test_what_was_answered_is_not_expected() -> None:
    late = LateCalls()
    with late.sending(60):
        assert 100 < late.left <= 120
    assert late.left == 0
    assert await late.next_passed() == []


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (SlackError("not_in_channel"), False),
        (OutcomeUnknown("internal_error"), False),
        (LeaseLost(), False),
        (OutcomeUnknown("no reply", pending=True), True),
        (asyncio.CancelledError(), True),
        (RuntimeError(), True),
    ],
)
async def test_what_may_be_under_way_is_expected(error: BaseException, expected: bool) -> None:
    late = LateCalls()
    with pytest.raises(type(error)), late.sending(60):
        raise error
    assert (100 < late.left <= 120) if expected else late.left == 0


async def test_of_an_earlier_holder_anything_is_expected() -> None:
    late = LateCalls()
    late.expect_earlier(0.2)
    seen = [call for _ in range(2) for call in await late.next_passed()]
    assert len(seen) == 2
    assert all(call.may_appear and call.may_change("1.1", Message((), "x")) for call in seen)
    assert late.left == 0


async def shown_before(start: Start, job: FakeJob, text: str) -> FakeLedger:
    """Show an answer; the ledger of the next holder, who is told to expect something."""
    await start().deliver(answer(text))
    ledger = job.take()
    ledger.late.expect_earlier(LATE)
    return ledger


async def test_a_message_that_an_earlier_holder_deletes_late_is_posted_again(
    workspace: Workspace, slack: Slack, start: Start, job: FakeJob
) -> None:
    ledger = await shown_before(start, job, LONG)
    _, second = standing(workspace)
    job.posts[withdrawn("1")] = Post(withdrawn("1"), GENERAL, 0.0, second.ts)
    ledger = job.take()
    ledger.late.expect_earlier(LATE)

    async def late() -> None:
        await slack.delete(GENERAL, second.ts)

    await start(ledger).deliver(answer(LONG), shown=late)

    root, again = (message for message in standing(workspace) if not message.deleted)
    assert again.ts != second.ts
    assert (root.shown + again.shown).count("word ") == 3_000


async def test_what_an_earlier_holder_writes_and_posts_late_is_written_over_and_swept(
    workspace: Workspace, slack: Slack, start: Start, job: FakeJob
) -> None:
    ledger = await shown_before(start, job, "the end")
    (message,) = standing(workspace)

    async def late() -> None:
        await slack.update(GENERAL, message.ts, Message(message.blocks, "thinking"))
        await slack.post(GENERAL, Message((), "thinking"), job_id=job.job_id, part="0")

    await start(ledger).deliver(answer("the end"), shown=late)

    (left,) = standing(workspace)
    assert left.ts == message.ts
    assert "thinking" not in left.text


async def test_what_is_posted_late_of_an_answer_that_came_to_nothing_is_deleted(
    workspace: Workspace, slack: Slack, start: Start, job: FakeJob
) -> None:
    """Such as of a question that somebody deletes, where Slack takes long over the first post."""
    ledger = job.take()
    ledger.late.expect_earlier(LATE)
    posted = []

    async def late() -> None:
        thinking = Message((), "thinking")
        posted.append(await slack.post(GENERAL, thinking, job_id=job.job_id, part="0"))

    stopped = answer("").model_copy(update={"stopped": True})
    await start(ledger).deliver(stopped, shown=late)

    assert len(posted) == 1
    assert not standing(workspace)


async def test_what_somebody_deletes_meanwhile_stays_deleted(
    workspace: Workspace, start: Start, job: FakeJob
) -> None:
    ledger = await shown_before(start, job, "the end")
    (message,) = standing(workspace)

    async def late() -> None:
        await workspace.delete(message.user, GENERAL, message.ts)

    await start(ledger).deliver(answer("the end"), shown=late)

    assert not standing(workspace)
