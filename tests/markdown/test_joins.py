"""How a cut answer ends, and how what goes on with it begins."""

from __future__ import annotations

import pytest

from bot.markdown.filling import Room
from bot.markdown.joins import enough
from bot.markdown.markdown import Layout

ROOM = Room(11_000, 40)


@pytest.mark.parametrize(
    ("begun", "markdown"),
    [
        ("A sentence.", "A sentence."),
        ("**Say", "**Say**"),
        ("**Say\n", "**Say**\n"),
        ("**1. As a user.*", "**1. As a user.**"),
        ("**Say**", "**Say**"),
        ("***a**", "***a***"),
        ("~~a~", "~~a~~"),
        ("``a`", "``a``"),
        ("x *", "x "),
        ("x **", "x "),
        ("x and \\", "x and "),
        ("x and \\\\", "x and \\\\"),
        ("**a `b", "**a `b`**"),
        ("**$E=mc^2$ and `a_b*c*`", "**$E=mc^2$ and `a_b*c*`**"),
        ("**see [the do", "**see**"),
        ("see [the docs](https://e.co", "see "),
        ("see [1]. ", "see [1]. "),
        ("![a pict", "![a pict"),
        ("a ![pict", "a "),
        ("AT&amp;T &am", "AT&amp;T "),
        ("fish & chips", "fish & chips"),
        ("R&D", "R&D"),
        ("a <b", "a "),
        ("a <!-- b", "a "),
        ("see <a hre", "see "),
        ("a < b", "a < b"),
        ("`a <b", "`a <b`"),
        ("Great!", "Great!"),
        ("> said **one\n> ", "> said **one**\n"),
        ("# He", "# He"),
        ("Title\n---", "Title\n---"),
        ("- [x] a\n- [ ", "- [x] a\n"),
        ("see [1]\n-", "see [1]\n"),
        ("one\n\n|", "one\n\n"),
        ("see https://x.com/a", "see https://x.com/a"),
        ("```py\nx = 1\n``", "```py\nx = 1\n```"),
        ("one\n- ", "one\n"),
        ("one\n```py", "one\n"),
        ("one\n1.", "one\n1."),
        ("**", "**"),
        ("| a | b |\n| - | - |\n| 1 | **2", "| a | b |\n| - | - |\n| 1 | **2**"),
        ("| a | b |\n| -", "| a | b |\n|---|---|"),
        ("| a | b |\n", "| a | b |\n|---|---|"),
        ("| a | **b", "| a | **b**\n|---|---|"),
        ("- a | b\n-", "- a | b\n"),
    ],
)
def test_a_cut_answer_leaves_nothing_open(begun: str, markdown: str) -> None:
    layout = Layout(ROOM, ROOM)
    layout.feed(begun)
    layout.break_off()
    assert layout.tail().markdown == markdown


def test_a_note_stands_below_what_was_closed() -> None:
    layout = Layout(ROOM, ROOM)
    layout.feed("**1. As a user.*")
    layout.break_off()
    layout.conclude("More.")
    assert layout.tail().markdown == "**1. As a user.**\n\nMore."


@pytest.mark.parametrize(
    ("following", "last", "told"),
    [
        ("\n one", "", None),
        ("\n one\ntwo", "", "\n one\n"),
        ("x" * 300, "", "x" * 200),
        (" b |\n| -", "| a", None),
        (" | b\n- |", "a", None),
        (" b |\n| - |\n| 1 |", "| a", " b |\n| - |\n"),
    ],
)
def test_how_it_goes_on_is_told_alike_however_it_came(
    following: str, last: str, told: str | None
) -> None:
    assert enough(following, last) == told
    if told is not None:
        assert enough(told, last) == told
