"""What tokens cost."""

from __future__ import annotations

import pytest

from bot.completion.result import LongPrompt, Prices

LISTED = Prices(2, 6, 0.5, LongPrompt(100_000, 3, 9, 1))


@pytest.mark.parametrize(
    ("prices", "read", "written", "cached", "prompts", "cost"),
    [
        (Prices(1.25, 2.5), 1_000, 100, 0, 1, 1_500),
        (Prices(1.25, 2.5), 1_000, 100, 400, 1, 1_500),
        (Prices(1.25, 2.5, 0.2), 1_000, 100, 400, 1, 1_080),
        (Prices(1.25, 2.5, 0.0), 100, 0, 400, 1, 0),
        (Prices(0.15, 0.6), 1, 1, 0, 1, 1),
        (Prices(0, 0), 1_000, 1_000, 0, 1, 0),
        (Prices(2, 6), 199_999, 10, 0, 1, 400_058),
        (Prices(2, 6), 200_000, 10, 0, 1, 800_120),
        (Prices(2, 6), 200_000, 10, 0, 2, 400_060),
        (Prices(2, 6, 0.5), 200_000, 0, 200_000, 1, 200_000),
        (LISTED, 99_999, 10, 0, 1, 200_058),
        (LISTED, 100_000, 10, 0, 1, 300_090),
        (LISTED, 100_000, 10, 100_000, 1, 100_090),
        (LISTED, 250_000, 0, 0, 3, 500_000),
    ],
)
def test_cost_in_micro_dollars(
    prices: Prices, read: int, written: int, cached: int, prompts: int, cost: int
) -> None:
    assert prices.cost(read, written, cached=cached, prompts=prompts) == cost


def test_the_most_that_input_costs() -> None:
    assert (Prices(2, 6).most_input, LISTED.most_input) == (4, 3)
