"""The two ways to write a request: `/v1/completions` and `/v1/chat/completions`.

Parameters that were not given are not written; `stream` apart, which is on unless the request
says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.completion.request import CompletionRequest
from bot.completion.result import Endpoint
from bot.completion.rules import MAX_STOPS
from bot.completion.transcript import NO_PAST, STOP, Frame, Past, chat_messages, frame
from bot.grok.call import Call, Dialect

PATHS: dict[Endpoint, str] = {"completions": "/completions", "chat": "/chat/completions"}


def write(
    request: CompletionRequest,
    system: str,
    endpoint: Endpoint,
    dialect: Dialect,
    past: Past = NO_PAST,
) -> Call:
    """The call that carries `request` to `endpoint`, with `past` before it."""
    given = request.given()
    if dialect == "xai" and isinstance(request.stop, str):
        given["stop"] = [request.stop]
    if endpoint == "completions":
        around = frame(system, past)
        body = _completions_body(given, around, dialect)
    else:
        around = Frame()
        body = _chat_body(given, chat_messages(system, past, "\n\n".join(request.prompts)))
    if request.streams:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    elif request.stream is not None:
        body["stream"] = False
    return Call(
        request=request,
        system=system,
        endpoint=endpoint,
        dialect=dialect,
        body=body,
        stream=request.streams,
        past=past,
        lead=around.lead,
        tail=around.tail,
    )


def without_mark(call: Call) -> Call | None:
    """`call` without the stop sequence that nobody but us wants; None when it has none."""
    stops = _stops(call.body)
    if not call.tail or STOP not in stops:
        return None
    body = {name: value for name, value in call.body.items() if name != "stop"}
    own = [stop for stop in stops if stop != STOP]
    return replace(call, body=body | {"stop": own} if own else body)


def only_completions(request: CompletionRequest) -> tuple[str, ...]:
    """The parameters with which `request` asks for what the chat endpoint does not have.

    A value that asks for nothing (`echo=false`, `best_of=1`) is not among them.
    """
    asked = {
        "prompt": len(request.prompts) > 1,
        "suffix": bool(request.suffix),
        "echo": bool(request.echo),
        "best_of": (request.best_of or 1) > 1,
    }
    return tuple(name for name, needed in asked.items() if needed)


def _completions_body(given: dict[str, Any], around: Frame, dialect: Dialect) -> dict[str, Any]:
    prompt = given["prompt"]
    given["prompt"] = (
        around.around(prompt)
        if isinstance(prompt, str)
        else [around.around(each) for each in prompt]
    )
    stops = _stops(given)
    if around.tail and len(stops) < MAX_STOPS:  # without it the answer is cut here all the same
        given["stop"] = [*stops, STOP]
    if dialect == "xai" and "logprobs" in given:
        given["logprobs"] = True
    return given


def _stops(body: Mapping[str, Any]) -> list[str]:
    stop = body.get("stop", [])
    return [stop] if isinstance(stop, str) else stop


def _chat_body(given: dict[str, Any], messages: list[dict[str, str]]) -> dict[str, Any]:
    body = {
        name: value
        for name, value in given.items()
        if name not in {"prompt", "suffix", "echo", "best_of"}
    }
    body["messages"] = messages
    if "logprobs" in given:
        body |= {"logprobs": True, "top_logprobs": given["logprobs"]}
    return body
