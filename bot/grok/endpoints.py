"""The two ways to write a request: `/v1/completions` and `/v1/chat/completions`.

Parameters that were not given are not written; `stream` apart, which is on unless the request
says otherwise.
"""

from __future__ import annotations

from typing import Any

from bot.completion.request import CompletionRequest
from bot.completion.result import Endpoint
from bot.grok.call import Call, Dialect

PATHS: dict[Endpoint, str] = {"completions": "/completions", "chat": "/chat/completions"}


def write(request: CompletionRequest, system: str, endpoint: Endpoint, dialect: Dialect) -> Call:
    """The call that carries `request` to `endpoint`."""
    given = request.given()
    if dialect == "xai" and isinstance(request.stop, str):
        given["stop"] = [request.stop]
    if endpoint == "completions":
        body = _completions_body(given, system, dialect)
    else:
        body = _chat_body(given, system, request)
    if request.streams:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    elif request.stream is not None:
        body["stream"] = False
    return Call(request, system, endpoint, dialect, body, request.streams)


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


def _completions_body(given: dict[str, Any], system: str, dialect: Dialect) -> dict[str, Any]:
    if system:
        prompt = given["prompt"]
        given["prompt"] = (
            f"{system}\n\n{prompt}"
            if isinstance(prompt, str)
            else [f"{system}\n\n{each}" for each in prompt]
        )
    if dialect == "xai" and "logprobs" in given:
        given["logprobs"] = True
    return given


def _chat_body(given: dict[str, Any], system: str, request: CompletionRequest) -> dict[str, Any]:
    body = {
        name: value
        for name, value in given.items()
        if name not in {"prompt", "suffix", "echo", "best_of"}
    }
    messages = [{"role": "system", "content": system}] if system else []
    body["messages"] = messages + [
        {"role": "user", "content": prompt} for prompt in request.prompts
    ]
    if "logprobs" in given:
        body |= {"logprobs": True, "top_logprobs": given["logprobs"]}
    return body
