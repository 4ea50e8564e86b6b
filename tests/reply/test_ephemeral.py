"""What only the asker sees: through response_url where the bot may not post, or ephemeral."""

from __future__ import annotations

import pytest

from bot import words
from bot.completion.result import Answer
from bot.errors import LeaseLost
from bot.reply.reply import Reply
from bot.words import talk
from sandbox.workspace import (
    ANA,
    DESIGN,
    Workspace,
    dm_of,
)
from tests.reply.conftest import LAST_LINE, Start, answer, buttons, standing
from tests.reply.fake_ledger import FakeJob
from tests.reply.test_reply import streaming


@pytest.fixture
async def response_url(workspace: Workspace) -> str:
    """Of a command typed where the bot is no member; nobody answers it yet."""
    result = await workspace.command(ANA, DESIGN, "/grok Explain TCP slow start")
    return result.response_url


def long_answer(messages: int = 4) -> Answer:
    """An answer of so many messages."""
    return answer(*(f"part {number}" for number in range(messages)))


async def told(reply: Reply, *texts: str) -> None:
    await reply.open()
    async with streaming(reply) as stream:
        stream.say("not shown")
    await reply.deliver(answer(*texts))


async def test_the_whole_answer_comes_at_the_end(
    workspace: Workspace, start: Start, job: FakeJob, response_url: str
) -> None:
    await told(start(channel=DESIGN, response_url=response_url), "the end <!channel>")

    (message,) = workspace.ephemerals(ANA)
    assert words.INVITE_ME in message.shown
    assert "the end" in message.shown
    assert message.shown.endswith(LAST_LINE)
    assert not set(message.pings) - {f"<@{ANA}>"}
    assert not message.unfurl
    assert not workspace.messages(DESIGN)
    assert "0" not in job.posts


async def test_told_once_however_often_it_is_delivered(
    workspace: Workspace, start: Start, response_url: str
) -> None:
    reply = start(channel=DESIGN, response_url=response_url)
    await told(reply, "the end")
    await reply.deliver(answer("the end"))
    await start(channel=DESIGN, response_url=response_url).deliver(answer("the end"))

    assert len(workspace.responses) == 1


async def test_a_long_answer_takes_several_messages_and_says_what_is_left_out(
    workspace: Workspace, start: Start, response_url: str
) -> None:
    await told(start(channel=DESIGN, response_url=response_url), "word " * 14_000)

    messages = workspace.ephemerals(ANA)
    assert len(messages) == 5
    assert words.INVITE_ME in messages[0].shown
    assert messages[-1].shown.endswith(words.left_out(2))
    assert all(use.status == 200 for use in workspace.responses)


async def test_an_answer_that_is_not_streamed_is_told_too(
    workspace: Workspace, start: Start, response_url: str
) -> None:
    reply = start(channel=DESIGN, response_url=response_url, stream=False)
    await told(reply, "the end")

    assert "the end" in workspace.ephemerals(ANA)[0].shown


async def test_it_goes_on_after_a_crash_and_may_come_twice(
    workspace: Workspace, start: Start, job: FakeJob, response_url: str
) -> None:
    ledger = job.take()

    async def lost(step: str) -> None:
        if step == "posted":
            job.take()

    ledger.before = lost
    with pytest.raises(LeaseLost):
        await start(ledger, channel=DESIGN, response_url=response_url).deliver(answer("the end"))

    await start(channel=DESIGN, response_url=response_url).deliver(answer("the end"))

    assert 1 <= len(workspace.ephemerals(ANA)) <= 2


async def test_an_address_used_up_by_an_earlier_worker_is_enough(
    workspace: Workspace, start: Start, job: FakeJob, response_url: str
) -> None:
    ledger = job.take()

    async def lost(step: str) -> None:
        if step == "posted" and len(workspace.ephemerals(ANA)) == 5:
            job.take()

    ledger.before = lost
    reply = start(ledger, channel=DESIGN, response_url=response_url)
    with pytest.raises(LeaseLost):
        await reply.deliver(answer("word " * 12_000))
    assert len(workspace.ephemerals(ANA)) == 5

    await start(channel=DESIGN, response_url=response_url).deliver(answer("word " * 12_000))

    assert len(workspace.ephemerals(ANA)) == 5
    assert job.posts["response"].sent == 5
    assert not workspace.messages(dm_of(ANA))


async def test_what_was_sent_already_is_not_sent_again(
    workspace: Workspace, start: Start, job: FakeJob, response_url: str
) -> None:
    ledger = job.take()

    async def lost(step: str) -> None:
        if step == "check" and len(workspace.ephemerals(ANA)) == 2:
            job.take()

    ledger.before = lost
    with pytest.raises(LeaseLost):
        await start(ledger, channel=DESIGN, response_url=response_url).deliver(long_answer())

    await start(channel=DESIGN, response_url=response_url).deliver(long_answer())

    texts = [message.shown for message in workspace.ephemerals(ANA)]
    assert len(texts) == len(set(texts)) == 4


async def test_an_address_used_up_too_early_is_not_enough(
    workspace: Workspace, start: Start, job: FakeJob, response_url: str
) -> None:
    """The third was sent and not recorded: sent again, it takes the use of the fifth."""
    ledger = job.take()

    async def lost(step: str) -> None:
        if step == "posted" and len(workspace.ephemerals(ANA)) == 3:
            job.take()

    ledger.before = lost
    with pytest.raises(LeaseLost):
        await start(ledger, channel=DESIGN, response_url=response_url).deliver(long_answer(5))

    await start(channel=DESIGN, response_url=response_url).deliver(long_answer(5))

    assert len(workspace.ephemerals(ANA)) == 5
    assert len(standing(workspace, dm_of(ANA))) == 5


async def test_an_address_that_no_longer_works_leads_to_a_direct_message(
    workspace: Workspace, start: Start, response_url: str
) -> None:
    await told(start(channel=DESIGN, response_url=response_url + "x"), "the end")

    (message,) = workspace.messages(dm_of(ANA))
    assert "the end" in message.shown
    assert talk.asked_in(f"<#{DESIGN}>", "not_in_channel") in message.shown


async def test_buttons_stand_below_the_last_message_that_fits(
    workspace: Workspace, start: Start, response_url: str
) -> None:
    await told(start(channel=DESIGN, response_url=response_url), "word " * 14_000)

    found = [buttons(message) for message in workspace.ephemerals(ANA)]
    assert found == [[], [], [], [], ["retry", "edit", "details"]]


async def test_an_address_that_was_used_before_holds_one_message_less(
    workspace: Workspace, start: Start, response_url: str
) -> None:
    """A form or a button tells through it that the question was taken."""
    reply = start(channel=DESIGN, response_url=response_url, surface="form")
    await told(reply, "word " * 14_000)

    assert len(workspace.ephemerals(ANA)) == 4
    assert not workspace.messages(dm_of(ANA))
