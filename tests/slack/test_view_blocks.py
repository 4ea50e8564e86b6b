from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.characters import weigh
from bot.slack.blocks import fields, lines, long_text
from bot.slack_limits import SECTION_FIELDS, SECTION_TEXT_CHARS
from sandbox.workspace.blocks.pings import pings_in
from sandbox.workspace.blocks.texts import texts_of
from sandbox.workspace.blocks.validate import check_view
from tests.markdown.undone import without_joiners

texts = st.text(st.characters(exclude_categories=["Cs"])) | st.text("ab <&@\n")


def shown(blocks: list[Any]) -> list[str]:
    """The texts of `blocks`, which Slack takes in a view."""
    title = {"type": "plain_text", "text": "Title"}
    check_view({"type": "modal", "title": title, "blocks": blocks[:100]}, kind="modal")
    return list(texts_of(blocks))


@given(texts, st.integers(0, 2_000))
def test_a_long_text_is_shown_whole_and_in_order(text: str, times: int) -> None:
    long = text * times if len(text) * times < 20_000 else text

    paragraphs = shown(list(long_text(long)))

    whole = "".join(without_joiners(paragraph) for paragraph in paragraphs)
    assert "".join(whole.split()) == "".join(long.replace("\0", "\ufffd").split())
    assert all(paragraph.strip() for paragraph in paragraphs)
    assert all(weigh(without_joiners(paragraph)) <= SECTION_TEXT_CHARS for paragraph in paragraphs)


def test_a_long_text_is_cut_between_lines_or_words() -> None:
    text = "\n".join(f"line {number} of the text" for number in range(500))

    first, second, *_ = shown(list(long_text(text)))

    assert len(first) > SECTION_TEXT_CHARS // 2
    assert first.endswith("of the text")
    assert second.startswith("line ")


def test_a_text_without_a_place_to_cut_is_cut_anyway() -> None:
    paragraphs = shown(list(long_text("x" * 7_000)))

    assert [len(paragraph) for paragraph in paragraphs] == [3_000, 3_000, 1_000]


def test_a_long_text_cannot_act() -> None:
    blocks: list[Any] = list(long_text("<!channel> and @here, <@U0ANA00001> " * 200))

    assert not pings_in(" ".join(shown(blocks)), blocks, parse_text=True)


def test_a_blank_text_is_no_paragraph() -> None:
    assert not list(long_text(" \n\t "))


def test_lines_fill_paragraphs_and_stay_whole() -> None:
    many = [f"• {number} {'x' * 200}" for number in range(100)]

    paragraphs = shown(list(lines(many)))

    assert [line for paragraph in paragraphs for line in paragraph.split("\n")] == many
    assert len(paragraphs) < 10


def test_fields_come_as_many_to_a_paragraph_as_slack_takes() -> None:
    blocks: list[Any] = list(fields(f"*{number}*" for number in range(23)))

    assert [len(block["fields"]) for block in blocks] == [SECTION_FIELDS, SECTION_FIELDS, 3]
    assert len(shown(blocks)) == 23
