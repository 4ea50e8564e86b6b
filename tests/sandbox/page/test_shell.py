"""The page around the messages: connection and window."""

from __future__ import annotations

from playwright.async_api import Page, expect

from sandbox.workspace import BEN, GENERAL, RANDOM, Limits, Workspace, Workspaces
from tests.ports import free_port
from tests.sandbox.page.helpers import IN_BROWSER, post, visit
from tests.sandbox.slack_app import app_of, client_of, socket_mode

pytestmark = IN_BROWSER


async def test_the_page_says_when_the_bot_is_gone(page: Page, ws: Workspace) -> None:
    await visit(page, ws, GENERAL)
    banner = page.locator("#banner")
    await expect(banner).to_contain_text("Grok is not connected")
    async with socket_mode(ws, app_of(ws)):
        await expect(banner).to_be_hidden()
    await expect(banner).to_contain_text("Grok is not connected")


async def test_the_page_finds_back_after_the_server_was_gone(page: Page) -> None:
    port = free_port()
    async with Workspace(port=port) as first:
        await first.say(BEN, GENERAL, "before")
        await visit(page, first, GENERAL)
        await expect(page.locator(".message")).to_contain_text("before")
    await expect(page.locator("#banner")).to_contain_text("Connecting")

    async with Workspace(port=port, limits=Limits(scale=0)) as second:
        await second.say(BEN, GENERAL, "meanwhile")
        await expect(page.locator(".message")).to_contain_text("meanwhile")
        await post(client_of(second), text="live again")
        await expect(page.locator(".message").nth(1)).to_contain_text("live again")


async def test_a_narrow_window_hides_the_sidebar_until_asked(page: Page, ws: Workspace) -> None:
    await page.set_viewport_size({"width": 700, "height": 800})
    await visit(page, ws, GENERAL)
    entry = page.locator(f'[data-channel="{RANDOM}"]')
    await expect(entry).to_be_hidden()
    await page.get_by_role("button", name="Open the sidebar").click()
    await entry.click()
    await expect(page.locator("h1")).to_contain_text("random")
    await expect(entry).to_be_hidden()


async def test_the_page_says_where_the_app_is_not_installed(page: Page) -> None:
    """In each of several workspaces, also while the app is connected for another."""
    async with Workspaces(1) as several:
        (birch,) = several.workspaces
        await visit(page, birch, GENERAL)
        banner = page.locator("#banner")
        await expect(banner).to_contain_text(f"not installed in {birch.state.team_name}")
        await expect(banner.locator("a")).to_have_count(0)

        several.oauth.install_url = "http://127.0.0.1:9/slack/install"
        await page.reload()
        link = banner.locator("a")
        await expect(link).to_have_attribute("href", several.oauth.install_url)

        several.install(birch)
        await expect(banner).to_contain_text("Grok is not connected")
        await several.uninstall(birch)
        await expect(banner).to_contain_text("not installed")
        several.shared.feeds.publish({"type": "bot", "connected": True})
        await birch.say(BEN, GENERAL, "after that")
        await expect(page.locator(".message")).to_contain_text("after that")
        await expect(banner).to_contain_text("not installed")
