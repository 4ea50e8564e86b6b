"""Edits notify nobody: whoever waited long is told once, and nobody else is."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from bot.completion.result import Section
from bot.reply.reply import TOLD, Reply
from bot.slack.pacing import EditBudget
from bot.slack.slack import Slack
from bot.words import talk
from sandbox.workspace import ANA, DESIGN, GENERAL, Message, Workspace, dm_of
from tests.reply.conftest import Start, answer, ask, buttons, standing
from tests.reply.fake_ledger import FakeJob, FakeLedger
from tests.reply.steps import AT_EVERY_STEP, frozen_at_each_step, killed_at_each_step
from tests.reply.test_reply import shown, streaming

READY = talk.READY(f"<@{ANA}>")


def told(workspace: Workspace, channel: str = GENERAL) -> list[Message]:
    """The messages that tell the asker, deleted ones not included."""
    return [message for message in standing(workspace, channel) if message.shown == READY]


def tellings(workspace: Workspace) -> int:
    """How often the asker was told, deleted or not."""
    posts = workspace.calls_of("chat.postMessage")
    return sum("is ready" in str(call.args["blocks"]) and call.ok for call in posts)


async def slowly(reply: Reply, text: str = "the end") -> None:
    """An answer that took longer than it may without its asker being told."""
    await reply.open()
    await reply.deliver(answer(text))


async def test_whoever_waited_long_is_told_in_the_thread_of_the_answer(
    workspace: Workspace, start: Start
) -> None:
    await slowly(start(tell_after=0))

    root, message = standing(workspace)
    assert message.thread_ts == root.ts
    assert message.shown == READY
    assert message.pings == (f"<@{ANA}>",)
    assert buttons(root) == ["retry", "edit", "details"]
    assert not buttons(message)


async def test_told_in_the_thread_that_the_answer_is_in(workspace: Workspace, start: Start) -> None:
    root = await workspace.say(ANA, GENERAL, "a discussion")
    await slowly(start(tell_after=0, thread_ts=root.ts))

    (message,) = told(workspace)
    assert message.thread_ts == root.ts


@pytest.mark.parametrize(
    "fields", [{"channel": dm_of(ANA)}, {"channel": DESIGN}], ids=["asked there", "no member"]
)
async def test_told_in_a_direct_message_too(
    workspace: Workspace, start: Start, fields: dict[str, Any]
) -> None:
    await slowly(start(tell_after=0, **fields))

    assert len(told(workspace, dm_of(ANA))) == 1


async def test_told_after_an_answer_that_failed(workspace: Workspace, start: Start) -> None:
    reply = start(tell_after=0)
    await reply.open()
    await reply.deliver(answer(failure="No credit."))

    assert len(told(workspace)) == 1


async def test_nobody_is_told_of_an_answer_in_time(workspace: Workspace, start: Start) -> None:
    await slowly(start())

    assert not told(workspace)


@pytest.mark.parametrize(
    "fields", [{"stream": False}, {"reply": "private"}], ids=["whole", "private"]
)
async def test_nobody_is_told_of_what_comes_in_one_piece(
    workspace: Workspace, start: Start, fields: dict[str, Any]
) -> None:
    await slowly(start(tell_after=0, **fields))

    assert not tellings(workspace)


async def test_nobody_is_told_of_what_could_only_be_posted_at_the_end(
    workspace: Workspace, start: Start
) -> None:
    await start(tell_after=0).deliver(answer("one", "two"))

    assert not tellings(workspace)


async def test_nobody_is_told_of_a_stopped_answer(workspace: Workspace, start: Start) -> None:
    reply = start(tell_after=0)
    await reply.open()
    async with streaming(reply) as stream:
        stream.say("half")
        await shown(workspace, "half")
    await reply.deliver(answer("half").model_copy(update={"stopped": True}))

    (message,) = standing(workspace)
    assert talk.STOPPED in message.shown
    assert buttons(message) == ["retry", "edit", "details"]


async def test_nobody_is_told_of_a_deleted_answer(workspace: Workspace, start: Start) -> None:
    reply = start(tell_after=0)
    await reply.open()
    await workspace.delete(ANA, GENERAL, standing(workspace)[0].ts)
    await reply.deliver(answer("the end"))

    assert not tellings(workspace)


async def test_who_is_no_user_is_told_nothing(workspace: Workspace, start: Start) -> None:
    await slowly(start(tell_after=0, user="B0WORKFLOW <!channel>"))

    assert not tellings(workspace)


async def test_told_once_however_often_it_is_delivered(workspace: Workspace, start: Start) -> None:
    reply = start(tell_after=0)
    await slowly(reply)
    await reply.deliver(answer("the end"))
    await reply.deliver(answer("the end"), afresh=True)
    await start(tell_after=0).deliver(answer("the end"), afresh=True)

    assert tellings(workspace) == len(told(workspace)) == 1


async def test_an_answer_that_was_in_time_is_not_late_when_it_is_shown_afresh(
    workspace: Workspace, start: Start
) -> None:
    await slowly(start())
    await start(tell_after=0).deliver(answer("the end"), afresh=True)

    assert not tellings(workspace)


async def test_what_was_told_and_deleted_is_not_told_again(
    workspace: Workspace, start: Start
) -> None:
    await slowly(start(tell_after=0))
    (message,) = told(workspace)
    await workspace.delete(ANA, GENERAL, message.ts)
    await start(tell_after=0).deliver(answer("the end"))

    assert tellings(workspace) == 1


@pytest.mark.parametrize(
    "fault",
    [{"drop_after": True}, {"drop_before": True}, {"retry_after": 1}, {"error": "fatal_error"}],
)
async def test_a_lost_reply_tells_nobody_twice(
    workspace: Workspace, start: Start, fault: dict[str, Any]
) -> None:
    workspace.fail("chat.postMessage", where=lambda args: "is ready" in str(args), **fault)
    await slowly(start(tell_after=0))

    assert len(told(workspace)) == tellings(workspace) == 1


async def test_an_answer_stands_whatever_becomes_of_telling(
    workspace: Workspace, start: Start, job: FakeJob
) -> None:
    workspace.fail(
        "chat.postMessage",
        error="restricted_action_thread_locked",
        times=None,
        where=lambda args: "is ready" in str(args),
    )
    await slowly(start(tell_after=0))

    (message,) = standing(workspace)
    assert "the end" in message.shown
    assert TOLD not in job.posts
    assert not workspace.messages(dm_of(ANA))


LATE = ask(asked_at=0)
TEXT = "all of the answer " + "word " * 3_000


async def journey(reply: Reply) -> None:
    await reply.open()
    reply.close()
    await reply.run(lambda: [Section(text=TEXT[:100])])
    await reply.deliver(answer(TEXT))


async def check_and_clear(workspace: Workspace, slack: Slack) -> None:
    root, *further = standing(workspace)
    assert len(further) == 2
    assert (root.shown + further[0].shown).count("word ") == 3_000
    assert [message.shown for message in further].count(READY) == 1
    for message in reversed(standing(workspace)):
        await slack.delete(GENERAL, message.ts)


@AT_EVERY_STEP
async def test_told_once_by_whoever_is_killed_at_any_step(
    workspace: Workspace, slack: Slack, budget: EditBudget, where: str
) -> None:
    before = tellings(workspace)

    async def work(slack: Slack, ledger: FakeLedger) -> None:
        await journey(Reply(slack, budget, ledger, LATE, backoff=0.01))

    async def check() -> None:
        nonlocal before
        before += 1
        assert tellings(workspace) == before
        await check_and_clear(workspace, slack)

    await killed_at_each_step(slack, where, work, check)


@AT_EVERY_STEP
async def test_told_once_by_whoever_is_frozen_at_any_step(
    workspace: Workspace, slack: Slack, budget: EditBudget, where: str
) -> None:
    async def work(slack: Slack, ledger: FakeLedger) -> None:
        await journey(Reply(slack, budget, ledger, LATE, backoff=0.01))

    async def again(slack: Slack, ledger: FakeLedger) -> None:
        reply = Reply(slack, budget, ledger, LATE, backoff=0.01)
        await reply.deliver(answer(TEXT), afresh=True)

    check = partial(check_and_clear, workspace, slack)
    await frozen_at_each_step(slack, where, work, again, check)
