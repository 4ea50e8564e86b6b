"""Somebody's own defaults, over the whole bot: for whom they hold, and what they give way to."""

from __future__ import annotations

from bot.words import admin
from sandbox.workspace import ANA, BEN, GENERAL, GUEST
from tests.e2e.stage import fields, on_stage
from tests.e2e.test_admin import told


async def test_ones_own_defaults_hold_for_oneself_before_those_of_the_channel(
    redis_url: str,
) -> None:
    async with on_stage(redis_url) as stage:
        await told(stage, "defaults set --temperature 0.9 --seed 5")
        said = await told(stage, "defaults set --temperature 0.2 --system Brief! me", user=BEN)
        shown = await told(stage, "defaults show me", user=BEN)
        here = await told(stage, "defaults", user=BEN)
        count = len(stage.workspace.messages(GENERAL))
        await stage.ask("Name a river", user=BEN)
        await stage.answer(count)
        bens = stage.sent()
        await stage.ask("--temperature 1 Name a lake", user=BEN)
        await stage.answer(count + 1)
        given = stage.sent()
        await stage.ask("Name a hill", user=ANA)
        await stage.answer(count + 2)
        anas = stage.sent()
        await stage.ask("", user=BEN)
        form = fields(await stage.form(BEN))
        await told(stage, "defaults reset me", user=BEN)
        none = await told(stage, "defaults show me", user=BEN)

    assert "Done. Your own defaults:" in said
    assert "`--temperature`: not set → 0.2" in said
    assert "0.2" in shown
    assert "your own" in here
    assert (bens["temperature"], given["temperature"], anas["temperature"]) == (0.2, 1, 0.9)
    assert "Brief!" in str(bens)
    assert "Brief!" not in str(anas)
    assert form["temperature"]["element"]["initial_value"] == "0.2"
    assert none == admin.NONE_OF_YOURS


async def test_they_stay_within_what_admins_allow_and_guests_have_some_too(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        wrong = await told(stage, "defaults set --temperature 9 me", user=GUEST)
        await told(stage, "defaults set --max-tokens 900 me", user=GUEST)
        await told(stage, "quota set max-tokens=300")
        await stage.ask("Name a river", user=GUEST)
        await stage.answer(0)
        capped = stage.sent()
        others = await told(stage, "defaults show me")

    assert "temperature" in wrong
    assert "900" not in str(capped)
    assert others == admin.NONE_OF_YOURS
