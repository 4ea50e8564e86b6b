"""How much of a text is looked into for formulas."""

from __future__ import annotations

import random

import pytest

from bot.markdown.rewriting.rewriting import Rewriting
from bot.markdown.safety import make_safe
from tests.markdown.commonmark import code, pings

PIECES = (
    *("$", "$$", "\\(", "\\)", "\\[\n", "$a_1$", "$$\nx_1\n$$\n", "\\(a_1\\)", "$5 ", "$c_1$ "),
    *(
        "> ",
        "> a\n",
        "1. a\n",
        "# a\n",
        "\n",
        "\n\n",
        "\r\n",
        " ",
        "a",
        "_重_",
        "**",
        "<",
        "][",
        "h",
    ),
    *("[a.com](https://b.c)", "<@U1>", "@here ", "`a`", "/", "word "),
)
FENCE = "`" * 32


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_a_text_of_nothing_but_openings_is_rewritten_alike_however_it_came(seed: int) -> None:
    dice = random.Random(seed)
    some = dice.sample(PIECES[:10], 2) + dice.sample(PIECES[10:], dice.randint(1, 4))
    text = "".join(dice.choices(some, k=15_000))[:30_000]
    shown = _rewritten(text, 4_000)

    assert all(_rewritten(text, step) == shown for step in (7, 40, 30_000))


def test_what_would_take_long_is_shown_as_it_was_written_in_code() -> None:
    text = "> $x_1$\n<!here> a\n\n" * 3_000
    shown = _rewritten(text, 4_000)

    before, *blocks = shown.split(FENCE)
    assert before.startswith("> `$x_1$`\n<!here> a\n\n> `$x_1$`\n")
    assert len(blocks) > 4
    assert all(block.strip() in text for block in blocks[::2])
    seen = [each for each in code(make_safe(shown)) if "\n" in each]
    assert seen == [each[1:] for each in blocks[::2]]
    assert not pings(make_safe(shown))


def test_what_follows_on_that_is_rewritten_again() -> None:
    long, prose = "> $x_1$\n$\n" * 5_000, "Plain words, eighty in a line.\n" * 2_000
    shown = _rewritten(f"{long}{prose}So $a_1$ and [^1].\n", 4_000)

    assert shown.endswith("So `$a_1$` and [^1].\n")
    assert shown.count(FENCE) % 2 == 0


def test_a_text_that_ends_in_the_midst_of_it_says_all_of_it() -> None:
    text = "> $x_1$\n$\n" * 4_000
    rewriting = Rewriting()
    before = rewriting.feed(text).partition(FENCE)[0]
    text = text[: rewriting.given(len(before)) + 1_000]

    rewriting = Rewriting()
    shown = rewriting.feed(text) + rewriting.end()

    assert shown.count(FENCE) % 2 == 1
    assert shown.endswith(text[-200:])
    assert rewriting.given(len(shown)) == len(text)


@pytest.mark.parametrize(
    "line",
    [
        "So $a + b_1$ is the sum of both, and $c_1$ what is left.\n",
        "- `f(x)`: \\(x^2\\), for $x_1$ and $y_1$\n",
        "text of some words\n\n$$\na_1 = b\n$$\n\n",
        "| $a_1$ | $5 |\n",
        "It costs $5, or $7.50.\n",
        "$ echo $HOME\n",
        "1 | 2\n",
    ],
)
def test_of_what_people_read_all_is_looked_into(line: str) -> None:
    head = "a | b\n---|---\n" if "|" in line else ""
    text = head + line * (12_000 // len(line))
    shown = _rewritten(text, 4_000)

    assert FENCE not in shown
    assert shown.count("`$") == sum(text.count(each) for each in ("$a", "$c", "$x", "$y"))


def _rewritten(text: str, step: int) -> str:
    rewriting = Rewriting()
    parts = [rewriting.feed(text[at : at + step]) for at in range(0, len(text), step)]
    return "".join((*parts, rewriting.end()))
