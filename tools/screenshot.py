"""`python -m tools.screenshot [name…]`: take the pictures in the README (needs a Chromium and
a font with emoji), all of them or the ones named."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import cast

from playwright.async_api import FilePayload, Page, async_playwright, expect

from bot.admin.votes import Untold, charts
from bot.rules.votes import Ballot, Judged, Vote
from bot.slack.charts.drawing import drawn
from sandbox.grok import GrokServer

PICTURES = Path(__file__).resolve().parent.parent / "docs"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
SIZE = (1200, 900)
QUESTIONS = ("Explain TCP slow start", "--temperature 3 --topp 0.5 And congestion avoidance?")

VOTES = ((0.2, True), (1.4, False), (0.2, True), (0.2, True), (1.4, False), (0.2, True))
"""At which temperature sums are asked, and whether the answer is liked."""


NO_PICTURE = b""
"""Of a step that others go on from, and no page shows."""


async def main(names: Sequence[str] = ()) -> int:
    """Start the demo, ask in it as a person would, and save what the page shows."""
    if unknown := set(names) - STEPS.keys():
        print(f"No such picture: {', '.join(sorted(unknown))}. There are: {', '.join(STEPS)}.")
        return 1
    chromium = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if chromium is None:
        print("No Chromium was found: install one first.", file=sys.stderr)
        return 1
    demo = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "demo"), stdout=asyncio.subprocess.PIPE
    )
    try:
        address = await _address(demo.stdout)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
            page = await browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
            await page.goto(address)
            await page.locator("[data-channel]").first.wait_for()
            for name in names or STEPS:
                seen = await STEPS[name](page)
                if seen != NO_PICTURE:
                    (PICTURES / f"{name}.png").write_bytes(seen or await page.screenshot())
            await browser.close()
    finally:
        demo.send_signal(signal.SIGINT)
        await demo.communicate()
    return 0


async def _address(output: asyncio.StreamReader | None) -> str:
    """The first that is printed."""
    printed = ""
    while output and not (found := re.search(r"http://127\.0\.0\.1:\d+\S*", printed)):
        line = await output.readline()
        if not line:
            raise RuntimeError(f"it ended: {printed}")
        printed += line.decode()
    return found[0] if found else ""


async def _ask(page: Page) -> None:
    composer = page.locator("[data-composer=channel]")
    first, second = QUESTIONS
    await composer.fill(f"/grok {first}")
    await composer.press("Enter")
    await expect(page.locator("[data-ts]").last).to_contain_text("tokens", timeout=30_000)
    await composer.fill(f"/grok {second}")
    await composer.press("Enter")
    await expect(page.locator("[data-ephemeral]")).to_contain_text("--top-p")


async def _go_on(page: Page) -> bytes:
    answer = page.locator("[data-ts]:not([data-ephemeral])").last
    await answer.hover()
    await answer.get_by_role("button", name=re.compile("thread", re.IGNORECASE)).first.click()
    composer = page.locator("[data-composer=thread]")
    await composer.fill("And what ends it?")
    await composer.press("Enter")
    answers = page.locator("[data-thread] [data-action-id=retry]")
    await expect(answers).to_have_count(2, timeout=30_000)
    return NO_PICTURE


async def _search(page: Page) -> None:
    await page.get_by_role("button", name=re.compile("close", re.IGNORECASE)).first.click()
    await page.locator("[data-channel]").nth(1).click()
    composer = page.locator("[data-composer=channel]")
    await composer.fill("/grok --search web,x what is new in HTTP/3")
    await composer.press("Enter")
    answer = page.locator("[data-ts]:not([data-ephemeral])").last
    await expect(answer).to_contain_text(" posts · ", timeout=30_000)


async def _look_at(page: Page) -> None:
    files: list[FilePayload] = [
        {"name": "screenshot.png", "mimeType": "image/png", "buffer": await page.screenshot()},
        {"name": "plan.pdf", "mimeType": "application/pdf", "buffer": await page.pdf()},
    ]
    await page.locator("[data-channel]").nth(2).click()
    await page.locator("[data-file-input=channel]").set_input_files(files)
    composer = page.locator("[data-composer=channel]")
    await composer.fill("@grok does this look as the plan says?")
    await composer.press("Enter")
    question = page.locator("[data-ts]").last
    await question.get_by_role("button", name=re.compile("1 reply")).click()
    thread = page.locator("[data-thread]")
    await expect(thread).to_contain_text("tokens", timeout=30_000)
    await thread.get_by_text("I looked at").scroll_into_view_if_needed()


async def _vote(page: Page) -> None:
    await page.locator("[data-channel]").nth(1).click()
    for number, (temperature, good) in enumerate(VOTES):
        asked = f"What is {12 + number} + 30?"
        composer = page.locator("[data-composer=channel]")
        await composer.fill(f"/grok -t {temperature} {asked}")
        await composer.press("Enter")
        answers = page.locator("[data-ts]:not([data-ephemeral])", has_text=asked)
        await expect(answers.last).to_contain_text("tokens", timeout=30_000)
        thumb = "Good answer" if good else "Bad answer"
        button = answers.last.get_by_role("button", name=thumb)
        await button.click()
        if not good:
            form = page.locator("[data-modal]")
            await form.get_by_role("checkbox", name="Wrong").check()
            await form.locator("[data-submit]").click()
            await expect(form).to_have_count(0)
        await expect(button).to_have_attribute("aria-pressed", "true")
    await page.mouse.move(0, 0)


async def _see_votes(page: Page) -> None:
    composer = page.locator("[data-composer=channel]")
    await composer.fill("/grok feedback")
    await composer.press("Enter")
    charts = page.locator("[data-ephemeral]").last.locator("figure")
    await expect(charts).to_have_count(2)
    await charts.first.evaluate("chart => chart.scrollIntoView({ block: 'center' })")


async def _draw_votes(_: Page) -> bytes:
    """What is sent where Slack draws no charts, of the same votes."""
    ballots = [
        Ballot(
            f"job{number}",
            "U0ANA00001",
            Vote(choice="up" if good else "down", at=0),
            Judged(
                at=0,
                channel="",
                surface="command",
                model="grok-4.3",
                endpoint="responses",
                seconds=1.0,
                parameters={"temperature": temperature},
            ),
        )
        for number, (temperature, good) in enumerate(VOTES)
    ]
    return drawn(charts(ballots, {}, Untold.of(ballots, [], 0))[0]).png


async def _see_home(page: Page) -> None:
    await page.locator("[data-app]").first.click()
    share = page.locator("[data-home-view]").get_by_text("What people think of answers")
    await share.evaluate("title => title.scrollIntoView({ block: 'center' })")


async def _judge(page: Page) -> bytes:
    """Answers that are judged in the page, in an eval with a Grok of its own."""
    before = page.url
    with tempfile.TemporaryDirectory() as home:
        data = Path(home) / "sums.txt"
        data.write_text("\n".join(f"What is {each} + {each + 7}?" for each in range(10, 40)))
        async with GrokServer(speed=None, first_delay=0) as grok:
            judging = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "eval", str(data), "--judge", "person"),
                *("--grid", "temperature=0.8,0.2", "--budget", "1"),
                env=os.environ | {"XAI_BASE_URL": grok.base_url, "XAI_API_KEY": str(grok.api_key)},
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
            )
            try:
                await page.goto(await _where_to_judge(judging))
                prompt = page.frame_locator("[data-judging] iframe").locator("#prompt")
                for key in "1201":
                    shown = await prompt.inner_text()
                    await page.keyboard.press(key)
                    await expect(prompt).not_to_have_text(shown)
                seen = await page.screenshot()
            finally:
                judging.kill()
                await judging.wait()
    await page.goto(before)
    return seen


async def _where_to_judge(judging: asyncio.subprocess.Process) -> str:
    """The address that an eval tells in the terminal; no other page may ask it for answers."""
    errors = cast(asyncio.StreamReader, judging.stderr)
    told = b""
    while not (found := re.search(rb"http://127\.0\.0\.1:\d+/#judge//\S+(?=\s)", told)):
        more = await errors.read(4096)
        if not more:
            raise RuntimeError(told.decode())
        told += more
    return found[0].decode()


async def _fill_in(page: Page) -> None:
    await page.locator("[data-channel]").first.click()
    composer = page.locator("[data-composer=channel]")
    await composer.fill("/grok")
    await composer.press("Enter")
    prompt = page.locator("[data-modal] [data-block-id=prompt] textarea")
    await prompt.fill("Name three rivers in Peru, with their lengths in a table")
    await expect(page.locator("[data-modal] [data-block-id=model] input")).to_have_value(
        re.compile("grok")
    )


async def _limit(page: Page) -> None:
    await page.locator("[data-modal]").get_by_role("button", name="Close").first.click()
    await page.locator("[data-app]").first.click()
    await page.locator("[data-home-view] [data-action-id=set_up_grok]").click()
    form = page.locator("[data-modal]")
    await form.locator("[data-block-id=what] input[type=radio]").last.check()
    await form.get_by_label("The whole workspace").check()
    await form.locator("[data-submit]").click()
    await form.locator("[data-block-id=tokens-per-day] input").fill("2k")
    await form.locator("[data-block-id=usd-per-month] input").fill("20")


async def _look_up(page: Page) -> None:
    form = page.locator("[data-modal]")
    await form.locator("[data-submit]").click()
    await expect(form).to_contain_text("tokens a day")
    await form.get_by_role("button", name="Close").first.click()
    await page.locator("[data-channel]").first.click()
    composer = page.locator("[data-composer=channel]")
    for number, asked in enumerate(("usage workspace", "--max-tokens 2000 Tell me a story"), 2):
        await composer.fill(f"/grok {asked}")
        await composer.press("Enter")
        await expect(page.locator("[data-ephemeral]")).to_have_count(number)


STEPS: Mapping[str, Callable[[Page], Awaitable[bytes | None]]] = {
    "demo": _ask,
    "thread": _go_on,
    "search": _search,
    "files": _look_at,
    "votes": _vote,
    "feedback": _see_votes,
    "feedback-picture": _draw_votes,
    "home": _see_home,
    "judge": _judge,
    "form": _fill_in,
    "quotas": _limit,
    "usage": _look_up,
}
"""What is done before each picture is taken, by its name; some go on where the one before ended."""


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main(sys.argv[1:])))
