"""Steps on the page, and the content of messages and views."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import ANA, GENERAL, Workspace

IN_BROWSER = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
"""One loop for all of them: they share one connection to the browser."""


async def visit(page: Page, ws: Workspace, channel: str, user: str = ANA) -> None:
    await page.goto(f"{ws.url}/#{channel}/{user}")
    await page.locator("[data-composer=channel]").wait_for()


async def type_and_send(page: Page, text: str, composer: str = "channel") -> None:
    box = page.locator(f"[data-composer={composer}]")
    await box.fill(text)
    await box.press("Enter")


async def open_menu(page: Page, ts: str) -> None:
    message = page.locator(f'[data-ts="{ts}"]')
    await message.hover()
    await message.locator("[data-message-menu]").click()


async def post(slack: AsyncWebClient, channel: str = GENERAL, **content: Any) -> str:
    """The `ts` of a new message of the app."""
    reply = await slack.chat_postMessage(channel=channel, **{"text": "…", **content})
    ts: str = reply["ts"]
    return ts


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def markdown(text: str) -> dict[str, str]:
    return {"type": "markdown", "text": text}


def button(action_id: str, **more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": plain(action_id), **more}


def field(block_id: str, element: dict[str, Any], **more: Any) -> dict[str, Any]:
    labelled = {"type": "input", "block_id": block_id, "label": plain(block_id)}
    return labelled | {"element": {"action_id": "value", **element}} | more


def modal(
    *blocks: dict[str, Any], callback_id: str = "form", title: str = "Form"
) -> dict[str, Any]:
    view = {"type": "modal", "callback_id": callback_id, "title": plain(title)}
    return view | {"submit": plain("Go"), "blocks": list(blocks)}
