"""HTTP with the Grok API: its connections, one post, one get.

Of the JSON of a request pictures and files may be many megabytes. To encode a text of 30 MB takes a
fifth of a second in one piece, which nothing else could use. What is in base64 needs no encoding:
it is put in place as it is.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
import secrets
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import httpx
import structlog
from pydantic import SecretStr

from bot.completion.result import Chunk
from bot.files.file import DataUrl
from bot.grok import errors
from bot.grok.call import Call, Identifiers
from bot.grok.endpoints.writing import ENDPOINTS
from bot.grok.errors import ErrorReply, Failure
from bot.grok.http.event_stream import BODY_BYTES, Bounded
from bot.grok.http.receiving import BROKEN, Receiving, decoded, read_json
from bot.grok.http.sips import Deadlines, SippingTransport, Sips, transport_of
from bot.settings import Settings

log = structlog.get_logger(__name__)

_LOOKUP_SECONDS = 10.0
_CONNECT_SECONDS = 10.0
_KEEPALIVE_SECONDS = 15.0

_HEADER_BYTES = 64 * 1024
"""Of one header: gateways send policies and cookies far above aiohttp's 8 KiB."""
_MOST_HEADERS = 1_000
_ERROR_BYTES = 64 * 1024
_MOST_REDIRECTS = 3

_LONGEST_READ = 366 * 86_400.0
"""Seconds; what asks for more is a mistake."""

_HEADERS = (("retry-after-ms", "ms"), ("x-ms-retry-after-ms", "ms"), ("retry-after", "s"))
"""The first two are OpenAI's and Azure's, and finer."""

_AMOUNT = re.compile(r"([0-9]{0,15}\.?[0-9]{1,15})\s*(ms|s|m|h)?", re.IGNORECASE)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def open_http(settings: Settings) -> httpx.AsyncClient:
    """A client for `settings`, to be closed at the end.

    httpx runs on aiohttp because its own transport loses connections when a stream is cancelled.
    There are as many connections as answers: the worker bounds those.
    """
    session = _session(safe=urlsplit(settings.xai_base_url).scheme == "https")
    # Its own context goes unused, as the session has one: let it not read all certificates again.
    unused = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.AsyncClient(
        transport=SippingTransport(
            verify=unused,
            client=session,
            proxy=_proxy(settings.grok_proxy),
        ),
        timeout=httpx.Timeout(None, connect=_CONNECT_SECONDS, pool=_CONNECT_SECONDS),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        trust_env=False,
    )


def _proxy(address: SecretStr | None) -> httpx.Proxy | None:
    """What stands between the bot and the API; who asks is said in a header, as aiohttp wants."""
    if address is None:
        return None
    url = httpx.URL(address.get_secret_value())
    who = aiohttp.encode_basic_auth(url.username, url.password) if url.userinfo else None
    headers = {"Proxy-Authorization": who} if who else None
    return httpx.Proxy(url.copy_with(userinfo=b""), headers=headers)


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


def encoded(body: Mapping[str, Any]) -> bytes:
    """`body` as it is sent."""
    mark = f"~{secrets.token_hex(16)}~"
    taken: list[str] = []
    around = json.dumps(
        _without_files(body, mark, taken),
        ensure_ascii=False,
        separators=(",", ":"),
        allow_nan=False,
    ).split(mark)
    parts = [around[0].encode()]
    for url, text in zip(taken, around[1:], strict=True):
        parts += [url.encode("ascii"), text.encode()]
    return b"".join(parts)


def _without_files(value: Any, mark: str, taken: list[str]) -> Any:
    """`value` with `mark` in place of each picture and file, which is `taken`."""
    match value:
        case dict():
            return {name: _without_files(each, mark, taken) for name, each in value.items()}
        case list():
            return [_without_files(each, mark, taken) for each in value]
        case DataUrl():
            taken.append(value)
            return mark
        case _:
            return value


@dataclass(frozen=True, slots=True)
class HttpReply:
    """The reply to a lookup as it came. `onward` is the address that it sends to, where the bot
    does not follow."""

    status: int
    text: str
    onward: str = ""

    @property
    def data(self) -> Any:
        """What it says as JSON; None when it is none. Raises `Failure` when it is too intricate."""
        return read_json(self.text)


class Api:
    """Speaks to the configured address, with the configured key."""

    def __init__(self, settings: Settings, http: httpx.AsyncClient) -> None:
        self._http = http
        self._base = settings.xai_base_url.rstrip("/")
        key = settings.xai_api_key
        self._secret = key.get_secret_value().strip() if key else ""
        self._headers = {"User-Agent": "grok-bot", "Accept-Encoding": "identity"}
        if self._secret:
            self._headers["Authorization"] = f"Bearer {self._secret}"

    async def post(self, call: Call, deadlines: Deadlines, sips: Sips) -> AsyncGenerator[Chunk]:
        """Post `call` and read what comes, a stream in `sips`; raises `Failure`."""
        deadlines.attempt(stream=call.stream)
        started = False
        response: httpx.Response | None = None
        try:
            request = self._request(call)
            response = await deadlines.within(self._send(request))
            # httpx-sse shows no comments, but they are bytes.
            pieces = deadlines.over(_stream(response))
            if transport := transport_of(response):
                pieces = sips.over(pieces, transport, deadlines)
            async with aclosing(self._answer(response, pieces, call, deadlines)) as chunks:
                async for chunk in chunks:
                    started = True
                    yield chunk
        except BROKEN as error:
            raise errors.from_transport(error, started=started) from error
        finally:
            if response is not None:
                await response.aclose()

    async def look_up(self, path: str) -> HttpReply:
        """Get what is at `path`; raises `Failure` when there is no reply, or none of a bearable
        size."""
        request = self._http.build_request("GET", self._base + path, headers=self._headers)
        return await self._ask(request, _LOOKUP_SECONDS)

    async def put(self, path: str, body: Mapping[str, Any], seconds: float) -> HttpReply:
        """Post `body` to `path`, and take what comes within `seconds`; raises `Failure` when there
        is no reply, or none of a bearable size."""
        url = self._base + path
        request = self._http.build_request("POST", url, json=dict(body), headers=self._headers)
        return await self._ask(request, seconds)

    async def _ask(self, request: httpx.Request, seconds: float) -> HttpReply:
        try:
            async with asyncio.timeout(seconds):
                response = await self._send(request)
                try:
                    bounded = Bounded(_stream(response), _packed(response), BODY_BYTES)
                    text = decoded(b"".join([piece async for piece in bounded]))
                    return HttpReply(response.status_code, text, str(_location(response) or ""))
                finally:
                    await response.aclose()
        except (*BROKEN, TimeoutError) as error:
            raise errors.from_transport(error, started=False) from error

    async def get(self, path: str) -> Any:
        """The JSON of `path`, or None when there is none to have."""
        try:
            found = await self.look_up(path)
            return found.data if 200 <= found.status < 300 else None
        except Failure:
            return None

    def _request(self, call: Call) -> httpx.Request:
        wire = ENDPOINTS[call.endpoint]
        names = Identifiers(self._hash(call.names.conversation), self._hash(call.names.asker))
        headers = self._headers | {
            "Accept": "text/event-stream" if call.stream else "application/json",
            "Content-Type": "application/json",
        }
        headers |= wire.headers(names, call.dialect)
        body = {**call.body, **wire.named(names)}
        return self._http.build_request(
            "POST", self._base + wire.path, content=encoded(body), headers=headers
        )

    def _hash(self, name: str) -> str:
        """Nobody is to find out who or what is meant, by trying all names there are."""
        found = hmac.new(self._secret.encode(), name.encode(), hashlib.sha256)
        return found.hexdigest()[:32] if name else ""

    async def _answer(
        self,
        response: httpx.Response,
        pieces: AsyncIterable[bytes],
        call: Call,
        deadlines: Deadlines,
    ) -> AsyncGenerator[Chunk]:
        if not response.is_success:
            failure = await self._refusal(response, pieces, call)
            log.info(
                "grok said no",
                status=response.status_code,
                kind=failure.kind,
                grok_request=response.headers.get("x-request-id"),
            )
            raise failure
        receiving = Receiving(call, deadlines, self._secret)
        async with aclosing(receiving.read(response, pieces)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _refusal(
        self, response: httpx.Response, pieces: AsyncIterable[bytes], call: Call
    ) -> Failure:
        if response.is_redirect:
            return errors.moved()
        reply = ErrorReply(
            response.status_code,
            (await _beginning(response, pieces)).decode(errors="replace"),
            retry_after(response.headers),
            should_retry(response.headers),
        )
        return errors.from_reply(reply, call, self._secret)

    async def _send(self, request: httpx.Request) -> httpx.Response:
        """The reply to `request`, with its method and body kept where it is sent on to the same
        host: no other ever gets the key."""
        for _ in range(_MOST_REDIRECTS):
            response = await self._http.send(request, stream=True)
            onward = self._onward(request, response)
            if onward is None:
                return response
            await response.aclose()
            request = onward
        return await self._http.send(request, stream=True)

    def _onward(self, request: httpx.Request, response: httpx.Response) -> httpx.Request | None:
        url = _location(response)
        if url is None or not _same_host(request.url, url):
            return None
        headers = {**request.headers, "Host": url.netloc.decode("ascii")}
        return self._http.build_request(
            request.method, url, headers=headers, content=request.content
        )


def _location(response: httpx.Response) -> httpx.URL | None:
    """Where it sends to; None: nowhere, or to what is no address."""
    if not response.has_redirect_location:
        return None
    try:
        return response.url.join(response.headers["location"])
    except (httpx.InvalidURL, ValueError):
        return None


def _same_host(here: httpx.URL, there: httpx.URL) -> bool:
    """Whether `there` is the same host and port as `here`, or its safe one instead."""
    if here.host != there.host:
        return False
    if here.scheme == there.scheme:
        return here.port == there.port
    return (here.scheme, there.scheme) == ("http", "https") and not here.port and not there.port


def _stream(response: httpx.Response) -> AsyncIterable[bytes]:
    if not isinstance(response.stream, httpx.AsyncByteStream):
        raise TypeError("a response of an async client")
    return response.stream


def _packed(response: httpx.Response) -> str:
    packed: str = response.headers.get("content-encoding", "")
    return packed


async def _beginning(response: httpx.Response, pieces: AsyncIterable[bytes]) -> bytes:
    """The first `_ERROR_BYTES` of a body, or nothing where it cannot be unpacked."""
    body = b""
    try:
        async for piece in Bounded(pieces, _packed(response), BODY_BYTES):
            body += piece
            if len(body) >= _ERROR_BYTES:
                break
    except Failure as failure:
        if failure.kind == "timeout":
            raise
    return body[:_ERROR_BYTES]


def retry_after(headers: Mapping[str, str]) -> float | None:
    """How many seconds from now the API asks to wait: in milliseconds (`retry-after-ms`), in
    seconds, or until a date; None when it does not say, or says what cannot be."""
    for name, unit in _HEADERS:
        seconds = _seconds(headers.get(name, "").strip(), unit)
        if seconds is not None and seconds <= _LONGEST_READ:
            return max(0.0, seconds)
    return None


def _seconds(value: str, unit: str) -> float | None:
    if amount := _AMOUNT.fullmatch(value):
        return float(amount[1]) * _UNITS[(amount[2] or unit).lower()]
    try:
        return parsedate_to_datetime(value).timestamp() - time.time()
    except (ValueError, OverflowError, TypeError, IndexError, OSError):
        return None


def should_retry(headers: Mapping[str, str]) -> bool | None:
    """The `x-should-retry` header; None when the API does not say."""
    return {"true": True, "false": False}.get(headers.get("x-should-retry", "").strip().lower())
