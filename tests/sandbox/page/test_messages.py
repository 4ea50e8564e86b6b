"""Messages and threads as people see them."""

from __future__ import annotations

from typing import Literal

from playwright.async_api import Page, expect
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import ANA, BEN, GENERAL, GROUP_DM, TEAM_ID, Workspace
from tests.sandbox.page.helpers import IN_BROWSER, button, markdown, post, type_and_send, visit

pytestmark = IN_BROWSER

SCHEMES: tuple[Literal["dark", "light"], ...] = ("dark", "light")

BRIGHTNESS = """node => {
    const of = (color) => Math.max(...color.match(/[0-9.]+/g).slice(0, 3).map(Number));
    const paper = getComputedStyle(document.body).backgroundColor;
    return { ink: of(getComputedStyle(node).color), paper: of(paper) };
}"""
"""How bright the text and what it stands on are, from 0 to 255."""

SCROLL_UP = """node => new Promise(done => {
    node.scrollTop = 100;
    requestAnimationFrame(() => requestAnimationFrame(done));
})"""
"""Returns once the page has heard of it."""


async def test_what_a_person_types_appears_to_everybody(page: Page, ws: Workspace) -> None:
    await visit(page, ws, GENERAL)
    await type_and_send(page, "hello *world* & <friends>")

    message = page.locator(".message", has_text="hello world & <friends>")
    await expect(message.locator("strong")).to_have_text("world")
    await expect(message).to_contain_text("Ana Silva")
    await expect(page.locator("[data-composer=channel]")).to_have_value("")
    await page.locator("[data-user-switch]").select_option(BEN)
    await expect(message).to_be_visible()
    assert page.url.endswith(f"#{GENERAL}/{BEN}")


async def test_an_author_is_named_once_in_a_row(page: Page, ws: Workspace) -> None:
    for author in (ANA, ANA, BEN):
        await ws.say(author, GENERAL, "words")
    await visit(page, ws, GENERAL)

    names = page.locator(".message-name")
    await expect(names).to_have_count(3)
    shown = [await name.is_visible() for name in await names.all()]
    assert shown == [True, False, True]
    await expect(page.get_by_role("separator")).to_have_text("Today")


async def test_an_archived_channel_can_only_be_read(page: Page, ws: Workspace) -> None:
    await ws.say(BEN, GENERAL, "old news")
    await visit(page, ws, GENERAL)
    ws.archive(GENERAL)

    await expect(page.locator("[data-composer=channel]")).to_be_hidden()
    await expect(page.locator(".channel")).to_contain_text("This channel is archived")
    await expect(page.locator(".message")).to_contain_text("old news")


async def test_a_person_stops_what_streams(
    page: Page, ws: Workspace, slack: AsyncWebClient
) -> None:
    root = await ws.say(ANA, GENERAL, "question")
    stream = await slack.chat_startStream(
        channel=GENERAL, thread_ts=root.ts, recipient_user_id=ANA, recipient_team_id=TEAM_ID
    )
    await visit(page, ws, GENERAL)
    await page.locator(".thread-link").click()
    answer = page.locator(f'[data-ts="{stream["ts"]}"]')
    await slack.chat_appendStream(channel=GENERAL, ts=stream["ts"], markdown_text="so far")
    await expect(answer).to_contain_text("so far")

    await answer.get_by_role("button", name="Stop generating").click()

    await expect(answer.get_by_role("button", name="Stop generating")).to_have_count(0)
    assert ws.message(GENERAL, stream["ts"]).stream_stopped


async def test_a_message_changes_in_place(page: Page, ws: Workspace, slack: AsyncWebClient) -> None:
    await visit(page, ws, GENERAL)
    stop = {"type": "actions", "elements": [button("stop")]}
    ts = await post(slack, blocks=[markdown("First.\n\nSec"), stop])
    message = page.locator(f'[data-ts="{ts}"]')
    await expect(message).to_have_attribute("data-revision", "1")
    await message.evaluate(
        """node => { node.kept = true; node.querySelector("p").kept = true;
                     node.querySelector("button.button").kept = true; }"""
    )

    for end in ("ond.", "ond.\n\n- third"):
        await slack.chat_update(
            channel=GENERAL, ts=ts, text="…", blocks=[markdown(f"First.\n\nSec{end}"), stop]
        )

    await expect(message).to_have_attribute("data-revision", "3")
    await expect(message.locator("li")).to_have_text("third")
    await expect(message.locator("p").nth(1)).to_have_text("Second.")
    assert await message.evaluate(
        """node => node.kept && node.querySelector("p").kept
                && node.querySelector("button.button").kept"""
    )
    await expect(message.locator(".edited")).to_have_count(0)


async def test_an_edited_text_says_so_and_a_deleted_message_goes(
    page: Page, ws: Workspace, slack: AsyncWebClient
) -> None:
    await visit(page, ws, GENERAL)
    ts = await post(slack, text="before")
    await slack.chat_update(channel=GENERAL, ts=ts, text="after")
    await expect(page.locator(f'[data-ts="{ts}"]')).to_contain_text("after (edited)")

    await slack.chat_delete(channel=GENERAL, ts=ts)
    await expect(page.locator(f'[data-ts="{ts}"]')).to_have_count(0)


async def test_the_reader_is_not_moved_unless_at_the_end(
    page: Page, ws: Workspace, slack: AsyncWebClient
) -> None:
    for number in range(30):
        await ws.say(BEN, GENERAL, f"line {number}\nand more\nand more")
    ts = await post(slack, text="growing")
    await visit(page, ws, GENERAL)
    last = page.locator(f'[data-ts="{ts}"]')
    await expect(last).to_be_in_viewport()
    await slack.chat_update(channel=GENERAL, ts=ts, text="growing\n" * 20 + "end")
    await expect(last.get_by_text("end")).to_be_in_viewport()

    scroller = page.locator(".timeline-scroll")
    await scroller.evaluate(SCROLL_UP)
    await expect(page.locator(".jump")).to_be_hidden()
    await slack.chat_update(channel=GENERAL, ts=ts, text="growing\n" * 40 + "end")
    await expect(last).to_have_attribute("data-revision", "3")
    assert await scroller.evaluate("node => node.scrollTop") == 100

    await page.locator(".jump").click()
    await expect(last.get_by_text("end")).to_be_in_viewport()
    await expect(page.locator(".jump")).to_be_hidden()


async def test_whoever_sends_is_taken_to_the_end(page: Page, ws: Workspace) -> None:
    for number in range(30):
        await ws.say(BEN, GENERAL, f"line {number}\nand more\nand more")
    await visit(page, ws, GENERAL)
    await expect(page.get_by_text("line 29")).to_be_in_viewport()
    await page.locator(".timeline-scroll").evaluate(SCROLL_UP)
    await expect(page.get_by_text("line 29")).not_to_be_in_viewport()
    await type_and_send(page, "I am here")

    await expect(page.get_by_text("I am here")).to_be_in_viewport()


async def test_the_button_to_the_newest_lies_above_the_message_that_is_pointed_at(
    page: Page, ws: Workspace, slack: AsyncWebClient
) -> None:
    await visit(page, ws, GENERAL)
    await post(slack, text="\n".join(["a long message"] * 80))
    await page.locator(".message").wait_for()
    await page.locator(".timeline-scroll").evaluate(SCROLL_UP)
    await expect(page.get_by_text("a long message").first).to_be_in_viewport()
    await post(slack, text="news")
    jump = page.locator(".jump")
    await jump.wait_for()
    await page.locator(".message").first.hover(position={"x": 300, "y": 200})

    on_top = await jump.evaluate(
        "node => { const { left, top, width } = node.getBoundingClientRect();"
        " return node.contains(document.elementFromPoint(left + width / 2, top + 2)); }"
    )
    assert on_top


async def test_the_page_is_dark_where_its_reader_wants_that(
    page: Page, ws: Workspace, slack: AsyncWebClient
) -> None:
    await visit(page, ws, GENERAL)
    await post(slack, text="Hello `there`")
    seen: dict[str, dict[str, int]] = {}
    for scheme in SCHEMES:
        await page.emulate_media(color_scheme=scheme)
        seen[scheme] = await page.locator(".message-content").first.evaluate(BRIGHTNESS)
    await page.emulate_media(color_scheme="light")

    assert seen["dark"]["paper"] < 60 < 180 < seen["dark"]["ink"]
    assert seen["light"]["ink"] < 60 < 180 < seen["light"]["paper"]


async def test_an_ephemeral_message_is_marked_and_can_be_dismissed(
    page: Page, ws: Workspace, slack: AsyncWebClient
) -> None:
    await visit(page, ws, GENERAL)
    await slack.chat_postEphemeral(channel=GENERAL, user=ANA, text="psst")
    await slack.chat_postEphemeral(channel=GENERAL, user=BEN, text="not for ana")

    message = page.locator("[data-ephemeral]")
    await expect(message).to_have_count(1)
    await expect(message).to_contain_text("Only visible to you")
    await expect(message).to_contain_text("psst")
    await message.get_by_role("button", name="Dismiss").click()
    await expect(message).to_have_count(0)
    await page.reload()
    await expect(page.locator("[data-composer=channel]")).to_be_visible()
    await expect(message).to_have_count(0)


async def test_a_thread_opens_beside_the_channel_and_stays_live(
    page: Page, ws: Workspace, slack: AsyncWebClient
) -> None:
    root = await ws.say(BEN, GENERAL, "a question")
    await visit(page, ws, GENERAL)
    message = page.locator(f'.main [data-ts="{root.ts}"]')
    await message.hover()
    await message.get_by_role("button", name="Reply in thread").click()
    await type_and_send(page, "an answer", "thread")

    pane = page.locator("[data-thread]")
    await expect(pane.locator(".message")).to_have_count(2)
    await expect(message.locator(".thread-link")).to_contain_text("1 reply")
    await post(slack, text="another", thread_ts=root.ts)
    await expect(pane).to_contain_text("another")
    await expect(pane).to_contain_text("2 replies")
    await expect(page.locator(".main .message")).to_have_count(1)

    await pane.get_by_role("button", name="Close thread").click()
    await expect(pane).to_have_count(0)
    await message.locator(".thread-link", has_text="2 replies").click()
    await expect(pane.locator(".message")).to_have_count(3)


async def test_a_reply_can_be_shown_in_the_channel_too(page: Page, ws: Workspace) -> None:
    root = await ws.say(BEN, GENERAL, "a question")
    await ws.say(BEN, GENERAL, "nobody?", root.ts)
    await visit(page, ws, GENERAL)
    await page.locator(".thread-link").click()
    await page.locator("[data-broadcast]").check()
    await type_and_send(page, "for everybody", "thread")

    echo = page.locator(".main .message", has_text="for everybody")
    await expect(echo).to_contain_text("Replied to a thread")
    await expect(page.locator("[data-thread] .message", has_text="for everybody")).to_be_visible()
    await expect(page.locator("[data-broadcast]")).not_to_be_checked()
    assert ws.replies(GENERAL, root.ts)[-1].broadcast


async def test_groups_and_other_apps_have_their_names(page: Page, ws: Workspace) -> None:
    await ws.say_as_bot(GENERAL, "build failed")
    await ws.say(BEN, GENERAL, "sighs", me=True)
    await visit(page, ws, GENERAL)

    await expect(page.locator(".message", has_text="build failed")).to_contain_text("Parrot")
    await expect(page.locator(".me-message")).to_have_text("sighs")
    await page.locator(f"[data-channel={GROUP_DM}]").click()
    await expect(page.locator("h1")).to_have_text("Ben Okafor, Grok")
    await expect(page.locator(".channel")).to_contain_text("or mention @grok")
