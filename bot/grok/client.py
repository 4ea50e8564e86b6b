"""The Grok API as the rest of the bot sees it."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import urlsplit

import aiohttp
import httpx
from pydantic import SecretStr

from bot.completion.ask import Effort, thoughts_of
from bot.completion.options import as_typed
from bot.completion.request import CompletionRequest
from bot.completion.search import NO_SEARCH, Search
from bot.completion.transcript import NO_PAST, Past, carried
from bot.errors import Fault, RequestRefused, StartupError
from bot.grok.adapting import Adapting
from bot.grok.answering import Again, Completion
from bot.grok.call import Beside, Call, Names, Shape, dialect_of
from bot.grok.catalogue import Catalogue, PriceList
from bot.grok.endpoints import ENDPOINTS, write
from bot.grok.http.api import Api
from bot.grok.http.deadlines import Random, Retries, Sleep
from bot.grok.http.sips import SippingTransport
from bot.grok.key import Reach, reach
from bot.grok.known_models import KNOWN
from bot.grok.routing import Router
from bot.grok.tokenizer import Tokenizer
from bot.metrics import know_models
from bot.net.web_address import is_one_word, web_address_fits
from bot.settings import Settings
from bot.words import request as words
from bot.words.terminal.startup import WRONG_XAI_API_KEY, wrong_url

_CONNECT_SECONDS = 10.0
_KEEPALIVE_SECONDS = 15.0

_NOT_THERE = frozenset({404, 501})

_HEADER_BYTES = 64 * 1024
"""Of one header: gateways send policies and cookies far above aiohttp's 8 KiB."""
_MOST_HEADERS = 1_000


@asynccontextmanager
async def open_grok(settings: Settings) -> AsyncIterator[GrokClient]:
    """A client with connections of its own, closed at the end.

    httpx runs on aiohttp because its own transport loses connections when a stream is cancelled.
    There are as many connections as answers: the worker bounds those.
    Raises `StartupError` where `XAI_BASE_URL` is no address, or `XAI_API_KEY` no key.
    """
    key = settings.xai_api_key
    if key is not None and not is_one_word(key.get_secret_value().strip()):
        raise StartupError([WRONG_XAI_API_KEY])
    if not web_address_fits(settings.xai_base_url):
        raise StartupError([wrong_url("XAI_BASE_URL", "https:// or http://")])
    session = _session(safe=urlsplit(settings.xai_base_url).scheme == "https")
    # Its own context goes unused, as the session has one: let it not read all certificates again.
    unused = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    transport = SippingTransport(verify=unused, client=session)
    timeout = httpx.Timeout(None, connect=_CONNECT_SECONDS, pool=_CONNECT_SECONDS)
    forgetful = CookieJar(DefaultCookiePolicy(allowed_domains=()))
    async with httpx.AsyncClient(
        transport=transport, timeout=timeout, cookies=forgetful, trust_env=False
    ) as http:
        yield GrokClient(settings, http)


def _session(*, safe: bool) -> aiohttp.ClientSession:
    """Connections that bear with long headers.

    Certificates are httpx's own, which are there on every system, and take 20 ms to read. Where the
    API is asked without TLS they are aiohttp's, which are read already: a redirect may need them.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=0,
            keepalive_timeout=_KEEPALIVE_SECONDS,
            ssl=httpx.create_ssl_context() if safe else True,
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        max_line_size=_HEADER_BYTES,
        max_field_size=_HEADER_BYTES,
        max_headers=_MOST_HEADERS,
    )


class GrokClient:
    """Asks Grok. One for the whole process, and one for each workspace that has a key of its own;
    `sleep` and `rng` are for tests."""

    def __init__(
        self,
        settings: Settings,
        http: httpx.AsyncClient,
        *,
        own_key: bool = False,
        sleep: Sleep = asyncio.sleep,
        rng: Random = random.random,
    ) -> None:
        """`own_key`: the key is that of one workspace, whose admins set it."""
        self._settings = settings
        self._http = http
        self._own_key = own_key
        self._dialect = dialect_of(settings)
        self._api = Api(settings, http)
        self._retries = Retries(sleep, rng)
        self.catalogue = Catalogue(self._api.get, KNOWN if self._dialect == "xai" else ())
        know_models([settings.grok_model, *(model.id for model in KNOWN)])
        self.prices = PriceList(self.catalogue, settings)
        self._router = Router(
            settings.grok_endpoint,
            self.catalogue,
            self._dialect,
            usual=settings.grok_model,
            usual_cap=settings.grok_max_tokens,
        )
        self._adapting = Adapting()
        self._tokenizer = Tokenizer(self._api.put)

    def with_key(self, key: SecretStr) -> GrokClient:
        """Another client on the same connections, with a workspace's own `key`: what it learns of
        models, prices and endpoints is that key's alone."""
        own = self._settings.model_copy(update={"xai_api_key": key})
        return GrokClient(own, self._http, own_key=True)

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
        beside = Beside(effort, thoughts, search.effective, usual_turns, pictures, shape)
        return write(request, system, route.endpoint, self._dialect, past, beside)

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
        return Completion(
            replace(call, names=Names(conversation or "", asker)),
            api=self._api,
            router=self._router,
            adapting=self._adapting,
            retries=self._retries,
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
        newest = next(iter(ENDPOINTS))
        if self._dialect != "xai":
            found = await self._api.look_up(ENDPOINTS[newest].path)
            if found.status in _NOT_THERE:
                self._router.learn_nowhere(newest)

    async def reach(self) -> Reach:
        """What is at the configured address; raises `GrokFailed` when nothing answers there."""
        return await reach(self._api.look_up)
