"""The Grok API as the rest of the bot sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import cache, cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue, SecretStr

from bot.completion.ask import Effort, thoughts_of
from bot.completion.options import as_typed
from bot.completion.request import CompletionRequest
from bot.completion.search import NO_SEARCH, Search
from bot.completion.transcript import NO_PAST, Past, carried
from bot.errors import Fault, RequestRefused, StartupError
from bot.grok import answering, key, routing, tokenizer
from bot.grok.call import Beside, Call, Identifiers, Shape, dialect_of
from bot.grok.catalogue import Catalogue, PriceList
from bot.grok.http import api
from bot.grok.known_models import KNOWN
from bot.metrics import know_models
from bot.net.web_address import is_one_word, web_address_fault
from bot.rules.policy import InForce, Policy
from bot.settings import Settings
from bot.words import request as words
from bot.words.terminal.startup import WRONG_XAI_API_KEY

if TYPE_CHECKING:
    import httpx

    from bot.grok.answering import Again, Completion
    from bot.grok.key import Reach


@asynccontextmanager
async def open_grok(settings: Settings) -> AsyncIterator[GrokClient]:
    """A client with connections of its own, which are opened when it first asks something, and
    closed at the end.

    Raises `StartupError` where `XAI_BASE_URL` or `GROK_PROXY` is no address, or `XAI_API_KEY` no
    key.
    """
    secret = settings.xai_api_key
    if secret is not None and not is_one_word(secret.get_secret_value().strip()):
        raise StartupError([WRONG_XAI_API_KEY])
    proxy = settings.grok_proxy
    faults = [web_address_fault("XAI_BASE_URL", settings.xai_base_url)]
    if proxy is not None:
        faults.append(web_address_fault("GROK_PROXY", proxy.get_secret_value()))
    if any(faults):
        raise StartupError([*filter(None, faults)])
    async with AsyncExitStack() as stack:

        @cache
        def opened() -> httpx.AsyncClient:
            http = api.open_http(settings)
            stack.push_async_callback(http.aclose)
            return http

        yield GrokClient(settings, opened)


class GrokClient:
    """Asks Grok. One for the whole process, and one for each workspace that has a key of its
    own."""

    def __init__(
        self,
        settings: Settings,
        http: Callable[[], httpx.AsyncClient],
        *,
        own_key: bool = False,
    ) -> None:
        """`http` gives the connections, the same each time. `own_key`: the key is that of one
        workspace, whose admins set it."""
        self._settings = settings
        self._http = http
        self._own_key = own_key
        self._dialect = dialect_of(settings)
        self.catalogue = Catalogue(self._get, KNOWN if self._dialect == "xai" else ())
        know_models([settings.grok_model, *(model.id for model in KNOWN)])
        self.prices = PriceList(self.catalogue, settings)

    @cached_property
    def _api(self) -> api.Api:
        return api.Api(self._settings, self._http())

    async def _get(self, path: str) -> Any:
        return await self._api.get(path)

    @cached_property
    def _router(self) -> routing.Router:
        settings = self._settings
        return routing.Router(
            settings.grok_endpoint,
            self.catalogue,
            self._dialect,
            usual=settings.grok_model,
            usual_cap=settings.grok_max_tokens,
        )

    @cached_property
    def _tokenizer(self) -> tokenizer.Tokenizer:
        return tokenizer.Tokenizer(self._api.put)

    def with_key(self, secret: SecretStr) -> GrokClient:
        """Another client on the same connections, with a workspace's own key: what it learns of
        models, prices and endpoints is that key's alone."""
        own = self._settings.model_copy(update={"xai_api_key": secret})
        return GrokClient(own, self._http, own_key=True)

    def serves(self, model: str) -> bool:
        """Whether there may be a model of this name; False: the API says that there is none."""
        return self._router.serves(model)

    def in_force(
        self,
        policy: Policy,
        channel: str = "",
        user: str = "",
        *,
        settings: Mapping[str, JsonValue] = MappingProxyType({}),
    ) -> InForce:
        """What of `policy` holds there, with models by the names that this API has for them."""
        return InForce(policy, channel, user, settings, self.catalogue.id_of, self.serves)

    def check(
        self,
        request: CompletionRequest,
        effort: Effort | None = None,
        search: Search = NO_SEARCH,
        *,
        pictures: bool = False,
    ) -> tuple[Fault, ...]:
        """What the model, or the endpoint that serves it, cannot carry, without asking anybody;
        `pictures`: some are to be looked at.

        Every endpoint carries a system text, so none speaks against a request.
        """
        return self._router.route(request, effort, search, pictures=pictures).faults

    def plan(
        self,
        request: CompletionRequest,
        system: str = "",
        past: Past = NO_PAST,
        *,
        effort: Effort | None = None,
        search: Search = NO_SEARCH,
        nobodys_cap: bool = False,
        pictures: bool = False,
        shape: Shape | None = None,
    ) -> Call:
        """The call that `request` becomes, with `past` before it; `effort`: how long to think;
        `search`: what may be searched; `nobodys_cap`: nobody asked for the cap that goes along;
        `pictures`: some are to be looked at, so that it goes nowhere where they are not; `shape`:
        what form the answer is to have, where that can be asked for.

        Raises `RequestRefused` when it cannot be carried.
        """
        route = self._router.route(
            request, effort, search, nobodys_cap=nobodys_cap, pictures=pictures
        )
        if route.faults:
            raise RequestRefused(words.faults(as_typed(route.faults)), route.faults)
        if self._router.sees(request.model) is False:
            past = replace(past, files=carried(past.files, pictures=False, pdfs=False))
        usual_turns = search.max_turns == self._settings.grok_search_turns
        thoughts = self._thoughts(request.model, effort)
        searched = search.effective if search.sources else NO_SEARCH
        beside = Beside(effort, thoughts, searched, usual_turns, pictures, shape)
        return self._router.call(request, system, route, past, beside)

    def _thoughts(self, model: str, effort: Effort | None) -> int:
        """Tokens for thoughts, where the output cap counts those as well; none for a model of
        which nobody knows that it has any."""
        reasons = self.catalogue.reasons(model)
        if reasons is False or (reasons is None and effort is None):
            return 0
        effort = self.catalogue.effort_of(model, effort)
        return thoughts_of(self._settings.grok_reasoning_tokens, effort)

    def complete(
        self,
        call: Call | CompletionRequest,
        *,
        conversation: str | None = None,
        asker: str = "",
        again: Again | None = None,
        nobodys_cap: bool = False,
    ) -> Completion:
        """The answer to `call`, chunk by chunk; nothing is sent before it is iterated.

        `conversation` names what belongs together, so that the API can reuse what it has read,
        `asker` who asks; both are sent as hashes, where an endpoint takes them. `again` is that of
        `Completion`; `nobodys_cap`: nobody asked for the cap that goes along. Raises
        `RequestRefused` for a request that cannot be carried.
        """
        if isinstance(call, CompletionRequest):
            call = self.plan(call, nobodys_cap=nobodys_cap)
        return answering.Completion(
            replace(call, names=Identifiers(conversation or "", asker)),
            api=self._api,
            router=self._router,
            settings=self._settings,
            again=again,
            nobodys=nobodys_cap,
            own_key=self._own_key,
        )

    async def count_tokens(self, model: str, text: str, seconds: float) -> int | None:
        """How many tokens `text` is to `model`, exactly; None when the API does not say so within
        `seconds`, or has no tokenizer. Never raises."""
        return await self._tokenizer.count(model, text, seconds)

    async def look_for_newest(self) -> None:
        """Find out whether a server of another kind than xAI's has the newest endpoint, by a lookup
        that costs nothing; raises `GrokFailed` when it cannot be reached."""
        if self._dialect != "xai":
            await self._router.look_for_newest(self._api.look_up)

    async def reach(self) -> Reach:
        """What is at the configured address; raises `GrokFailed` when nothing answers there."""
        return await key.reach(self._api.look_up)
