"""The text in blocks, in Slack's notation."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.block_text import (
    names_of_files,
    text_of_attachments,
    text_of_blocks,
    text_of_message,
)


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def rich(kind: str, *elements: Any, **fields: Any) -> dict[str, Any]:
    return {"type": f"rich_text_{kind}", "elements": list(elements), **fields}


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"type": "section", "text": {"type": "mrkdwn", "text": "a &lt; <@U1>"}}, "a &lt; <@U1>"),
        ({"type": "header", "text": {"type": "plain_text", "text": "Head"}}, "Head"),
        ({"type": "markdown", "text": "1 < 2"}, "1 &lt; 2"),
        ({"type": "context", "elements": [{"type": "mrkdwn", "text": "small"}]}, "small"),
        ({"type": "section", "fields": [{"type": "mrkdwn", "text": t} for t in "ab"]}, "a\nb"),
        ({"type": "image", "title": {"type": "plain_text", "text": "a cat"}}, "a cat"),
        ({"type": "table", "rows": [[{"type": "raw_text", "text": c} for c in "ab"]]}, "a | b"),
        ({"type": "table", "rows": [[rich("section", text("c"))], None]}, "c"),
        ({"type": "actions", "elements": [{"type": "button", "text": {"text": "Go"}}]}, ""),
        ({"type": "divider"}, ""),
        (None, ""),
        (7, ""),
    ],
)
def test_blocks(block: Any, said: str) -> None:
    assert text_of_blocks([block]) == said


@pytest.mark.parametrize(
    ("element", "said"),
    [
        (rich("section", text("a & "), text("b")), "a &amp; b"),
        (rich("section", {"type": "user", "user_id": "U1"}), "<@U1>"),
        (rich("section", {"type": "channel", "channel_id": "C1"}), "<#C1>"),
        (rich("section", {"type": "broadcast", "range": "here"}), "<!here>"),
        (rich("section", {"type": "emoji", "name": "tada"}), ":tada:"),
        (rich("section", {"type": "link", "url": "https://a.b?c&d"}), "https://a.b?c&amp;d"),
        (
            rich("section", {"type": "link", "url": "https://a.b?c|&d", "text": "<here>"}),
            "<https://a.b?c%7C&amp;d|&lt;here&gt;>",
        ),
        (rich("section", {"type": "date", "timestamp": 1, "fallback": "today"}), "today"),
        (rich("section", {"type": "color", "value": "#fff"}, text("x")), "x"),
        (rich("preformatted", text("x = 1")), "```\nx = 1\n```"),
        (rich("quote", text("one\ntwo")), "&gt; one\n&gt; two"),
        (rich("list", rich("section", text("a")), rich("section", text("b")), style="bullet"),
         "• a\n• b"),
        (rich("list", rich("section", text("a")), rich("section", text("b")), style="ordered"),
         "1. a\n2. b"),
    ],
)  # fmt: skip
def test_rich_text(element: Any, said: str) -> None:
    assert text_of_blocks([{"type": "rich_text", "elements": [element]}]) == said


def test_attachments() -> None:
    assert text_of_attachments(
        [
            {"pretext": "before", "title": "Title", "text": "text", "fallback": "short"},
            {"fallback": "short"},
            {"blocks": [{"type": "markdown", "text": "block"}]},
            {"text": 7},
        ]
    ) == "before\nTitle\ntext\nshort\nblock"  # fmt: skip


def test_the_title_of_an_attachment_leads_somewhere() -> None:
    titled = {"title": "Build #77", "title_link": "https://ci.b/77"}
    linked = {"title": "<https://a.b|a>", "title_link": "https://ci.b/77"}

    assert text_of_attachments([titled]) == "<https://ci.b/77|Build #77>"
    assert text_of_attachments([linked]) == "<https://a.b|a>"


def test_of_a_person_the_text_says_it_all() -> None:
    blocks: list[Any] = [{"type": "markdown", "text": "much longer than that"}]

    assert text_of_message(" hi ", blocks, [], by_app=False) == "hi"
    assert text_of_message("hi", blocks, [], by_app=True) == "much longer than that"
    assert text_of_message(" ", blocks, [], by_app=False) == "much longer than that"
    assert text_of_message("a long summary", [], [{"text": "short"}], by_app=True) == (
        "a long summary"
    )


def test_names_of_files_cannot_act() -> None:
    files: list[Any] = [{"name": "a\n<!here>.pdf"}, {"title": "Plan"}, {"id": "F1"}, {"name": 7}]
    assert names_of_files(files) == ("a ‹!here›.pdf", "Plan")


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["rich_text_list", "table", "a"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "text", "elements", "rows", "style", "fields"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.lists(json, max_size=3))
def test_no_blocks_raise(blocks: list[Any]) -> None:
    text_of_blocks(blocks)
