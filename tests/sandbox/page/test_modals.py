"""Forms in dialogs."""

from __future__ import annotations

import asyncio
from typing import Any

from playwright.async_api import Page, expect
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import GENERAL, Workspace
from tests.sandbox.page.helpers import IN_BROWSER, button, field, modal, plain, type_and_send, visit
from tests.sandbox.slack_app import app_of, socket_mode

pytestmark = IN_BROWSER


async def test_a_modal_is_filled_marked_and_submitted(page: Page, ws: Workspace) -> None:
    options = [{"text": plain(name), "value": name} for name in ("red", "green", "blue")]
    number = {"type": "number_input", "is_decimal_allowed": False, "max_value": "9"}
    form = modal(
        field("prompt", {"type": "plain_text_input", "multiline": True}, hint=plain("a hint")),
        field("number", {**number, "min_value": "1", "initial_value": "3"}),
        field("colour", {"type": "static_select", "options": options}),
        field("many", {"type": "multi_static_select", "options": options}),
        field("ticks", {"type": "checkboxes", "options": options}),
        field("one", {"type": "radio_buttons", "options": options, "initial_option": options[0]}),
        field("day", {"type": "datepicker", "initial_date": "2030-01-31"}),
        field("place", {"type": "conversations_select", "default_to_current_conversation": True}),
        field("model", {"type": "external_select", "min_query_length": 0}),
        field("extra", {"type": "plain_text_input"}, optional=True),
    )
    app = app_of(ws)
    submitted: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    @app.command("/grok")
    async def command(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=form)

    @app.options("value")
    async def suggest(ack: Any, payload: dict[str, Any]) -> None:
        name = f"grok-{payload['value'] or 'any'}"
        await ack(options=[{"text": plain(name), "value": name}])

    @app.view("form")
    async def submission(ack: Any, view: dict[str, Any]) -> None:
        values = view["state"]["values"]
        if values["prompt"]["value"]["value"] == "bad":
            await ack(response_action="errors", errors={"prompt": "Not that, please."})
            return
        await ack()
        submitted.put_nowait(values)

    async with socket_mode(ws, app):
        await visit(page, ws, GENERAL)
        await type_and_send(page, "/grok")
        dialog = page.locator("[data-modal]")
        await dialog.locator("[data-block-id=prompt]").fill("bad")
        await dialog.locator("[data-block-id=number]").fill("12")
        await dialog.get_by_role("button", name="Go").click()
        await expect(dialog.locator("[data-block-id=number]")).to_contain_text("9 or less")
        await expect(dialog.locator("[data-block-id=colour]")).to_contain_text("required")
        assert submitted.empty()

        await dialog.locator("[data-block-id=number]").fill("7")
        await dialog.locator("[data-block-id=colour] input").click()
        await page.locator("[role=option]", has_text="green").click()
        await dialog.locator("[data-block-id=many] input").click()
        await page.locator("[role=option]", has_text="red").click()
        await page.locator("[role=option]", has_text="blue").click()
        await page.keyboard.press("Escape")
        await dialog.locator("[data-block-id=ticks]").get_by_label("green").check()
        await dialog.locator("[data-block-id=model] input").fill("mini")
        await page.locator("[role=option]", has_text="grok-mini").click()
        await dialog.get_by_role("button", name="Go").click()
        await expect(dialog.locator("[data-block-id=prompt]")).to_contain_text("Not that, please.")
        await expect(dialog.locator("textarea")).to_have_attribute("aria-invalid", "true")

        await dialog.locator("[data-block-id=prompt]").fill("good")
        await dialog.get_by_role("button", name="Go").click()
        await expect(dialog).to_have_count(0)
        values = {name: entry["value"] for name, entry in (await submitted.get()).items()}

    assert values["prompt"]["value"] == "good"
    assert values["number"]["value"] == "7"
    assert values["colour"]["selected_option"]["value"] == "green"
    assert [option["value"] for option in values["many"]["selected_options"]] == ["red", "blue"]
    assert [option["value"] for option in values["ticks"]["selected_options"]] == ["green"]
    assert values["one"]["selected_option"]["value"] == "red"
    assert values["day"]["selected_date"] == "2030-01-31"
    assert values["place"]["selected_conversation"] == GENERAL
    assert values["model"]["selected_option"]["value"] == "grok-mini"
    assert values["extra"]["value"] is None


async def test_an_updated_view_keeps_what_was_typed(page: Page, ws: Workspace) -> None:
    text = {"type": "plain_text_input"}
    switch = {"type": "actions", "block_id": "switch", "elements": [button("advanced")]}
    app = app_of(ws)
    seen: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    @app.shortcut("new_grok")
    async def opened(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        view = modal(field("a", text), field("b", text), switch)
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    @app.action("advanced")
    async def advanced(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        seen.put_nowait(body["view"]["state"]["values"])
        other = {**text, "action_id": "other", "initial_value": "fresh"}
        view = modal(field("c", text), field("a", text, hint=plain("new")), field("b", other))
        await client.views_update(view_id=body["view"]["id"], view=view)

    async with socket_mode(ws, app):
        await visit(page, ws, GENERAL)
        await page.locator("[data-shortcuts]").click()
        await page.locator("[data-shortcut=new_grok]").click()
        dialog = page.locator("[data-modal=form]")
        await dialog.locator("[data-block-id=a]").fill("kept")
        await dialog.locator("[data-block-id=b]").fill("given up")
        await dialog.locator("[data-action-id=advanced]").click()
        await expect(dialog.locator("[data-block-id=c]")).to_be_visible()

        assert (await seen.get())["a"]["value"]["value"] == "kept"
        await expect(dialog.locator("[data-block-id=a]")).to_contain_text("new")
        await expect(dialog.locator("[data-block-id=a] input")).to_have_value("kept")
        await expect(dialog.locator("[data-block-id=b] input")).to_have_value("fresh")
        await expect(dialog.locator("[data-block-id=c] input")).to_have_value("")


async def test_a_pushed_view_lies_on_the_first(page: Page, ws: Workspace) -> None:
    app = app_of(ws)

    @app.command("/grok")
    async def command(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        more = {"type": "actions", "elements": [button("more")]}
        view = modal(field("a", {"type": "plain_text_input"}), more, callback_id="first")
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    @app.action("more")
    async def more(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        second = modal(field("b", {"type": "plain_text_input"}), callback_id="second")
        await client.views_push(trigger_id=body["trigger_id"], view=second)

    async with socket_mode(ws, app):
        await visit(page, ws, GENERAL)
        await type_and_send(page, "/grok")
        await page.locator("[data-modal=first] [data-block-id=a]").fill("typed")
        await page.locator("[data-action-id=more]").click()
        await expect(page.locator("[data-modal=second]")).to_be_visible()
        await expect(page.locator("[data-modal]")).to_have_count(1)
        await page.keyboard.press("Escape")
        await expect(page.locator("[data-modal=first]")).to_be_visible()
        await expect(page.locator("[data-block-id=a] input")).to_have_value("typed")
        await page.keyboard.press("Escape")
        await expect(page.locator("[data-modal]")).to_have_count(0)
