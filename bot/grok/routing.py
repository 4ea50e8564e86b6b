"""Which endpoint a request goes to, and what the API has taught about that."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from typing import Generic, Literal, NamedTuple, TypeVar

from attrs import define, field

from bot.completion.ask import Effort
from bot.completion.options import as_typed
from bot.completion.request import CompletionRequest
from bot.completion.result import Endpoint
from bot.completion.search import NO_SEARCH, Search
from bot.completion.tools import Searched
from bot.completion.transcript import Past
from bot.errors import Fault, GrokFailed, GrokFailure
from bot.grok.adapting import WAYS, Way, adapted
from bot.grok.call import Beside, Call, Dialect
from bot.grok.catalogue import Catalogue
from bot.grok.endpoints.writing import ENDPOINTS, write
from bot.grok.errors import Failure, safe_name
from bot.grok.key import LookUp
from bot.grok.meaning import names_model, unsupported
from bot.words import grok as said
from bot.words import request as words
from bot.words.sentences import one_of

_NOT_OF_REASONING = frozenset({"stop", "frequency_penalty", "presence_penalty"})
"""What xAI's reasoning models answer with an error, at any value (docs.x.ai, "Reasoning")."""

_MAY_BE_THE_ENDPOINT: frozenset[GrokFailure] = frozenset(
    {"invalid", "unavailable", "not_permitted", "unknown_model"}
)

MEMORY_SECONDS = 86_400.0
MEMORY_SIZE = 500

_ANY_MODEL_TAKES = frozenset({"", "model", "prompt", "max_tokens", "stream"})


_NEWEST = next(iter(ENDPOINTS))


class Route(NamedTuple):
    """Where a request goes, and what speaks against it."""

    endpoint: Endpoint
    faults: tuple[Fault, ...]


K = TypeVar("K", bound=Hashable)


class ExpiringSet(Generic[K]):
    """Remembers keys; each is forgotten after a day, and the oldest when they are too many."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: OrderedDict[K, float] = OrderedDict()

    def add(self, key: K) -> None:
        """Remember `key` from now on."""
        self._until[key] = self._clock() + MEMORY_SECONDS
        self._until.move_to_end(key)
        while len(self._until) > MEMORY_SIZE:
            self._until.popitem(last=False)

    def __contains__(self, key: K) -> bool:
        return self._until.get(key, 0.0) > self._clock()


Refused = tuple[Endpoint, Failure]
"""What was said at an endpoint."""


@define
class Router:
    """Chooses between the endpoints, the newest first that carries all that is asked.

    `forced` is the operator's choice, `usual` the operator's model: where the API does not list
    it, its list says nothing about others either. `usual_cap`, in tokens, goes along where nobody
    asks for another.
    """

    _forced: Literal["auto"] | Endpoint
    _catalogue: Catalogue
    _dialect: Dialect = "xai"
    _usual: str = field(default="", kw_only=True)
    _usual_cap: int | None = field(default=None, kw_only=True)
    _refusals: ExpiringSet[tuple[str, Endpoint]] = field(init=False, factory=ExpiringSet)
    """Models that an endpoint was found not to serve; `""`: the server does not have it."""
    _proven: ExpiringSet[tuple[str, Endpoint]] = field(init=False, factory=ExpiringSet)
    _blind: ExpiringSet[str] = field(init=False, factory=ExpiringSet)
    _not_taken: ExpiringSet[tuple[str, Endpoint, str]] = field(init=False, factory=ExpiringSet)
    _ways: ExpiringSet[tuple[str, Endpoint, Way]] = field(init=False, factory=ExpiringSet)
    _apart: ExpiringSet[tuple[str, Endpoint]] = field(init=False, factory=ExpiringSet)

    def route(
        self,
        request: CompletionRequest,
        effort: Effort | None = None,
        search: Search = NO_SEARCH,
        *,
        nobodys_cap: bool = False,
        pictures: bool = False,
    ) -> Route:
        """The route of `request`, by its model and by what it needs, as `GrokClient.plan` is told;
        `pictures`: some are to be looked at."""
        routes = self._routes(request, effort, search, pictures=pictures)

        def shortcomings(route: Route) -> tuple[int, bool, bool]:
            loose = not nobodys_cap and self._caps_loosely(route.endpoint, request, effort)
            return len(route.faults), ENDPOINTS[route.endpoint].avoids(request), loose

        best = min(routes, key=shortcomings)
        if self.serves(request.model):
            return best
        return Route(best.endpoint, (self._unknown(request.model),))

    def call(
        self, request: CompletionRequest, system: str, route: Route, past: Past, beside: Beside
    ) -> Call:
        """The call that carries `request` by `route`, with `past` before it."""
        return write(request, system, route.endpoint, self._dialect, past, beside)

    def _caps_loosely(
        self, endpoint: Endpoint, request: CompletionRequest, effort: Effort | None
    ) -> bool:
        """Whether an answer may get longer at `endpoint` than somebody asked for: by what its model
        does not need of the room for its thoughts."""
        asked = request.max_tokens not in (None, self._usual_cap)
        thinks = effort != "none" and (effort or self._catalogue.reasons(request.model))
        return bool(ENDPOINTS[endpoint].caps_thoughts and asked and thinks)

    def elsewhere(self, call: Call, refused: Sequence[Refused]) -> Endpoint:
        """Where to go after `refused`, all of which say that there is no such model or endpoint.

        Raises `GrokFailed`, with what the person should read, when there is nowhere left.
        """
        model, failures = call.request.model, [failure for _, failure in refused]
        left = self._left(call, refused)
        if there := next((route.endpoint for route in left if not route.faults), None):
            return there
        if sent := next((each for each in failures if not each.missing), None):
            raise sent  # the one that sent the request here
        known = self._catalogue.find(model)
        if left and (failures[0].missing == "endpoint" or known):
            self.learn(call, refused)
            best = min(left, key=lambda route: len(route.faults))
            raise GrokFailed(words.faults(as_typed(best.faults)), kind="invalid")
        if all(failure.missing == "endpoint" for failure in failures):
            raise failures[-1]
        name, nearest = safe_name(model), self._catalogue.nearest(model)
        unknown = said.GROK_UNKNOWN_MODEL(model=name, nearest=nearest)
        sentence = said.GROK_NOT_SERVED(name) if known else unknown
        raise GrokFailed(sentence, kind="unknown_model")

    def instead(self, call: Call, failure: Failure, refused: Sequence[Refused]) -> Endpoint | None:
        """Where to go after a `failure` that another endpoint may not meet, for nothing was spent
        on it: it does not take a parameter, or nobody has seen it work, as servers have it that
        are made after others. None when there is nowhere."""
        if failure.spent or failure.kind not in _MAY_BE_THE_ENDPOINT:
            return None
        proven = (call.request.model, call.endpoint) in self._proven
        kept_out = failure.kind == "not_permitted"  # as keys are that may use one endpoint only
        newest = call.endpoint == "responses" and (kept_out or self._dialect != "xai")
        if (proven or not newest) and not self._blames_parameter(call, failure):
            return None
        left = self._left(call, [*refused, (call.endpoint, failure)])
        return next((route.endpoint for route in left if not route.faults), None)

    def learn(self, call: Call, refused: Sequence[Refused]) -> None:
        """Remember what does not serve the model of `call`, or no model at all."""
        for endpoint, failure in refused:
            if failure.kind == "invalid" and self._blames_parameter(call, failure):
                continue  # that parameter is remembered, and no more
            nowhere = failure.missing == "endpoint" and not names_model(failure.said)
            self._refusals.add(("" if nowhere else call.request.model, endpoint))

    async def look_for_newest(self, look_up: LookUp) -> None:
        """Find out by a lookup, which costs nothing, whether the server has the newest endpoint for
        any model; raises `GrokFailed` when it cannot be reached."""
        found = await look_up(ENDPOINTS[_NEWEST].path)
        if found.status in {404, 501}:
            self._refusals.add(("", _NEWEST))

    def learn_served(self, call: Call, refused: Sequence[Refused], ways: Sequence[Way]) -> None:
        """Remember that `call`, written in these ways, has been answered where it went, after it
        was `refused`."""
        self._proven.add((call.request.model, call.endpoint))
        self.learn(call, refused)
        for way in ways:
            self._ways.add((call.request.model, call.endpoint, way))

    def fit(self, call: Call) -> Call:
        """`call` as its server takes it, as far as is known."""
        for way in WAYS:
            if (call.request.model, call.endpoint, way) in self._ways:
                call = adapted(call, way) or call
        return call

    def tells_apart(self, call: Call) -> bool:
        """Whether the server is known to say, in a stream, which answer each piece belongs to."""
        return call.dialect == "xai" or (call.request.model, call.endpoint) in self._apart

    def learn_apart(self, call: Call) -> None:
        """The server has said so."""
        self._apart.add((call.request.model, call.endpoint))

    def _left(self, call: Call, refused: Sequence[Refused]) -> list[Route]:
        """The routes that have not been tried."""
        tried = {endpoint for endpoint, _ in refused}
        beside = call.beside
        wanted = call.request, beside.effort, beside.search
        return self._routes(*wanted, pictures=beside.pictures, but=tried)

    def _routes(
        self,
        request: CompletionRequest,
        effort: Effort | None,
        search: Search,
        *,
        pictures: bool,
        but: Collection[Endpoint] = (),
    ) -> list[Route]:
        """All of them `but` some; where something is searched those only that can, if there are
        any."""
        order = [name for name in self._order(request.model) if name not in but]
        if search.sources:
            order = [name for name in order if ENDPOINTS[name].searches] or order
        return [
            Route(endpoint, self._faults(request, effort, search, endpoint, pictures=pictures))
            for endpoint in order
        ]

    def _order(self, model: str) -> list[Endpoint]:
        """The endpoints that may serve `model`, the newest first."""
        if self._forced != "auto":
            return [self._forced]
        reasons = self._catalogue.reasons(model)
        may = [name for name in ENDPOINTS if not (reasons and name == "completions")]
        return [name for name in may if not self._refuses(model, name)] or may

    def _refuses(self, model: str, endpoint: Endpoint) -> bool:
        return any((name, endpoint) in self._refusals for name in (model, ""))

    def note(self, call: Call, failure: Failure) -> None:
        """Remember a parameter that the model was found not to take, whatever its value."""
        if self._blames_parameter(call, failure):
            self._not_taken.add((call.request.model, call.endpoint, failure.parameter))

    @staticmethod
    def _blames_parameter(call: Call, failure: Failure) -> bool:
        """Whether a parameter that was given is not taken, whatever its value."""
        given = call.given - _ANY_MODEL_TAKES
        taken = failure.kind != "invalid" or not unsupported(failure.said)
        return failure.parameter in given and not taken

    def _faults(
        self,
        request: CompletionRequest,
        effort: Effort | None,
        search: Search,
        endpoint: Endpoint,
        *,
        pictures: bool,
    ) -> tuple[Fault, ...]:
        """What the model cannot take at `endpoint`, each with a model that can."""
        found = self._request_faults(request, endpoint)
        if search.sources:
            found = tuple(self._searching(request, search, endpoint, found))
        efforts = self._effort(request, effort, endpoint) if effort is not None else ()
        return (*found, *efforts, *(self._pictures(request, endpoint) if pictures else ()))

    def sees(self, model: str) -> bool | None:
        """Whether `model` looks at pictures, as is known or has been found; None: nobody knows."""
        return False if model in self._blind else self._catalogue.sees(model)

    def learn_blind(self, call: Call) -> None:
        """Remember that the model of `call` looks at no pictures."""
        self._blind.add(call.request.model)

    def _pictures(self, request: CompletionRequest, endpoint: Endpoint) -> Iterator[Fault]:
        """What speaks against looking at pictures."""
        if self.sees(request.model) is False:
            able = said.grok_able("pictures", self._catalogue.seeing)
            yield Fault("file", said.GROK_NO_EYES(safe_name(request.model)), able)
        elif not ENDPOINTS[endpoint].pictures:
            allowed = "" if self._forced == "auto" else said.grok_able_at("pictures", _NEWEST)
            yield Fault("file", said.GROK_NO_EYES_HERE(endpoint), allowed)

    def _searching(
        self,
        request: CompletionRequest,
        search: Search,
        endpoint: Endpoint,
        found: Sequence[Fault],
    ) -> Iterator[Fault]:
        """What speaks against a search, and what was `found` against the rest: what only endpoints
        have that search nothing cannot go together with it."""
        model = request.model
        if not ENDPOINTS[endpoint].searches:
            yield from found
            able = said.grok_able_at("search", _NEWEST)
            here = Fault("search", said.GROK_CANNOT_HERE(endpoint), able)
            yield Fault("search", said.NO_SEARCH_HERE) if self._forced == "auto" else here
            return
        lacking = ENDPOINTS[endpoint].lacks(request)
        for fault in found:
            beside = fault.parameter in lacking and self._forced == "auto"
            yield Fault(fault.parameter, said.NOT_WITH_SEARCH) if beside else fault
        left = self.searched(model, endpoint, search)
        if left != search.sources:
            missing = [place for place in search.sources if place not in left]
            yield Fault("search", said.grok_not_searched(safe_name(model), missing), ",".join(left))
        for name in search.values():
            if (model, endpoint, name) in self._not_taken:
                yield Fault(name, said.GROK_CANNOT(safe_name(model)))

    def searched(self, model: str, endpoint: Endpoint, search: Search) -> tuple[Searched, ...]:
        """The places of `search` of which nobody knows that they are not searched there."""
        return tuple(
            place
            for place in search.sources
            if (model, endpoint, _tool(place)) not in self._not_taken
        )

    def learn_not_searched(self, call: Call, places: Sequence[Searched]) -> None:
        """Remember that these are not searched where `call` went."""
        for place in places:
            self._not_taken.add((call.request.model, call.endpoint, _tool(place)))

    def _effort(
        self, request: CompletionRequest, effort: Effort, endpoint: Endpoint
    ) -> Iterator[Fault]:
        """What speaks against thinking so long."""
        model, taken = request.model, self._catalogue.efforts(request.model)
        able = said.grok_able("effort", self._catalogue.thinks(effort))
        refused = taken == () or (model, endpoint, "effort") in self._not_taken
        if not refused and taken and effort not in taken:
            problem = said.GROK_NO_EFFORT(model=safe_name(model), effort=effort)
            yield Fault("effort", problem, one_of(taken))
        elif refused or (self._forced == "auto" and not ENDPOINTS[endpoint].efforts):
            yield Fault("effort", said.GROK_CANNOT(safe_name(model)), able)
        elif not ENDPOINTS[endpoint].efforts:
            here = said.GROK_CANNOT_HERE(endpoint)
            yield Fault("effort", here, said.grok_able_at("effort", _NEWEST))

    def _request_faults(self, request: CompletionRequest, endpoint: Endpoint) -> tuple[Fault, ...]:
        lacking = ENDPOINTS[endpoint].lacks(request)
        names = list(dict.fromkeys([*lacking, *self._refused(request, endpoint)]))
        if not names:
            return ()
        cannot = said.GROK_CANNOT(safe_name(request.model))
        if self._forced != "auto":
            here = said.GROK_CANNOT_HERE(self._forced)
            return tuple(
                Fault(name, here, said.grok_able_at(name, _carrier(request, name)))
                if name in lacking
                else Fault(name, cannot, said.grok_able(name, ""))
                for name in names
            )
        able = self._catalogue.able(but=request.model)
        return tuple(Fault(name, cannot, said.grok_able(name, able)) for name in names)

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

    def serves(self, model: str) -> bool:
        """Whether there may be such a model; False: the API says that it has others only."""
        if model == self._usual or not self._catalogue.tells_all(self._usual):
            return True
        return bool(self._catalogue.find(model) or self._catalogue.stands_for_another(model))

    def _unknown(self, model: str) -> Fault:
        name = safe_name(model)
        if nearest := self._catalogue.nearest(model):
            return Fault("model", said.GROK_MISSPELT(model=name, nearest=nearest))
        return Fault("model", said.GROK_UNLISTED(name), said.GROK_LISTED)


def _carrier(request: CompletionRequest, parameter: str) -> Endpoint:
    """The newest endpoint that has `parameter`."""
    return next(name for name, wire in ENDPOINTS.items() if parameter not in wire.lacks(request))


def _tool(place: Searched) -> str:
    """The name under which it is remembered that a place is not searched."""
    return f"search {place}"
