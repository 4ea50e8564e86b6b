"""The sandbox's Grok adds, and the more often wrong the higher a temperature it is given."""

from __future__ import annotations

import pytest

from sandbox.grok import sums


@pytest.mark.parametrize(
    ("body", "least", "most"),
    [
        ({}, 0, 0),
        ({"temperature": None}, 0, 0),
        ({"temperature": 0.2}, 0, 0),
        ({"temperature": 0.8}, 20, 80),
        ({"temperature": 2}, 60, 100),
    ],
)
def test_sums_are_wrong_by_temperature_alone(body: dict[str, float], least: int, most: int) -> None:
    said = {number: sums.reply(f"What is {number} + 3?", body) for number in range(100)}

    wrong = sum(not text.endswith(f" = {number + 3}") for number, text in said.items())

    assert least <= wrong <= most
