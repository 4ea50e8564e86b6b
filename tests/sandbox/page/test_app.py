"""What the page offers of the app."""

from __future__ import annotations

import asyncio
from typing import Any

from playwright.async_api import Page, expect
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import ANA, DESIGN, Workspace, dm_of
from tests.sandbox.page.helpers import IN_BROWSER, button, plain, visit
from tests.sandbox.slack_app import app_of, socket_mode

pytestmark = IN_BROWSER


async def test_an_app_can_be_added_to_a_channel(page: Page, ws: Workspace) -> None:
    await visit(page, ws, DESIGN)
    await page.locator("[data-members]").click()
    await page.locator("[data-invite]").click()
    await expect(page.locator("[data-members]")).to_contain_text("4")


async def test_the_home_tab_shows_what_the_app_publishes(page: Page, ws: Workspace) -> None:
    app = app_of(ws)
    clicks: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    @app.event("app_home_opened")
    async def opened(event: dict[str, Any], client: AsyncWebClient) -> None:
        if event["tab"] != "home":
            return
        section = {"type": "section", "text": plain("Welcome home"), "accessory": button("ask")}
        await client.views_publish(
            user_id=event["user"], view={"type": "home", "blocks": [section]}
        )

    @app.action("ask")
    async def ask(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        clicks.put_nowait(body)

    async with socket_mode(ws, app):
        await visit(page, ws, dm_of(ANA))
        await page.locator("[data-tab=home]").click()
        await expect(page.locator("[data-home-view]")).to_contain_text("Welcome home")
        await page.locator("[data-action-id=ask]").click()
        body = await clicks.get()
        await page.reload()
        await expect(page.locator("[data-home-view]")).to_contain_text("Welcome home")

    assert body["view"]["type"] == "home"
