"""What models cost: the list of the API, and the operator's."""

from __future__ import annotations

from typing import Any

import pytest

from bot.completion.result import LongPrompt, Prices
from bot.grok.catalogue import Catalogue, PriceList
from bot.grok.known_models import Model
from bot.settings import Settings

LISTED = (
    Model("grok-4.3", ("grok-4.3-latest",), 1.25, 0.2, 2.5),
    Model("half", (), 1.0, None, None),
    Model("bare"),
    Model("grok-4.3-long", (), 1.0, None, 2.0, LongPrompt(8, 3.0, 4.0)),
)
SAID = "bare=1.5/6, HALF=2/3 , local/llama=0/0,cached=1/0.5/2,grok-4.3=9/9,"


@pytest.fixture
def prices() -> PriceList:
    async def nothing(path: str) -> Any:
        return None

    return PriceList(Catalogue(nothing, LISTED), Settings(_env_file=None, grok_prices=SAID))


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("grok-4.3", Prices(1.25, 2.5, 0.2)),
        ("GROK-4.3-latest", Prices(1.25, 2.5, 0.2)),
        ("bare", Prices(1.5, 6.0)),
        ("half", Prices(2.0, 3.0)),
        ("local/llama", Prices(0.0, 0.0)),
        ("cached", Prices(1.0, 2.0, 0.5)),
        ("unheard-of", None),
        ("grok-3", Prices(1.25, 2.5, 0.2)),
        ("grok-4-1-fast-non-reasoning", Prices(1.25, 2.5, 0.2)),
        ("grok-4.3-long", Prices(1.0, 2.0, None, LongPrompt(8, 3.0, 4.0))),
    ],
)
def test_the_api_first_then_the_operator(
    prices: PriceList, model: str, expected: Prices | None
) -> None:
    assert prices.of(model) == expected


@pytest.mark.parametrize("text", ["bare", "bare=1", "bare=1/2/3/4", "=1/2", "a b=1/2", "bare=-1/2"])
def test_prices_that_cannot_be_read_are_a_fault(text: str) -> None:
    with pytest.raises(ValueError, match="write each price as model=input/output"):
        Settings(_env_file=None, grok_prices=text)


@pytest.mark.parametrize("text", ["web", "web=", "web=-1", "pages=5", "web=5/6", "web=1e9"])
def test_prices_of_tools_that_cannot_be_read_are_a_fault(text: str) -> None:
    with pytest.raises(ValueError, match="write each price as web=5"):
        Settings(_env_file=None, grok_tool_prices=text)
