"""A person at the pages of several workspaces: installs the app, asks in both, removes it."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from sandbox.workspace import ANA, GENERAL
from tests.e2e.several import keys_of, several
from tests.e2e.test_browser_ways import field, picture, send
from tests.e2e.test_grok_key import OWN, opened_anew, with_key

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_the_app_is_installed_used_and_removed(page: Page, redis_url: str) -> None:
    async with several(redis_url, install=False) as all_:
        all_.slack.oauth.install_url = f"{all_.address}/slack/install"
        for name, stage in zip(("Acme", "Birch"), all_.stages, strict=True):
            await page.goto(all_.slack.url)
            await page.get_by_text("Add Grok").click()
            await page.get_by_text("Add to Slack").click()
            await picture(page, f"install-{name}")
            await page.get_by_text(f"Allow in {name}").click()
            await expect(page.locator("h1")).to_have_text("Grok is installed")
            await expect(page.locator("p", has_text=name)).to_be_visible()
            await page.get_by_text("Open Slack").click()
            await expect(page.locator(".presence.is-on")).to_be_attached()
            assert page.url.startswith(stage.workspace.url)
            await page.goto(all_.slack.url)
            await expect(page.locator("li", has_text=name)).to_contain_text("Remove Grok")

        for stage in all_.stages:
            await page.goto(f"{stage.workspace.url}#{GENERAL}/{ANA}")
            await send(page, "/grok Explain TCP slow start")
            answer = page.locator("[data-ts][data-revision]").last
            await expect(answer).to_contain_text("Explain TCP slow start")
            await stage.answer()

        acme = all_.stages[0]
        all_.grok.more_keys.add(OWN)
        await page.goto(f"{acme.workspace.url}#{GENERAL}/{ANA}")
        await send(page, "/grok key")
        await field(page, "grok_key").locator("input").fill(OWN)
        await picture(page, "grok-key")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Done. Within some seconds")).to_be_visible()
        await opened_anew(all_.grok, OWN)
        await acme.ask("Name a river")
        await acme.answer(1)
        assert len(with_key(all_.grok.requests, OWN)) == 1

        await page.goto(all_.slack.url)
        await page.locator("li", has_text="Acme").get_by_text("Remove Grok").click()
        await expect(page.locator("li", has_text="Acme")).to_contain_text("without Grok")
        await picture(page, "workspaces")
        await page.goto(f"{all_.stages[0].workspace.url}#{GENERAL}/{ANA}")
        await expect(page.locator(".presence.is-on")).to_have_count(0)
        banner = page.locator("#banner")
        await expect(banner).to_contain_text("Grok is not installed in Acme.")
        await expect(banner.locator("a")).to_have_attribute("href", all_.slack.oauth.install_url)
        await send(page, "/grok Hello")
        await expect(page.get_by_text("not a valid command")).to_be_visible()
        assert await keys_of(redis_url, "T0SEVERAL2")
