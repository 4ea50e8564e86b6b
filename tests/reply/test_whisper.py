"""Where the bot may not post: the whole answer to the asker alone, through response_url."""

from __future__ import annotations

import pytest

from bot import words
from bot.errors import LeaseLost, PostingDenied
from bot.reply.reply import Reply
from sandbox.workspace import ANA, DESIGN, GENERAL, Workspace
from tests.reply.conftest import LAST_LINE, Start, answer
from tests.reply.fake_ledger import FakeJob
from tests.reply.test_reply import streaming


@pytest.fixture
async def response_url(workspace: Workspace) -> str:
    """Of a command typed where the bot is no member; nobody answers it yet."""
    result = await workspace.command(ANA, DESIGN, "/grok Explain TCP slow start")
    return result.response_url


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
        if step == "posted":
            job.take()

    ledger.before = lost
    reply = start(ledger, channel=DESIGN, response_url=response_url)
    with pytest.raises(LeaseLost):
        await reply.deliver(answer("word " * 12_000))
    assert len(workspace.ephemerals(ANA)) == 5

    await start(channel=DESIGN, response_url=response_url).deliver(answer("word " * 12_000))

    assert len(workspace.ephemerals(ANA)) == 5
    assert job.posts["response"].ts


async def test_an_address_that_no_longer_works_is_no_place(
    workspace: Workspace, start: Start, response_url: str
) -> None:
    with pytest.raises(PostingDenied):
        await told(start(channel=DESIGN, response_url=response_url + "x"), "the end")


async def test_a_private_answer_is_told_to_its_asker_alone_without_a_hint(
    workspace: Workspace, start: Start, job: FakeJob
) -> None:
    url = (await workspace.command(ANA, GENERAL, "/grok Explain TCP slow start")).response_url
    await told(start(response_url=url, reply="private"), "the end")

    (message,) = workspace.ephemerals(ANA)
    assert "the end" in message.shown
    assert words.INVITE_ME not in message.shown
    assert message.shown.endswith(LAST_LINE)
    assert not workspace.messages(GENERAL)


async def test_a_private_answer_without_a_way_to_its_asker_is_not_shown_to_others(
    workspace: Workspace, start: Start, job: FakeJob
) -> None:
    reply = start(reply="private")

    with pytest.raises(PostingDenied):
        await reply.open()
    with pytest.raises(PostingDenied):
        await reply.deliver(answer("secret"))
    assert not workspace.messages(GENERAL)
