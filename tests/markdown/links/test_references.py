"""Which labels are defined in a text, beside a pattern that looks behind each bracket anew."""

from __future__ import annotations

import random
import re

import pytest

from bot.markdown.links.targets import MARK_OF_NOTE, definitions

_BEHIND_EACH = re.compile(rf"\[(?!{MARK_OF_NOTE})((?:[^\[\]\\]|\\.){{1,999}}+)\]:", re.DOTALL)
"""Goes back over nothing: no shorter label is followed by the bracket that ends one."""

SCRAPS = ("[", "]", "]:", "\\[", "\\]", "\\\\", "\\", "[^1]:", "[^a\\]b]:", "\\[^", "a", " ", "\n")
LONG = ("a" * 997, "\\[" * 500, "\\a" * 998, "b" * 1_003, "\\[" * 1_200, "a\\[" * 400)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_they_are_those_of_that_pattern(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(100):
        scraps = [*SCRAPS, *chance.sample(LONG, chance.choice((0, 0, 1, 2)))]
        text = "".join(chance.choices(scraps, k=chance.randint(1, 14)))
        found = [(each[1], each.end()) for each in _BEHIND_EACH.finditer(text)]
        assert list(definitions(text)) == found, text


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("[a]: b", "a"),
        ("[a\\]b]: c", "a\\]b"),
        ("\\[a]: b", "a"),
        ("[a [b]: c", "b"),
        (f"[{'a' * 999}]: b", "a" * 999),
        (f"[{'a' * 5}\\[{'b' * 999}]: c", "b" * 999),
    ],
)
def test_what_is_one(text: str, label: str) -> None:
    assert [each.label for each in definitions(text)] == [label]


@pytest.mark.parametrize("text", ["[]: a", "[^1]: a", "[a] : b", f"[{'a' * 1_000}]: b", "\\]: a"])
def test_what_is_none(text: str) -> None:
    assert not list(definitions(text))
