"""What would ping somebody or unfurl is on record, by revision."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import BEN, GENERAL, Workspace
from sandbox.workspace.blocks.pings import pings_in, unfurls_in


def pings(block: dict[str, Any]) -> tuple[str, ...]:
    return pings_in("", [block], parse_text=False)


@pytest.mark.parametrize(
    "marker",
    ["<!channel>", "<!here>", "<!everyone>", "<!subteam^S012AB>", "<@U012AB>", "<!here|here>"],
)
def test_a_marker_pings_wherever_it_stands(marker: str) -> None:
    for text in (marker, f"a {marker} b"):
        assert pings({"type": "markdown", "text": text}) == (marker,)
    for text in (marker, f"a {marker} b", f"`{marker}`", f"```\n{marker}\n```"):
        section = {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}
        assert pings_in(text, [], parse_text=False) == (marker,)
        assert pings(section) == (marker,)


@pytest.mark.parametrize("ping", ["<!channel>", "<@U012AB>", "@here"])
def test_code_in_a_markdown_block_does_not_ping(ping: str) -> None:
    for text in (f"`{ping}`", f"a ``{ping}`` b", f"```\n{ping}\n```", f"a\n~~~ x\n{ping}"):
        assert pings({"type": "markdown", "text": text}) == ()


@pytest.mark.parametrize(
    "text",
    [
        "\\`{}`",
        "`a\n{}`",
        "a `\nb `{}` c",
        "``{}`",
        "a ```\n{}\n```",
        "    ```\n{}\n    ```",
        "```\ncode\n```\n{}",
        "```\n{}\n```".replace("```", "``"),
        "> ```\n{}",
        "- ```\n  code\n  ```\n{}",
        "  ```\nout {}",
        "a | b\n--|--\n`b | {}`",
        "<div>\n```\n{}\n```",
        "``` a|b\n{}",
    ],
)
def test_what_not_every_reader_takes_for_code_pings(text: str) -> None:
    for ping in ("<!here>", "@here"):
        assert ping in pings({"type": "markdown", "text": text.format(ping)})


@pytest.mark.parametrize(
    "text",
    [
        "&lt;!channel&gt;",
        "<! channel>",
        "<!DOCTYPE html>",
        "<\u200b!here>",
        "@\u2060here",
        "ana@here.com",
        "`@here`",
    ],
)
def test_what_only_looks_like_a_ping_does_not(text: str) -> None:
    assert pings({"type": "markdown", "text": text}) == ()


def test_plain_words_ping_where_slack_looks_for_names() -> None:
    assert pings({"type": "markdown", "text": "hey @here"}) == ("@here",)
    assert pings({"type": "section", "text": {"type": "mrkdwn", "text": "@channel!"}}) == (
        "@channel",
    )
    assert not pings({"type": "context", "elements": [{"type": "plain_text", "text": "@here"}]})
    verbatim = {"type": "mrkdwn", "text": "@here", "verbatim": True}
    assert not pings({"type": "section", "text": verbatim})


def test_rich_text_elements_ping() -> None:
    elements = [
        {"type": "broadcast", "range": "here"},
        {"type": "user", "user_id": "U1"},
        {"type": "usergroup", "usergroup_id": "S1"},
        {"type": "text", "text": "<!channel>"},
    ]
    section = {"type": "rich_text_section", "elements": elements}

    assert pings({"type": "rich_text", "elements": [section]}) == (
        "<!here>",
        "<@U1>",
        "<!subteam^S1>",
    )


def test_every_address_unfurls() -> None:
    blocks = [{"type": "markdown", "text": "[x](https://a.b/c) and https://d.e."}]

    assert unfurls_in("<https://f.g|h>", blocks) == ("https://f.g", "https://a.b/c", "https://d.e.")


async def test_an_update_looks_for_names_unless_told_not_to(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    ts = (await slack.chat_postMessage(channel=GENERAL, text="@here"))["ts"]
    await slack.chat_update(channel=GENERAL, ts=ts, text="@here")
    await slack.chat_update(channel=GENERAL, ts=ts, text="@here", parse="none")
    await slack.chat_update(channel=GENERAL, ts=ts, text="@here", parse="none", link_names=True)

    message = ws.message(GENERAL, ts)
    assert [revision.pings for revision in message.revisions] == [(), ("@here",), (), ("@here",)]
    assert message.pings == ("@here", "@here")


async def test_links_unfurl_unless_both_kinds_are_off(ws: Workspace, slack: AsyncWebClient) -> None:
    post = slack.chat_postMessage
    link = "https://example.com"
    loud = (await post(channel=GENERAL, text=link))["ts"]
    half = (await post(channel=GENERAL, text=link, unfurl_links=False))["ts"]
    quiet = (await post(channel=GENERAL, text=link, unfurl_links=False, unfurl_media=False))["ts"]
    await slack.chat_update(channel=GENERAL, ts=quiet, text=f"{link}/2", parse="none")

    assert ws.message(GENERAL, loud).unfurls == (link,)
    assert ws.message(GENERAL, half).unfurls == (link,)
    assert ws.message(GENERAL, quiet).unfurls == ()


async def test_a_mention_by_the_bot_is_a_ping(ws: Workspace, slack: AsyncWebClient) -> None:
    ts = (await slack.chat_postMessage(channel=GENERAL, text=f"<@{BEN}> asked"))["ts"]

    assert ws.message(GENERAL, ts).pings == (f"<@{BEN}>",)
