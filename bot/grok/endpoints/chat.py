"""`/v1/chat/completions`: the messages of a conversation."""

from __future__ import annotations

from typing import Any

from bot.completion.request import CompletionRequest
from bot.completion.transcript import chat_messages
from bot.files.material import Enclosure, Picture
from bot.grok.call import Dialect, Names
from bot.grok.endpoints import choices
from bot.grok.endpoints.wire import Asked, Wire, Written, with_parts


def write(asked: Asked) -> Written:
    """The body of what is asked."""
    body = {
        name: value
        for name, value in asked.given.items()
        if name not in {"prompt", "suffix", "echo", "best_of"}
    }
    messages = chat_messages(asked.system, asked.past, asked.prompt)
    body["messages"] = with_parts(messages, asked.past, "text", _part)
    if "logprobs" in body:
        body |= {"logprobs": True, "top_logprobs": asked.given["logprobs"]}
    if asked.beside.effort is not None:
        body["reasoning_effort"] = asked.beside.effort
    if asked.beside.shape is not None:
        wanted = asked.beside.shape.format
        body["response_format"] = {"type": "json_schema", "json_schema": wanted}
    if asked.request.streams:
        body["stream_options"] = {"include_usage": True}
    return Written(body)


def _part(file: Enclosure) -> dict[str, Any] | None:
    """A picture; this endpoint takes no files."""
    if not isinstance(file, Picture):
        return None
    return {"type": "image_url", "image_url": {"url": file.url}}


def lacks(request: CompletionRequest) -> tuple[str, ...]:
    """What only `/v1/completions` has."""
    asked = {
        "prompt": len(request.prompts) > 1,
        "suffix": bool(request.suffix),
        "echo": bool(request.echo),
        "best_of": (request.best_of or 1) > 1,
    }
    return tuple(name for name, needed in asked.items() if needed)


def headers(names: Names, dialect: Dialect) -> dict[str, str]:
    """xAI sends what belongs together to the same server, for its cache (docs.x.ai, "Prompt
    caching")."""
    named = names.conversation and dialect == "xai"
    return {"x-grok-conv-id": names.conversation} if named else {}


CHAT = Wire(
    path="/chat/completions",
    write=write,
    lacks=lacks,
    read=choices.Reader,
    error_in=choices.error_in,
    answers=choices.answers,
    headers=headers,
    pictures=True,
)
