"""What the page leaves out for an app that has little: a command, and no events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest_asyncio
from playwright.async_api import Page, expect

from sandbox.workspace import ANA, BEN, GENERAL, AppConfig, Limits, Workspace, dm_of
from tests.sandbox.page.helpers import IN_BROWSER, open_menu, visit

pytestmark = IN_BROWSER

HISTORY = frozenset({"channels:history", "groups:history", "im:history", "mpim:history"})
BARE = AppConfig(
    scopes=HISTORY | {"commands", "chat:write"},
    events=frozenset(),
    message_shortcuts=(),
    global_shortcuts=(),
    home_tab=False,
)


@pytest_asyncio.fixture(loop_scope="session")
async def bare() -> AsyncIterator[Workspace]:
    async with Workspace(app=BARE, limits=Limits(scale=0)) as workspace:
        yield workspace


async def test_an_empty_channel_tells_what_the_app_hears(
    page: Page, ws: Workspace, bare: Workspace
) -> None:
    tip = page.locator(".beginning-tip")
    await visit(page, ws, GENERAL)
    await expect(tip).to_have_text("Type /grok and a question, or mention @grok.")
    await visit(page, ws, dm_of(ANA))
    await expect(tip).to_have_text("Type /grok and a question, or just write to the app.")

    for place in (GENERAL, dm_of(ANA)):
        await visit(page, bare, place)
        await expect(tip).to_have_text("Type /grok and a question.")


async def test_an_app_without_commands_is_asked_in_the_other_way(page: Page) -> None:
    tip = page.locator(".beginning-tip")
    async with Workspace(app=AppConfig(commands=())) as silent:
        await visit(page, silent, GENERAL)
        await expect(tip).to_have_text("To ask, mention @grok.")
    async with Workspace(app=replace(BARE, commands=())) as deaf:
        await visit(page, deaf, GENERAL)
        await expect(tip).to_be_empty()


async def test_shortcuts_are_offered_only_where_there_are_any(
    page: Page, ws: Workspace, bare: Workspace
) -> None:
    await visit(page, ws, GENERAL)
    await expect(page.locator("[data-shortcuts]")).to_be_visible()

    await visit(page, bare, GENERAL)
    await expect(page.locator("[data-shortcuts]")).to_have_count(0)


async def test_the_message_menu_holds_nothing_of_an_app_without_shortcuts(
    page: Page, bare: Workspace
) -> None:
    mine = await bare.say(BEN, GENERAL, "of ben")
    theirs = await bare.say(ANA, GENERAL, "of ana")
    await visit(page, bare, GENERAL, BEN)

    await open_menu(page, mine.ts)
    await expect(page.get_by_role("menuitem")).to_have_text(["Edit message", "Delete message…"])
    await page.keyboard.press("Escape")
    row = page.locator(f'[data-ts="{theirs.ts}"]')
    await row.hover()
    await expect(row.get_by_role("button", name="Reply in thread")).to_be_visible()
    await expect(row.locator("[data-message-menu]")).to_have_count(0)


async def test_the_app_is_found_at_its_home_tab(page: Page, ws: Workspace) -> None:
    await visit(page, ws, GENERAL)
    await page.locator("[data-app]").click()

    await expect(page.locator("[data-home-view]")).to_be_visible()
    await expect(page.locator("[data-tab]")).to_have_text(["Home", "Messages"])


async def test_an_app_without_a_home_tab_is_found_in_its_messages(
    page: Page, bare: Workspace
) -> None:
    await visit(page, bare, GENERAL)
    await page.locator("[data-app]").click()

    await expect(page.locator("[data-tab]")).to_have_text("Messages")
    marked = page.locator("#sidebar [aria-current=page]")
    await expect(marked).to_have_attribute("data-channel", dm_of(ANA))
    assert page.url.endswith(f"#{dm_of(ANA)}/{ANA}")


async def test_the_address_of_a_missing_home_tab_leads_to_a_channel(
    page: Page, bare: Workspace
) -> None:
    await visit(page, bare, "home")

    await expect(page.locator("[data-home-view]")).to_have_count(0)
    assert page.url.endswith(f"/{ANA}")
    assert "#home" not in page.url
