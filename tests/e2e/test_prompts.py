"""Saved prompts, over the whole bot: asked, shared, and harmless whatever stands in them."""

from __future__ import annotations

import json

from bot.words import admin as admin_words
from bot.words import home as home_words
from bot.words import prompts as words
from sandbox.workspace import ANA, BEN, CHLOE, GENERAL, RANDOM, View, dm_of
from tests.e2e.stage import Stage, fields, on_stage
from tests.e2e.test_admin import told


async def test_a_prompt_is_saved_used_shared_and_deleted(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        nothing = await told(stage, "prompts")
        saved = await told(stage, "prompts save brief -t 0.2 Say it in one line: {text}")
        await stage.ask("prompts use brief -t 2 is hot", user=ANA)
        await stage.answer(0)
        sent = json.dumps([stage.sent(), stage.messages()])
        unknown = await told(stage, "prompts use brief Hi", user=BEN)
        near = [
            await told(stage, f"prompts {typed}")
            for typed in ("use breif Hi", "show breif", "share breif", "delete breif")
        ]
        nameless = await told(stage, "prompts use")
        shared = await told(stage, "prompts share brief")
        channel = await told(stage, "prompts", user=BEN)
        elsewhere = await told(stage, "prompts use brief Hi", user=BEN, channel=RANDOM)
        empty = await told(stage, "prompts use brief", user=BEN)
        before = len(stage.workspace.messages(GENERAL))
        await stage.ask("prompts use brief Tides", user=BEN)
        await stage.answer(before)
        bens = json.dumps(stage.messages())
        await told(stage, "prompts save brief Mine: {text}", user=BEN)
        odd = await told(stage, "prompts save odd Review {{code}} again", user=CHLOE)
        both = await told(stage, "prompts", user=BEN)
        not_hers = await told(stage, "prompts delete brief", user=CHLOE)
        gone = await told(stage, "prompts delete brief channel")
        announced = [message.shown for message in stage.workspace.messages(GENERAL)]

    assert nothing == words.NONE_SAVED
    assert saved == words.SAVED_AS(how=words.how_asked("brief", place=True), name="brief")
    assert "`/grok prompts use brief …` asks it" in saved
    assert "`{{code}}` stays in it as it is" in odd
    assert odd.endswith("takes the place of `{text}` alone.")
    assert '"temperature": 0.2' in sent
    assert "Say it in one line: -t 2 is hot" in sent
    assert unknown == elsewhere == words.UNKNOWN(name="brief")
    assert ["Did you mean `brief`?" in each for each in near] == [True] * 4
    assert "• there is no name; write one that `/grok prompts` lists" in nameless
    assert shared.startswith("Done.")
    assert "`/grok prompts use brief …`" in shared
    assert words.OF_CHANNEL in channel
    assert empty == words.NEEDS_TEXT("brief")
    assert "Say it in one line: Tides" in bens
    assert both.index(words.YOURS) < both.index(words.OF_CHANNEL)
    assert not_hers == words.NONE_THERE(name="brief", whose=admin_words.YOURS)
    assert gone.startswith("Done.")
    assert any("shares a prompt here: `/grok prompts use brief …`" in each for each in announced)


async def test_what_takes_the_place_of_another_prompt_says_so(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        first = await told(stage, "prompts save brief Once")
        same = await told(stage, "prompts save brief Once")
        other = await told(stage, "prompts save brief Twice")
        shared = await told(stage, "prompts share brief")
        again = await told(stage, "prompts share brief")
        await told(stage, "prompts save brief Of Ben", user=BEN)
        over = await told(stage, "prompts share brief", user=ANA)
        await told(stage, "prompts save brief Thrice")
        changed = await told(stage, "prompts share brief")

    how = words.how_asked("brief", place=False)
    assert first == same == words.SAVED_AS(how=how, name="brief")
    assert other == words.SAVED_AS(how=how, name="brief", replaced="brief")
    assert "in place of the one that was `brief` before" in other
    assert shared == again == over
    assert changed == words.SHARED(whose=admin_words.THIS_CHANNEL, how=how, replaced="brief")


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
    assert words.TOO_LONG(40_000) in too_long
    assert named == words.SAVED_AS(how=words.how_asked("usage", place=False), name="usage")
    assert "`/grok prompts use usage` asks it" in named
    assert words.NOT_A_NAME("channel") in wrong


def offered(view: View) -> dict[str, list[str]]:
    """What is offered in a form, by whose it is."""
    groups = fields(view)["saved"]["element"]["option_groups"]
    return {g["label"]["text"]: [o["value"] for o in g["options"]] for g in groups}


async def form_about(stage: Stage, text: str, user: str = BEN) -> View:
    message = await stage.workspace.say(ANA, GENERAL, text)
    await stage.workspace.shortcut(user, "ask_grok", GENERAL, message.ts)
    return await stage.form(user)


async def test_the_form_offers_what_is_saved_and_fills_it_in(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        workspace = stage.workspace
        await stage.ask("", user=BEN)
        none = await stage.form(BEN)
        await workspace.close_view(BEN, none.id)
        await told(stage, "prompts save brief -t 0.2 --reply thread In one line: {text}", user=BEN)
        await told(stage, "prompts save brief Hidden behind Ben's")
        await told(stage, "prompts save plain -t 0.3 Name a river")
        for name in ("brief", "plain"):
            await told(stage, f"prompts share {name}")
        await told(stage, "defaults set --temperature 0.9")
        await stage.ask("", user=BEN)
        form = await stage.form(BEN)
        empty = await workspace.submit(BEN, form.id, {"saved": "user brief"})
        await workspace.submit(BEN, form.id, {"prompt": "-t 2 tides"})
        await workspace.wait_for(lambda: stage.grok.requests)
        first = (stage.sent()["temperature"], stage.messages()[-1]["content"])
        await stage.ask("", user=BEN)
        form = await stage.form(BEN)
        await workspace.submit(BEN, form.id, {"saved": "channel plain", "temperature": "1"})
        await workspace.wait_for(lambda: len(stage.grok.requests) == 2)
        second = (stage.sent()["temperature"], stage.messages()[-1]["content"])
        shown = await told(stage, "defaults", user=BEN)
        posted = workspace.messages(GENERAL)
        await workspace.wait_for(lambda: any(stage.replies(each.ts) for each in posted))

    assert "saved" not in fields(none)
    assert offered(form) == {
        "Yours": ["user brief"],
        "Of this channel": ["channel plain"],
    }
    assert "place to fill in" in empty.errors["prompt"]
    assert first == (0.2, "In one line: -t 2 tides")
    assert second == (1, "Name a river")
    assert "Yours*: `brief`" in shown
    assert "Of this channel*: `brief`, `plain`" in shown


async def test_a_prompt_is_filled_in_from_the_message_that_it_is_about(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        await told(stage, "prompts save brief In one line: {text}", user=BEN)
        await told(stage, "prompts save plain What is missing?", user=BEN)
        form = await form_about(stage, "Ship {text} on *Monday* -t 2")
        both = await stage.workspace.submit(BEN, form.id, {"saved": "user brief", "task": "reply"})
        await stage.workspace.submit(BEN, form.id, {"task": None, "prompt": "In French."})
        await stage.workspace.wait_for(lambda: stage.grok.requests)
        brief = json.dumps(stage.messages())
        form = await form_about(stage, "The ship sails")
        await stage.workspace.submit(BEN, form.id, {"saved": "user plain"})
        await stage.workspace.wait_for(lambda: len(stage.grok.requests) == 2)
        plain = json.dumps(stage.messages())
        form = await form_about(stage, "Too late")
        await told(stage, "prompts delete plain", user=BEN)
        gone = await stage.workspace.submit(BEN, form.id, {"saved": "user plain"})

    assert "not both" in both.errors["saved"]
    assert brief.count("Ship {text} on *Monday* -t 2") == 1
    assert "In one line: Ship {text} on *Monday* -t 2\\n\\nIn French." in brief
    assert "The ship sails" in plain
    assert "What is missing?" in plain
    assert "no prompt here any more" in gone.errors["saved"]


async def test_a_hundred_hostile_prompts_of_each_fit_in_the_form(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        nasty = "<!channel> *bold* `x` \u202e" + "👩\u200d👧" * 40 + " {text}"
        for number in range(100):
            await told(stage, f"prompts save {'n' * 26}{number:03} {nasty}", user=BEN)
        full = await told(stage, "prompts save more Hi", user=BEN)
        form = await form_about(stage, "x" * 20_000)
        name = f"{'n' * 26}042"
        await stage.workspace.submit(BEN, form.id, {"saved": f"user {name}"})
        await stage.workspace.wait_for(lambda: stage.grok.requests)
        asked = json.dumps(stage.messages())
        shown = await told(stage, "defaults", user=BEN)

    assert full == words.FULL
    assert len(offered(form)["Yours"]) == 100
    assert "x" * 20_000 in asked
    assert "and 80 more" in shown
    assert not stage.workspace.problems


async def test_a_template_of_home_is_not_asked_with_its_place_empty(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        await told(stage, "prompts save brief In one line: {text}", user=BEN)
        await stage.workspace.open_home(BEN)
        home = await stage.workspace.wait_for(lambda: stage.workspace.home(BEN))
        await stage.workspace.click_view(BEN, home.id, "saved_prompt_0")
        form = await stage.form(BEN)
        left = await stage.workspace.submit(BEN, form.id, {})
        await stage.workspace.submit(BEN, form.id, {"prompt": "In one line: tides"})
        await stage.answer(channel=dm_of(BEN))

    assert "{text}" in left.errors["prompt"]
    assert "In one line: tides" in json.dumps(stage.messages())
