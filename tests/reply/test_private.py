"""Private answers: whole, once, to the asker alone, wherever Slack lets them through."""

from __future__ import annotations

from typing import Any

import pytest

from bot import words
from bot.errors import PostingDenied
from bot.reply.reply import Reply
from bot.slack.pacing import EditBudget
from bot.slack.slack import Slack
from bot.words import talk
from sandbox.workspace import (
    ANA,
    ANA_AND_BEN,
    BEN,
    DESIGN,
    FINANCE,
    GENERAL,
    Workspace,
    dm_of,
)
from tests.reply.conftest import LAST_LINE, Start, answer, ask, buttons, standing
from tests.reply.fake_ledger import FakeJob, FakeLedger
from tests.reply.steps import AT_EVERY_STEP, killed_at_each_step
from tests.reply.test_ephemeral import long_answer, told
from tests.reply.test_reply import streaming

PRIVATE = ask(reply="private", asked_at=0)


async def test_a_private_answer_comes_whole_and_once(
    workspace: Workspace, start: Start, job: FakeJob
) -> None:
    url = (await workspace.command(ANA, GENERAL, "/grok Explain TCP slow start")).response_url
    reply = start(response_url=url, reply="private")
    await told(reply, "the end")
    await reply.deliver(answer("the end"), afresh=True)
    await start(response_url=url, reply="private").deliver(answer("the end"))

    (message,) = workspace.ephemerals(ANA)
    assert "the end" in message.shown
    assert words.INVITE_ME not in message.shown
    assert message.shown.endswith(LAST_LINE)
    assert buttons(message) == ["retry", "edit", "details", "share"]
    assert not workspace.messages(GENERAL)
    assert not workspace.responses


async def test_a_private_answer_in_a_thread_comes_there(workspace: Workspace, start: Start) -> None:
    root = await workspace.say(ANA, GENERAL, "a discussion")
    question = await workspace.say(ANA, GENERAL, "@grok --private why?", root.ts)
    fields = {"reply": "private", "thread_ts": root.ts, "question_ts": question.ts}
    await told(start(surface="mention", **fields), "the end")

    (message,) = workspace.ephemerals(ANA)
    assert message.thread_ts == root.ts
    assert "Explain TCP slow start" not in message.shown


@pytest.mark.parametrize("begun", [False, True])
async def test_nothing_private_is_put_into_a_thread_that_nobody_has_begun(
    workspace: Workspace, start: Start, begun: bool
) -> None:
    """There Slack would show it to nobody."""
    root = await workspace.say(BEN, GENERAL, "a message with a shortcut")
    if begun:
        await workspace.say(BEN, GENERAL, "a reply", root.ts)
    await told(start(surface="shortcut", reply="private", thread_ts=root.ts), "the end")

    (message,) = workspace.ephemerals(ANA)
    assert message.thread_ts == (root.ts if begun else None)


async def test_a_long_private_answer_comes_as_a_direct_message(
    workspace: Workspace, start: Start
) -> None:
    for _ in range(2):
        await told(start(reply="private"), "word " * 5_000)

    first, *further = standing(workspace, dm_of(ANA))
    assert talk.asked_in(f"<#{GENERAL}>", "too_long") in first.shown
    assert "Explain TCP slow start" in first.shown
    assert all(message.thread_ts == first.ts for message in further)
    assert sum(message.shown.count("word ") for message in (first, *further)) == 5_000
    (note,) = workspace.ephemerals(ANA)
    assert note.shown == talk.IN_DIRECT_MESSAGE
    assert not workspace.messages(GENERAL)


async def test_a_private_answer_that_slack_finds_too_long_comes_as_a_direct_message(
    workspace: Workspace, start: Start
) -> None:
    workspace.fail("chat.postEphemeral", error="msg_too_long")
    await told(start(reply="private"), "word " * 2_000)

    assert sum(m.shown.count("word ") for m in standing(workspace, dm_of(ANA))) == 2_000


async def test_a_private_answer_in_a_direct_message_is_an_ordinary_one(
    workspace: Workspace, start: Start
) -> None:
    reply = start(channel=dm_of(ANA), reply="private")
    await reply.open()
    async with streaming(reply) as stream:
        stream.say("it grows")
        await workspace.wait_for(lambda: "it grows" in workspace.messages(dm_of(ANA))[0].shown)
    await reply.deliver(answer("it grows and ends"))

    (message,) = workspace.messages(dm_of(ANA))
    assert "it grows and ends" in message.shown
    assert not workspace.ephemerals(ANA)


@pytest.mark.parametrize("channel", [DESIGN, FINANCE, ANA_AND_BEN])
async def test_a_private_answer_where_the_bot_is_no_member(
    workspace: Workspace, start: Start, channel: str
) -> None:
    url = (await workspace.command(ANA, channel, "/grok --private why?")).response_url
    await told(start(channel=channel, response_url=url, reply="private"), "the end")

    (message,) = workspace.ephemerals(ANA)
    assert "the end" in message.shown
    assert "/invite" in message.shown
    assert len(workspace.responses) == 1


@pytest.mark.parametrize("address", ["", "/response/expired"])
async def test_a_private_answer_without_another_way_comes_as_a_direct_message(
    workspace: Workspace, start: Start, address: str
) -> None:
    url = workspace.url + address if address else None
    await told(start(channel=DESIGN, response_url=url, reply="private"), "the end")

    (message,) = workspace.messages(dm_of(ANA))
    assert "the end" in message.shown
    assert not workspace.ephemerals(ANA)


async def test_a_long_private_answer_without_direct_messages_takes_what_fits(
    workspace: Workspace, start: Start
) -> None:
    workspace.fail("conversations.open", error="cannot_dm_bot", times=None)
    url = (await workspace.command(ANA, GENERAL, "/grok --private why?")).response_url
    await told(start(response_url=url, reply="private"), "word " * 5_000)

    messages = workspace.ephemerals(ANA)
    assert sum(message.shown.count("word ") for message in messages) == 5_000
    assert "/invite" not in messages[0].shown


async def test_a_private_answer_without_any_way_is_shown_to_nobody(
    workspace: Workspace, start: Start
) -> None:
    workspace.fail("conversations.open", error="user_disabled", times=None)
    reply = start(channel=DESIGN, reply="private")

    with pytest.raises(PostingDenied):
        await told(reply, "secret")
    assert not workspace.messages(DESIGN)
    assert not workspace.ephemerals()


@pytest.mark.parametrize("fault", [{"retry_after": 1}, {"drop_before": True}, {"status": 503}])
async def test_slack_away_delays_a_private_answer(
    workspace: Workspace, start: Start, fault: dict[str, Any]
) -> None:
    workspace.fail("chat.postEphemeral", **fault)
    await told(start(reply="private"), "the end")

    assert len(workspace.ephemerals(ANA)) == 1


async def test_a_lost_reply_to_a_private_answer_means_at_least_once(
    workspace: Workspace, start: Start
) -> None:
    workspace.fail("chat.postEphemeral", drop_after=True)
    await told(start(reply="private"), "the end")

    assert len(workspace.ephemerals(ANA)) == 2


@AT_EVERY_STEP
async def test_a_long_private_answer_killed_at_any_step(
    workspace: Workspace, slack: Slack, budget: EditBudget, where: str
) -> None:
    async def work(slack: Slack, ledger: FakeLedger) -> None:
        await Reply(slack, budget, ledger, PRIVATE, backoff=0.01).deliver(long_answer(2))

    async def check() -> None:
        assert len(standing(workspace, dm_of(ANA))) == 2
        assert len(workspace.ephemerals(ANA)) <= 1
        for message in reversed(standing(workspace, dm_of(ANA))):
            await slack.delete(dm_of(ANA), message.ts)
        workspace.state.ephemerals.clear()

    await killed_at_each_step(slack, where, work, check)
