"""A person at the demo page: types `/grok …` and watches the answer grow."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from sandbox.grok import Script
from sandbox.workspace import ANA, GENERAL
from tests.e2e.stage import on_stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PIECES = [f"word{number} " for number in range(100)]


async def test_an_answer_grows_in_the_page_to_its_end(page: Page, redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        stage.grok.script(Script(pieces=["## Slow start\n\n", *PIECES], speed=40))
        await page.goto(f"{stage.workspace.url}#{GENERAL}/{ANA}")
        composer = page.locator("[data-composer=channel]")
        await composer.fill("/grok Explain TCP slow start")
        await composer.press("Enter")

        message = page.locator("[data-ts][data-revision]").last
        await expect(message).to_contain_text("Explain TCP slow start")
        seen = {0}
        while "tokens" not in (text := await message.inner_text()):
            seen.add(len(re.findall(r"word\d+", text)))
        await expect(message.locator("h1, h2, h3")).to_have_text("Slow start")
        await expect(message).to_contain_text("word99")

    assert len(seen) >= 4, seen


async def test_a_wrong_flag_is_told_to_its_author_in_the_page(page: Page, redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        await page.goto(f"{stage.workspace.url}#{GENERAL}/{ANA}")
        composer = page.locator("[data-composer=channel]")
        await composer.fill("/grok --temprature 0.2 Hello")
        await composer.press("Enter")

        told = page.locator("[data-ephemeral]")
        await expect(told).to_contain_text("--temperature")

    assert not stage.grok.requests


async def test_the_cursor_stands_in_the_prompt_of_the_form(page: Page, redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        await page.goto(f"{stage.workspace.url}#{GENERAL}/{ANA}")
        composer = page.locator("[data-composer=channel]")
        await composer.fill("/grok")
        await composer.press("Enter")
        await expect(page.locator("[data-block-id=prompt] textarea")).to_be_focused()

        await page.keyboard.type("Name a river")
        await expect(page.locator("[data-block-id=prompt] textarea")).to_have_value("Name a river")
