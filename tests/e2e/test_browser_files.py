"""A person at the demo page drops files into the composer and asks about them."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from sandbox.workspace import ANA, GENERAL
from tests.e2e.dropping import drop
from tests.e2e.stage import on_stage
from tests.e2e.test_browser_ways import picture, send
from tests.files.samples import pdf

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_screenshot_and_a_pdf_are_asked_about(page: Page, redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        await page.goto(f"{stage.workspace.url}#{GENERAL}/{ANA}")
        shot = await page.screenshot()
        files = {"screenshot.png": shot, "plan.pdf": pdf("Ship it on Monday"), "film.mp4": b"\0"}
        await drop(page, files)
        await page.get_by_label("Remove film.mp4").click()
        await picture(page, "files-dropped")
        await send(page, "@grok does this look like the plan says?")

        question = page.locator("[data-ts]").last
        await expect(question.locator("img.picture")).to_be_visible()
        await expect(question).to_contain_text("plan.pdf")
        await expect(page.locator("[data-tray=channel]")).to_be_hidden()
        await question.get_by_role("button", name=re.compile("1 reply")).click()
        answer = page.locator("[data-thread] [data-ts]").last
        await expect(answer).to_contain_text(re.compile(r"I looked at a picture of \d+ × \d+ "))
        await expect(answer).to_contain_text("plan.pdf")
        await expect(answer).to_contain_text("tokens")
        await picture(page, "files")

    parts = stage.messages()[-1]["content"]
    assert [part["type"] for part in parts] == ["input_text", "input_image", "input_file"]
    assert not stage.workspace.problems


async def test_in_a_thread_a_file_needs_no_words(page: Page, redis_url: str) -> None:
    async with on_stage(redis_url) as stage:
        await page.goto(f"{stage.workspace.url}#{GENERAL}/{ANA}")
        await send(page, "@grok hello")
        question = page.locator("[data-ts]").last
        await question.get_by_role("button", name=re.compile("1 reply")).click()
        answers = page.locator("[data-thread] [data-action-id=retry]")
        await expect(answers).to_have_count(1)
        await drop(page, {"error.log": b"E42"}, composer="thread")
        await page.locator("[data-send=thread]").click()
        await expect(answers).to_have_count(2)

    assert "E42" in stage.messages()[-1]["content"]
