"""Whose thread it is, and what in it is for the bot."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.grok.client import GrokClient
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from bot.words import talk
from sandbox.workspace import ANA, BEN, GENERAL, Workspace, dm_of
from tests.doors.conversing import Stage, on_stage

DM = dm_of(ANA)


@pytest.fixture
async def stage(
    workspace: Workspace, store: Store, keys: Keys, grok_client: GrokClient
) -> AsyncIterator[Stage]:
    async with on_stage(workspace, store, keys, grok_client) as stage:
        yield stage


async def root_of(stage: Stage, begun_by: str) -> str:
    """The ts of an answer of the bot's, of which nothing is remembered, or of a question to it."""
    if begun_by == "answer":
        return await stage.post(GENERAL, "an answer")
    return (await stage.say(ANA, GENERAL, "@grok first")).ts


@pytest.mark.parametrize(
    "text",
    [
        "Thanks! @ana over to you",
        ":wave: @ana can you?",
        "*@ana* can you?",
        "&gt; a quote\n@ana can you?",
        "cc @ana",
        "is @here a ping?",
        "thanks!",
        ":+1:",
        "ok",
        "Merci beaucoup 🙏",
    ],
)
@pytest.mark.parametrize("begun_by", ["answer", "question"])
async def test_what_names_somebody_else_or_is_mere_thanks_is_not_for_the_bot(
    stage: Stage, text: str, begun_by: str
) -> None:
    root = await root_of(stage, begun_by)
    asked = len(await stage.jobs())
    await stage.say(BEN, GENERAL, text, root)

    assert len(await stage.jobs()) == asked
    assert not stage.workspace.ephemerals()


async def test_who_is_named_beside_the_bot_does_not_make_it_theirs(stage: Stage) -> None:
    root = await root_of(stage, "answer")
    await stage.say(BEN, GENERAL, "@ana and @grok, who is right?", root)
    await stage.say(BEN, GENERAL, "I am @ben, who are you?", root)
    await stage.say(BEN, GENERAL, "@grok thanks!", root)
    await stage.say(ANA, DM, "who is @ben?")
    await stage.say(ANA, DM, "thanks!")

    assert await stage.prompts() == [
        "@ana and @Grok, who is right?",
        "I am @ben, who are you?",
        "thanks!",
        "who is @ben?",
    ]


async def test_in_a_thread_of_people_the_bot_answers_only_when_it_is_named(stage: Stage) -> None:
    root = (await stage.say(ANA, GENERAL, "let us see")).ts
    await stage.say(ANA, GENERAL, "@grok first", root)
    await stage.say(BEN, GENERAL, "I doubt that", root)
    await stage.say(BEN, GENERAL, "@grok are you sure?", root)

    first, second = (job.ask for job in await stage.jobs())
    assert (first.request.prompt, second.request.prompt) == ("first", "are you sure?")
    assert first.conversation == second.conversation
    assert first.reads_thread == second.reads_thread == root


@pytest.mark.parametrize("begun_by", ["answer", "question"])
async def test_told_to_leave_the_bot_is_silent_until_it_is_named(
    stage: Stage, begun_by: str
) -> None:
    root = await root_of(stage, begun_by)
    await stage.say(BEN, GENERAL, "@grok Leave!", root)
    asked = len(await stage.jobs())
    await stage.say(ANA, GENERAL, "and then?", root)
    assert stage.told(BEN) == [talk.LEFT]
    assert len(await stage.jobs()) == asked

    await stage.say(ANA, GENERAL, "@grok and then?", root)
    await stage.say(BEN, GENERAL, "and after that?", root)
    assert (await stage.prompts())[asked:] == ["and then?", "and after that?"]


@pytest.mark.parametrize("channel", [GENERAL, DM])
async def test_whose_turn_is_not_yet_is_told_at_once(stage: Stage, channel: str) -> None:
    root = None if channel == DM else await root_of(stage, "question")
    for text in ("one", "two", "three") if channel == DM else ("two", "three"):
        await stage.say(ANA, channel, text, root)

    assert stage.told(ANA) == [talk.IN_LINE(1), talk.IN_LINE(2)]
    assert len(await stage.jobs()) == 3


async def test_that_the_bot_left_is_remembered_with_an_end(stage: Stage) -> None:
    root = await root_of(stage, "answer")
    await stage.say(BEN, GENERAL, "@grok leave", root)

    left = await stage.store.redis.ttl(stage.keys.thread_facts(f"{GENERAL}:{root}"))
    assert 0 < left <= 3600


@pytest.mark.parametrize(("channel", "text"), [(GENERAL, "@grok leave"), (DM, "leave")])
async def test_there_is_not_always_something_to_leave(
    stage: Stage, channel: str, text: str
) -> None:
    await stage.say(ANA, channel, text)

    assert stage.told(ANA) == [talk.NOTHING_TO_LEAVE]
    assert await stage.jobs() == []
