"""The models there are, and what they cost: asked from the API; where it does not say, known by
heart, or said by the operator."""

from __future__ import annotations

import asyncio
import difflib
import re
import time
from bisect import bisect_left
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeGuard

from bot.completion.ask import Effort
from bot.completion.request import is_text
from bot.completion.result import LongPrompt, Prices
from bot.grok.known_models import (
    EFFORTS_BY_MODEL,
    KNOWN,
    SUCCESSORS,
    USUAL_EFFORTS,
    WINDOWS,
    Model,
)
from bot.settings import Settings

FRESH_SECONDS = 600.0
FIRST_SECONDS = 0.4
"""How long a question may wait for the first list, which comes a moment after a bot is ready."""

_PRICE_UNITS_PER_DOLLAR = 10_000
"""Prices come in US cents per 100 million tokens (docs.x.ai, "List language models")."""

_MOST_MODELS = 10_000
_MOST_ALIASES = 20
_LONGEST_NAME = 200
_MOST_COMPARED = 100
"""Names that one which nobody knows is compared with, those that begin or end like it: 50 µs
each."""

_HIGHEST_PRICE = 1e12
"""A number above is a mistake, not a price."""


Fetch = Callable[[str], Awaitable[Any]]
"""Gets the JSON of a path below the base address; None when there is none to have."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a model can do: think, so long as it can be told to (`efforts`), look at pictures, take
    PDFs as they are, and search. None: nobody said."""

    reasons: bool | None
    efforts: tuple[Effort, ...]
    sees: bool | None
    files: bool | None
    searches: bool | None


def by_price(model: Model) -> tuple[float, float, str]:
    """Puts the cheapest models first, and last those whose price nobody knows."""
    unknown = float("inf")
    prices = (model.output_price, model.input_price)
    written, read = (unknown if price is None else price for price in prices)
    return written, read, model.id


class Catalogue:
    """The models of the API behind `fetch`; `known` stands in until it has answered."""

    def __init__(
        self,
        fetch: Fetch,
        known: tuple[Model, ...] = KNOWN,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._fetched_at: float | None = None
        self._first_list = asyncio.Event()
        self._first_list.set()
        self._take(known)

    @contextmanager
    def expected(self) -> Iterator[None]:
        """While entered the first list is on its way: `first_list` waits for it."""
        self._first_list.clear()
        try:
            yield
        finally:
            self._first_list.set()

    async def first_list(self) -> None:
        """Wait for the first list, if it is on its way, for 0.4 seconds at most."""
        if not self._first_list.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(FIRST_SECONDS):
                    await self._first_list.wait()

    @property
    def listed(self) -> tuple[Model, ...]:
        """The models in the order in which people are shown them, if the API has listed them."""
        return self.cheapest if self._fetched_at is not None else ()

    async def refresh(self) -> None:
        """Ask the API again when the last list is older than ten minutes; never raises."""
        now = self._clock()
        if self._fetched_at is not None and now - self._fetched_at < FRESH_SECONDS:
            return
        for path, field in (("/language-models", "models"), ("/models", "data")):
            models = _read(await self._fetch(path), field)
            if models:
                await asyncio.sleep(0)  # of thousands it takes long to read them, and to sort them
                self._take(models)
                self._fetched_at = now
                return

    def tells_all(self, usual: str) -> bool:
        """Whether the API has listed its models, `usual` among them, and no pattern of names."""
        return self._fetched_at is not None and self._exact and self.find(usual) is not None

    def stands_for_another(self, name: str) -> bool:
        """Whether an API may answer to `name` though it lists it under another."""
        if _RETIRED.match(name.lower()):
            return True
        base = name.partition(":")[0]
        return any(map(self.find, {base, f"{name}:latest"} - {name}))

    def _take(self, models: tuple[Model, ...]) -> None:
        """Go by `models` from now on. A gateway lists thousands, so each question only looks up."""
        self.models = models
        """Every model, as the API lists them."""
        self.cheapest = tuple(sorted(models, key=by_price))
        """Every model, in the order in which people are shown them."""
        self._by_name = _by_name(models)
        self._able = tuple(model.id for model in models if self.reasons(model.id) is False)
        names = [each for model in models for each in (model.id, *model.aliases)]
        self._in_order = sorted(names, key=str.lower), sorted(names, key=_backwards)
        self._exact = not any("*" in name for name in self._by_name)

    def find(self, name: str) -> Model | None:
        """The model with this id or alias, in any case of letters."""
        return self._by_name.get(name.casefold())

    def id_of(self, name: str) -> str:
        """The id of the model that answers to this name, also to one that is retired; a name that
        nobody knows is its own."""
        model = self.answering(name)
        return model.id if model else name

    def answering(self, name: str) -> Model | None:
        """The model that answers to this name: its own, or the one that took its place."""
        return self.find(name) or self.find(SUCCESSORS.get(name.casefold(), ""))

    def window(self, name: str) -> int | None:
        """How many tokens the model with this id or alias holds; None when nobody said."""
        known = (self.answering(name), _KNOWN_BY_NAME.get(name.casefold()))
        return next((WINDOWS[model.id] for model in known if model and model.id in WINDOWS), None)

    def nearest(self, name: str) -> tuple[str, ...]:
        """Up to three names that look like `name`, the likeliest first."""
        wanted = name.lower()[:_LONGEST_NAME]
        forwards, backwards = self._in_order
        names = _around(wanted, forwards, str.lower) + _around(wanted, backwards, _backwards)
        found = dict.fromkeys(names)
        return tuple(difflib.get_close_matches(wanted, found, n=3, cutoff=0.6))

    def reasons(self, name: str) -> bool | None:
        """Whether a model reasons before it answers; None when nobody said."""
        model = self.find(name)
        names = {name.lower()} if model is None else {name.lower(), model.id, *model.aliases}
        if any("non-reasoning" in each for each in names):
            return False
        return True if any(_REASONS.match(each) for each in names) else None

    def efforts(self, name: str) -> tuple[Effort, ...] | None:
        """How long a model can be told to think, from the least; empty: it takes no such thing,
        None: nobody said."""
        model = self._known(name)
        if model is None:
            return () if self.reasons(name) is False else None
        return EFFORTS_BY_MODEL.get(model, ())

    def effort_of(self, name: str, effort: Effort | None) -> Effort | None:
        """How long a model thinks that is told to by `effort`. One that reasons, and of which
        nobody said how long, may take its time; None: it is not known to reason."""
        usual: Effort | None = "high" if self.reasons(name) else None
        return effort or USUAL_EFFORTS.get(self.id_of(name), usual)

    def thinks(self, effort: Effort) -> str:
        """A model that takes this effort, or `""`."""
        names = (model.id for model in self.models)
        return next((name for name in names if effort in (self.efforts(name) or ())), "")

    def _known(self, name: str) -> str | None:
        """The id by which a model is known by heart."""
        known = (self.find(name), _KNOWN_BY_NAME.get(name.casefold()))
        return next((model.id for model in known if model and model.id in WINDOWS), None)

    def sees(self, name: str) -> bool | None:
        """Whether a model looks at pictures: as the API says, else as is known by heart; None when
        nobody said."""
        model = self.answering(name)
        listed = model.sees if model else None
        return self._can_all(name) if listed is None else listed

    def reads_files(self, name: str) -> bool | None:
        """Likewise whether it takes PDFs as they are, and not only what is written in them. xAI's
        API does not list it, so no list says that one does not."""
        model = self.answering(name)
        listed = model.files if model else None
        return self._can_all(name) if listed is None else listed

    def ignores_logprobs(self, name: str) -> bool:
        """Whether a model is known to take `logprobs` and say nothing of it."""
        return self._known(name) is not None

    def searches(self, name: str) -> bool | None:
        """Whether a model can search; no API lists it, so None is said of most."""
        return self._can_all(name)

    def _can_all(self, name: str) -> bool | None:
        """What is so of every model that is known by heart; None: nobody said."""
        return True if self._known(name) else None

    def able_to(self, name: str) -> Abilities:
        """All that is known of what a model can do."""
        return Abilities(
            reasons=self.reasons(name),
            efforts=self.efforts(name) or (),
            sees=self.sees(name),
            files=self.reads_files(name),
            searches=self.searches(name),
        )

    def beyond(self, model: Model) -> LongPrompt | None:
        """What a long prompt costs: as the API lists it, else as xAI has it for its own."""
        if model.long is not None or model.input_price is None or model.output_price is None:
            return model.long
        listed = Prices(model.input_price, model.output_price, model.cached_price)
        return listed.beyond if self._known(model.id) else None

    def retired(self) -> Mapping[str, tuple[str, ...]]:
        """The names of models that are no more, by the model that answers to them."""
        found: dict[str, tuple[str, ...]] = {}
        for name, successor in SUCCESSORS.items():
            if self.find(name) is None and (model := self.find(successor)) is not None:
                found[model.id] = (*found.get(model.id, ()), name)
        return found

    @property
    def seeing(self) -> str:
        """A model that looks at pictures, or `""`."""
        return next((model.id for model in self.models if self.sees(model.id)), "")

    def able(self, but: str = "") -> str:
        """A model other than `but` that the completions endpoint serves, or `""`."""
        return next((model for model in self._able if model != but), "")


def _backwards(name: str) -> str:
    return name.lower()[::-1]


def _around(wanted: str, names: list[str], key: Callable[[str], str]) -> list[str]:
    """The names in order of `key` between which `wanted` would stand."""
    place = bisect_left(names, key(wanted), key=key)
    return names[max(0, place - _MOST_COMPARED // 4) : place + _MOST_COMPARED // 4]


def _by_name(models: tuple[Model, ...]) -> dict[str, Model]:
    """Each model by its id and aliases, in lower case; the first that has a name keeps it."""
    found: dict[str, Model] = {}
    for model in models:
        for name in (model.id, *model.aliases):
            found.setdefault(name.casefold(), model)
    return found


_KNOWN_BY_NAME = _by_name(KNOWN)

_REASONS = re.compile(
    r"grok-(?:[4-9]|[1-9]\d)(?![\d])|grok-latest|grok-build|grok-code|grok-3-mini|grok-.*reasoning"
)
"""xAI's models from grok-4 on reason, unless their name says that they do not."""


_RETIRED = re.compile(r"grok-(?:[1-3](?:\b|-)|beta|4(?:-0709|-latest|-fast|-1-fast|$)|code-fast)")
"""xAI answers to retired ids with another model (docs.x.ai, "Migrating models")."""


def _read(listed: Any, field: str) -> tuple[Model, ...]:
    entries = _listed(listed.get(field)) if isinstance(listed, Mapping) else []
    return tuple(
        Model(
            id=entry["id"],
            aliases=tuple(filter(_is_name, _listed(entry.get("aliases"))[:_MOST_ALIASES])),
            input_price=_dollars(entry.get("prompt_text_token_price")),
            cached_price=_dollars(entry.get("cached_prompt_text_token_price")),
            output_price=_dollars(entry.get("completion_text_token_price")),
            long=_long_prompt(entry),
            sees=_takes(entry, "image"),
            files=_takes(entry, "file", "pdf", "document") or None,
        )
        for entry in entries[:_MOST_MODELS]
        if isinstance(entry, Mapping) and _is_name(entry.get("id"))
    )


def _long_prompt(entry: Mapping[str, Any]) -> LongPrompt | None:
    """What a long prompt costs; None where that is not listed."""
    beyond = entry.get("long_context_threshold")
    read, cached, written = (
        _dollars(entry.get(f"{name}_text_token_price_long_context"))
        for name in ("prompt", "cached_prompt", "completion")
    )
    if not isinstance(beyond, int) or isinstance(beyond, bool) or beyond <= 0:
        return None
    if not read or not written:
        return None
    return LongPrompt(beyond, read, written, cached)


def _takes(entry: Mapping[str, Any], *kinds: str) -> bool | None:
    """Whether one of `kinds` is among what a model takes; None where nothing is listed. Some
    servers list it among other facts (openrouter.ai, "List models")."""
    within = entry.get("architecture")
    modalities = entry.get("input_modalities")
    if modalities is None and isinstance(within, Mapping):
        modalities = within.get("input_modalities")
    if not isinstance(modalities, list) or not modalities:
        return None
    return any(kind in modalities for kind in kinds)


def _is_name(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and len(value) <= _LONGEST_NAME and is_text(value)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dollars(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value / _PRICE_UNITS_PER_DOLLAR if 0 <= value < _HIGHEST_PRICE else None


class PriceList:
    """The prices of all models."""

    def __init__(self, catalogue: Catalogue, settings: Settings) -> None:
        self._catalogue = catalogue
        self._said = _prices_in(settings.grok_prices)

    def of(self, model: str) -> Prices | None:
        """The prices of the model that answers to this name; None when nobody knows them."""
        listed = self._catalogue.answering(model)
        if listed is None or listed.input_price is None or listed.output_price is None:
            return self._said.get(model.casefold())
        return Prices(listed.input_price, listed.output_price, listed.cached_price, listed.long)


def _prices_in(text: str) -> dict[str, Prices]:
    """The prices in `GROK_PRICES`, by model in lower case."""
    prices = {}
    for entry in filter(None, map(str.strip, text.split(","))):
        model, _, amounts = entry.rpartition("=")
        first, *cached, last = map(float, amounts.split("/"))
        prices[model.casefold()] = Prices(first, last, cached[0] if cached else None)
    return prices
