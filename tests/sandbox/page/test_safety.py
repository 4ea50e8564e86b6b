"""Hostile text does nothing, and pings that leak are seen."""

from __future__ import annotations

from playwright.async_api import Page, Request, expect
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import BEN, GENERAL, RANDOM, Workspace
from tests.sandbox.page.helpers import IN_BROWSER, markdown, post, visit

pytestmark = IN_BROWSER

HOSTILE = (
    "<img src=x onerror=\"document.title='hacked'\"> <script>document.title='hacked'</script> "
    "[click](javascript:document.title='hacked') <javascript:document.title='hacked'|click> "
    "![picture](https://evil.example/x.png) <svg/onload=document.title='hacked'>"
)


async def test_hostile_text_is_inert_and_nothing_is_fetched(
    page: Page, ws: Workspace, slack: AsyncWebClient
) -> None:
    requests: list[str] = []

    def record(request: Request) -> None:
        requests.append(request.url)

    page.on("request", record)
    await visit(page, ws, RANDOM)
    mrkdwn = {"type": "section", "text": {"type": "mrkdwn", "text": HOSTILE}}
    rich = {
        "type": "rich_text_section",
        "elements": [
            {"type": "link", "url": "javascript:document.title='hacked'", "text": "rich click"},
            {"type": "text", "text": HOSTILE},
        ],
    }
    await post(
        slack,
        RANDOM,
        blocks=[markdown(HOSTILE), mrkdwn, {"type": "rich_text", "elements": [rich]}],
    )
    await ws.say(BEN, RANDOM, HOSTILE)
    await expect(page.locator(".message")).to_have_count(2)

    shown = page.locator(".message-content")
    await expect(shown.first).to_contain_text("<script>document.title='hacked'</script>")
    await expect(shown.locator("img, script, svg, iframe")).to_have_count(0)
    for handle in await shown.locator("a").all():
        assert (await handle.get_attribute("href") or "").startswith("https://evil.example/")
        assert await handle.get_attribute("rel") == "noopener noreferrer"
        assert await handle.get_attribute("target") == "_blank"
    for text in ("click", "rich click"):
        for handle in await shown.get_by_text(text, exact=True).all():
            await handle.click()
    assert "hacked" not in await page.title()
    assert requests
    assert all(url.startswith(f"{ws.url}/") for url in requests)


async def test_a_ping_that_leaks_is_seen(page: Page, ws: Workspace, slack: AsyncWebClient) -> None:
    await visit(page, ws, GENERAL)
    leaks = "<!here> <!channel> @everyone `<!here>` &lt;!here&gt; me@here.example"
    mrkdwn = {"type": "section", "text": {"type": "mrkdwn", "text": leaks}}
    await post(slack, blocks=[markdown(leaks), mrkdwn])

    for block in (".block-markdown", ".block-section"):
        await expect(page.locator(f"{block} .ping")).to_have_text(
            ["@here", "@channel", "@everyone"]
        )
        await expect(page.locator(block)).to_contain_text("<!here> me@here.example")
