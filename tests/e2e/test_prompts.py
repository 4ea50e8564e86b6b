"""Saved prompts, over the whole bot: asked, shared, and harmless whatever stands in them."""

from __future__ import annotations

import json

from bot.words import home as home_words
from bot.words import prompts as words
from sandbox.workspace import ANA, BEN, CHLOE, GENERAL, RANDOM
from tests.e2e.stage import fields, on_stage
from tests.e2e.test_admin import told


async def test_a_prompt_is_saved_used_shared_and_deleted(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        nothing = await told(stage, "prompts")
        saved = await told(stage, "prompts save brief -t 0.2 Say it in one line: {text}")
        await stage.ask("prompts use brief -t 2 is hot", user=ANA)
        await stage.answer(0)
        sent = json.dumps([stage.sent(), stage.messages()])
        unknown = await told(stage, "prompts use brief Hi", user=BEN)
        shared = await told(stage, "prompts share brief")
        channel = await told(stage, "prompts", user=BEN)
        elsewhere = await told(stage, "prompts use brief Hi", user=BEN, channel=RANDOM)
        empty = await told(stage, "prompts use brief", user=BEN)
        before = len(stage.workspace.messages(GENERAL))
        await stage.ask("prompts use brief Tides", user=BEN)
        await stage.answer(before)
        bens = json.dumps(stage.messages())
        await told(stage, "prompts save brief Mine: {text}", user=BEN)
        both = await told(stage, "prompts", user=BEN)
        gone = await told(stage, "prompts delete brief channel")
        announced = [message.shown for message in stage.workspace.messages(GENERAL)]

    assert nothing == words.NONE_SAVED
    assert saved == words.saved("brief")
    assert '"temperature": 0.2' in sent
    assert "Say it in one line: -t 2 is hot" in sent
    assert unknown == elsewhere == words.unknown("brief")
    assert shared.startswith("Done.")
    assert words.OF_CHANNEL in channel
    assert empty == words.needs_text("brief")
    assert "Say it in one line: Tides" in bens
    assert both.index(words.YOURS) < both.index(words.OF_CHANNEL)
    assert gone.startswith("Done.")
    assert any("shares a prompt here" in each for each in announced)


async def test_home_opens_the_form_with_a_prompt_of_ones_own(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        await told(stage, "prompts save brief -t 0.2 Say it in one line: {text}", user=BEN)
        await stage.workspace.open_home(BEN)
        home = await stage.workspace.wait_for(lambda: stage.workspace.home(BEN))
        await stage.workspace.click_view(BEN, home.id, "saved_prompt_0")
        form = await stage.form(BEN)
        prompt = fields(form)["prompt"]["element"]["initial_value"]
        await stage.workspace.open_home(ANA)
        anas = await stage.workspace.wait_for(lambda: stage.workspace.home(ANA))
        await stage.workspace.submit(BEN, form.id, {"prompt": "Say it in one line: tides"})
        await stage.workspace.wait_for(lambda: stage.grok.requests)
        sent = json.dumps([stage.sent(), stage.messages()])

    assert home_words.YOUR_PROMPTS in str(home.content)
    assert home_words.YOUR_PROMPTS not in str(anas.content)
    assert prompt == "Say it in one line: {text}"
    assert '"temperature": 0.2' in sent
    assert "in one line: tides" in sent


async def test_what_stands_in_a_prompt_cannot_act_and_is_shown_to_the_letter(
    redis_url: str,
) -> None:
    nasty = "<!channel> @here *bold* ```code``` <https://x.example|bank> `tick`"
    async with on_stage(redis_url) as stage:
        await told(stage, f"prompts save nasty {nasty} {{text}}")
        await told(stage, "prompts share nasty workspace")
        listed = await told(stage, "prompts", user=CHLOE)
        await told(stage, "prompts show nasty", user=CHLOE)
        shown = stage.workspace.ephemerals(CHLOE)[-1]
        await stage.ask("prompts use nasty x", user=CHLOE)
        (answer,) = await stage.answer()
        too_long = await told(stage, f"prompts save long {'x' * 40_000}")
        named = await told(stage, "prompts save usage Hi")
        wrong = await told(stage, "prompts save channel Hi")

    assert set(answer.pings) <= {f"<@{CHLOE}>"}
    assert not shown.pings
    assert "<!channel>" not in listed
    assert "*bold*" in shown.shown
    assert words.too_long(40_000) in too_long
    assert named == words.saved("usage")
    assert words.not_a_name("channel") in wrong
