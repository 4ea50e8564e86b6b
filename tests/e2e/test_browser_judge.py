"""A person judges in the page: two answers side by side, by keys and clicks, and goes on later."""

from __future__ import annotations

import asyncio
import io
import re
from functools import partial
from pathlib import Path

import pytest
from playwright.async_api import FrameLocator, Page, expect

from bot.eval.demo_page import Notice, leave_notice
from bot.eval.run import PERSON, EvalArguments, run_eval
from bot.rules.shares import Proportion
from bot.words.terminal import eval as words
from sandbox.grok import GrokServer, Script
from sandbox.workspace import ANA, GENERAL, Workspace
from tests.e2e.test_browser_ways import picture
from tests.eval.test_run import says, sums
from tests.fixtures.grok import grok_settings

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


class Terminal:
    """An eval whose judge is a person, as it runs in a terminal."""

    def __init__(
        self, grok: GrokServer, data: Path, *judges: str, demos: Path | None = None
    ) -> None:
        self.stop, self.out, self._err = asyncio.Event(), io.StringIO(), io.StringIO()
        wanted = EvalArguments(data, ("temperature=0.8,0.2",), 5.0, judges=judges, demos=demos)
        settings = grok_settings(grok, grok_max_tokens=100)
        running = run_eval(settings, wanted, self.stop, self.out, self._err)
        self.code = asyncio.create_task(running)

    @property
    def told(self) -> str:
        """What stands there beside the result."""
        return self._err.getvalue()

    async def address(self) -> str:
        while not (found := re.search(r"http://127\.0\.0\.1:\d+/#\S{20,}", self.told)):
            assert not self.code.done(), await self.code
            await asyncio.sleep(0.01)
        return found[0]


def right_one(question: str, a: str, b: str) -> str:
    """The key for the answer that is right."""
    one, other = map(int, re.findall(r"\d+", question))
    right = [f"= {one + other}" in text for text in (a, b)]
    return "0" if right[0] == right[1] else "1" if right[0] else "2"


async def judge(page: Page, within: FrameLocator | None = None) -> None:
    """Choose as somebody who can add does, by keys."""
    shown = within or page
    texts = [await shown.locator(f"#{name}").inner_text() for name in ("prompt", "a", "b")]
    await page.keyboard.press(right_one(*texts))
    await expect(shown.locator("#prompt")).not_to_have_text(texts[0])


async def test_a_person_judges_by_keys_and_the_result_is_theirs(page: Page, tmp_path: Path) -> None:
    data = sums(tmp_path, 12)
    async with GrokServer(speed=None, first_delay=0) as grok:
        first = Terminal(grok, data, PERSON, "grok-4.3")
        await page.goto(await first.address())
        count = page.locator("#count")
        await expect(count).to_have_text(re.compile(r"^0 of \d+$"))
        total = int((await count.inner_text()).split()[-1])
        assert total > 2
        assert "temperature" not in await page.content()
        await picture(page, "judge")
        await judge(page)
        shown = await page.locator("#prompt").inner_text()
        first.stop.set()
        assert await first.code == 1
        await page.get_by_role("button", name="A is better").click()
        await expect(page.get_by_role("alert")).to_contain_text("Start it again")

        second = Terminal(grok, data, PERSON, "grok-4.3")
        await page.goto("about:blank")
        await page.goto(await second.address())
        await expect(count).to_have_text(f"1 of {total}")
        await expect(page.locator("#prompt")).to_have_text(shown)
        await judge(page)
        await page.keyboard.press("Backspace")
        await expect(page.locator("#prompt")).to_have_text(shown)
        for done in (2, *range(2, total)):
            await expect(count).to_have_text(f"{done} of {total}")
            await judge(page)
        alert = page.get_by_role("alert")
        await expect(alert).to_contain_text("All of it is judged")
        await expect(page.get_by_role("button", name="A is better")).to_be_hidden()
        await picture(page, "judge-ending")
        await page.keyboard.press("Backspace")
        await expect(page.locator("#prompt")).to_be_visible()
        texts = [await page.locator(f"#{name}").inner_text() for name in ("prompt", "a", "b")]
        await page.keyboard.press(right_one(*texts))
        await expect(alert).to_contain_text("by itself in 20 seconds")
        assert not second.code.done()
        await page.keyboard.press("Enter")
        await expect(alert).to_contain_text("stands in the terminal")
        code, asked = await second.code, len(grok.requests)
        third = Terminal(grok, data, PERSON, "grok-4.3")
        again = await third.code
        alone = Terminal(grok, data, "grok-4.3")
        assert await alone.code == 0

    assert (code, again, len(grok.requests)) == (0, 0, asked)
    assert words.NOT_JUDGED(total - 1) in first.out.getvalue()
    assert "Best: temperature=0.2" in second.out.getvalue()
    least = Proportion(total, total).interval[0]
    told = words.AGREEMENT_WITH_PERSON(
        model="grok-4.3", share=f"100% ({100 * least:.0f}–100%)", kappa="-", pairs=total
    )
    assert told in second.out.getvalue()
    assert told in alone.out.getvalue()
    assert third.out.getvalue() == second.out.getvalue()


HOSTILE = (
    '<img src=x onerror="window.hit=1"><script>window.hit=1</script> **bold** &amp; \u202egnp.exe'
)


async def test_hostile_answers_are_shown_as_texts(page: Page, tmp_path: Path) -> None:
    data = tmp_path / "prompts.jsonl"
    data.write_text('{"prompt": "<b>Name</b> a river", "system": "<i>Be brief</i>"}\n')
    async with GrokServer(speed=None, first_delay=0) as grok:
        grok.script(Script(text=HOSTILE, when=partial(says, "'temperature': 0.2"), times=None))
        terminal = Terminal(grok, data, PERSON)
        await page.goto(await terminal.address())
        both = page.locator(".answers")
        await expect(both).to_contain_text("<script>window.hit=1</script> **bold** &amp;")
        await expect(page.locator("#prompt")).to_have_text("<b>Name</b> a river")
        assert await page.locator(".said *").count() == 0
        assert await page.evaluate("window.hit") is None
        await picture(page, "judge-hostile")
        address = await terminal.address()
        await page.goto("about:blank")
        await page.goto(address.partition("#")[0])
        await expect(page.get_by_role("alert")).to_contain_text("not the address")
        await page.goto("about:blank")
        await page.goto(address)
        await page.get_by_role("button", name="Neither").click()
        await page.get_by_role("button", name="Finish").click()
        assert await terminal.code == 0

    assert "temperature=0.2  1        50%" in terminal.out.getvalue()


async def test_a_person_judges_in_the_page_of_the_demo(page: Page, tmp_path: Path) -> None:
    data, home = sums(tmp_path, 12), tmp_path / "grok-bot-demo-1"
    home.mkdir(mode=0o700)
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    async with GrokServer(speed=None, first_delay=0) as grok, Workspace() as workspace:
        leave_notice(home, Notice(url=workspace.url, secret=workspace.judging_secret))
        await page.goto(f"{workspace.url}#{GENERAL}/{ANA}")
        entry = page.get_by_role("button", name="Judge answers")
        await expect(page.locator("[data-channel]").first).to_be_visible()
        await expect(entry).to_have_count(0)

        first = Terminal(grok, data, PERSON, "grok-4.3", demos=tmp_path)
        address = await first.address()
        assert address.startswith(f"{workspace.url}/#judge//")
        await entry.click()
        await expect(page.locator(".judging-note")).to_contain_text("in the terminal")
        await page.goto(address)
        frame = page.frame_locator("iframe")
        count = frame.locator("#count")
        await expect(count).to_have_text(re.compile(r"^0 of \d+$"))
        total = int((await count.inner_text()).split()[-1])
        await expect(page).to_have_title(re.compile("^Judge answers"))
        await expect(entry).to_have_attribute("aria-current", "page")
        await picture(page, "judge-demo")
        await judge(page, frame)
        first.stop.set()
        assert await first.code == 1
        await expect(entry).to_have_count(0)

        second = Terminal(grok, data, PERSON, "grok-4.3", demos=tmp_path)
        await entry.click()
        await expect(frame.get_by_role("alert")).to_contain_text("not the address of the eval")
        await page.goto(await second.address())
        await expect(count).to_have_text(f"1 of {total}")
        shown = await frame.locator("#prompt").inner_text()
        await judge(page, frame)
        await page.keyboard.press("Backspace")
        await expect(frame.locator("#prompt")).to_have_text(shown)
        for done in (1, *range(2, total)):
            await expect(count).to_have_text(f"{max(done, 2)} of {total}")
            await judge(page, frame)
        await expect(frame.get_by_role("alert")).to_contain_text("All of it is judged")
        await frame.get_by_role("button", name="Finish").click()
        await expect(entry).to_have_count(0)
        assert await second.code == 0
        await page.locator(f'[data-channel="{GENERAL}"]').click()
        await expect(page.locator("[data-composer]")).to_be_visible()

    (refused,) = complaints  # what was open of the first eval, by the second
    assert "403" in refused
    assert "Best: temperature=0.2" in second.out.getvalue()
    assert "agrees with the person on 100%" in second.out.getvalue()


async def test_no_other_page_shows_the_pairs_within_itself(page: Page, tmp_path: Path) -> None:
    data = sums(tmp_path, 2)
    async with GrokServer(speed=None, first_delay=0) as grok, Workspace() as other:
        terminal = Terminal(grok, data, PERSON)
        address = await terminal.address()
        await page.goto(other.url)
        async with page.expect_console_message(lambda said: "frame-ancestors" in said.text):
            await page.evaluate(
                """address => {
                    const frame = document.createElement("iframe");
                    frame.src = address;
                    document.body.append(frame);
                }""",
                address,
            )
        assert await page.frame_locator("iframe").locator("#count").count() == 0
        terminal.stop.set()
        await terminal.code


async def test_who_comes_to_judge_too_early_is_taken_there(page: Page, tmp_path: Path) -> None:
    """The terminal tells the address before every open page knows of it."""
    data, home = sums(tmp_path, 12), tmp_path / "grok-bot-demo-1"
    home.mkdir(mode=0o700)
    async with GrokServer(speed=None, first_delay=0) as grok, Workspace() as workspace:
        leave_notice(home, Notice(url=workspace.url, secret=workspace.judging_secret))
        await page.goto(f"{workspace.url}/#judge//of-an-eval-that-is-beginning")
        await expect(page.locator("[data-channel]").first).to_be_visible()
        await expect(page).to_have_url(re.compile(GENERAL))

        terminal = Terminal(grok, data, PERSON, "grok-4.3", demos=tmp_path)
        await terminal.address()
        await expect(page).to_have_url(re.compile("#judge/"))
        await expect(page.locator("iframe")).to_have_count(1)
        terminal.stop.set()
        await terminal.code
