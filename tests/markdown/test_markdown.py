"""Growing text cut into messages: nothing lost, every message valid, boundaries that stay."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.characters import printable, weigh
from bot.markdown.filling import Room
from bot.markdown.markdown import Layout
from bot.markdown.safety import neutralise
from bot.slack.blocks import Foot, further_message
from sandbox.workspace.blocks.markdown import counted_chars, stored_blocks
from sandbox.workspace.blocks.validate import check_message_blocks

MARKERS = re.compile(r"(?:\s*(?:>|(?:[-*+]|\d{1,9}[.)])(?=\s)))*")
SMALL = Room(600, 6)
FULL = Room(11_000, 40)
FOOT = Foot("job1", ("retry", "edit", "details"), ("the end",))

LINES = st.sampled_from(
    [
        "\n",
        "a line of some words\n",
        "# Heading\n",
        "---\n",
        "```python\n",
        "```\n",
        "~~~\n",
        "   ```\n",
        "- item\n",
        "| a | b |\n",
        "|---|---|\n",
        "| 1 | 2 |\n",
        "if a < b && c > d: @here <!channel> <@U012AB3CD>\n",
        "x" * 150 + "\n",
        "word " * 60 + "\n",
        "[a link](https://example.com/with/a/long/path?and=query) and more\n",
        "👩🏽‍🚀 " * 20 + "\n",
        "&amp;&lt;&gt;" * 20 + "\n",
        "no newline ",
        "x",
        "``",
    ]
)
TEXTS = st.lists(LINES | st.text(max_size=30), max_size=40).map("".join)


def laid_out(text: str, room: Room = SMALL, *, steps: list[int] | None = None) -> Layout:
    layout = Layout(room, room)
    at = 0
    for step in steps or []:
        layout.feed(text[at : at + step])
        at += step
    layout.feed(text[at:])
    return layout


def pieces(layout: Layout) -> list[str]:
    return [piece.text for piece in (*layout.sealed, layout.tail())]


def fences_match(markdown: str) -> bool:
    """Whether every code block that `markdown` opens is closed in it."""
    marker = ""
    for line in markdown.split("\n"):
        bare = MARKERS.sub("", line, count=1).strip(" \t\r")
        ticks = bare[: len(bare) - len(bare.lstrip(bare[0]))] if bare[:1] in ("`", "~") else ""
        if not marker and len(ticks) >= 3 and (ticks[0] == "~" or "`" not in bare[len(ticks) :]):
            marker = ticks
        elif marker and ticks[:1] == marker[0] and len(ticks) >= len(marker) and ticks == bare:
            marker = ""
    return not marker


@given(TEXTS)
def test_joined_pieces_are_the_text(text: str) -> None:
    assert "".join(pieces(laid_out(text))) == text


@given(TEXTS, st.lists(st.integers(1, 400), max_size=30))
def test_how_text_arrives_does_not_matter(text: str, steps: list[int]) -> None:
    assert pieces(laid_out(text, steps=steps)) == pieces(laid_out(text))


@given(TEXTS, st.lists(st.integers(1, 200), max_size=30))
def test_what_is_sealed_stays(text: str, steps: list[int]) -> None:
    layout = Layout(SMALL, SMALL)
    at = 0
    for step in steps:
        before = list(layout.sealed)
        layout.feed(text[at : at + step])
        at += step
        assert layout.sealed[: len(before)] == before


@given(TEXTS, st.data())
def test_every_message_is_within_the_room_at_any_moment(text: str, data: st.DataObject) -> None:
    text = text[: data.draw(st.integers(0, len(text)))]
    layout = laid_out(text)

    for piece in (*layout.sealed, layout.tail(), layout.tail(growing=True)):
        shown = neutralise(piece.markdown)
        assert counted_chars(shown) <= SMALL.chars
        assert len(shown) <= SMALL.chars
        if shown.strip():
            assert len(stored_blocks([{"type": "markdown", "text": shown}])) <= SMALL.blocks + 4
        assert fences_match(printable(piece.markdown))


@settings(max_examples=25)
@given(st.lists(LINES, min_size=100, max_size=400).map("".join))
def test_slack_takes_every_message(text: str) -> None:
    layout = laid_out(text, FULL)

    for number, piece in enumerate((*layout.sealed, layout.tail())):
        message = further_message(number, piece.markdown, FOOT)
        check_message_blocks(list(message.blocks))


def test_a_message_ends_at_a_paragraph() -> None:
    paragraph = "word " * 40 + "\n\n"
    layout = laid_out(paragraph * 9, Room(1_000, 40))

    assert all(piece.text.endswith("\n\n") for piece in layout.sealed)
    assert len(layout.sealed[0].text) > 500


def test_a_long_paragraph_ends_at_a_line_and_a_long_line_at_a_word() -> None:
    lines = laid_out("some words in a line\n" * 100)
    words = laid_out("word " * 500)
    link = laid_out("word " * 75 + "[text of a link that is cut here](https://example.com)")

    assert all(piece.text.endswith("\n") for piece in lines.sealed)
    assert all(piece.text.endswith("word ") for piece in words.sealed)
    assert link.sealed[0].text.endswith("word ")
    assert link.tail().text.startswith("[text")


def test_a_line_without_spaces_is_cut_between_whole_characters() -> None:
    entities = laid_out("&amp;" * 300)
    people = laid_out("👩🏽‍🚀" * 300)

    assert all(piece.text.endswith(";") for piece in entities.sealed)
    assert all(piece.text.endswith("👩🏽‍🚀") for piece in people.sealed)


def test_a_code_block_is_closed_and_opened_again_with_its_language() -> None:
    layout = laid_out("Look:\n\n```python\n" + "print('hello')\n" * 100 + "```\ndone\n")

    first, second, *_, last = (*layout.sealed, layout.tail())
    assert first.markdown.startswith("Look:\n\n```python\n")
    assert first.markdown.endswith("print('hello')\n```")
    assert second.markdown.startswith("```python\nprint")
    assert second.markdown.endswith("\n```")
    assert last.markdown.startswith("```python\n")
    assert last.markdown.endswith("```\ndone\n")


def test_a_code_block_moves_whole_to_the_next_message_when_it_begins_late() -> None:
    layout = laid_out("word " * 80 + "\n\n```sh\n" + "echo hello\n" * 20 + "```\n")

    assert layout.sealed[0].text.endswith("\n\n")
    assert layout.tail().markdown.startswith("```sh\n")


def test_a_shorter_fence_inside_a_code_block_does_not_close_it() -> None:
    layout = laid_out("````md\n```\ninside\n```\n")

    assert layout.tail().markdown.endswith("```\n````")


@pytest.mark.parametrize("begun", ["``", "```", "```py", "~~~"])
def test_a_fence_of_which_a_part_came_is_not_shown_yet(begun: str) -> None:
    layout = laid_out("text\n" + begun)

    assert layout.tail(growing=True).markdown == "text\n"
    assert fences_match(layout.tail().markdown)


def test_a_closing_fence_without_a_newline_closes() -> None:
    assert laid_out("```\ncode\n```").tail().markdown == "```\ncode\n```"
    assert laid_out("```\ncode\n```")._ending.closing() == ""
    assert laid_out("```\ncode")._ending.closing() == "\n```"


def test_a_table_is_cut_between_rows_and_its_head_repeated() -> None:
    head = "| name | value |\n|---|---|\n"
    layout = laid_out(head + "| some name | 1 |\n" * 100)

    assert len(layout.sealed) > 1
    for piece in (*layout.sealed, layout.tail()):
        assert piece.markdown.startswith(head)
        assert piece.markdown.endswith("|\n")


@pytest.mark.parametrize("chars", [230, 600, 1_300, 11_000])
@pytest.mark.parametrize("head", ["|" + "&" * 990 + "|\n|-|\n", "```" + "&" * 60 + "\n"])
def test_what_is_repeated_leaves_room_for_more(head: str, chars: int) -> None:
    text = head + "| a | b |\n" * 500
    layout = laid_out(text, Room(chars, 40))

    assert "".join(pieces(layout)) == text
    assert all(weigh(piece.markdown) <= chars for piece in layout.sealed)


def test_a_table_of_many_short_rows_is_cut_below_100() -> None:
    layout = laid_out("|a|b|\n|-|-|\n" + "|1|2|\n" * 400, FULL)

    for piece in (*layout.sealed, layout.tail()):
        (table,) = stored_blocks([{"type": "markdown", "text": piece.markdown}])
        assert len(table["rows"]) < 100


def test_a_table_head_is_not_parted_from_its_rule() -> None:
    for words in range(90, 120):
        layout = laid_out("word " * words + "\n| a | b |\n|---|---|\n| 1 | 2 |\n")
        assert not any(piece.text.endswith("| b |\n") for piece in layout.sealed)


def test_many_headings_and_rules_stay_within_the_blocks_of_a_message() -> None:
    layout = laid_out("# h\n\ntext\n\n---\n" * 60, FULL)

    for piece in (*layout.sealed, layout.tail()):
        assert len(stored_blocks([{"type": "markdown", "text": piece.markdown}])) <= 44


def test_code_that_not_every_reader_sees_the_same_stays_within_the_blocks_of_a_message() -> None:
    for begun in ("- ```sh\n  a\n  ```\n\n", "```sh``` is code\n\n", "     ```\n```\n\n"):
        layout = laid_out(begun + "```\n" + "# a comment\n" * 200 + "```\n", FULL)
        for piece in (*layout.sealed, layout.tail()):
            check_message_blocks([{"type": "markdown", "text": piece.markdown}])


def test_weight_is_never_below_what_slack_counts() -> None:
    for text in ("plain", "a & b < c > d", "<!channel> @here &lt;!here&gt;", "👩🏽‍🚀", "\ud83d"):
        assert weigh(text) >= counted_chars(neutralise(text))


@pytest.mark.parametrize("text", ["x" * 400_000, " \t|" * 130_000, "- " * 200_000, "\n" * 50_000])
def test_hostile_text_takes_no_long_time(text: str) -> None:
    started = time.process_time()
    layout = laid_out(text + "\n" + text, FULL)

    assert "".join(pieces(layout)) == text + "\n" + text
    assert time.process_time() - started < 10


@pytest.mark.parametrize("line", ["-\n", "===\n", "# a\n", "a\n---\n"])
def test_messages_of_nothing_but_headings_are_filled(line: str) -> None:
    layout = laid_out(line * 400, FULL)
    assert min(len(piece.text) for piece in layout.sealed) >= 9 * len(line)
