"""An answer in a thread that Slack streams, from "is thinking…" to its last line."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest

from bot import words
from bot.completion.result import Section
from bot.reply import growing, messages
from bot.reply.reply import Reply
from bot.slack.pacing import EditBudget
from bot.slack.slack import Slack
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from bot.words import talk
from sandbox.workspace import ANA, BEN, GENERAL, TEAM_ID, Message, Workspace
from tests.reply.conftest import LAST_LINE, Start, answer, ask, buttons, standing
from tests.reply.fake_ledger import FakeJob, FakeLedger
from tests.reply.steps import AT_EVERY_STEP, frozen_at_each_step, killed_at_each_step
from tests.reply.test_reply import check_revisions, shown, streaming

TEXT = "all of the answer " + "".join(f"word{number} " for number in range(1_500))
EDITS = ("chat.postMessage", "chat.update")


def in_thread(root: str, **fields: Any) -> dict[str, Any]:
    """The fields of an ask whose question began the thread at `root`."""
    return {"thread_ts": root, "question_ts": root, "team": TEAM_ID, **fields}


def replies(workspace: Workspace, root: str) -> list[Message]:
    return [message for message in workspace.replies(GENERAL, root) if message.bot_id]


def body(message: Message) -> str:
    return "".join(block["text"] for block in message.blocks if block["type"] == "markdown")


def called(workspace: Workspace, *methods: str) -> int:
    return sum(len(workspace.calls_of(method)) for method in methods)


async def refused(workspace: Workspace, error: str) -> None:
    await workspace.wait_for(lambda: any(call.error == error for call in workspace.calls))


async def test_it_is_streamed_with_a_status_before_there_is_text(
    workspace: Workspace, start: Start, root: str
) -> None:
    reply = start(streaming="native", **in_thread(root))
    await reply.open()
    (status,) = workspace.calls_of("assistant.threads.setStatus")
    assert status.args["status"] == talk.STATUS_THINKING(0)
    assert not replies(workspace, root)

    async with streaming(reply) as stream:
        for text in (
            "Slow",
            "Slow start **beg",
            "Slow start **begins** gently",
            "Slow start **begins** gently and",
        ):
            stream.say(text)
            await asyncio.sleep(0)
        await shown(workspace, "Slow start **begins**")
    await reply.deliver(answer("Slow start **begins** gently and ends."))

    (message,) = replies(workspace, root)
    assert body(message) == "Slow start **begins** gently and ends."
    assert message.shown.endswith(LAST_LINE)
    assert buttons(message) == ["retry", "edit", "details"]
    assert message.metadata is not None
    assert called(workspace, *EDITS) == 1
    check_revisions(message)


async def test_every_message_of_a_long_answer_is_streamed(
    workspace: Workspace, start: Start, root: str
) -> None:
    reply = start(streaming="native", **in_thread(root))
    await reply.open()
    async with streaming(reply) as stream:
        for end in (100, 6_000, 12_000, len(TEXT)):
            stream.say(TEXT[:end])
            await shown(workspace, TEXT[: end - 30].split()[-2])
    await reply.deliver(answer(TEXT))

    one, two = replies(workspace, root)
    assert (body(one) + body(two)).split() == TEXT.split()
    assert buttons(one) == []
    assert buttons(two) == ["retry", "edit", "details"]
    assert called(workspace, "chat.startStream") == called(workspace, "chat.stopStream") == 2
    assert called(workspace, *EDITS) == 2


async def test_what_goes_on_below_an_answer_in_the_channel_is_streamed(
    workspace: Workspace, start: Start
) -> None:
    reply = start(streaming="native", team=TEAM_ID)
    await reply.open()
    async with streaming(reply) as stream:
        stream.say(TEXT)
        await shown(workspace, "word1499")
    await reply.deliver(answer(TEXT))

    first, further = standing(workspace)
    assert called(workspace, "chat.startStream") == 1
    assert further.thread_ts == first.ts
    assert (body(first) + body(further)).split() == TEXT.split()


@pytest.mark.parametrize("fields", [{"retry_of": "job0"}, {"question_ts": None}])
async def test_an_answer_below_its_question_is_edited(
    workspace: Workspace, start: Start, root: str, fields: dict[str, Any]
) -> None:
    reply = start(streaming="native", **in_thread(root, **fields))
    await reply.open()
    async with streaming(reply) as stream:
        stream.say("some words")
        await shown(workspace, "some words")
    await reply.deliver(answer("some words"))

    assert not called(workspace, "chat.startStream", "assistant.threads.setStatus")
    (message,) = replies(workspace, root)
    assert "Explain TCP slow start" in message.shown


@pytest.mark.parametrize("mode", ["edit", "auto"])
async def test_while_there_are_edits_enough_it_is_edited(
    workspace: Workspace, start: Start, root: str, mode: str
) -> None:
    reply = start(streaming=mode, **in_thread(root))
    await reply.open()
    async with streaming(reply) as stream:
        stream.say("some words")
        await shown(workspace, "some words")
    await reply.deliver(answer("some words"))

    assert not called(workspace, "chat.startStream", "assistant.threads.setStatus")
    assert called(workspace, "chat.update") == 2


async def test_auto_streams_while_edits_are_scarce(
    workspace: Workspace, slack: Slack, store: Store, keys: Keys, root: str
) -> None:
    budget = EditBudget(store, keys, per_minute=50)
    for number in range(10):
        assert not (await budget.ask("post", f"other{number}", age=3_600.0)).wait
    place = ask(**in_thread(root))
    reply = Reply(slack, budget, FakeJob().take(), place, backoff=0.01, streaming="auto")
    await reply.open()
    async with streaming(reply) as stream:
        stream.say("some words and")
        await shown(workspace, "some words")
    await reply.deliver(answer("some words and more"))

    (message,) = replies(workspace, root)
    assert body(message) == "some words and more"
    assert called(workspace, *EDITS) == 1


@pytest.mark.parametrize("retry_after", [None, 1])
async def test_what_slack_does_not_stream_is_posted_and_edited(
    workspace: Workspace, start: Start, root: str, retry_after: int | None
) -> None:
    error = None if retry_after else "method_not_supported_for_channel_type"
    workspace.fail("chat.startStream", error=error, retry_after=retry_after)
    reply = start(streaming="native", **in_thread(root))
    await reply.open()
    async with streaming(reply) as stream:
        stream.say("some words and")
        await shown(workspace, "some words")
    await reply.deliver(answer("some words and more"))

    (message,) = replies(workspace, root)
    assert body(message) == "some words and more"
    assert called(workspace, "chat.postMessage") == 1
    assert called(workspace, "chat.startStream") == 1


async def test_where_no_status_can_be_shown_a_message_says_it(
    workspace: Workspace, start: Start, root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing, "PATIENCE_SECONDS", 0.02)
    workspace.fail("assistant.threads.setStatus", error="missing_scope")
    reply = start(streaming="native", **in_thread(root))
    await reply.open()
    async with streaming(reply) as stream:
        await shown(workspace, words.THINKING)
        stream.say("some words")
        await shown(workspace, "some words")
    await reply.deliver(answer("some words"))

    (message,) = replies(workspace, root)
    assert body(message) == "some words"
    assert not called(workspace, "chat.startStream")


async def test_the_status_says_what_is_waited_for(
    workspace: Workspace, start: Start, root: str
) -> None:
    reply = start(streaming="native", **in_thread(root))
    reply.behind(3)
    await reply.open()
    async with streaming(reply):
        reply.behind(0)
        await workspace.wait_for(lambda: len(statuses(workspace)) == 2)
        reply.behind(None)
        await workspace.wait_for(lambda: len(statuses(workspace)) == 3)

    queued = [talk.STATUS_QUEUED(count) for count in (3, 0)]
    assert statuses(workspace) == [*queued, talk.STATUS_THINKING(0)]


def statuses(workspace: Workspace) -> list[str]:
    return [call.args["status"] for call in workspace.calls_of("assistant.threads.setStatus")]


async def test_the_status_goes_when_nothing_is_written(
    workspace: Workspace, start: Start, root: str
) -> None:
    reply = start(streaming="native", **in_thread(root))
    await reply.open()
    stopped = answer("").model_copy(update={"stopped": True, "seconds": 0.0})

    await reply.deliver(stopped)

    assert statuses(workspace)[-1] == ""
    assert not replies(workspace, root)


async def test_a_place_that_is_denied_is_found_out_before_grok_is_asked(
    workspace: Workspace, start: Start, root: str
) -> None:
    workspace.remove_bot(GENERAL)
    reply = start(streaming="native", **in_thread(root))

    await reply.open()

    (message,) = [m for m in standing(workspace, workspace.state.dm(ANA).id) if m.bot_id]
    assert words.THINKING in message.shown


async def test_somebody_stops_it_by_slacks_own_means(
    workspace: Workspace, start: Start, root: str
) -> None:
    reply = start(streaming="native", **in_thread(root))
    await reply.open()
    async with streaming(reply) as stream:
        stream.say("some words and")
        await shown(workspace, "some words")
        await workspace.stop_stream(BEN, GENERAL, replies(workspace, root)[0].ts)
        stream.say("some words and more of them")
        await refused(workspace, "stopped_by_user")
    assert reply.stopped
    stopped = answer("some words and more").model_copy(update={"stopped": True})
    await reply.deliver(stopped)

    (message,) = replies(workspace, root)
    assert body(message) == f"some words and more\n\n{talk.STOPPED}"
    assert message.shown.endswith(LAST_LINE)


async def test_what_somebody_deletes_while_it_streams_stays_deleted(
    workspace: Workspace, start: Start, root: str
) -> None:
    reply = start(streaming="native", **in_thread(root))
    await reply.open()
    async with streaming(reply) as stream:
        stream.say("some words and")
        await shown(workspace, "some words")
        await workspace.delete(ANA, GENERAL, replies(workspace, root)[0].ts)
        stream.say("some words and more of them")
        await refused(workspace, "message_not_found")
    assert reply.deleted
    await reply.deliver(answer("some words and more"))

    assert not replies(workspace, root)


@pytest.mark.parametrize("method", ["startStream", "appendStream", "stopStream"])
@pytest.mark.parametrize(
    "fault",
    [
        {"drop_before": True},
        {"drop_after": True},
        {"error": "internal_error"},
        {"error": "message_not_in_streaming_state"},
        {"error": "some_refusal"},
        {"error": "msg_too_long"},
        {"retry_after": 1},
    ],
    ids=str,
)
async def test_the_text_is_shown_once_whichever_call_fails(
    workspace: Workspace, start: Start, root: str, method: str, fault: dict[str, Any]
) -> None:
    workspace.fail(f"chat.{method}", **fault)
    reply = start(streaming="native", **in_thread(root))

    await journey(reply)

    check_one_answer(workspace, root)


@pytest.mark.parametrize("error", ["msg_too_long", "msg_blocks_too_long", "some_refusal"])
@pytest.mark.parametrize("times", [1, 2])
async def test_stop_is_taken_away_though_slack_refuses_that_at_first(
    workspace: Workspace,
    start: Start,
    root: str,
    error: str,
    times: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(messages, "STAYS_SECONDS", 0.01)
    workspace.fail("chat.update", error=error, times=times)
    reply = start(streaming="native", **in_thread(root))

    await journey(reply)

    check_one_answer(workspace, root)
    assert not any("stop" in buttons(each) for each in replies(workspace, root))


async def test_where_slack_never_takes_stop_away_the_answer_ends_all_the_same(
    workspace: Workspace, start: Start, root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "STAYS_SECONDS", 0.01)
    workspace.fail("chat.update", error="msg_too_long", times=None)
    reply = start(streaming="native", **in_thread(root))

    await journey(reply)

    check_one_answer(workspace, root)


async def journey(reply: Reply) -> None:
    """Two messages, streamed and delivered."""
    sections = [Section(text=TEXT[:100])]
    await reply.open()
    async with asyncio.TaskGroup() as group:
        group.create_task(reply.run(lambda: sections))
        for end in (200, 5_000, len(TEXT)):
            sections[0] = Section(text=TEXT[:end])
            reply.changed()
            await asyncio.sleep(0.01)
        reply.close()
    await reply.deliver(answer(TEXT))


def check_one_answer(workspace: Workspace, root: str) -> None:
    found = replies(workspace, root)
    assert "".join(map(body, found)).split() == TEXT.split()
    assert found[-1].shown.endswith(LAST_LINE)
    assert not any(message.is_streaming(300) for message in found)
    assert not any(message.pings for message in found)


@AT_EVERY_STEP
async def test_killed_at_any_step(
    workspace: Workspace, slack: Slack, budget: EditBudget, root: str, where: str
) -> None:
    async def work(slack: Slack, ledger: FakeLedger) -> None:
        await journey(native(slack, budget, ledger, root))

    await killed_at_each_step(slack, where, work, partial(check_and_clear, workspace, slack, root))


@AT_EVERY_STEP
async def test_frozen_at_any_step_while_another_takes_over_and_finishes(
    workspace: Workspace, slack: Slack, budget: EditBudget, root: str, where: str
) -> None:
    async def work(slack: Slack, ledger: FakeLedger) -> None:
        await journey(native(slack, budget, ledger, root))

    async def again(slack: Slack, ledger: FakeLedger) -> None:
        await native(slack, budget, ledger, root).deliver(answer(TEXT), afresh=True)

    check = partial(check_and_clear, workspace, slack, root)
    await frozen_at_each_step(slack, where, work, again, check)


def native(slack: Slack, budget: EditBudget, ledger: Any, root: str) -> Reply:
    return Reply(slack, budget, ledger, ask(**in_thread(root)), backoff=0.01, streaming="native")


async def check_and_clear(workspace: Workspace, slack: Slack, root: str) -> None:
    check_one_answer(workspace, root)
    for message in replies(workspace, root):
        await slack.delete(GENERAL, message.ts)
