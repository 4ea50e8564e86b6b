"""Continue where nothing may go on, or where what it goes on with is not there any more."""

from __future__ import annotations

import asyncio

import pytest

from bot import words
from bot.store.redis.connection import Store
from bot.words import admin, talk
from sandbox.grok import Script
from sandbox.workspace import (
    ANA,
    BEN,
    BOT_USER,
    CHLOE,
    GENERAL,
    GUEST,
    LEADERSHIP,
)
from tests.e2e.cut_answers import ONE, TWO, cut, first, press, told
from tests.e2e.stage import button, buttons, markdown, on_stage


async def test_nobody_continues_what_they_may_not(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        stage.workspace.state.channels[GENERAL].members.add(GUEST)
        message = await first(stage)
        await press(stage, GUEST, message)
        await told(stage, GUEST, admin.ONLY_MEMBERS["answer"])
        await stage.quiet()

    assert len(stage.grok.requests) == 1
    assert buttons(message)[0] == "continue"


async def test_who_clicks_pays_and_is_told_when_nothing_is_left(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        message = await first(stage, user=BEN)
        await stage.ask("quota set requests-per-day=1 each-user")
        await press(stage, BEN, message)
        await told(stage, BEN, "Nothing is left")
        assert buttons(message)[0] == "continue"
        stage.grok.script(Script(text=TWO))
        await press(stage, CHLOE, message)
        await stage.reply(0, message.ts)
        await stage.quiet()

    assert len(stage.grok.requests) == 2


async def test_a_model_that_is_forbidden_by_now(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        message = await first(stage)
        await stage.ask("models allow grok-sandbox-non-reasoning")
        await press(stage, BEN, message)
        await told(stage, BEN, "model")
        await stage.quiet()

    assert len(stage.grok.requests) == 1


@pytest.mark.parametrize("value", ["{job}:1", "{job}:x", "{job}:", "{job}:99999", "{other}", ""])
async def test_made_up_values(redis_url: str, value: str) -> None:
    async with on_stage(redis_url) as stage:
        message = await first(stage)
        stage.grok.script(cut())
        await stage.ask("Count", channel=LEADERSHIP)
        (elsewhere,) = await stage.answer(channel=LEADERSHIP)
        other = button(elsewhere, "retry")["value"]
        forged = value.format(job=button(message, "retry")["value"], other=other)
        await stage.workspace.forge.click(ANA, GENERAL, message.ts, "continue", forged)
        await stage.workspace.wait_for(lambda: stage.workspace.ephemerals(ANA))
        await stage.quiet()

    (note,) = stage.workspace.ephemerals(ANA)
    assert note.shown in (talk.NOTHING_TO_CONTINUE, talk.ANSWER_FORGOTTEN)
    assert len(stage.grok.requests) == 2


@pytest.mark.parametrize("script", [Script(text="whole"), Script(text="a b c", cut_after=2)])
async def test_only_what_was_cut_can_be_continued(redis_url: str, script: Script) -> None:
    async with on_stage(redis_url) as stage:
        stage.grok.script(script)
        await stage.ask("Count")
        (message,) = await stage.answer()
        job = button(message, "retry")["value"]
        assert "continue" not in buttons(message)
        await stage.workspace.forge.click(ANA, GENERAL, message.ts, "continue", job)
        await told(stage, ANA, talk.NOTHING_TO_CONTINUE)


async def test_an_answer_that_is_forgotten(redis_url: str, store: Store) -> None:
    async with on_stage(redis_url) as stage:
        message = await first(stage)
        (job,) = await store.redis.keys("grokbot:*:job:*")
        while await store.redis.ttl(job) < 0:  # it is done a moment after its answer shows
            await asyncio.sleep(0.01)
        await store.redis.delete(job)
        await press(stage, ANA, message)
        await told(stage, ANA, talk.ANSWER_FORGOTTEN)


async def test_the_answer_is_deleted_while_it_goes_on(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        message = await first(stage)
        stage.grok.script(Script(text=TWO))
        seen = message.ts
        await press(stage, BEN, message)
        await stage.reply(0, seen)
        await stage.quiet()
        stage.grok.script(cut())
        await stage.ask("Count again")
        (second,) = await stage.answer(1)
        release = asyncio.Event()
        stage.grok.script(Script(text=TWO, stall_after=1, release=release))
        await press(stage, BEN, second)
        await stage.grok.arrived(4)
        await stage.workspace.delete(ANA, GENERAL, second.ts)
        release.set()
        await stage.quiet()

    assert not stage.workspace.problems


async def test_the_bot_is_taken_out_of_the_channel(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        message = await first(stage)
        stage.grok.script(Script(text=TWO))
        stage.workspace.state.channels[GENERAL].members.remove(BOT_USER)
        await press(stage, BEN, message)
        await told(stage, BEN, "five six")
        await stage.quiet()


async def test_a_continuation_of_nothing(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        message = await first(stage)
        stage.grok.script(Script(text=""))
        await press(stage, ANA, message)
        more = await stage.reply(0, message.ts)
        await stage.quiet()
    assert markdown(more) == words.NOTHING_WRITTEN
    assert buttons(more) == ["retry", "edit", "details"]


async def test_a_question_that_was_deleted_leaves_its_answer_to_go_on(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        stage.grok.script(cut())
        asked = await stage.workspace.say(BEN, GENERAL, "@grok count")
        answer = await stage.reply(0, asked.ts)
        await stage.quiet()
        await stage.workspace.delete(BEN, GENERAL, asked.ts)
        stage.grok.script(Script(text=TWO))
        await press(stage, CHLOE, answer)
        more = await stage.reply(1, asked.ts)
        await stage.quiet()

    assert TWO.strip() in markdown(more)


async def test_where_slack_does_not_let_it_stand_in_the_thread(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        message = await first(stage)
        stage.workspace.fail("chat.postMessage", error="thread_not_found", times=None)
        stage.grok.script(Script(text=TWO))
        await press(stage, CHLOE, message)
        await told(stage, CHLOE, "five six")
        await stage.workspace.wait_for(lambda: "continue" not in buttons(message))
        await stage.quiet()


async def test_an_answer_of_a_size_that_no_question_may_have(redis_url: str) -> None:
    async with on_stage(redis_url, grok_max_prompt_bytes=len(ONE) - 1) as stage:
        message = await first(stage)
        await press(stage, ANA, message)
        await told(stage, ANA, talk.TOO_LONG_TO_CONTINUE)
        await stage.quiet()

    assert len(stage.grok.requests) == 1
