"""The question above its answer: shown where nobody could see it otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from bot import words
from bot.completion.ask import Said, conversation_of
from sandbox.workspace import ANA, GENERAL, Workspace, dm_of
from tests.reply.conftest import Start, answer, standing
from tests.reply.test_reply import check_revisions, shown, streaming


@pytest.mark.parametrize(
    ("fields", "headed"),
    [
        ({}, True),
        ({"question": True, "surface": "mention"}, False),
        ({"question": True, "surface": "retry", "retry_of": "job0"}, True),
        ({"context": (Said(author="ben", text="a long story"),), "surface": "shortcut"}, True),
    ],
    ids=["command", "mention", "retry", "shortcut"],
)
async def test_the_question_is_shown_unless_it_is_seen_already(
    workspace: Workspace, start: Start, fields: dict[str, Any], headed: bool
) -> None:
    question = await workspace.say(ANA, GENERAL, "@grok Explain TCP slow start")
    if fields.pop("question", False):
        fields |= {"question_ts": question.ts, "thread_ts": question.ts}
    reply = start(**fields)
    await reply.open()
    async with streaming(reply) as stream:
        stream.say("it grows")
        await shown(workspace, "it grows")
    await reply.deliver(answer("it grows and ends"))

    message = standing(workspace)[-1]
    assert ("Explain TCP slow start" in message.shown) is headed
    assert (words.ASKED(f"<@{ANA}>") in message.shown) is headed
    assert "a long story" not in message.shown
    check_revisions(message)


async def test_a_question_from_a_thread_is_shown_with_its_answer_in_the_channel(
    workspace: Workspace, start: Start
) -> None:
    root = await workspace.say(ANA, GENERAL, "a discussion")
    question = await workspace.say(ANA, GENERAL, "@grok --reply channel why?", root.ts)
    conversation = conversation_of(GENERAL, root.ts)
    await start(question_ts=question.ts, conversation=conversation).deliver(answer("the end"))

    assert "Explain TCP slow start" in workspace.messages(GENERAL)[-1].shown


async def test_a_question_in_a_direct_message_is_not_repeated(
    workspace: Workspace, start: Start
) -> None:
    channel = dm_of(ANA)
    question = await workspace.say(ANA, channel, "Explain TCP slow start")
    fields = {"channel": channel, "conversation": channel, "surface": "direct"}
    await start(question_ts=question.ts, **fields).deliver(answer("the end"))

    assert "Explain" not in workspace.messages(channel)[-1].shown
