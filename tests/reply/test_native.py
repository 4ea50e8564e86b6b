"""A message that streams: what it says, when it ends, and within which budgets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.completion.result import Section
from bot.errors import RateLimited
from bot.reply import native as streams
from bot.reply.chain import Chain
from bot.reply.native import Native
from bot.slack.blocks import Foot, Question, further_message
from bot.slack.pacing import EditBudget
from bot.slack.slack import Slack
from sandbox.workspace import ANA, BEN, GENERAL, TEAM_ID, Workspace
from tests.reply.conftest import answer
from tests.reply.fake_ledger import FakeJob
from tests.reply.native_writer import (
    ENDED,
    METHODS,
    TEXT,
    WORDS,
    WRITING,
    FakeBudget,
    Write,
    Writer,
    check_whole,
    growing,
    journey,
    methods_of,
    only,
    text_of,
)


async def test_it_grows_and_ends_and_an_edit_takes_stop_away(
    workspace: Workspace, worker: Write, root: str
) -> None:
    await journey(worker())

    check_whole(workspace, root)
    assert methods_of(workspace) == ["startStream", *["appendStream"] * 3, "stopStream", "update"]


def buttons_of(block: Any) -> list[str]:
    return [element["action_id"] for element in block.get("elements", ())]


async def test_it_ends_as_an_edit_would_show_it(
    workspace: Workspace, slack: Slack, worker: Write, root: str
) -> None:
    writer = worker()
    await writer.grow(9)
    assert await writer.write(further_message(1, TEXT, ENDED), final=True)
    streamed = only(workspace, root)
    unseen, stop, *shown = streamed.blocks
    assert (unseen["type"], buttons_of(stop)) == ("rich_text", ["stop"])

    await slack.update(GENERAL, streamed.ts, further_message(1, TEXT, ENDED))

    def without_ids(blocks: Any) -> list[Any]:
        return [{**block, "block_id": ""} for block in blocks]

    assert without_ids(shown) == without_ids(streamed.blocks)


async def test_only_what_is_settled_is_appended(
    workspace: Workspace, worker: Write, root: str
) -> None:
    writer = worker()
    await writer.grow(2)
    await writer._write(growing("word0 word1 **wo**", "word0 word1 "), final=False)
    shown = only(workspace, root)
    assert text_of(shown) == "word0 word1 "
    assert buttons_of(shown.blocks[1]) == ["stop"]

    await writer.finish()

    check_whole(workspace, root)


HOSTILE = (
    "<!channel> **bold** <!here|here> `<@U0BEN00001>` @here\n\n```\n<!everyone>\n@channel\n```\n"
    "<!subteam^S012AB3CD> https://x.example &lt;!channel&gt; | a | b |\n"
)


async def test_nothing_that_is_streamed_can_act_wherever_it_is_cut(
    workspace: Workspace, worker: Write, root: str
) -> None:
    chain = Chain(Question(ANA, "what?", visible=True), "job1")
    writer = worker()
    for end in range(1, len(HOSTILE)):
        sections = [Section(text=HOSTILE[:end])]
        (growing_now,), (settled,) = chain.growing(sections), chain.settled(sections)
        if settled:
            await writer._write(replace(growing_now, settled=settled), final=False)
    (whole,) = chain.complete(answer(HOSTILE))
    await writer._write(whole, final=True)

    message = only(workspace, root)
    assert text_of(message) == whole.body
    assert message.pings == ()
    assert len(workspace.calls_of("chat.appendStream")) >= 5
    assert len(workspace.calls_of("chat.update")) == 1


async def test_a_message_that_another_one_follows_ends_without_a_foot(
    workspace: Workspace, worker: Write, root: str
) -> None:
    writer = worker()
    await writer.grow(2)
    full = further_message(1, TEXT, Foot())

    assert writer.native.lacks(writer.part, full, final=False)
    assert await writer.write(full)

    message = only(workspace, root)
    assert text_of(message) == TEXT
    assert [block["type"] for block in message.blocks] == ["rich_text", "actions", "markdown"]
    assert not writer.part.stream


async def test_nothing_is_streamed_that_has_a_head_or_no_text(
    worker: Write, calls: FakeBudget
) -> None:
    native = worker().native
    headed = Question(ANA, "what?").first_message("text", WRITING)

    assert not await native.may_start(growing("text **bo**", ""))
    assert not await native.may_start(replace(headed, settled="text"))
    assert not calls.taken
    assert await native.may_start(growing("text"))
    assert await native.may_start(growing("text and more"))
    assert calls.taken == ["chat.startStream"]
    assert native.is_reserved(growing("text"))
    assert not native.is_reserved(further_message(1, TEXT, ENDED))


async def test_nothing_is_streamed_unless_it_is_wanted(
    slack: Slack, calls: FakeBudget, job: FakeJob
) -> None:
    native = Native(slack, calls, job.take(), channel=GENERAL, user=ANA, team=TEAM_ID)

    assert not await native.may_start(growing("text"))
    assert not calls.taken


async def test_no_start_is_left_in_the_budget(
    workspace: Workspace, worker: Write, root: str, calls: FakeBudget
) -> None:
    calls.waits["chat.startStream"] = 9.0
    writer = worker()

    await journey(writer)

    check_whole(workspace, root)
    assert not workspace.calls_of("chat.startStream")
    assert writer.native.wanted


async def test_the_text_does_not_wait_for_the_end_of_its_stream(
    workspace: Workspace, worker: Write, root: str, calls: FakeBudget
) -> None:
    writer = worker()
    await writer.grow(2)
    calls.waits["chat.stopStream"] = 30.0

    with pytest.raises(RateLimited) as limit:
        await writer.write(further_message(1, TEXT, ENDED), final=True)

    assert limit.value.retry_after == 30.0
    assert text_of(only(workspace, root)) == TEXT
    calls.waits.clear()
    await writer.finish()
    check_whole(workspace, root)


async def test_a_message_that_another_one_follows_may_end_with_the_last(
    workspace: Workspace, worker: Write, root: str, calls: FakeBudget
) -> None:
    writer = worker()
    native = writer.native
    await writer.grow(2)
    calls.waits["chat.stopStream"] = 30.0
    full = further_message(1, TEXT, Foot())

    assert not await writer.write(full)

    assert text_of(only(workspace, root)) == TEXT
    assert writer.part.stream
    assert not native.lacks(writer.part, full, final=False)
    assert native.lacks(writer.part, full, final=True)
    calls.waits.clear()
    await writer.finish()
    check_whole(workspace, root)


async def test_neither_append_nor_end_is_left_in_the_budget(
    workspace: Workspace, worker: Write, root: str, calls: FakeBudget
) -> None:
    writer = worker()
    await writer.grow(2)
    calls.waits = dict.fromkeys(METHODS, 30.0)

    with pytest.raises(RateLimited):
        await writer.write(further_message(1, TEXT, ENDED), final=True)

    assert len(workspace.calls_of("chat.appendStream")) == 1
    calls.waits.clear()
    await writer.finish()
    check_whole(workspace, root)


async def test_near_the_end_of_its_life_a_stream_is_left(
    workspace: Workspace, worker: Write, root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "STREAM_SECONDS", 1e-9)
    writer = worker()

    await journey(writer)

    check_whole(workspace, root)
    assert methods_of(workspace) == ["startStream", "stopStream", *["update"] * 5]


async def test_slack_tells_that_somebody_has_stopped_it(
    workspace: Workspace, worker: Write, root: str
) -> None:
    writer = worker()
    await writer.grow(2)
    await workspace.stop_stream(BEN, GENERAL, only(workspace, root).ts)
    assert not writer.native.stopped

    await writer.grow(5)

    assert writer.native.stopped
    await writer.finish()
    check_whole(workspace, root)


async def test_it_may_be_stopped_as_it_ends(workspace: Workspace, worker: Write, root: str) -> None:
    writer = worker()
    await writer.grow(2)
    await workspace.stop_stream(BEN, GENERAL, only(workspace, root).ts)

    await writer.finish()

    check_whole(workspace, root)


async def test_other_text_than_before_is_shown_by_an_edit(
    workspace: Workspace, worker: Write, root: str
) -> None:
    writer = worker()
    await writer._write(growing("something else"), final=False)
    assert text_of(only(workspace, root)) == "something else"

    await writer.grow(3)

    assert text_of(only(workspace, root)) == "".join(WORDS[:3])
    assert methods_of(workspace)[-2:] == ["stopStream", "update"]


async def test_the_budgets_of_the_workspace_are_kept(
    workspace: Workspace, slack: Slack, budget: EditBudget, job: FakeJob, root: str
) -> None:
    ledger = job.take()
    native = Native(slack, budget, ledger, channel=GENERAL, user=ANA, team=TEAM_ID)
    native.wanted = True

    await journey(Writer(slack, native, ledger, root))

    check_whole(workspace, root)
