"""What a line makes of a message is the same whether it is remembered or told anew."""

from __future__ import annotations

import random

from bot.markdown import lines
from bot.markdown.filling import Piece, Room
from bot.markdown.markdown import Layout

LINES = (
    *("a\n", "\n", "# a\n", "---\n", "===\n", "```\n", "> ```\n", "> a\n", ">\n", "- ```\n"),
    *("    ```\n", "~~~~\n", "|a|b|\n", "|-|-|\n", "> |-|\n", "1. a\n", "- a\n", "* * *\n"),
    *(f"{'a long line ' * 4}\n", f"{'|a' * 21}|\n", f"{'|-' * 21}|\n", "[^1]: a\n", "$$\n"),
)
ROOM = Room(600, 20)


def laid_out(text: str, size: int) -> list[Piece]:
    layout = Layout(ROOM, ROOM)
    for at in range(0, len(text), size):
        layout.feed(text[at : at + size])
    return [*layout.sealed, layout.tail()]


def test_lines_are_laid_out_alike_whether_known_or_not() -> None:
    dice = random.Random(1)
    for _ in range(60):
        text = "".join(dice.choices(dice.sample(LINES, 6), k=250))
        lines._forget()
        whole = laid_out(text, len(text))
        known = laid_out(text, len(text))
        alone = laid_out(text, 1)

        assert known == whole
        assert alone == whole


def test_what_is_remembered_is_bounded() -> None:
    for number in range(3 * lines._MOST_STEPS):
        laid_out(f"# {number}\n```{number}\n", 100)

    assert lines.Standing.kept <= lines._MOST_STEPS
    assert len(lines._STANDINGS) <= lines._MOST_PLACES
