"""Places that vanish: whoever asked gets the answer, once, and reads why it is there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from bot import words
from bot.completion.ask import Ask
from bot.completion.result import Section
from bot.errors import PostingDenied
from bot.reply.reply import Reply
from bot.slack.pacing import EditBudget
from bot.slack.slack import Slack
from bot.words import talk
from sandbox.workspace import ANA, DESIGN, FINANCE, GENERAL, LEADERSHIP, Message, Workspace, dm_of
from tests.reply.conftest import LAST_LINE, Start, answer, ask, buttons, standing
from tests.reply.fake_ledger import FakeJob, FakeLedger
from tests.reply.steps import (
    AT_EVERY_STEP,
    CrashError,
    WatchedSlack,
    at_step,
    crash,
    frozen_at_each_step,
    killed_at_each_step,
)
from tests.reply.test_reply import shown, streaming

DM = dm_of(ANA)
TEXT = "word " * 3_000


def words_in(messages: list[Message]) -> int:
    return sum(message.shown.count("word ") for message in messages)


@pytest.mark.parametrize("channel", [DESIGN, FINANCE])
async def test_where_the_bot_is_no_member_the_answer_grows_in_a_direct_message(
    workspace: Workspace, start: Start, channel: str
) -> None:
    reply = start(channel=channel)
    await reply.open()
    (message,) = workspace.messages(DM)
    assert words.THINKING in message.shown
    assert talk.asked_in(f"<#{channel}>", "not_in_channel") in message.shown
    assert buttons(message) == ["stop"]
    async with streaming(reply) as stream:
        stream.say("it grows")
        await workspace.wait_for(lambda: "it grows" in message.shown)
    await reply.deliver(answer("it grows and ends"))

    assert workspace.messages(DM) == [message]
    assert "Explain TCP slow start" in message.shown
    assert "it grows and ends" in message.shown
    assert not workspace.messages(channel)


async def test_in_an_archived_channel_nothing_is_begun(workspace: Workspace, start: Start) -> None:
    workspace.archive(GENERAL)
    reply = start()
    await reply.open()
    await reply.deliver(answer("the end"))

    (message,) = workspace.messages(DM)
    assert talk.asked_in(f"<#{GENERAL}>", "is_archived") in message.shown


async def test_a_channel_archived_while_the_answer_grows(
    workspace: Workspace, start: Start
) -> None:
    reply = start()
    await reply.open()
    async with streaming(reply) as stream:
        stream.say("some text")
        await shown(workspace, "some text")
    workspace.archive(GENERAL)
    await reply.deliver(answer(TEXT))
    await start().deliver(answer(TEXT))

    assert words_in(standing(workspace, DM)) == 3_000
    assert LAST_LINE not in standing(workspace)[0].shown


async def test_an_address_is_of_no_use_in_an_archived_channel(
    workspace: Workspace, start: Start
) -> None:
    url = (await workspace.command(ANA, GENERAL, "/grok why?")).response_url
    reply = start(response_url=url)
    await reply.open()
    workspace.archive(GENERAL)
    await reply.deliver(answer("the end"))

    (message,) = workspace.messages(DM)
    assert "the end" in message.shown
    assert talk.asked_in(f"<#{GENERAL}>", "is_archived") in message.shown
    assert not workspace.ephemerals(ANA)


async def test_thrown_out_before_the_second_message(workspace: Workspace, start: Start) -> None:
    reply = start(channel=LEADERSHIP)
    await reply.open()
    workspace.remove_bot(LEADERSHIP)
    await reply.deliver(answer(TEXT))

    assert words_in(standing(workspace, DM)) == 3_000


async def test_what_can_be_taken_back_does_not_stay_behind(
    workspace: Workspace, start: Start
) -> None:
    """Here only the reply in the thread is refused: the first message would stay unfinished."""
    reply = start()
    await reply.open()
    workspace.fail(
        "chat.postMessage",
        error="restricted_action_thread_locked",
        times=None,
        where=lambda args: args["channel"] == GENERAL,
    )
    await reply.deliver(answer(TEXT))

    assert not workspace.messages(GENERAL)
    assert words_in(standing(workspace, DM)) == 3_000


@pytest.mark.parametrize("long", [False, True])
async def test_a_thread_whose_root_was_deleted(
    workspace: Workspace, start: Start, long: bool
) -> None:
    """A short answer is shown to the asker alone in the channel, a long one has no room there."""
    root = await workspace.say(ANA, GENERAL, "a discussion")
    await workspace.delete(ANA, GENERAL, root.ts)
    reply = start(thread_ts=root.ts, question_ts="1700000000.000001", surface="thread")
    await reply.open()
    async with streaming(reply) as stream:
        stream.say("not shown")
    await reply.deliver(answer(TEXT if long else "the end"))

    assert not workspace.messages(GENERAL)
    if long:
        assert words_in(standing(workspace, DM)) == 3_000
        assert (
            talk.asked_in(f"<#{GENERAL}>", "thread_not_found") in standing(workspace, DM)[0].shown
        )
        return
    (message,) = workspace.ephemerals(ANA)
    assert talk.THREAD_DELETED in message.shown
    assert "the end" in message.shown
    assert "Explain TCP slow start" in message.shown
    assert message.thread_ts is None
    assert not workspace.messages(DM)


async def test_what_landed_in_the_channel_for_want_of_its_thread_is_removed(
    workspace: Workspace, slack: Slack, budget: EditBudget, job: FakeJob
) -> None:
    """Slack shows a reply without a root in the channel; a worker dies before it takes it back."""
    root = await workspace.say(ANA, GENERAL, "a discussion")
    await workspace.delete(ANA, GENERAL, root.ts)
    watched = WatchedSlack.of(slack)
    watched.before = at_step(1, crash)
    asked = ask(thread_ts=root.ts)
    with pytest.raises(CrashError):
        await Reply(watched, budget, job.take(), asked, backoff=0.01).open()
    assert len(workspace.messages(GENERAL)) == 1

    await Reply(slack, budget, job.take(), asked, backoff=0.01).deliver(answer("the end"))

    assert not workspace.messages(GENERAL)
    assert len(workspace.ephemerals(ANA)) == 1


@pytest.mark.parametrize("fault", [{"retry_after": 1}, {"status": 503, "times": 2}])
async def test_the_way_to_a_direct_message_is_tried_on(
    workspace: Workspace, start: Start, fault: dict[str, Any]
) -> None:
    workspace.fail("conversations.open", **fault)
    reply = start(channel=DESIGN)
    await reply.open()
    async with streaming(reply) as stream:
        stream.say("it grows")
        await workspace.wait_for(lambda: "it grows" in str(workspace.messages(DM)))
    await reply.deliver(answer("it grows and ends"))

    assert len(workspace.messages(DM)) == 1


@pytest.mark.parametrize(
    ("method", "error"),
    [
        ("conversations.open", "user_disabled"),
        ("conversations.open", "missing_scope"),
        ("chat.postMessage", "messages_tab_disabled"),
    ],
)
async def test_without_any_way_nothing_is_asked_and_nothing_begun(
    workspace: Workspace, start: Start, job: FakeJob, method: str, error: str
) -> None:
    workspace.fail(
        method, error=error, times=None, where=lambda args: args.get("channel") != DESIGN
    )
    reply = start(channel=DESIGN)

    with pytest.raises(PostingDenied, match=error):
        await reply.open()
    with pytest.raises(PostingDenied, match=error):
        await reply.deliver(answer("the end"))
    assert "0" not in job.posts


async def test_a_question_without_a_stream_is_answered_whole_in_a_direct_message(
    workspace: Workspace, start: Start
) -> None:
    reply = start(channel=DESIGN, stream=False)
    await reply.open()
    assert not workspace.messages(DM)
    await reply.deliver(answer("the end"))

    (message,) = workspace.messages(DM)
    assert len(message.revisions) == 1


async def test_a_deleted_direct_message_stays_deleted(workspace: Workspace, start: Start) -> None:
    reply = start(channel=DESIGN)
    await reply.open()
    await workspace.delete(ANA, DM, workspace.messages(DM)[0].ts)
    await reply.deliver(answer("one", "two"))

    assert reply.deleted
    assert not workspace.messages(DM)


def no_member(workspace: Workspace) -> Ask:
    return ask(channel=DESIGN)


def archived_later(workspace: Workspace) -> Ask:
    workspace.channel(GENERAL).is_archived = False
    return ask()


Scene = Callable[[Workspace], Ask]
SCENES = pytest.mark.parametrize("scene", [no_member, archived_later])


async def journey(workspace: Workspace, reply: Reply) -> None:
    sections = [Section(text=TEXT[:100])]
    await reply.open()
    async with asyncio.TaskGroup() as group:
        group.create_task(reply.run(lambda: sections))
        await asyncio.sleep(0.01)
        workspace.archive(GENERAL)
        reply.close()
    await reply.deliver(answer(TEXT))


async def check_and_clear(workspace: Workspace, slack: Slack) -> None:
    workspace.channel(GENERAL).is_archived = False
    root, second = standing(workspace, DM)
    assert words_in([root, second]) == 3_000
    assert second.shown.endswith(LAST_LINE)
    assert root.shown.count("/invite") + root.shown.count("archived") == 1
    for channel in (DM, GENERAL):
        for message in reversed(standing(workspace, channel)):
            await slack.delete(channel, message.ts)


@SCENES
@AT_EVERY_STEP
async def test_killed_at_any_step_on_the_way_elsewhere(
    workspace: Workspace, slack: Slack, budget: EditBudget, where: str, scene: Scene
) -> None:
    asked = scene(workspace)

    async def work(slack: Slack, ledger: FakeLedger) -> None:
        await journey(workspace, Reply(slack, budget, ledger, asked, backoff=0.01))

    await killed_at_each_step(slack, where, work, partial(check_and_clear, workspace, slack))


@SCENES
@AT_EVERY_STEP
async def test_frozen_at_any_step_on_the_way_elsewhere(
    workspace: Workspace, slack: Slack, budget: EditBudget, where: str, scene: Scene
) -> None:
    asked = scene(workspace)

    async def work(slack: Slack, ledger: FakeLedger) -> None:
        await journey(workspace, Reply(slack, budget, ledger, asked, backoff=0.01))

    async def again(slack: Slack, ledger: FakeLedger) -> None:
        reply = Reply(slack, budget, ledger, asked, backoff=0.01)
        await reply.deliver(answer(TEXT), afresh=True)

    check = partial(check_and_clear, workspace, slack)
    await frozen_at_each_step(slack, where, work, again, check)
