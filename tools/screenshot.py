"""`python -m tools.screenshot`: take the picture of the demo in the README (needs a Chromium)."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import sys
from pathlib import Path

from playwright.async_api import Page, async_playwright, expect

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "demo.png"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
SIZE = (1200, 900)
QUESTIONS = ("Explain TCP slow start", "--temperature 3 --topp 0.5 And congestion avoidance?")


async def main() -> int:
    """Start the demo, ask in it as a person would, and save what the page shows."""
    chromium = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if chromium is None:
        print("No Chromium was found: install one first.", file=sys.stderr)
        return 1
    demo = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "demo"), stdout=asyncio.subprocess.PIPE
    )
    try:
        address = await _address(demo)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
            page = await browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
            await page.goto(address)
            await _ask(page)
            await page.screenshot(path=PICTURE)
            await browser.close()
    finally:
        demo.send_signal(signal.SIGINT)
        await demo.communicate()
    return 0


async def _address(demo: asyncio.subprocess.Process) -> str:
    printed = ""
    while demo.stdout and not (found := re.search(r"http://127\.0\.0\.1:\d+", printed)):
        line = await demo.stdout.readline()
        if not line:
            raise RuntimeError(f"the demo ended: {printed}")
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


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
