"""The first direct message, over the whole bot."""

from __future__ import annotations

from typing import Any

import pytest

from bot.words import admin
from bot.words import home as words
from sandbox.grok import Script
from sandbox.workspace import ANA, BEN, BOT_USER, GUEST, Message, View, dm_of
from tests.e2e.stage import Stage, is_complete, on_stage


def own(stage: Stage, user: str) -> list[Message]:
    return [m for m in stage.workspace.messages(dm_of(user)) if m.user == BOT_USER]


async def greeted(stage: Stage, user: str) -> Message:
    await stage.workspace.open_home(user, "messages")
    await stage.workspace.wait_for(lambda: own(stage, user))
    return own(stage, user)[0]


def buttons(message: Message) -> list[dict[str, Any]]:
    return [
        element
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    ]


async def test_a_first_direct_message_offers_four_questions_once(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        message = await greeted(stage, ANA)
        for _ in range(3):
            await stage.workspace.open_home(ANA, "messages")
        await stage.workspace.open_home(ANA)
        await stage.workspace.wait_for(lambda: stage.workspace.home(ANA))
        await greeted(stage, BEN)

        assert len(own(stage, ANA)) == 1

    assert "Hello ana, ask me anything" in message.shown
    assert [each["text"]["text"] for each in buttons(message)] == [t for t, _ in words.PROMPTS]
    assert len(buttons(message)) == 4
    assert words.MAY_ERR in message.shown
    for _, prompt in words.PROMPTS:
        assert prompt in message.shown


@pytest.mark.parametrize("number", range(4))
async def test_a_click_asks_the_question_and_the_talk_goes_on(redis_url: str, number: int) -> None:
    async with on_stage(redis_url) as stage:
        message = await greeted(stage, ANA)
        stage.grok.script(Script(text="Once upon a time"))
        click = buttons(message)[number]["action_id"]
        await stage.workspace.click(ANA, dm_of(ANA), message.ts, click)

        def answer() -> Message | None:
            last = own(stage, ANA)[-1]
            return last if "Once upon" in last.shown and is_complete(last) else None

        answered = await stage.workspace.wait_for(answer, 20)
        await stage.workspace.say(ANA, dm_of(ANA), "And then?")
        await stage.workspace.wait_for(lambda: len(stage.grok.requests) == 2, 20)

    _, prompt = words.PROMPTS[number]
    assert prompt in answered.shown
    assert stage.grok.requests[0].messages[-1]["content"] == prompt
    assert "Once upon a time" in str(stage.grok.requests[1].body)


async def test_who_may_not_ask_is_not_invited_to(redis_url: str) -> None:
    async with on_stage(redis_url, asking_open_to="members") as stage:
        await stage.workspace.open_home(GUEST, "messages")
        await greeted(stage, ANA)
        await stage.quiet()

        assert own(stage, GUEST) == []


async def test_a_question_that_does_not_fit_is_refused_to_its_asker(redis_url: str) -> None:
    async with on_stage(redis_url, asking_channels="C0GENERAL1") as stage:
        message = await greeted(stage, ANA)
        click = buttons(message)[0]["action_id"]
        await stage.workspace.click(ANA, dm_of(ANA), message.ts, click)
        await stage.workspace.wait_for(lambda: stage.workspace.ephemerals(ANA))

        (told,) = stage.workspace.ephemerals(ANA)
        assert told.shown == admin.NOT_IN_THIS_CHANNEL
        assert stage.grok.requests == []


async def test_ask_on_the_home_tab_goes_to_the_direct_messages(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        stage.grok.script(Script(text="The Ucayali"))
        await stage.workspace.open_home(ANA)
        home = await stage.workspace.wait_for(lambda: stage.workspace.home(ANA))
        await stage.workspace.click_view(ANA, home.id, "new_grok")

        def form() -> View | None:
            view = stage.workspace.view(ANA)
            return view if view and "prompt" in str(view.values) else None

        view = await stage.workspace.wait_for(form)
        assert "channel" not in {b["block_id"] for b in view.content["blocks"]}
        result = await stage.workspace.submit(ANA, view.id, {"prompt": "Name a river"})
        assert result.error is None
        shown = stage.workspace.view(ANA)
        await stage.workspace.wait_for(lambda: own(stage, ANA) and is_complete(own(stage, ANA)[-1]))

        assert shown is not None
        assert f"archives/{dm_of(ANA)}|our messages" in str(shown.content)
        assert "Ucayali" in own(stage, ANA)[-1].shown
