"""The Home tab, as a person sees it."""

from __future__ import annotations

import pytest

from bot.words import home as words
from bot.words import usage as usage_words
from sandbox.workspace import ANA, BEN, GENERAL, View, dm_of
from tests.e2e.stage import Stage, on_stage
from tests.store.proxy import Proxy

MODES = pytest.mark.parametrize("mode", ["socket", "http"])


async def home_of(stage: Stage, user: str) -> View:
    before = stage.workspace.home(user)

    def opened() -> View | None:
        home = stage.workspace.home(user)
        return home if home is not before else None

    await stage.workspace.open_home(user)
    return await stage.workspace.wait_for(opened)


def shown_to(stage: Stage, user: str) -> str:
    """What stands on the Home tab of `user` as it was published last."""
    home = stage.workspace.home(user)
    return str(home.content) if home else ""


@MODES
async def test_home_shows_what_can_be_done_and_what_was_asked(redis_url: str, mode: str) -> None:
    async with on_stage(redis_url, mode=mode) as stage:
        await stage.ask("Name a river in Peru")
        (message,) = await stage.answer()
        shown = ""
        while "Name a river in Peru" not in shown:  # remembered when all is shown
            shown = str((await home_of(stage, ANA)).content)
        other = str((await home_of(stage, BEN)).content)

    assert f"/archives/{GENERAL}/p{message.ts.replace('.', '')}" in shown
    assert "Name a river in Peru" not in other
    for part in ("/grok", "grok-4.3", "$", "4,096"):
        assert part in shown
    assert not stage.workspace.problems


async def test_a_button_on_home_opens_the_form(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        home = await home_of(stage, BEN)
        await stage.workspace.click_view(BEN, home.id, "new_grok")
        view = await stage.form(BEN)
        await stage.workspace.submit(BEN, view.id, {"prompt": "hi"})
        await stage.answer(channel=dm_of(BEN))


async def test_home_shows_what_was_just_asked_from_it(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        home = await home_of(stage, BEN)
        assert words.NO_QUESTIONS in str(home.content)
        await stage.workspace.click_view(BEN, home.id, "new_grok")
        view = await stage.form(BEN)
        await stage.workspace.submit(BEN, view.id, {"prompt": "Name a river in Peru"})
        await stage.workspace.wait_for(lambda: "Name a river in Peru" in shown_to(stage, BEN), 20)
        await stage.ask("Name a lake")
        await stage.answer()
        await stage.quiet()

    assert stage.workspace.home(ANA) is None  # who asked elsewhere is shown nothing unasked
    assert not stage.workspace.problems


async def test_home_shows_a_quota_that_was_just_saved_from_it(redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        ws = stage.workspace
        home = await home_of(stage, ANA)
        assert usage_words.NO_QUOTAS in str(home.content)
        await ws.click_view(ANA, home.id, "set_up_grok")
        first = await stage.form(field="whose")
        await ws.submit(ANA, first.id, {"what": "limits", "whose": "workspace"})
        second = await stage.form(field="tokens-per-day")
        await ws.submit(ANA, second.id, {"tokens-per-day": "50k"})
        await ws.wait_for(lambda: usage_words.NO_QUOTAS not in shown_to(stage, ANA))

    assert "50,000" in shown_to(stage, ANA) or "50k" in shown_to(stage, ANA)
    assert not ws.problems


async def test_home_is_there_without_redis(redis_url: str) -> None:
    async with Proxy(redis_url) as proxy, on_stage(proxy.url) as stage:
        await proxy.away()
        shown = str((await home_of(stage, ANA)).content)
        proxy.back()

    assert "grok-4.3" in shown
