"""Which endpoint a request goes to, and what the API has taught about that."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from bot import words
from bot.completion.request import CompletionRequest
from bot.completion.result import Endpoint
from bot.errors import Fault, GrokFailed
from bot.grok.call import Call
from bot.grok.catalogue import Catalogue
from bot.grok.endpoints import only_completions
from bot.grok.errors import Failure
from bot.grok.scrub import safe_name
from bot.words import grok as said

MEMORY_SECONDS = 86_400.0
MEMORY_SIZE = 500


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes, and what speaks against it."""

    endpoint: Endpoint
    faults: tuple[Fault, ...]


class Refusals:
    """Models that an endpoint was found not to serve; each is forgotten after a day."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: OrderedDict[tuple[str, Endpoint], float] = OrderedDict()

    def add(self, model: str, endpoint: Endpoint) -> None:
        """Remember that `endpoint` does not serve `model`."""
        self._until[model, endpoint] = self._clock() + MEMORY_SECONDS
        self._until.move_to_end((model, endpoint))
        while len(self._until) > MEMORY_SIZE:
            self._until.popitem(last=False)

    def __contains__(self, place: tuple[str, Endpoint]) -> bool:
        return self._until.get(place, 0.0) > self._clock()


class Router:
    """Chooses between the two endpoints; `forced` is the operator's choice."""

    def __init__(
        self,
        forced: Literal["auto", "completions", "chat"],
        catalogue: Catalogue,
        refusals: Refusals | None = None,
    ) -> None:
        self._forced = forced
        self._catalogue = catalogue
        self._refusals = refusals or Refusals()

    def route(self, request: CompletionRequest) -> Route:
        """The route of `request`, by its model and by what it needs."""
        endpoint = self._preferred(request) if self._forced == "auto" else self._forced
        if self._forced == "auto" and (request.model, endpoint) in self._refusals:
            endpoint = _other(endpoint)
        return Route(endpoint, self._faults(request) if endpoint == "chat" else ())

    def elsewhere(self, call: Call, refused: Sequence[Failure]) -> Endpoint:
        """Where to go after `refused`, the last of which `call` met.

        Raises `GrokFailed`, with what the person should read, when there is nowhere left.
        """
        there, model = _other(call.endpoint), call.request.model
        if self._forced == "auto" and len(refused) == 1:
            faults = self._faults(call.request) if there == "chat" else ()
            if not faults:
                return there
            if refused[0].missing == "endpoint" or self._catalogue.find(model):
                self.learn(model, served=there)
                raise GrokFailed(words.faults(faults), kind="invalid")
        if all(failure.missing == "endpoint" for failure in refused):
            raise refused[-1]
        name = safe_name(model)
        if self._catalogue.find(model):
            raise GrokFailed(said.grok_not_served(name), kind="unknown_model")
        nearest = self._catalogue.nearest(model)
        raise GrokFailed(said.grok_unknown_model(name, nearest), kind="unknown_model")

    def learn(self, model: str, *, served: Endpoint) -> None:
        """Remember that the endpoint other than `served` does not serve `model`."""
        self._refusals.add(model, _other(served))

    def _preferred(self, request: CompletionRequest) -> Endpoint:
        reasons = self._catalogue.reasons(request.model)
        if reasons is False or (reasons is None and only_completions(request)):
            return "completions"
        return "chat"

    def _faults(self, request: CompletionRequest) -> tuple[Fault, ...]:
        """What the chat endpoint cannot carry."""
        problem, able = said.GROK_CANNOT_HERE, ""
        if self._forced == "auto":
            problem = said.grok_cannot(safe_name(request.model))
            able = self._catalogue.able(but=request.model)
        return tuple(
            Fault(name, problem, said.grok_able(name, able)) for name in only_completions(request)
        )


def _other(endpoint: Endpoint) -> Endpoint:
    return "chat" if endpoint == "completions" else "completions"
