"""A person at the demo page asks what is new: sees what is searched, and where it was found."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from bot.words import search as words
from sandbox.grok import GrokServer
from sandbox.workspace import ANA, GENERAL
from tests.e2e.stage import on_stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_what_is_new_is_searched_for_and_its_sources_are_numbered(
    page: Page, redis_url: str
) -> None:
    """The sandbox's Grok as it is in the demo, but for its speed."""
    async with on_stage(redis_url, grok=GrokServer(speed=100, first_delay=0.1)) as stage:
        await page.goto(f"{stage.workspace.url}#{GENERAL}/{ANA}")
        composer = page.locator("[data-composer=channel]")
        await composer.fill("/grok --search web,x what is new in TCP")
        await composer.press("Enter")

        message = page.locator("[data-ts][data-revision]").last
        await expect(message).to_contain_text("what is new in TCP")
        lengths, statuses = set(), set()
        while " posts · " not in (text := await message.inner_text()):
            statuses.update(re.findall(r"Searching (?:the web|X)[^\n]*: \d+ search", text))
            lengths.add(len(text) if "In short" in text else 0)

        await expect(message).to_contain_text(words.SOURCES.strip("*"))
        inline = message.get_by_role("link", name="news.example.com 1", exact=True)
        await expect(inline).to_have_count(2)
        await expect(inline.first).to_have_attribute("href", "https://news.example.com/2026/tcp")
        await expect(message.locator("ol li a")).to_have_count(4)
        await expect(message).to_contain_text(re.compile(r"4 sources · 44 posts · \$0\.\d\d · "))

    assert statuses
    assert len(lengths) >= 3, lengths
