"""Openings of formulas that come by the thousand in one line, passed together."""

from __future__ import annotations

import random

import pytest

from bot.markdown.rewriting.rewriting import Rewriting

PIECES = (
    *("$a$ ", "$a_1$ ", "\\(a\\) ", "\\(a b\\)", "\\[x_1\\]", "$$a_b$$", "$$a$$", "$1 ", "$", "$$"),
    *(
        "\\(",
        "\\)",
        "\\[",
        "\\]",
        "\\$",
        "\\\\",
        "word ",
        "h",
        "](",
        "https://a_b$c ",
        " | ",
        "|",
        "`",
    ),
)


@pytest.mark.parametrize("seed", range(60))
def test_what_is_passed_together_is_what_is_found_one_by_one(seed: int) -> None:
    """Letter by letter nothing follows what is looked at, so that nothing is told at a glance."""
    dice = random.Random(seed)
    some = dice.sample(PIECES, dice.randint(2, 7))
    text = "".join(dice.choices(some, k=150)) + dice.choice(("\n", "\n---|---\n", "", "\n\n$a_1$"))

    assert _rewritten(text, len(text)) == _rewritten(text, 1)


@pytest.mark.parametrize("opening", ["$a$ ", "$1 ", "\\[", "\\(", "\\( \\) ", "\\(\\["])
def test_openings_of_no_formula_stay(opening: str) -> None:
    assert _rewritten(opening * 2_000, 4_000) == opening * 2_000


@pytest.mark.parametrize("formula", ["$a_1$", "\\(a\\)", "\\[a_1\\]", "$$a_1$$", "\\(a b\\)"])
def test_each_formula_of_thousands_is_put_into_code(formula: str) -> None:
    text = f"So {formula} " * 2_000

    assert _rewritten(text, 4_000) == f"So `{formula}` " * 2_000


def _rewritten(text: str, step: int) -> str:
    rewriting = Rewriting()
    parts = [rewriting.feed(text[at : at + step]) for at in range(0, len(text), step)]
    return "".join((*parts, rewriting.end()))
