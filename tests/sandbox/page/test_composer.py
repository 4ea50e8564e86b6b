"""What a person writes: lines, commands, mentions."""

from __future__ import annotations

from playwright.async_api import Page, expect

from sandbox.workspace import GENERAL, Workspace
from tests.sandbox.page.helpers import IN_BROWSER, type_and_send, visit

pytestmark = IN_BROWSER


async def test_shift_enter_starts_a_new_line(page: Page, ws: Workspace) -> None:
    await visit(page, ws, GENERAL)
    box = page.locator("[data-composer=channel]")
    await box.fill("one")
    await box.press("Shift+Enter")
    await box.type("two")
    await page.locator("[data-send=channel]").click()

    await expect(page.locator(".message")).to_have_count(1)
    assert ws.messages(GENERAL)[0].text == "one\ntwo"


async def test_a_command_is_offered_and_its_failure_told(page: Page, ws: Workspace) -> None:
    await visit(page, ws, GENERAL)
    box = page.locator("[data-composer=channel]")
    await box.press_sequentially("/gr")
    await expect(page.locator(".offer")).to_contain_text("Ask Grok")
    await box.press("Tab")
    await expect(box).to_have_value("/grok ")

    await type_and_send(page, "/grok hello")
    await expect(page.locator("[data-composer-error=channel]")).to_contain_text("/grok failed")
    await expect(box).to_have_value("/grok hello")
    await type_and_send(page, "/nonsense")
    await expect(page.locator("[data-composer-error=channel]")).to_contain_text("not a valid")


async def test_a_mention_is_offered_and_sent_as_one(page: Page, ws: Workspace) -> None:
    await visit(page, ws, GENERAL)
    box = page.locator("[data-composer=channel]")
    await box.press_sequentially("hey @gro")
    await box.press("Enter")
    await expect(box).to_have_value("hey @grok ")
    await box.press("Enter")

    await expect(page.locator(".message .mention")).to_have_text("@grok")
    assert "<@" in ws.messages(GENERAL)[0].text
