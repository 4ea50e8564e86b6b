"""All that a message shows, and whose it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.reading.message_text import (
    Attached,
    Attachment,
    names_of_files,
    parts_of,
    text_of_message,
)

FORWARDED: dict[str, Any] = {
    "is_share": True,
    "is_msg_unfurl": True,
    "author_name": "Carol",
    "author_id": "U0CAROL",
    "text": "Deploy of ZEBRA failed at 14:02 with error E42",
    "fallback": "[no preview]",
}
ROWS: list[Any] = [[{"type": "raw_text", "text": cell} for cell in row] for row in ("ab", "12")]
TABLE: dict[str, Any] = {"type": "table", "rows": ROWS}


def text_of_attachments(attachments: Sequence[Attachment]) -> str:
    return parts_of("", (), attachments, by_app=True).beside


def rich(words: str) -> dict[str, Any]:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": words}]}
    return {"type": "rich_text", "elements": [section]}


def test_attachments() -> None:
    assert text_of_attachments(
        [
            {"pretext": "before", "title": "Title", "text": "text", "fallback": "short"},
            {"fallback": "short"},
            {"fallback": "[no preview available]"},
            {"blocks": [{"type": "markdown", "text": "block"}]},
            {"text": 7},
        ]
    ) == "before\nTitle\ntext\nshort\nblock\n7"  # fmt: skip


def test_the_title_of_an_attachment_leads_somewhere() -> None:
    titled = {"title": "Build #77", "title_link": "https://ci.b/77"}
    linked = {"title": "<https://a.b|a>", "title_link": "https://ci.b/77"}

    assert text_of_attachments([titled]) == "<https://ci.b/77|Build #77>"
    assert text_of_attachments([linked]) == "<https://a.b|a>"


def test_fields_buttons_pictures_and_footers_of_an_attachment() -> None:
    attachment: dict[str, Any] = {
        "author_name": "Alerts",
        "title": "Firing",
        "fields": [
            {"title": "Host", "value": "lynx-9"},
            {"title": "Severity", "value": "critical", "short": True},
            {"value": "alone"},
        ],
        "actions": [
            {"type": "button", "text": "Runbook", "url": "https://r.b"},
            {"type": "button", "text": "Ack", "name": "ack"},
        ],
        "image_url": "https://p.b/1.png",
        "files": [{"name": "dump.txt"}],
        "footer": "cluster eu-1",
    }

    assert text_of_attachments([attachment]).split("\n") == [
        "Alerts",
        "Firing",
        "Host: lynx-9",
        "Severity: critical",
        "alone",
        "<https://r.b|Runbook>",
        "(A picture, and not looked at)",
        "(Attached: dump.txt)",
        "cluster eu-1",
    ]


@pytest.mark.parametrize(
    ("text", "attachments", "said"),
    [
        ("Alert fired", [{"text": "lynx-1 at 97%"}], "Alert fired\nlynx-1 at 97%"),
        ("a long text of the app", [{"text": "LYNX-3"}], "a long text of the app\nLYNX-3"),
        ("", [{"title": "F", "fields": [{"title": "Host", "value": "l"}]}], "F\nHost: l"),
        ("the same", [{"text": "the same"}], "the same"),
        ("see", [{"fallback": "[no preview available]"}], "see"),
    ],
)
@pytest.mark.parametrize("by_app", [True, False])
def test_text_and_attachments_are_both_shown(
    text: str, attachments: list[Any], said: str, by_app: bool
) -> None:
    found = text_of_message(text, [], attachments, by_app=by_app)

    assert found.removesuffix("\n(Attached: an attachment; not read)") == said


def test_an_app_shows_its_blocks_in_place_of_its_text() -> None:
    blocks: list[Any] = [{"type": "markdown", "text": "much longer than that"}]

    assert text_of_message("short", blocks, [], by_app=True) == "much longer than that"
    assert text_of_message("a text that is longer than its blocks", blocks, [], by_app=True) == (
        "a text that is longer than its blocks\nmuch longer than that"
    )


def test_the_rich_text_of_a_person_is_their_text_and_the_rest_goes_along() -> None:
    table = "a | b\n1 | 2"

    assert text_of_message(" hi ", [rich("hi")], [], by_app=False) == "hi"
    assert text_of_message(" ", [rich("hi")], [], by_app=False) == "hi"
    assert text_of_message("total?", [rich("total?"), TABLE], [], by_app=False) == (
        f"total?\n{table}"
    )
    for text in ("total?", ""):
        parts = parts_of(text, [], [{"fallback": "[no preview available]", "blocks": [TABLE]}])
        assert (parts.text, parts.beside, parts.unread) == (text, table, 0)


def test_what_is_forwarded_is_somebody_elses() -> None:
    parts = parts_of("what went wrong?", [rich("what went wrong?")], [FORWARDED])

    assert parts.text == "what went wrong?"
    assert parts.beside == ""
    assert parts.others == (Attached(FORWARDED["text"], "Carol", "U0CAROL"),)
    assert text_of_message("FYI", [], [FORWARDED], by_app=False) == (
        "FYI\nForwarded from Carol:\n&gt; Deploy of ZEBRA failed at 14:02 with error E42"
    )


def test_all_of_a_forwarded_message_goes_along() -> None:
    forwarded: dict[str, Any] = {
        "is_share": True,
        "author_subname": "Dan",
        "text": "look",
        "message_blocks": [{"message": {"blocks": [rich("look"), TABLE]}}],
        "files": [{"name": "log.txt"}],
        "attachments": [{"title": "Build", "fields": [{"title": "Host", "value": "x"}]}],
        "footer": "Posted in #ops",
    }

    (other,) = parts_of("", [], [forwarded]).others

    assert other.author == "Dan"
    assert other.text.split("\n") == [
        "look",
        "a | b",
        "1 | 2",
        "Build",
        "Host: x",
        "(Attached: log.txt)",
        "Posted in #ops",
    ]


def test_what_cannot_be_read_is_counted() -> None:
    parts = parts_of("see", [], [{"is_share": True, "fallback": "[no preview available]"}, {}])

    assert (parts.others, parts.unread) == ((), 2)
    assert text_of_message("see", [], [{"id": 1}], by_app=False) == (
        "see\n(Attached: an attachment; not read)"
    )


def test_names_of_files_cannot_act() -> None:
    files: list[Any] = [{"name": "a\n<!here>.pdf"}, {"title": "Plan"}, {"id": "F1"}, {"name": 7}]
    assert names_of_files(files) == ("a ‹!here›.pdf", "Plan", "a file", "a file")


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["table", "a", "<@U1>"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "text", "title", "fields", "blocks", "attachments", "is_share", "files",
                 "message_blocks", "message", "actions", "url", "author_name", "fallback"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)  # fmt: skip


names = st.sampled_from(["text", "fields", "blocks", "is_share", "attachments", "files"])


@given(st.lists(st.dictionaries(names, json, max_size=4), max_size=3), st.booleans())
def test_no_attachments_raise(attachments: list[Any], by_app: bool) -> None:
    text_of_message("text", [], attachments, by_app=by_app)
