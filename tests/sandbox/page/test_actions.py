"""What a person does with messages: buttons, selects, the menu."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from playwright.async_api import Page, expect
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import ANA, BEN, GENERAL, Workspace
from tests.sandbox.page.helpers import IN_BROWSER, button, open_menu, plain, post, visit
from tests.sandbox.slack_app import app_of, socket_mode

pytestmark = IN_BROWSER


async def test_a_button_reaches_the_app_after_its_question(
    page: Page, ws: Workspace, slack: AsyncWebClient
) -> None:
    question = {
        "title": plain("Sure?"),
        "text": plain("Think."),
        "confirm": plain("Yes"),
        "deny": plain("No"),
    }
    app = app_of(ws)
    clicks: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    @app.action("go")
    async def clicked(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        clicks.put_nowait(body)

    async with socket_mode(ws, app):
        await visit(page, ws, GENERAL)
        go = button("go", value="42", style="primary", confirm=question)
        ts = await post(slack, blocks=[{"type": "actions", "elements": [go]}])
        await page.locator("[data-action-id=go]").click()
        await page.get_by_role("button", name="No").click()
        await page.locator("[data-action-id=go]").click()
        await page.get_by_role("button", name="Yes").click()
        body = await clicks.get()

    assert body["user"]["id"] == ANA
    assert body["message"]["ts"] == ts
    assert body["actions"][0]["value"] == "42"
    assert clicks.empty()


async def test_a_button_of_an_ephemeral_message_replaces_it(
    page: Page, ws: Workspace, slack: AsyncWebClient
) -> None:
    app = app_of(ws)

    @app.action("again")
    async def clicked(ack: Any, body: dict[str, Any], respond: Any) -> None:
        await ack()
        assert body["container"]["is_ephemeral"]
        await respond(text="Asked again.", replace_original=True)

    async with socket_mode(ws, app):
        await visit(page, ws, GENERAL)
        row = {"type": "actions", "elements": [button("again")]}
        await slack.chat_postEphemeral(channel=GENERAL, user=ANA, text="…", blocks=[row])
        whisper = page.locator("[data-ephemeral]")
        await whisper.hover()
        await expect(whisper.locator("[data-message-menu]")).to_have_count(0)
        await whisper.locator("[data-action-id=again]").click()
        await expect(whisper).to_contain_text("Asked again.")
        await expect(whisper.locator("[data-action-id]")).to_have_count(0)

    assert ws.problems == []


async def test_a_select_in_a_message_reaches_the_app(
    page: Page, ws: Workspace, slack: AsyncWebClient
) -> None:
    app = app_of(ws)
    chosen: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    @app.action(re.compile("colour"))
    async def picked(ack: Any, action: dict[str, Any]) -> None:
        await ack()
        chosen.put_nowait(action)

    options = [{"text": plain(name), "value": name} for name in ("red", "green")]
    select = {"type": "static_select", "action_id": "colour", "options": options}
    overflow = {"type": "overflow", "action_id": "colours", "options": options}
    async with socket_mode(ws, app):
        await visit(page, ws, GENERAL)
        await post(slack, blocks=[{"type": "actions", "elements": [select, overflow]}])
        await page.locator("input[data-action-id=colour]").fill("gre")
        await page.locator("[role=option]", has_text="green").click()
        first = await chosen.get()
        await page.locator("button[data-action-id=colours]").click()
        await page.get_by_role("menuitem", name="red").click()
        second = await chosen.get()

    assert first["selected_option"]["value"] == "green"
    assert second["selected_option"]["value"] == "red"


async def test_a_message_shortcut_carries_its_message(page: Page, ws: Workspace) -> None:
    app = app_of(ws)
    asked: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    @app.shortcut("ask_grok")
    async def ask(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        asked.put_nowait(body)

    async with socket_mode(ws, app):
        message = await ws.say(BEN, GENERAL, "what about this?")
        await visit(page, ws, GENERAL)
        await open_menu(page, message.ts)
        await page.locator("[data-shortcut=ask_grok]").click()
        body = await asked.get()

    assert body["type"] == "message_action"
    assert body["message"]["text"] == "what about this?"


async def test_people_change_and_delete_their_own_messages_only(page: Page, ws: Workspace) -> None:
    theirs = await ws.say(ANA, GENERAL, "of ana")
    mine = await ws.say(BEN, GENERAL, "of ben")
    await visit(page, ws, GENERAL, BEN)
    await open_menu(page, theirs.ts)
    await expect(page.get_by_role("menuitem")).to_have_count(1)
    await page.keyboard.press("Escape")

    await open_menu(page, mine.ts)
    await page.locator("[data-message-edit]").click()
    await page.get_by_label("Edit message").fill("of Ben")
    await page.get_by_label("Edit message").press("Enter")
    await expect(page.locator(f'[data-ts="{mine.ts}"]')).to_contain_text("of Ben (edited)")

    await open_menu(page, mine.ts)
    await page.locator("[data-message-delete]").click()
    await page.get_by_role("button", name="Delete", exact=True).click()
    await expect(page.locator(f'[data-ts="{mine.ts}"]')).to_have_count(0)
    await expect(page.locator(f'[data-ts="{theirs.ts}"]')).to_be_visible()


async def test_a_thumb_reaches_the_app_and_stays_marked(
    page: Page, ws: Workspace, slack: AsyncWebClient
) -> None:
    app = app_of(ws)
    values: asyncio.Queue[str] = asyncio.Queue()

    @app.action("feedback")
    async def clicked(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        values.put_nowait(body["actions"][0]["value"])

    halves = {
        half: {"text": plain(name), "value": name}
        for half, name in (("positive_button", "Good"), ("negative_button", "Bad"))
    }
    element = {"type": "feedback_buttons", "action_id": "feedback", **halves}
    async with socket_mode(ws, app):
        await visit(page, ws, GENERAL)
        await post(slack, blocks=[{"type": "context_actions", "elements": [element]}])
        good, bad = (page.get_by_role("button", name=name) for name in ("Good", "Bad"))
        await good.click()
        await expect(good).to_have_attribute("aria-pressed", "true")
        await bad.click()
        await expect(bad).to_have_attribute("aria-pressed", "true")
        await expect(good).to_have_attribute("aria-pressed", "false")

    assert [values.get_nowait(), values.get_nowait()] == ["Good", "Bad"]
