"""A stopped answer keeps its text; one that never began shows nothing."""

from __future__ import annotations

import asyncio

from bot.completion.result import Section
from bot.reply.growing import TextSource
from bot.words import talk
from sandbox.workspace import Workspace
from tests.reply.conftest import Start, answer, buttons, standing
from tests.reply.fake_ledger import FakeJob

STOPPED = answer("").model_copy(update={"stopped": True, "seconds": 0.0})


async def test_what_was_stopped_before_it_began_shows_nothing(
    workspace: Workspace, start: Start, job: FakeJob
) -> None:
    for fields in ({}, {"reply": "private"}, {"stream": False}):
        await start(**fields).deliver(STOPPED)
        await start(**fields).deliver(STOPPED, afresh=True)

    assert not workspace.calls
    assert not job.posts


async def test_what_was_stopped_after_it_began_says_so(workspace: Workspace, start: Start) -> None:
    await start().open()
    await start().deliver(STOPPED)

    (message,) = standing(workspace)
    assert talk.STOPPED_UNWRITTEN in message.shown
    assert buttons(message) == ["retry", "edit", "details"]


async def test_text_of_a_stopped_answer_is_kept_though_none_was_shown(
    workspace: Workspace, start: Start
) -> None:
    await start().deliver(answer("half").model_copy(update={"stopped": True}))

    (message,) = standing(workspace)
    assert "half" in message.shown
    assert talk.STOPPED in message.shown


async def test_what_closes_while_the_newest_is_read_ends_it(start: Start) -> None:
    """Where what was to be shown is shown already: there is no news after the last."""
    reply = start()
    await reply.open()

    async def fresh() -> None:
        reply.close()

    async with asyncio.timeout(20):
        await reply.run(lambda: [Section(text="One")], TextSource(fresh=fresh))
