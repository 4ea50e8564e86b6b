"""Which endpoint a request goes to, and what the API has taught about that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from bot import words
from bot.completion.request import CompletionRequest
from bot.completion.result import Endpoint
from bot.errors import Fault, GrokFailed
from bot.grok.call import Call, Dialect
from bot.grok.catalogue import Catalogue
from bot.grok.endpoints import only_completions
from bot.grok.errors import Failure
from bot.grok.meaning import unsupported
from bot.grok.memory import Memory
from bot.grok.scrub import safe_name
from bot.words import grok as said

_NOT_OF_REASONING = frozenset({"stop", "frequency_penalty", "presence_penalty"})
"""What xAI's reasoning models answer with an error, at any value (docs.x.ai, "Reasoning")."""

_ANY_MODEL_TAKES = frozenset({"", "model", "prompt", "max_tokens", "stream"})


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes, and what speaks against it."""

    endpoint: Endpoint
    faults: tuple[Fault, ...]


class Refusals(Memory[tuple[str, Endpoint]]):
    """Models that an endpoint was found not to serve; each is forgotten after a day."""


class Router:
    """Chooses between the two endpoints; `forced` is the operator's choice."""

    def __init__(
        self,
        forced: Literal["auto", "completions", "chat"],
        catalogue: Catalogue,
        dialect: Dialect = "xai",
        *,
        usual: str = "",
    ) -> None:
        """`usual` is the operator's model: where the API does not list it, its list says nothing
        about others either."""
        self._forced = forced
        self._catalogue = catalogue
        self._dialect = dialect
        self._usual = usual
        self._refusals = Refusals()
        self._not_taken: Memory[tuple[str, Endpoint, str]] = Memory()

    def route(self, request: CompletionRequest) -> Route:
        """The route of `request`, by its model and by what it needs."""
        endpoint = self._preferred(request) if self._forced == "auto" else self._forced
        if self._forced == "auto" and (request.model, endpoint) in self._refusals:
            endpoint = _other(endpoint)
        if self._unlisted(request.model):
            return Route(endpoint, (self._unknown(request.model),))
        return Route(endpoint, self._faults(request, endpoint))

    def elsewhere(self, call: Call, refused: Sequence[Failure]) -> Endpoint:
        """Where to go after `refused`, the last of which `call` met.

        Raises `GrokFailed`, with what the person should read, when there is nowhere left.
        """
        there, model = _other(call.endpoint), call.request.model
        if self._forced == "auto" and len(refused) == 1:
            faults = self._faults(call.request, there)
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
        self._refusals.add((model, _other(served)))

    def _preferred(self, request: CompletionRequest) -> Endpoint:
        reasons = self._catalogue.reasons(request.model)
        if reasons is False or (reasons is None and only_completions(request)):
            return "completions"
        return "chat"

    def note(self, call: Call, failure: Failure) -> None:
        """Remember a parameter that the model was found not to take, whatever its value."""
        name = failure.parameter
        if name in _ANY_MODEL_TAKES or name not in call.request.model_fields_set:
            return
        if failure.kind == "invalid" and unsupported(failure.said):
            self._not_taken.add((call.request.model, call.endpoint, name))

    def _faults(self, request: CompletionRequest, endpoint: Endpoint) -> tuple[Fault, ...]:
        """What the model cannot take at `endpoint`, each with a model that can."""
        lacking = only_completions(request) if endpoint == "chat" else ()
        names = [*lacking, *self._refused(request, endpoint)]
        if not names:
            return ()
        cannot = said.grok_cannot(safe_name(request.model))
        able = self._catalogue.able(but=request.model) if self._forced == "auto" else ""
        return tuple(
            Fault(
                name,
                said.GROK_CANNOT_HERE if name in lacking and self._forced == "chat" else cannot,
                said.grok_able(name, able),
            )
            for name in names
        )

    def _refused(self, request: CompletionRequest, endpoint: Endpoint) -> Iterator[str]:
        """The parameters that were given and that the model does not take, as is known by heart
        or has been found."""
        reasons = self._dialect == "xai" and self._catalogue.reasons(request.model)
        for name in CompletionRequest.model_fields:
            if name in request.model_fields_set and (
                (reasons and endpoint == "chat" and name in _NOT_OF_REASONING)
                or (request.model, endpoint, name) in self._not_taken
            ):
                yield name

    def _unlisted(self, model: str) -> bool:
        """Whether the API says that it has other models than this one."""
        catalogue = self._catalogue
        return (
            model != self._usual
            and catalogue.tells_all(self._usual)
            and catalogue.find(model) is None
            and not catalogue.stands_for_another(model)
        )

    def _unknown(self, model: str) -> Fault:
        nearest = self._catalogue.nearest(model)
        return Fault("model", said.grok_unlisted(safe_name(model)), said.grok_listed(nearest))


def _other(endpoint: Endpoint) -> Endpoint:
    return "chat" if endpoint == "completions" else "completions"
