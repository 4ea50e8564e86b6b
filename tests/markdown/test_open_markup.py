"""The reader that the other tests judge by sees what is open, and nothing else."""

from __future__ import annotations

import pytest

from tests.markdown.open_markup import left_open


@pytest.mark.parametrize(
    "markdown",
    [
        "a **bold",
        "**a *b*",
        "*a **b",
        "_so",
        "~~gone",
        "a `code",
        "``a `code` b",
        "see [the docs",
        "see [the docs](https://exam",
        "see https://exam",
        "```py\ncode",
        "~~~\n```\n",
        "> ```\n> code",
        "- ```\n  code",
        "| a | b |\n|---|--",
        "| a | b |\n|---|---|\n| 1 |",
        "text\n-",
        "text\n##",
        "- [ ]",
        "[**a](b) **c",
    ],
)
def test_what_is_open_is_seen(markdown: str) -> None:
    assert left_open(markdown)


@pytest.mark.parametrize(
    "markdown",
    [
        "a **bold** word, 2 * 3 * 4, snake_case and ~5",
        "**a *b* c** ***d***",
        "`**` and `` a ` b ``",
        "[the docs](https://example.com/a_(b) 'title') a[0] ![alt *t*](u)",
        "<https://example.com/a_b> https://example.com/_x_ ",
        "```py\n**code\n```",
        "~~~ x ``` y\ncode\n~~~",
        "| a | b |\n|---|---|\n| 1 | ** |\n",
        "a\n\n- [x] done\n- b",
        "# Heading\n\n---\n\n> quoted\n> more",
        r"\*not so\* and \`this",
        "**open in a paragraph that has ended\n\nnext",
    ],
)
def test_what_is_whole_is_not_reported(markdown: str) -> None:
    assert not left_open(markdown)
