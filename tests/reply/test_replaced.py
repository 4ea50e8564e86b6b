"""A first message that Slack lets nobody edit is replaced, and none of its thread stays behind."""

from __future__ import annotations

import pytest

from bot.reply.reply import Reply
from bot.slack.pacing import EditBudget
from bot.slack.slack import Slack
from sandbox.workspace import GENERAL, Workspace
from tests.reply.conftest import DEADLINE, Start, answer, ask, standing
from tests.reply.fake_ledger import FakeJob, FakeLedger
from tests.reply.steps import AT_EVERY_STEP, CrashError, WatchedSlack, killed_at_each_step
from tests.reply.test_edit_faults import TOO_SLOW, check_whole, close_window
from tests.reply.test_reply import shown, streaming


@pytest.fixture
def deadline() -> float:
    return DEADLINE


@pytest.fixture
def slack(slack: Slack) -> WatchedSlack:
    return WatchedSlack.of(slack)


async def test_the_messages_below_a_replaced_one_move_with_it(
    workspace: Workspace, start: Start
) -> None:
    await start().deliver(answer("word " * 3_000))
    old, _ = standing(workspace)
    close_window(workspace, old)
    await start().deliver(answer("word " * 3_000 + "end"))

    root, second = standing(workspace)
    assert second.thread_ts == root.ts != old.ts
    assert (root.shown + second.shown).count("word ") == 3_000
    assert not workspace.replies(GENERAL, old.ts)


async def test_a_note_below_a_replaced_message_leaves_no_thread_behind(
    workspace: Workspace, start: Start
) -> None:
    reply = start(tell_after=0)
    await reply.open()
    async with streaming(reply) as stream:
        stream.say("half")
        await shown(workspace, "half")
    await reply.deliver(answer("half and the rest"))
    old, told = standing(workspace)
    assert told.thread_ts == old.ts
    close_window(workspace, old)
    await start().deliver(answer("the end"), afresh=True)

    check_whole(workspace, "the end")


@pytest.mark.parametrize("killed", [False, True])
async def test_what_appears_late_below_a_replaced_message_leaves_no_thread_behind(
    workspace: Workspace, start: Start, slack: WatchedSlack, job: FakeJob, killed: bool
) -> None:
    """It was given up by then, posted again and deleted with the thread; also where the worker
    dies before it has looked again."""
    text = "word " * 3_000
    reply = start()
    await reply.open()
    (old,) = standing(workspace)
    workspace.fail("chat.postMessage", delay=TOO_SLOW)
    deleted = 0

    async def until_it_appears(step: str) -> None:
        nonlocal deleted
        deleted += step == "delete"
        if step == "delete" and deleted == 2:  # the first one was of what was posted again
            await workspace.wait_for(lambda: len(standing(workspace)) == 2)
            assert standing(workspace)[1].thread_ts == old.ts

    async def closes(step: str) -> None:
        if step == "post":
            close_window(workspace, old)

    async def dies() -> None:
        raise CrashError

    slack.before, slack.after = until_it_appears, closes
    if killed:
        with pytest.raises(CrashError):
            await reply.deliver(answer(text), shown=dies)
        ledger = job.take()
        ledger.late.expect_earlier(DEADLINE)
        reply = start(ledger)
    await reply.deliver(answer(text))

    root, second = standing(workspace)
    assert second.thread_ts == root.ts != old.ts
    assert (root.shown + second.shown).count("word ") == 3_000
    assert not workspace.replies(GENERAL, old.ts)


@AT_EVERY_STEP
async def test_killed_at_any_step_of_a_replacement(
    workspace: Workspace, slack: Slack, budget: EditBudget, where: str
) -> None:
    text = "word " * 3_000 + "end"
    old = ""

    async def answered_before(job: FakeJob) -> None:
        nonlocal old
        await Reply(slack, budget, job.take(), ask(), backoff=0.01).deliver(answer("word " * 3_000))
        root, _ = standing(workspace)
        close_window(workspace, root)
        old = root.ts

    async def work(slack: Slack, ledger: FakeLedger) -> None:
        await Reply(slack, budget, ledger, ask(), backoff=0.01).deliver(answer(text))

    async def check() -> None:
        root, second = standing(workspace)
        assert second.thread_ts == root.ts != old
        assert (root.shown + second.shown).count("word ") == 3_000
        for message in (second, root):
            await slack.delete(GENERAL, message.ts)

    await killed_at_each_step(slack, where, work, check, prepare=answered_before)
