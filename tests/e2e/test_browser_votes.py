"""People vote in the page, an admin sees what they think and exports it, and an eval of the export
says which setting serves best."""

from __future__ import annotations

import asyncio
import io
import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from bot.eval.run import EvalArguments, run_eval
from bot.slack.charts.charts import CHART
from bot.words import votes as words
from sandbox.workspace import ANA, GENERAL, Message, dm_of
from sandbox.workspace.delivering.response_url import RESPONSE_URL
from tests.e2e.stage import Stage, on_stage
from tests.e2e.test_browser_ways import picture, send
from tests.fixtures.grok import grok_settings

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def asked(page: Page, stage: Stage, text: str) -> Message:
    """The answer to a question that was typed in the page."""
    number = len(stage.workspace.messages(GENERAL))
    await send(page, f"/grok {text}")
    return (await stage.answer(number))[-1]


def sent(stage: Stage) -> dict[str, bytes]:
    """The files that Ana was sent, by name."""
    messages = stage.workspace.messages(dm_of(ANA))
    return {file.name: file.content or b"" for each in messages for file in each.files}


async def test_votes_in_the_page_become_a_decision(
    page: Page, redis_url: str, tmp_path: Path
) -> None:
    async with on_stage(redis_url) as stage:
        await page.goto(f"{stage.workspace.url}#{GENERAL}/{ANA}")
        for number in range(3):
            temperature = 1.2 if number == 2 else 0.2
            said = await asked(page, stage, f"-t {temperature} What is 1{number} + 30?")
            message = page.locator(f'[data-ts="{said.ts}"][data-revision]')
            good = message.get_by_role("button", name="Good answer")
            bad = message.get_by_role("button", name="Bad answer")
            await (bad if number == 2 else good).click()
        await page.get_by_role("checkbox", name="Wrong").check()
        await page.get_by_label(words.FORM_COMMENT).fill("I count 42.")
        await picture(page, "vote")
        await page.locator("[data-submit]").click()
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await expect(bad).to_have_attribute("aria-pressed", "true")
        await send(page, "/grok feedback texts on")
        await expect(page.locator("[data-ephemeral]").last).to_contain_text("exported")
        await send(page, "/grok feedback")
        told = page.locator("[data-ephemeral]").last
        await expect(told).to_contain_text("wrong 1")
        await expect(told.get_by_role("img")).to_have_count(2)
        drawn = told.get_by_role("img", name=words.CHART_OF_SETTINGS)
        await expect(drawn).to_have_attribute("aria-label", re.compile("temperature 0.2: .* 100,"))
        heights = [await bar.bounding_box() for bar in await drawn.locator("[title]").all()]
        assert len({round(box["height"]) for box in heights if box}) > 3
        await drawn.scroll_into_view_if_needed()
        await picture(page, "feedback")
        await send(page, "/grok feedback export")
        await stage.workspace.wait_for(lambda: len(sent(stage)) == 2)
        await picture(page, "votes")
        await page.locator("[data-app]").click()
        home = page.locator("[data-home-view]")
        await expect(home).to_contain_text(words.TITLE)
        await home.get_by_text(words.TITLE).scroll_into_view_if_needed()
        await picture(page, "home")
        seen_at_home = await home.inner_text()
        name, content = next((n, c) for n, c in sent(stage).items() if n.endswith(".jsonl"))
        (tmp_path / name).write_bytes(content)
        out = io.StringIO()
        wanted = EvalArguments(tmp_path / name, ("temperature=1.2,0.2",), 1.0, judges=("grok-4.3",))
        code = await run_eval(
            grok_settings(stage.grok), wanted, asyncio.Event(), out, io.StringIO()
        )

    assert "👍 2 of 3 · 67%" in seen_at_home
    assert code == 0
    assert "agrees with people on 100%" in out.getvalue()
    assert "Best: temperature=0.2\n  /grok defaults set --temperature 0.2" in out.getvalue()


async def test_where_slack_draws_no_charts_an_admin_gets_pictures(
    page: Page, redis_url: str
) -> None:
    async with on_stage(redis_url) as stage:
        for method in (RESPONSE_URL, "chat.postEphemeral"):
            stage.workspace.fail(
                method, error="invalid_blocks", times=None, where=lambda args: CHART in str(args)
            )
        await page.goto(f"{stage.workspace.url}#{GENERAL}/{ANA}")
        said = await asked(page, stage, "-t 0.2 What is 10 + 30?")
        message = page.locator(f'[data-ts="{said.ts}"][data-revision]')
        await message.get_by_role("button", name="Good answer").click()
        await send(page, "/grok feedback")
        told = page.locator("[data-ephemeral]")
        await expect(told.last).to_contain_text(words.PICTURES_SENT)
        await expect(told.filter(has_text=words.TITLE).last.get_by_role("img")).to_have_count(0)
        await page.goto(f"{stage.workspace.url}#{dm_of(ANA)}/{ANA}")
        pictures = page.get_by_role("img", name=re.compile("^Thumbs up in %"))
        await expect(pictures).to_have_count(2)
        for each in await pictures.all():
            await expect(each).to_have_js_property("naturalWidth", 920)
        await expect(pictures.first).to_have_attribute("alt", re.compile("grok-4.3: 100%"))
        await pictures.last.scroll_into_view_if_needed()
        await picture(page, "feedback-picture")
        content = sent(stage)["grok-votes-1.png"]

    assert content.startswith(b"\x89PNG")
