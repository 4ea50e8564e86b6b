"""HTTP with the Grok API: one post, one get."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import aiohttp
import httpx
import structlog
from httpx_sse import EventSource, ServerSentEvent

from bot.completion.result import Chunk
from bot.grok import errors
from bot.grok.body import BODY_BYTES, EVENT_BYTES, EVENT_PARTS, Bounded, Bounds, read_json
from bot.grok.call import Call
from bot.grok.deadlines import Deadlines, Watched
from bot.grok.endpoints import PATHS
from bot.grok.errors import ErrorReply, Failure
from bot.grok.reading import Progress, read, read_whole
from bot.grok.retries import retry_after, should_retry
from bot.settings import Settings
from bot.words import grok as words

log = structlog.get_logger(__name__)

_LOOKUP_SECONDS = 10.0
_ERROR_BYTES = 64 * 1024
_BROKEN = (httpx.HTTPError, aiohttp.ClientError, OSError)
"""What a connection that fails or breaks raises; the transport maps some of it only."""


@dataclass(frozen=True, slots=True)
class Found:
    """The reply to a lookup; `data` is None when it was not JSON."""

    status: int
    data: Any


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

    async def post(
        self, call: Call, deadlines: Deadlines, conversation: str | None
    ) -> AsyncGenerator[Chunk]:
        """Post `call` and read what comes; raises `Failure`."""
        deadlines.attempt(stream=call.stream)
        started = False
        response: httpx.Response | None = None
        try:
            request = self._request(call, conversation)
            response = await deadlines.within(self._http.send(request, stream=True))
            _watch(response, deadlines)
            async with aclosing(self._answer(response, call, deadlines)) as chunks:
                async for chunk in chunks:
                    started = True
                    yield chunk
        except _BROKEN as error:
            raise errors.from_transport(error, started=started) from error
        finally:
            if response is not None:
                await response.aclose()

    async def look_up(self, path: str) -> Found:
        """Get the JSON of `path`; raises `Failure` when there is no reply, or none of a bearable
        size."""
        request = self._http.build_request("GET", self._base + path, headers=self._headers)
        return await self._ask(request, _LOOKUP_SECONDS)

    async def put(self, path: str, body: Mapping[str, Any], seconds: float) -> Found:
        """Post `body` to `path`, and take the JSON that comes within `seconds`; raises `Failure`
        when there is no reply, or none of a bearable size."""
        url = self._base + path
        request = self._http.build_request("POST", url, json=dict(body), headers=self._headers)
        return await self._ask(request, seconds)

    async def _ask(self, request: httpx.Request, seconds: float) -> Found:
        try:
            async with asyncio.timeout(seconds):
                response = await self._http.send(request, stream=True)
                try:
                    Bounded(response, BODY_BYTES)
                    return Found(response.status_code, read_json(_text(await response.aread())))
                finally:
                    await response.aclose()
        except (*_BROKEN, TimeoutError) as error:
            raise errors.from_transport(error, started=False) from error

    async def get(self, path: str) -> Any:
        """The JSON of `path`, or None when there is none to have."""
        try:
            found = await self.look_up(path)
        except Failure:
            return None
        return found.data if found.status == 200 else None

    def _request(self, call: Call, conversation: str | None) -> httpx.Request:
        headers = self._headers | {
            "Accept": "text/event-stream" if call.stream else "application/json"
        }
        if conversation and call.endpoint == "chat" and call.dialect == "xai":
            headers["x-grok-conv-id"] = hashlib.sha256(conversation.encode()).hexdigest()[:32]
        url = self._base + PATHS[call.endpoint]
        return self._http.build_request("POST", url, json=dict(call.body), headers=headers)

    async def _answer(
        self, response: httpx.Response, call: Call, deadlines: Deadlines
    ) -> AsyncGenerator[Chunk]:
        if not response.is_success:
            failure = errors.from_reply(await _error_reply(response), call, self._secret)
            log.info(
                "grok said no",
                status=response.status_code,
                kind=failure.kind,
                grok_request=response.headers.get("x-request-id"),
            )
            raise failure
        bounds = Bounds.of(call)
        if "text/event-stream" not in response.headers.get("content-type", ""):
            Bounded(response, BODY_BYTES)
            for chunk in self._whole(await response.aread(), call):
                yield bounds.follow(chunk)
            return
        async with aclosing(self._streamed(response, call, deadlines, bounds)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _streamed(
        self, response: httpx.Response, call: Call, deadlines: Deadlines, bounds: Bounds
    ) -> AsyncGenerator[Chunk]:
        """The chunks of an event stream; that it breaks after its end is no matter."""
        body = Bounded(response, bounds.wire, each=EVENT_BYTES)
        response.encoding = "utf-8-sig"  # of every event stream, whatever its header says
        progress = Progress()
        try:
            async with aclosing(EventSource(response).aiter_sse()) as events:
                async for event in events:
                    deadlines.event()
                    body.done()
                    bounds.event()
                    if event.data.strip() == "[DONE]":
                        break
                    for chunk in progress.follow(self._event(event, call, begun=progress.said)):
                        yield bounds.follow(chunk)
                else:
                    if progress.begun and not progress.complete:
                        raise Failure(words.GROK_CUT, kind="cut")
        except _BROKEN:
            if not progress.complete:
                raise
        if not progress.begun:
            raise _nothing()
        for chunk in progress.rest():
            yield chunk

    def _event(self, event: ServerSentEvent, call: Call, *, begun: bool) -> list[Chunk]:
        data = read_json(event.data, EVENT_PARTS)
        if event.event == "error" and not isinstance(data, Mapping):
            data = {"error": event.data}
        if not isinstance(data, Mapping):
            return []
        if data.get("error") or event.event == "error":
            raise errors.from_event(data, call, self._secret, begun=begun)
        return read(data)

    def _whole(self, body: bytes, call: Call) -> list[Chunk]:
        answer = read_json(_text(body))
        if isinstance(answer, Mapping) and answer.get("error"):
            raise errors.from_event(answer, call, self._secret, begun=False)
        if not isinstance(answer, Mapping) or not isinstance(answer.get("choices"), list):
            raise Failure(words.GROK_STRANGE, kind="unavailable", spent=False)
        chunks = read_whole(answer)
        if all(chunk.usage is not None for chunk in chunks):
            raise _nothing(spent=bool(chunks))
        return chunks


def _watch(response: httpx.Response, deadlines: Deadlines) -> None:
    """Put the body under the deadlines; httpx-sse shows no comments, but they are bytes."""
    if isinstance(response.stream, httpx.AsyncByteStream):
        response.stream = Watched(response.stream, deadlines)


def _text(body: bytes) -> str:
    """JSON is UTF-8 (RFC 8259), whatever a header says; a byte order mark is left out."""
    return body.decode("utf-8-sig", errors="replace")


def _nothing(*, spent: bool = False) -> Failure:
    """A reply without any answer in it; unless it says that it was `spent` on, nobody pays."""
    return Failure(words.GROK_NOTHING, kind="unavailable", spent=spent, retry=not spent)


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
