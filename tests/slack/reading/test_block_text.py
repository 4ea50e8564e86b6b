"""The text in blocks, in Slack's notation."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.reading.block_text import text_of_blocks


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def rich(kind: str, *elements: Any, **fields: Any) -> dict[str, Any]:
    return {"type": f"rich_text_{kind}", "elements": list(elements), **fields}


def button(words: str, **fields: Any) -> dict[str, Any]:
    return {"type": "button", "text": {"type": "plain_text", "text": words}, **fields}


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"type": "section", "text": {"type": "mrkdwn", "text": "a &lt; <@U1>"}}, "a &lt; <@U1>"),
        ({"type": "header", "text": {"type": "plain_text", "text": "Head"}}, "Head"),
        ({"type": "markdown", "text": "1 < 2"}, "1 &lt; 2"),
        ({"type": "context", "elements": [{"type": "mrkdwn", "text": "small"}]}, "small"),
        ({"type": "section", "fields": [{"type": "mrkdwn", "text": t} for t in "ab"]}, "a\nb"),
        (
            {"type": "image", "title": {"type": "plain_text", "text": "a cat"}},
            "(A picture, and not looked at: a cat)",
        ),
        (
            {"type": "image", "image_url": "https://a.b/c.png", "alt_text": "CPU < 5%"},
            "(A picture, and not looked at: CPU &lt; 5%)",
        ),
        ({"type": "context", "elements": [{"type": "image", "alt_text": "ana"}]}, ""),
        ({"type": "table", "rows": [[{"type": "raw_number", "value": 42}]]}, "42"),
        (
            {
                "type": "data_table",
                "caption": "Stock",
                "rows": [[{"type": "raw_text", "text": "a"}]],
            },
            "a",
        ),
        (
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": "Alert"},
                "accessory": button("Runbook", url="https://r.example.com?a&b"),
            },
            "Alert\n<https://r.example.com?a&amp;b|Runbook>",
        ),
        (
            {"type": "actions", "elements": [button("Open", url="https://a.b"), button("Ack")]},
            "<https://a.b|Open>",
        ),
        (
            {
                "type": "actions",
                "elements": [
                    {
                        "type": "overflow",
                        "options": [
                            {"text": {"type": "plain_text", "text": "Logs"}, "url": "https://l.b"},
                            {"text": {"type": "plain_text", "text": "Mute"}, "value": "mute"},
                        ],
                    },
                    {
                        "type": "static_select",
                        "options": [{"text": {"type": "plain_text", "text": "x"}}],
                    },
                ],
            },
            "<https://l.b|Logs>",
        ),
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
        (rich("section", {"type": "color", "value": "#fff"}, text("x")), "#fffx"),
        (rich("section", {"type": "date", "timestamp": 1, "format": "{date}"}),
         "<!date^1^{date_short}>"),
        (
            rich(
                "section",
                {"type": "usergroup", "usergroup_id": "S1"},
                text(", please look, "),
                {"type": "color", "value": "#FF0000"},
                {"type": "link", "url": "https://x.org/a", "text": "the doc"},
            ),
            "<!subteam^S1>, please look, #FF0000<https://x.org/a|the doc>",
        ),
        (rich("list", rich("section", text("a")), style="bullet", indent=1), "  • a"),
        (rich("list", rich("section", text("c")), style="ordered", offset=2), "3. c"),
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
