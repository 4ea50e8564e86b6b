"""What tokens cost."""

from __future__ import annotations

import pytest

from bot.rules.prices import Prices


@pytest.mark.parametrize(
    ("prices", "read", "written", "cached", "prompts", "cost"),
    [
        (Prices(1.25, 2.5), 1_000, 100, 0, 1, 1_500),
        (Prices(1.25, 2.5), 1_000, 100, 400, 1, 1_500),
        (Prices(1.25, 2.5, 0.2), 1_000, 100, 400, 1, 1_080),
        (Prices(1.25, 2.5, 0.0), 100, 0, 400, 1, 0),
        (Prices(0.15, 0.6), 1, 1, 0, 1, 1),
        (Prices(0, 0), 1_000, 1_000, 0, 1, 0),
        (Prices(2, 6), 200_000, 10, 0, 1, 400_060),
        (Prices(2, 6), 200_001, 10, 0, 1, 800_124),
        (Prices(2, 6), 200_001, 10, 0, 2, 400_062),
    ],
)
def test_cost_in_micro_dollars(
    prices: Prices, read: int, written: int, cached: int, prompts: int, cost: int
) -> None:
    assert prices.cost(read, written, cached=cached, prompts=prompts) == cost
