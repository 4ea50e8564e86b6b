"""A person at the demo page who knows no flag: the form, the shortcut, threads, buttons, Home."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from sandbox.grok import Script
from sandbox.workspace import ANA, BEN, GENERAL
from tests.e2e.stage import is_complete, on_stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

TEXT = "The **Ucayali** is a river in Peru.\n\n| River | km |\n| --- | --- |\n| Ucayali | 1,600 |\n"


async def picture(page: Page, name: str) -> None:
    """Keep what is seen, where `SCREENSHOTS` names a directory."""
    if directory := os.environ.get("SCREENSHOTS"):
        await page.screenshot(path=Path(directory) / f"{name}.png")


async def send(page: Page, text: str, composer: str = "channel") -> None:
    box = page.locator(f"[data-composer={composer}]")
    await box.fill(text)
    await box.press("Enter")


def field(page: Page, block_id: str) -> Locator:
    return page.locator(f"[data-modal] [data-block-id={block_id}]")


async def test_the_form_from_the_first_letter_to_the_answer(page: Page, redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        stage.grok.script(Script(text=TEXT))
        await page.goto(f"{stage.workspace.url}#{GENERAL}/{ANA}")
        await send(page, "/grok")
        prompt = field(page, "prompt").locator("textarea")
        await prompt.fill("Name a river in Peru")
        await picture(page, "form")

        await field(page, "model").locator("input").fill("non-reas")
        await page.locator("[role=option]", has_text="grok-4.20-0309-non-reasoning").click()
        await page.locator("[data-modal] [data-action-id=advanced]").click()
        await field(page, "n").locator("input").fill("3")
        await field(page, "best_of").locator("input").fill("2")
        await expect(prompt).to_have_value("Name a river in Peru")
        await picture(page, "form-advanced")
        await page.locator("[data-submit]").click()
        await expect(field(page, "best_of")).to_contain_text("3")
        await picture(page, "form-error")

        await field(page, "n").locator("input").fill("")
        await field(page, "best_of").locator("input").fill("")
        await page.locator("[data-submit]").click()
        answer = page.locator("[data-ts][data-revision]").last
        await expect(answer).to_contain_text("Name a river in Peru")
        await expect(answer.locator("table")).to_contain_text("1,600")
        await expect(page.locator("[data-modal]")).to_have_count(0)
        await picture(page, "answer")

    assert stage.sent()["model"] == "grok-4.20-0309-non-reasoning"
    assert not stage.workspace.problems


async def test_a_message_is_asked_about_and_the_thread_goes_on(page: Page, redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        shared = await stage.workspace.say(BEN, GENERAL, "Rivers: the Ucayali & the Marañón.")
        await page.goto(f"{stage.workspace.url}#{GENERAL}/{ANA}")
        message = page.locator(f'[data-ts="{shared.ts}"]')
        await message.hover()
        await message.locator("[data-message-menu]").click()
        await page.locator("[data-shortcut=ask_grok]").click()
        await expect(page.locator("[data-modal]")).to_contain_text("the Ucayali & the Marañón")
        await field(page, "task").locator("input, select, button").first.click()
        await page.locator("[role=option]").first.click()
        await picture(page, "shortcut")
        stage.grok.script(Script(text="Two rivers."))
        await page.locator("[data-submit]").click()

        await stage.reply(0, shared.ts)
        await message.locator(".thread-link").click()
        thread = page.locator("[data-thread]")
        await expect(thread).to_contain_text("Two rivers.")
        stage.grok.script(Script(text="The Marañón is longer."))
        await send(page, "@grok which is longer?", "thread")
        await expect(thread).to_contain_text("The Marañón is longer.")
        await stage.reply(1, shared.ts)
        await picture(page, "thread")

    assert "the Ucayali & the Marañón" in str(stage.messages()[0])


async def test_an_answer_is_stopped_asked_again_and_looked_into(page: Page, redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        stage.grok.script(Script(pieces=[f"word{n} " for n in range(400)], speed=20))
        stage.grok.script(Script(text="All at once.", reasoning="I had better be brief."))
        await page.goto(f"{stage.workspace.url}#{GENERAL}/{ANA}")
        await send(page, "/grok Count for me")
        first = page.locator("[data-ts][data-revision]").last
        await expect(first).to_contain_text("word3")
        await picture(page, "streaming")
        await first.locator("[data-action-id=stop]").click()
        await expect(first.locator("[data-action-id=retry]")).to_be_visible()
        await picture(page, "stopped")

        await first.locator("[data-action-id=retry]").click()
        second = page.locator("[data-ts][data-revision]").last
        await expect(second).to_contain_text("All at once.")
        await second.locator("[data-action-id=details]").click()
        await expect(page.locator("[data-modal]")).to_contain_text("I had better be brief.")
        await picture(page, "details")

    assert "word399" not in str(stage.workspace.messages(GENERAL)[0].shown)
    assert is_complete(stage.workspace.messages(GENERAL)[1])


async def test_home_shows_where_to_begin(page: Page, redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        await stage.ask("Name a river in Peru")
        await stage.answer()
        await stage.quiet()
        await page.goto(f"{stage.workspace.url}#{GENERAL}/{ANA}")
        await page.locator("[data-app]").first.click()
        home = page.locator("[data-home-view]")
        await expect(home).to_contain_text("grok-4.3")
        await picture(page, "home")
        await home.locator("[data-action-id=new_grok]").click()
        await expect(field(page, "prompt").locator("textarea, input").first).to_be_focused()
        await picture(page, "form-global")


async def test_an_admin_sets_and_sees_a_quota_without_a_command(page: Page, redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        await stage.ask("Name a river in Peru")
        await stage.answer()
        await page.goto(f"{stage.workspace.url}#{GENERAL}/{ANA}")
        await page.locator("[data-app]").first.click()
        home = page.locator("[data-home-view]")
        await home.locator("[data-action-id=set_up_grok]").click()
        await field(page, "what").locator("input[type=radio]").last.check()
        await field(page, "whose").get_by_label("The whole workspace").check()
        await picture(page, "setup")
        await page.locator("[data-submit]").click()
        await field(page, "tokens-per-day").locator("input").fill("20k")
        await picture(page, "quotas")
        await page.locator("[data-submit]").click()
        await expect(page.locator("[data-modal]")).to_contain_text("20k tokens a day")
        await picture(page, "saved")
        await page.locator("[data-modal]").get_by_role("button", name="Close").first.click()

        await page.locator(f"[data-channel={GENERAL}]").click()
        await send(page, "/grok usage workspace")
        used = page.locator("[data-ephemeral]").last
        await expect(used).to_contain_text("20k")
        await picture(page, "usage")

    assert not stage.workspace.problems
