"""A Grok API over real HTTP: strict in what it takes, scripted in what it does."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any, Self

from aiohttp import web

from sandbox.grok import strict
from sandbox.grok.calling import Calling
from sandbox.grok.counting import Counting
from sandbox.grok.fields import Dialect, Endpoint
from sandbox.grok.generation import Generation, generate
from sandbox.grok.models import LONG_PROMPT, MODELS, OPENAI_MODELS, Model
from sandbox.grok.parts import Part, check_parts
from sandbox.grok.responses import ResponsesWire
from sandbox.grok.script import Recorded, Script, Scripts
from sandbox.grok.strict import Refusal
from sandbox.grok.tools import check_tools
from sandbox.grok.wire import Wire

_ENDPOINTS: dict[str, Endpoint] = {
    "completions": "completions",
    "chat/completions": "chat",
    "responses": "responses",
}
_BODY_BYTES = 64 * 1024 * 1024

_TOKENS_PER_CALL = 50
"""So many tokens could be written while a tool is at work."""


class GrokServer:
    """The sandbox Grok, listening on a port of 127.0.0.1 while entered.

    `requests` are the completions asked for, `lookups` everything else, both in order of arrival.
    Tokens are counted by `counting`, and told by `/v1/tokenize-text` in xAI's dialect.
    What no script says is answered by default, `speed` tokens a second (None: at once) after
    `first_delay` seconds. `api_key` None takes any key.
    """

    def __init__(
        self,
        *,
        dialect: Dialect = "xai",
        api_key: str | None = "xai-sandbox-key",
        models: Iterable[Model] | None = None,
        speed: float | None = 50.0,
        first_delay: float = 0.4,
        endpoints: Iterable[Endpoint] = ("completions", "chat", "responses"),
        counting: Counting | None = None,
        port: int = 0,
    ) -> None:
        self.dialect = dialect
        self.api_key = api_key
        self.more_keys: set[str] = set()
        """Those of other accounts, taken as well."""
        self.requests: list[Recorded] = []
        self.lookups: list[Recorded] = []
        self.billed: list[int] = []
        """Tokens of each request that was answered, whatever its usage says: all that it might
        have written, once it was begun."""
        self.stored = 0
        """Responses that are kept for 30 days: all that were not asked for with `store` false."""
        self.team_blocked = False
        self._default = Script(speed=speed, first_delay=first_delay, times=None)
        if models is None:
            models = MODELS if dialect == "xai" else (*MODELS, *OPENAI_MODELS)
        self._served = tuple(models)
        self._models = {
            name: model for model in self._served for name in (model.id, *model.aliases)
        }
        self._endpoints = frozenset(endpoints)
        self._counting = counting or Counting()
        self._scripts = Scripts()
        self._lookup_scripts = Scripts()
        self._port = port
        self._runner: web.AppRunner | None = None
        self._arrival = asyncio.Condition()

    @property
    def _keys(self) -> set[str] | None:
        return None if self.api_key is None else {self.api_key, *self.more_keys}

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    def script(self, script: Script) -> Script:
        """Queue `script` for the next request that it accepts."""
        self._scripts.add(script)
        return script

    def script_lookup(self, script: Script) -> Script:
        """Queue `script` for the next lookup that it accepts; its body, status or flow is sent."""
        self._lookup_scripts.add(script)
        return script

    async def arrived(self, count: int = 1) -> Recorded:
        """Wait for the `count`-th request and return it."""
        async with self._arrival:
            await self._arrival.wait_for(lambda: len(self.requests) >= count)
        return self.requests[count - 1]

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=_BODY_BYTES)
        app.router.add_post("/v1/{endpoint:completions|chat/completions|responses}", self._complete)
        app.router.add_post("/v1/tokenize-text", self._tokenize)
        app.router.add_get("/v1/models", self._list_models)
        app.router.add_get("/v1/language-models", self._list_language_models)
        app.router.add_get("/v1/api-key", self._show_key)
        runner = web.AppRunner(
            app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1
        )
        await runner.setup()
        listener = socket.create_server(("127.0.0.1", self._port))
        self._port = listener.getsockname()[1]
        await web.SockSite(runner, listener).start()
        self._runner = runner
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        recorded = await self._record(request)
        async with self._arrival:
            self.requests.append(recorded)
            self._arrival.notify_all()
        try:
            return await self._answer(request, recorded)
        except (asyncio.CancelledError, ConnectionResetError):
            recorded.closed_early = True
            raise
        finally:
            recorded.closed.set()

    async def _answer(self, request: web.Request, recorded: Recorded) -> web.StreamResponse:
        endpoint = _ENDPOINTS[request.match_info["endpoint"]]
        if endpoint not in self._endpoints:
            raise web.HTTPNotFound
        script = self._scripts.take(recorded) or self._default
        if script.raw is not None:
            headers = {"Content-Type": "text/event-stream", **script.headers}
            return web.Response(body=script.raw, headers=headers)
        if script.flow is not None:
            return await _flow(request, script, script.flow())
        if script.status != 200 or script.body is not None:
            await asyncio.sleep(script.first_delay)
            return _reply(script.status, script.body, script.headers)
        try:
            model, parts = self._check(request, endpoint, recorded.body)
        except Refusal as refusal:
            return _reply(refusal.status, refusal.body)
        body = recorded.body
        counting = self._counting
        generation = generate(self.dialect, endpoint, model, body, script, counting, parts)
        self.billed.append(generation.tokens)
        wire: Wire | ResponsesWire
        if endpoint == "responses":
            wire = ResponsesWire(model, body, generation, script.annotated)
            self.stored += 0 if body.get("store") is False else 1
        else:
            wire = Wire(self.dialect, endpoint, model, body, generation, counting)
        await asyncio.sleep(script.first_delay)
        if body.get("stream"):
            return await _stream(request, wire, generation, script)
        await _stall(script, 0)
        return web.json_response(wire.whole())

    def _check(
        self, request: web.Request, endpoint: Endpoint, body: Any
    ) -> tuple[Model, tuple[Part, ...]]:
        strict.check_key(self.dialect, request.headers.get("Authorization", ""), self._keys)
        strict.check_fields(self.dialect, endpoint, body)
        model = strict.find_model(self.dialect, self._models, body["model"])
        strict.check_model(self.dialect, endpoint, model, body)
        check_tools(self.dialect, model, body)
        return model, check_parts(self.dialect, endpoint, model, body)

    async def _record(self, request: web.Request) -> Recorded:
        raw = await request.read()
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            body = raw.decode(errors="replace")
        headers = {name.lower(): value for name, value in request.headers.items()}
        return Recorded(request.method, request.path, headers, body, time.time())

    async def _look_up(
        self, request: web.Request, found: Any, check: Callable[[Any], None] | None = None
    ) -> web.StreamResponse:
        recorded = await self._record(request)
        self.lookups.append(recorded)
        script = self._lookup_scripts.take(recorded)
        if script is not None and script.flow is not None:
            return await _flow(request, script, script.flow())
        if script is not None:
            await asyncio.sleep(script.first_delay)
            await _stall(script, 0)
            return _reply(script.status, script.body, script.headers)
        try:
            strict.check_key(self.dialect, request.headers.get("Authorization", ""), self._keys)
            if check is not None:
                check(recorded.body)
        except Refusal as refusal:
            return _reply(refusal.status, refusal.body)
        return _reply(200, found)

    async def _tokenize(self, request: web.Request) -> web.StreamResponse:
        if self.dialect == "openai":
            self.lookups.append(await self._record(request))
            raise web.HTTPNotFound
        body = (await self._record(request)).body
        found: dict[str, Any] = {}
        if isinstance(body, dict) and isinstance(body.get("text"), str):
            found["token_ids"] = self._counting.tokens(body["text"])
        return await self._look_up(request, found, self._check_tokenizing)

    def _check_tokenizing(self, body: Any) -> None:
        strict.check_tokenizing(self.dialect, body)
        strict.find_model(self.dialect, self._models, body["model"])

    async def _list_models(self, request: web.Request) -> web.StreamResponse:
        data = [
            {"id": model.id, "created": 0, "object": "model", "owned_by": "xai"}
            for model in self._served
        ]
        return await self._look_up(request, {"object": "list", "data": data})

    async def _list_language_models(self, request: web.Request) -> web.StreamResponse:
        if self.dialect == "openai":
            raise web.HTTPNotFound
        models = [
            {
                "id": model.id,
                "fingerprint": "fp_sandbox",
                "created": 0,
                "object": "model",
                "owned_by": "xai",
                "version": "1.0",
                "input_modalities": ["text", "image"] if model.sees else ["text"],
                "output_modalities": ["text"],
                "prompt_text_token_price": model.input_price,
                "cached_prompt_text_token_price": model.cached_price,
                "prompt_image_token_price": 0,
                "completion_text_token_price": model.output_price,
                "search_price": 0,
                "long_context_threshold": LONG_PROMPT,
                "prompt_text_token_price_long_context": 2 * model.input_price,
                "cached_prompt_text_token_price_long_context": 2 * model.cached_price,
                "completion_text_token_price_long_context": 2 * model.output_price,
                "aliases": list(model.aliases),
            }
            for model in self._served
        ]
        return await self._look_up(request, {"models": models})

    async def _show_key(self, request: web.Request) -> web.StreamResponse:
        if self.dialect == "openai":
            raise web.HTTPNotFound
        found = {
            "redacted_api_key": "xai-...key",
            "user_id": "59fbe5f2-040b-46d5-8325-868bb8f23eb2",
            "name": "sandbox",
            "create_time": "2026-01-01T00:00:00Z",
            "modify_time": "2026-01-01T00:00:00Z",
            "modified_by": "59fbe5f2-040b-46d5-8325-868bb8f23eb2",
            "team_id": strict.TEAM,
            "acls": ["api-key:model:*", "api-key:endpoint:*"],
            "api_key_id": "ae1e1841-4326-4d2d-8d4d-5ae7a5e0e1c1",
            "team_blocked": self.team_blocked,
            "api_key_blocked": False,
            "api_key_disabled": False,
        }
        return await self._look_up(request, found)


def _reply(status: int, body: Any, headers: Any = None) -> web.Response:
    """`body` as JSON; text as it is, as a gateway would send its page."""
    if isinstance(body, str):
        kind = "text/html" if body.lstrip().startswith("<") else "text/plain"
        return web.Response(status=status, text=body, content_type=kind, headers=headers)
    return web.json_response(body, status=status, headers=headers)


async def _flow(
    request: web.Request, script: Script, pieces: Iterable[bytes]
) -> web.StreamResponse:
    headers = {"Content-Type": "text/event-stream", **script.headers}
    response = web.StreamResponse(status=script.status, headers=headers)
    await response.prepare(request)
    for piece in pieces:
        await response.write(piece)
    return response


async def _stream(
    request: web.Request, wire: Wire | ResponsesWire, generation: Generation, script: Script
) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
    await response.prepare(request)
    writer = _Writer(response, script)
    await writer.all(wire.opening())
    for text in generation.reasoning:
        await writer.event(wire.thought(text))
    await writer.all(wire.thought_over())
    if await _call_tools(request, writer, wire.calling(), script):
        return response
    await writer.all(wire.answering())
    steps = list(generation.steps())
    for sent, (index, text) in enumerate(steps):
        if await _interfere(request, writer, script, sent):
            return response
        await writer.event(wire.piece(index, text))
        await writer.all(wire.beside())
    if await _interfere(request, writer, script, len(steps)):
        return response
    await writer.all(wire.closing())
    if script.done:
        await writer.write(b"data: [DONE]\n\n")
    return response


async def _call_tools(
    request: web.Request, writer: _Writer, calls: Iterable[Calling], script: Script
) -> bool:
    """Let the tools run, with pauses in which they are at work; whether the stream ends there."""
    for place, events, works in calls:
        await writer.all(events)
        if not works:
            continue
        if place == script.within and await _interfere(request, writer, script, None):
            return True
        if script.speed is not None:
            await asyncio.sleep(_TOKENS_PER_CALL / script.speed)
    return False


async def _interfere(
    request: web.Request, writer: _Writer, script: Script, sent: int | None
) -> bool:
    """Do what the script wants after `sent` steps, or within a call (None); whether the stream
    ends there."""
    if sent is not None and script.within is not None:
        return False
    await _stall(script, sent)
    if sent is not None:
        await writer.all(script.beside.get(sent, ()))
    if script.error is not None and (sent is None or sent >= script.error_after):
        await writer.write(_frame(script.error))
        return True
    if script.cut_after is not None and (sent is None or sent >= script.cut_after):
        if request.transport is not None:
            request.transport.abort()
        return True
    return False


async def _stall(script: Script, sent: int | None) -> None:
    if script.stall_after is not None and sent in {None, script.stall_after}:
        await (script.release or asyncio.Event()).wait()


class _Writer:
    """Writes events at the speed and in the frames that a script wants."""

    def __init__(self, response: web.StreamResponse, script: Script) -> None:
        self._response = response
        self._script = script

    async def event(self, event: dict[str, Any]) -> None:
        """One step: keep-alives, the event, and the pause after it."""
        for _ in range(self._script.comments):
            await self.write(b": keep-alive\n\n")
            await asyncio.sleep(self._script.comment_pause)
        await self.write(_frame(event))
        if self._script.speed is not None:
            await asyncio.sleep(1 / self._script.speed)

    async def all(self, events: Iterable[Any]) -> None:
        """Events that are no step: at once, one after the other."""
        for event in events:
            await self.write(_frame(event))

    async def write(self, data: bytes) -> None:
        size = self._script.split or len(data)
        for start in range(0, len(data), size):
            await self._response.write(data[start : start + size])
            await asyncio.sleep(0)


def _frame(event: Any) -> bytes:
    return b"data: " + json.dumps(event, ensure_ascii=False).encode() + b"\n\n"
