"""A form as large as ours: loaded, searched, unfolded, mended."""

from __future__ import annotations

import asyncio
from typing import Any

from playwright.async_api import Page, expect
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import BEN, DESIGN, GENERAL, Workspace
from tests.sandbox.page.helpers import IN_BROWSER, button, field, modal, plain, visit
from tests.sandbox.slack_app import app_of, socket_mode

pytestmark = IN_BROWSER

Json = dict[str, Any]
PRICES = {"Answers at once": {"grok-mini": "cheap"}, "Thinks first": {"grok-4": "dear"}}


def _model(name: str, price: str) -> Json:
    return {"text": plain(name), "value": name, "description": plain(price)}


def _form(*, advanced: bool) -> Json:
    select = {"type": "conversations_select", "default_to_current_conversation": True}
    model = {"type": "external_select", "min_query_length": 0}
    number = {"type": "number_input", "is_decimal_allowed": True, "max_value": "2"}
    switch = {"type": "section", "block_id": "switch", "text": plain("Advanced")}
    blocks = [
        field("prompt", {"type": "plain_text_input", "multiline": True}),
        field("model", {**model, "initial_option": _model("grok-4", "dear")}),
        field("where", {**select, "filter": {"include": ["public"]}, "response_url_enabled": True}),
        {**switch, "accessory": button("advanced")},
    ]
    if advanced:
        blocks.append(field("temperature", {**number, "initial_value": "0.5"}, optional=True))
    return modal(*blocks)


async def _suggest(ack: Any, payload: Json) -> None:
    if payload["value"] == "broken":
        await ack(options=[{"text": plain("x" * 76), "value": "x"}])
        return
    groups = [
        {"label": plain(label), "options": [_model(name, price)]}
        for label, models in PRICES.items()
        for name, price in models.items()
        if payload["value"] in name
    ]
    await ack(option_groups=groups)


async def test_a_form_is_loaded_searched_unfolded_and_mended(page: Page, ws: Workspace) -> None:
    app = app_of(ws)
    submitted: asyncio.Queue[Json] = asyncio.Queue()
    app.options("value")(_suggest)

    @app.shortcut("new_grok")
    async def opened(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        loading = modal({"type": "section", "block_id": "loading", "text": plain("One moment…")})
        view = (await client.views_open(trigger_id=body["trigger_id"], view=loading))["view"]
        form = _form(advanced=False)
        await client.views_update(view_id=view["id"], hash=view["hash"], view=form)

    @app.action("advanced")
    async def unfold(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        view = body["view"]
        form = _form(advanced=True)
        await client.views_update(view_id=view["id"], hash=view["hash"], view=form)

    @app.view("form")
    async def submission(ack: Any, body: Json) -> None:
        if body["view"]["state"]["values"]["temperature"]["value"]["value"] == "1.5":
            errors = {"temperature": "Not with this model.", "prompt": "Say more."}
            await ack(response_action="errors", errors=errors)
            return
        await ack()
        submitted.put_nowait(body)

    async with socket_mode(ws, app):
        await visit(page, ws, DESIGN)
        await page.locator("[data-shortcuts]").click()
        await page.locator("[data-shortcut=new_grok]").click()
        dialog = page.locator("[data-modal=form]")
        model = dialog.locator("[data-block-id=model] input")
        temperature = dialog.locator("[data-block-id=temperature]")
        await expect(dialog.locator("[data-block-id=where] input")).to_have_value("#design")
        await expect(model).to_have_value("grok-4")

        await dialog.locator("[data-block-id=where] input").click()
        await expect(page.locator("[role=option]")).to_contain_text(
            ["#general", "#engineering", "#random", "#partners", "#design"]
        )
        await page.locator("[role=option]", has_text="general").click()
        await model.fill("broken")
        await expect(page.locator(".listbox")).to_contain_text("could not be loaded")
        await model.fill("")
        await expect(page.locator(".listbox .menu-title")).to_have_text(list(PRICES))
        await model.fill("mini")
        await expect(page.locator("[role=option]")).to_have_count(1)
        await page.locator("[role=option]", has_text="cheap").click()

        await dialog.locator("[data-block-id=prompt] textarea").fill("typed")
        await dialog.locator("[data-action-id=advanced]").click()
        await expect(temperature.locator("input")).to_have_value("0.5")
        await expect(dialog.locator("textarea")).to_have_value("typed")
        await expect(model).to_have_value("grok-mini")

        await temperature.fill("hot")
        await dialog.get_by_role("button", name="Go").click()
        await expect(temperature.locator(".field-error")).to_have_text("Please enter a number.")
        await expect(temperature.locator(".field-error")).to_be_in_viewport(ratio=1)
        await temperature.fill("1.5")
        await dialog.get_by_role("button", name="Go").click()
        await expect(temperature).to_contain_text("Not with this model.")
        await expect(dialog.locator("[data-block-id=prompt]")).to_contain_text("Say more.")
        await temperature.fill("1")
        await dialog.get_by_role("button", name="Go").click()
        await expect(dialog).to_have_count(0)
        body = await submitted.get()

    values = {name: entry["value"] for name, entry in body["view"]["state"]["values"].items()}
    assert values["prompt"]["value"] == "typed"
    assert values["model"]["selected_option"]["value"] == "grok-mini"
    assert values["where"]["selected_conversation"] == GENERAL
    assert values["temperature"]["value"] == "1"
    assert [url["channel_id"] for url in body["response_urls"]] == [GENERAL]


async def test_the_form_of_somebody_else_stays_theirs(
    page: Page, ws: Workspace, slack: AsyncWebClient
) -> None:
    await visit(page, ws, GENERAL)
    await ws.shortcut(BEN, "new_grok")
    trigger_id = ws.deliveries[-1].payload["trigger_id"]
    await slack.views_open(trigger_id=trigger_id, view=_form(advanced=False))
    await slack.chat_postMessage(channel=GENERAL, text="after it")

    await expect(page.locator(".message")).to_contain_text("after it")
    await expect(page.locator("dialog")).to_have_count(0)
