"""HTTP with the Grok API: one post, one get.

Of the JSON of a request pictures and files may be many megabytes. To encode a text of 30 MB takes a
fifth of a second in one piece, which nothing else could use. What is in base64 needs no encoding:
it is put in place as it is.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import httpx
import structlog

from bot.completion.result import Chunk
from bot.files.material import DataUrl
from bot.grok import errors
from bot.grok.call import Call, Names
from bot.grok.endpoints import ENDPOINTS
from bot.grok.errors import ErrorReply, Failure
from bot.grok.http.body import BODY_BYTES, Bounded, decoded, read_json
from bot.grok.http.deadlines import Deadlines, Watched, retry_after, should_retry
from bot.grok.http.receiving import BROKEN, Receiving
from bot.grok.http.sips import Sipped, Sips, transport_of
from bot.settings import Settings

log = structlog.get_logger(__name__)

_LOOKUP_SECONDS = 10.0
_ERROR_BYTES = 64 * 1024
_MOST_REDIRECTS = 3


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
class Reply:
    """The reply to a lookup as it came. `onward` is the address that it sends to, where the bot
    does not follow."""

    status: int
    text: str
    onward: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """The reply to a lookup; `data` is None when it was not JSON. `onward` is the address that it
    sends to, where the bot does not follow."""

    status: int
    data: Any
    onward: str = ""


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
            _watch(response, deadlines, sips)
            async with aclosing(self._answer(response, call, deadlines)) as chunks:
                async for chunk in chunks:
                    started = True
                    yield chunk
        except BROKEN as error:
            raise errors.from_transport(error, started=started) from error
        finally:
            if response is not None:
                await response.aclose()

    async def look_up(self, path: str) -> Found:
        """Get the JSON of `path`; raises `Failure` when there is no reply, or none of a bearable
        size."""
        request = self._http.build_request("GET", self._base + path, headers=self._headers)
        reply = await self._ask(request, _LOOKUP_SECONDS)
        return Found(reply.status, read_json(reply.text), reply.onward)

    async def put(self, path: str, body: Mapping[str, Any], seconds: float) -> Reply:
        """Post `body` to `path`, and take what comes within `seconds`; raises `Failure` when there
        is no reply, or none of a bearable size."""
        url = self._base + path
        request = self._http.build_request("POST", url, json=dict(body), headers=self._headers)
        return await self._ask(request, seconds)

    async def _ask(self, request: httpx.Request, seconds: float) -> Reply:
        try:
            async with asyncio.timeout(seconds):
                response = await self._send(request)
                try:
                    Bounded(response, BODY_BYTES)
                    text = decoded(await response.aread())
                    return Reply(response.status_code, text, _onward(response))
                finally:
                    await response.aclose()
        except (*BROKEN, TimeoutError) as error:
            raise errors.from_transport(error, started=False) from error

    async def get(self, path: str) -> Any:
        """The JSON of `path`, or None when there is none to have."""
        try:
            found = await self.look_up(path)
        except Failure:
            return None
        return found.data if 200 <= found.status < 300 else None

    def _request(self, call: Call) -> httpx.Request:
        wire, names = ENDPOINTS[call.endpoint], self._hashed(call.names)
        headers = self._headers | {
            "Accept": "text/event-stream" if call.stream else "application/json",
            "Content-Type": "application/json",
        }
        headers |= wire.headers(names, call.dialect)
        body = {**call.body, **wire.named(names)}
        return self._http.build_request(
            "POST", self._base + wire.path, content=encoded(body), headers=headers
        )

    def _hashed(self, names: Names) -> Names:
        """Nobody is to find out who or what is meant, by trying all names there are."""
        return Names(self._hash(names.conversation), self._hash(names.asker))

    def _hash(self, name: str) -> str:
        found = hmac.new(self._secret.encode(), name.encode(), hashlib.sha256)
        return found.hexdigest()[:32] if name else ""

    async def _answer(
        self, response: httpx.Response, call: Call, deadlines: Deadlines
    ) -> AsyncGenerator[Chunk]:
        if not response.is_success:
            failure = await self._refusal(response, call)
            log.info(
                "grok said no",
                status=response.status_code,
                kind=failure.kind,
                grok_request=response.headers.get("x-request-id"),
            )
            raise failure
        async with aclosing(Receiving(call, deadlines, self._secret).read(response)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _refusal(self, response: httpx.Response, call: Call) -> Failure:
        if response.is_redirect:
            return errors.moved()
        return errors.from_reply(await _error_reply(response), call, self._secret)

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
        if not response.has_redirect_location:
            return None
        try:
            url = request.url.join(response.headers["location"])
        except (httpx.InvalidURL, ValueError):
            return None
        if not _same_host(request.url, url):
            return None
        headers = {**request.headers, "Host": url.netloc.decode("ascii")}
        return self._http.build_request(
            request.method, url, headers=headers, content=request.content
        )


def _onward(response: httpx.Response) -> str:
    if not response.is_redirect:
        return ""
    try:
        return str(response.url.join(response.headers.get("location", "")))
    except (httpx.InvalidURL, ValueError):
        return ""


def _same_host(here: httpx.URL, there: httpx.URL) -> bool:
    """Whether `there` is the same host and port as `here`, or its safe one instead."""
    if here.host != there.host:
        return False
    if here.scheme == there.scheme:
        return here.port == there.port
    return (here.scheme, there.scheme) == ("http", "https") and not here.port and not there.port


def _watch(response: httpx.Response, deadlines: Deadlines, sips: Sips) -> None:
    """Put the body under the deadlines, sips apart; httpx-sse shows no comments, but they are
    bytes."""
    if isinstance(response.stream, httpx.AsyncByteStream):
        transport = transport_of(response)
        watched = Watched(response.stream, deadlines)
        response.stream = watched
        if transport:
            response.stream = Sipped(watched, transport, sips, deadlines)


async def _error_reply(response: httpx.Response) -> ErrorReply:
    return ErrorReply(
        response.status_code,
        (await _beginning(response)).decode(errors="replace"),
        retry_after(response.headers),
        should_retry(response.headers),
    )


async def _beginning(response: httpx.Response) -> bytes:
    """The first `_ERROR_BYTES` of a body, or nothing where it cannot be unpacked."""
    body = b""
    try:
        Bounded(response, BODY_BYTES)
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) >= _ERROR_BYTES:
                break
    except Failure as failure:
        if failure.kind == "timeout":
            raise
    return body[:_ERROR_BYTES]
