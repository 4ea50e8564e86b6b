"""What models cost: as the API lists it, else as the operator says."""

from __future__ import annotations

from bot.grok.catalogue import Catalogue
from bot.rules.prices import Prices
from bot.settings import Settings


class PriceList:
    """The prices of all models."""

    def __init__(self, catalogue: Catalogue, settings: Settings) -> None:
        self._catalogue = catalogue
        self._said = _read(settings.grok_prices)

    def of(self, model: str) -> Prices | None:
        """The prices of the model that answers to this name; None when nobody knows them."""
        listed = self._catalogue.answering(model)
        if listed is None or listed.input_price is None or listed.output_price is None:
            return self._said.get(model.casefold())
        return Prices(listed.input_price, listed.output_price, listed.cached_price, listed.long)


def _read(text: str) -> dict[str, Prices]:
    """The prices in `GROK_PRICES`, by model in lower case."""
    prices = {}
    for entry in filter(None, map(str.strip, text.split(","))):
        model, _, amounts = entry.rpartition("=")
        first, *cached, last = map(float, amounts.split("/"))
        prices[model.casefold()] = Prices(first, last, cached[0] if cached else None)
    return prices
