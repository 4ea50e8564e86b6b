"""A message that goes on behind a text which is shown elsewhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.markdown.filling import Room
from bot.markdown.markdown import Layout
from tests.markdown.commonmark import code

ROOM = Room(11_000, 40)


def shown(begun: str, more: str) -> str:
    """What the message shows that goes on with `more` behind `begun`."""
    layout = Layout(ROOM, ROOM)
    layout.feed(begun)
    layout.go_on(more)
    layout.feed(more)
    return layout.tail().markdown


@pytest.mark.parametrize(
    ("begun", "more", "markdown"),
    [
        ("A sentence. ", "Another.", "Another."),
        ("A word cut in two: ele", "phant.", "phant."),
        ("so **this is bo", "ld** text", "**ld** text"),
        ("a `code sp", "an` here", "`an` here"),
        ("see [the do", "cs](https://example.com/a) now", "[the docs](https://example.com/a) now"),
        ("```python\nx = [\n    1,", " 2]\n```\nDone.", "```python\n 2]\n```\nDone."),
        ("```python\nx = 1\n", "y = 2\n```\n", "```python\ny = 2\n```\n"),
        ("```python\nx = 1\n", "```python\ny = 2\n```\n", "```python\ny = 2\n```\n"),
        ("```python\nx = 1\n", "\n```python\ny = 2\n```\n", "\n```python\ny = 2\n```\n"),
        ("```python\nx = 1\n```", "\nDone.", "\nDone."),
        ("```python\nx = 1\n", "```\nDone.", "```python\nx = 1\n```\nDone."),
        ("```pyth", "on\nx = 1\n```\n", "```python\nx = 1\n```\n"),
        ("- one\n  - two is lo", "ng\n    and on\n- three\n", "ng\nand on\n- three\n"),
        ("1. one\n\n   ```js\n   let a\n", "   let b\n   ```\n2. two", "```js\nlet b\n```\n2. two"),
        ("| a | b |\n| - | - |\n| 1 | 2 |\n", "| 3 | 4 |\n", "| a | b |\n| - | - |\n| 3 | 4 |\n"),
        ("| a | b |\n| - | - |\n| 1", " | 2 |\n", "| a | b |\n| - | - |\n| 1 | 2 |\n"),
        ("- **Say", " what first.** x", "**what first.** x"),
        ("**Say ", "what** x", "**what** x"),
        ("**Say\n", "what** x", "**what** x"),
        ("**Say", "\nwhat** x", "**what** x"),
        ("**Say", "\n\nwhat", "\n\nwhat"),
        ("> **Say", "\n> what** x", "> **what** x"),
        ("**Say", "** what", "what"),
        ("**Say**", " what", "what"),
        ("**Say*", "* what", "what"),
        ("***a", "** b*", "*b*"),
        ("**a `b", "`** c", "c"),
        ("`a", " b` c", "`b` c"),
        ("`` a", " `b`` c", "`` `b`` c"),
        ("**see [the", " docs](https://x.com) y**", "**[the docs](https://x.com) y**"),
        ("x and \\", "*y*", "\\*y*"),
        ("so 5", " - 3 is", "\u2060- 3 is"),
        ("so", "     five", "five"),
        ("| a |", " b |\n| - | - |\n| 1 | 2 |", "| a | b |\n| - | - |\n| 1 | 2 |"),
        ("a | b", " c\n- | -\n1 | 2", "a | b c\n- | -\n1 | 2"),
        ("| a | b |\n| - | - |\n| 1", "\n\nDone.", "\n\nDone."),
        ("| a | b |\n| - | - |\n| 1", "\n| 3 |", "| a | b |\n| - | - |\n| 3 |"),
        ("| a | b |\n", "| - | - |\n| 1 | 2 |", "| a | b |\n| - | - |\n| 1 | 2 |"),
        ("a", " | b\n- | -\n1 | 2", "a | b\n- | -\n1 | 2"),
        ("## He", "ad **b**\n", "## ad **b**\n"),
        ("Title\n--", "-\n\nText", "Title\n---\n\nText"),
        ("Title\n---", "\n\nText", "\n\nText"),
        ("> said **one\n> ", "two** x\n> y", "> **two** x\n> y"),
        ("> said **one\n", "> two** x\n> y", "> **two** x\n> y"),
        ("> ```\n> x =", " 2\n> ```\n> end", "> ```\n>  2\n> ```\n> end"),
        ("- a\n\n  ```\n  x =", " 2\n  y\n  ```\n", "```\n 2\ny\n```\n"),
        ("```\nx\n``", "`\nDone.", "\nDone."),
        ("Great!", " More.", "More."),
        ("see https://x.com/a", " b", "b"),
        ("see https://x.com/a", "b c", "https://x.com/ab c"),
        ("R&am", "p;D", "&amp;D"),
        ("| a | b |\n| -", " | - |\n| 1 | 2 |\n", "| a | b |\n| - | - |\n| 1 | 2 |\n"),
    ],
)  # fmt: skip
def test_it_opens_again_what_is_open(begun: str, more: str, markdown: str) -> None:
    assert shown(begun, more) == markdown


SCRAPS = ("word", "**bold**", "- item", "  - deeper", "```py", "```", "> quoted", "", "1. a")
LINES = st.lists(st.sampled_from(SCRAPS), max_size=12).map("\n".join)


@given(LINES, LINES.filter(str.strip))
def test_code_and_text_stay_what_they_were(begun: str, more: str) -> None:
    """A mark of the last line is in code in the message just when it is in the whole text."""
    marked = f"{more}\n\nMARK\n"
    begun = f"{begun}\n" if begun else ""
    if more.lstrip().startswith("```py"):
        return  # which is taken for a block that is opened anew

    assert in_code(shown(begun, marked)) == in_code(begun + marked)


def in_code(markdown: str) -> bool:
    return any("MARK" in each for each in code(markdown))


def test_nothing_more_of_what_is_shown_elsewhere_is_held() -> None:
    layout = Layout(ROOM, ROOM)
    layout.feed("word " * 20_000)
    assert layout.go_on("more") == ""
    assert layout.sealed == []
