"""Whom a button obeys, where the answer went another way than to where it was asked for."""

from __future__ import annotations

import pytest

from bot.grok.client import GrokClient
from bot.jobs.job import dump_post, post_field
from bot.jobs.queue import Queue
from bot.reply.destination import AnswerRoute
from bot.reply.ledger import WAY, Post, Way
from bot.words import admin, talk
from sandbox.workspace import ANA, BEN, GENERAL, GUEST, LEADERSHIP, Workspace, dm_of
from tests.doors.jobs import an_answer, an_ask
from tests.doors.panel import JOB, Panel, finished, on_panel
from tests.jobs.steps import take_next


async def in_direct_messages(panel: Panel, user: str, action: str) -> None:
    """Press a button of an answer that `user` was sent."""
    posted = await panel.workspace.say(user, dm_of(user), "any message")
    await panel.workspace.forge.click(user, dm_of(user), posted.ts, action, JOB)


@pytest.fixture
async def sent_to_ben(queue: Queue) -> None:
    """A whole answer to a question of Ben's in #leadership, which he got in direct messages."""
    await queue.accept(JOB, an_ask(user=BEN, channel=LEADERSHIP))
    lease, job = await take_next(queue)
    way = Post(
        WAY, dm_of(BEN), 1.0, route=AnswerRoute(Way.DIRECT, dm_of(BEN), "not_in_channel").record
    )
    await queue.write(lease, 1, [(post_field(WAY), dump_post(way))])
    await queue.deliver(lease, an_answer(), job.hold)
    assert await queue.finish(lease, 0, job) is None


@pytest.mark.usefixtures("sent_to_ben")
@pytest.mark.parametrize("is_there", [True, False])
async def test_a_retry_goes_back_only_to_where_its_asker_still_is(
    workspace: Workspace, queue: Queue, grok_client: GrokClient, is_there: bool
) -> None:
    if not is_there:
        workspace.leave(BEN, LEADERSHIP)
    async with on_panel(workspace, queue, grok_client) as panel:
        await in_direct_messages(panel, BEN, "retry")
        if is_there:
            (ask,) = await panel.retries(1)
            assert (ask.channel, ask.user) == (LEADERSHIP, BEN)
        else:
            assert await panel.told(BEN) == admin.NOT_SEEN_THERE


@pytest.mark.usefixtures("sent_to_ben")
async def test_what_somebody_was_sent_is_not_there_for_others(
    workspace: Workspace, queue: Queue, grok_client: GrokClient
) -> None:
    async with on_panel(workspace, queue, grok_client):
        for channel in (dm_of(ANA), LEADERSHIP, GENERAL):
            posted = await workspace.say(ANA, channel, "any message")
            await workspace.forge.click(ANA, channel, posted.ts, "retry", JOB)

        told = await workspace.wait_for(
            lambda: told if len(told := workspace.ephemerals(ANA)) == 3 else None
        )
    assert {each.shown for each in told} == {talk.ANSWER_FORGOTTEN}


async def test_a_guest_retries_only_their_own(
    workspace: Workspace, queue: Queue, grok_client: GrokClient
) -> None:
    await finished(queue, user=GUEST)
    async with on_panel(workspace, queue, grok_client) as panel:
        await panel.click("retry", GUEST)
        (ask,) = await panel.retries(1)

    assert ask.user == GUEST


async def test_whom_slack_does_not_describe_looks_into_nothing_of_others(
    workspace: Workspace, queue: Queue, grok_client: GrokClient
) -> None:
    await finished(queue)
    workspace.fail("users.info", error="internal_error", times=None)
    async with on_panel(workspace, queue, grok_client) as panel:
        await panel.click("retry", BEN)

        assert await panel.told(BEN) == admin.WHO_ARE_YOU
