"""At the page, an app that is an agent: prompts to click, what its threads say, and Stop."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from bot.words import home as home_words
from bot.words import talk
from sandbox.grok import Script
from sandbox.workspace import BEN, ENGINEERING, dm_of
from tests.e2e.stage import on_stage
from tests.e2e.test_admin import told
from tests.e2e.test_agent import AGENT
from tests.e2e.test_browser_ways import picture

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_prompt_is_clicked_and_its_answer_stopped_in_the_messages_tab(
    page: Page, redis_url: str
) -> None:
    async with on_stage(redis_url, app=AGENT) as stage:
        workspace, here = stage.workspace, dm_of(BEN)
        hostile = "<img src=x onerror=alert(1)> *Name* a river & `say` why"
        await told(stage, f"prompts save rivers {hostile}", user=BEN)
        await page.goto(f"{workspace.url}#{ENGINEERING}/{BEN}")
        await page.locator('[data-composer="channel"]').wait_for()
        await page.goto(f"{workspace.url}#{here}/{BEN}")
        rivers = page.locator('[data-prompt="rivers"]')
        await expect(rivers).to_be_visible()
        await expect(page.locator("[data-prompt]")).to_have_count(4)
        await expect(page.get_by_text(home_words.SUGGESTED)).to_be_visible()
        stage.grok.script(Script(pieces=["The ", "Ucayali. "], stall_after=0))
        await rivers.click()
        root = await workspace.wait_for(
            lambda: next((m for m in workspace.messages(here) if m.user == BEN), None)
        )
        await page.locator(f'[data-ts="{root.ts}"]').hover()
        await page.locator(f'[data-ts="{root.ts}"]').get_by_label("Reply in thread").click()
        status = page.get_by_role("status").filter(has_text="Grok is thinking")
        await expect(status).to_be_visible()
        await picture(page, "agent")
        await page.locator("[data-press-stop]").click()
        await expect(page.locator(".agent-status")).to_be_hidden()
        session = workspace.session(here, root.ts)

    assert session is not None
    assert session.status == "active"
    assert "Name" in session.title
    assert talk.STOPPED not in session.title
    assert not workspace.problems


async def test_the_thread_of_a_message_opens_as_it_is_answered(page: Page, redis_url: str) -> None:
    async with on_stage(redis_url, app=AGENT) as stage:
        await page.goto(f"{stage.workspace.url}#{dm_of(BEN)}/{BEN}")
        composer = page.locator('[data-composer="channel"]')
        stage.grok.script(Script(text="The Ucayali."))
        await composer.fill("Name a river")
        await composer.press("Enter")

        await expect(page.locator("[data-thread]")).to_contain_text("The Ucayali.")

    assert not stage.workspace.problems
