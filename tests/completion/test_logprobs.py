from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.completion.logprobs import MOST_ROWS, logprob_table
from bot.completion.result import TokenLogprob


def row_of(token: TokenLogprob) -> str:
    return logprob_table([token]).splitlines()[2]


@pytest.mark.parametrize(
    ("token", "shown"),
    [
        (" a\n\tb\r", "`␣a⏎⇥b␍`"),
        ("`|`", "`ˋ∣ˋ`"),
        ("<@U1>", "`‹＠U1›`"),
        ("", "`∅`"),
        ("x" * 99, f"`{'x' * 29}…`"),
    ],
)
def test_tokens_are_visible_and_harmless(token: str, shown: str) -> None:
    assert row_of(TokenLogprob(token, 0.0)) == f"| {shown} | 100.0% | – |"


@pytest.mark.parametrize(
    ("logprob", "chance"),
    [
        (math.log(0.5), "50.0%"),
        (-20.0, "under 0.1%"),
        (-math.inf, "under 0.1%"),
        (1000.0, "100.0%"),
    ],
)
def test_chances_are_percentages(logprob: float, chance: str) -> None:
    assert row_of(TokenLogprob("a", logprob)) == f"| `a` | {chance} | – |"


def test_alternatives_leave_out_the_token_itself() -> None:
    token = TokenLogprob("a", math.log(0.6), (("a", math.log(0.6)), ("b", math.log(0.25))))

    assert row_of(token) == "| `a` | 60.0% | `b` 25.0% |"


def test_a_long_answer_shows_the_first_tokens() -> None:
    table = logprob_table([TokenLogprob("a", 0.0)] * (MOST_ROWS + 3))

    assert table.count("| `a` |") == MOST_ROWS
    assert table.endswith("\n\n… and 3 more tokens.")


@settings(max_examples=100)
@given(st.text(st.characters(), max_size=40), st.floats())
def test_any_token_makes_one_row_of_three_cells(token: str, logprob: float) -> None:
    lines = logprob_table([TokenLogprob(token, logprob, ((token + "x", logprob),))]).splitlines()

    assert len(lines) == 3
    assert lines[2].count("|") == 4
    assert lines[2].count("`") == 4
