"""The fields of each endpoint in each dialect, with what they take."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from sandbox.grok.kinds import (
    Kind,
    between,
    is_bias,
    is_count,
    is_int,
    is_stream_options,
    is_switch,
    is_text,
    is_text_or_texts,
    is_texts,
    is_top,
)

Dialect = Literal["xai", "openai"]
Endpoint = Literal["completions", "chat", "responses"]

ASKED_IN: Mapping[Endpoint, str] = {
    "completions": "prompt",
    "chat": "messages",
    "responses": "input",
}
"""The field in which each endpoint is asked."""

EFFORTS = frozenset({"none", "minimal", "low", "medium", "high", "xhigh"})

_LOGPROBS = "message.output_text.logprobs"
_INCLUDES = frozenset(
    {
        "reasoning.encrypted_content",
        "web_search_call.action.sources",
        "no_inline_citations",
        _LOGPROBS,
    }
)
_NOT_IN_RESPONSES = frozenset(
    {"background", "metadata", "truncation", "frequency_penalty", "presence_penalty"}
)
_CONTENT_PARTS = {
    "user": frozenset({"input_text", "input_image", "input_file"}),
    "system": frozenset({"input_text"}),
    "developer": frozenset({"input_text"}),
    "assistant": frozenset({"output_text"}),
}
_FILES = frozenset({"file_id", "file_url", "file_data"})
_IMAGE = re.compile(r"data:image/(?:png|jpeg);base64,|https://")


def fields_of(dialect: Dialect, endpoint: Endpoint) -> dict[str, Kind]:
    """What each field of an endpoint takes, by name."""
    if endpoint == "responses":
        return _responses(dialect)
    fields: dict[str, Kind] = {
        "model": is_text,
        "frequency_penalty": between(-2, 2),
        "logit_bias": is_bias,
        "logprobs": is_switch,
        "max_tokens": is_count,
        "n": is_count,
        "presence_penalty": between(-2, 2),
        "seed": is_int,
        "stop": is_texts if dialect == "xai" else is_text_or_texts,
        "stream": is_switch,
        "stream_options": is_stream_options,
        "temperature": between(0, 2),
        "top_p": between(0, 1),
        "user": is_text,
    }
    if endpoint == "chat":
        return fields | {
            "messages": _is_messages,
            "top_logprobs": is_top,
            "reasoning_effort": _is_effort,
            "response_format": _is_response_format,
        }
    fields |= {
        "prompt": is_text_or_texts,
        "best_of": is_count,
        "echo": is_switch,
        "suffix": is_text,
    }
    if dialect == "openai":
        fields["logprobs"] = is_int
    return fields


def not_in_responses(name: str) -> bool:
    """Whether `/v1/responses` knows a field and refuses it."""
    return name in _NOT_IN_RESPONSES


def wants_logprobs(body: Mapping[str, Any]) -> bool:
    """Whether chances are asked for: by a switch, a number, or as something to include."""
    asked = body.get("logprobs")
    return (asked is not None and asked is not False) or _LOGPROBS in (body.get("include") or [])


def text_of(content: Any) -> str:
    """The text in the content of a message, in one piece or in parts."""
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content if "text" in part)


def _responses(dialect: Dialect) -> dict[str, Kind]:
    fields: dict[str, Kind] = {
        "model": is_text,
        "input": _is_input,
        "include": lambda value: is_texts(value) and _INCLUDES.issuperset(value),
        "instructions": is_text,
        "max_output_tokens": is_count,
        "previous_response_id": is_text,
        "prompt_cache_key": is_text,
        "reasoning": _is_reasoning,
        "safety_identifier": is_text,
        "store": is_switch,
        "stream": is_switch,
        "temperature": between(0, 2),
        "text": _is_text_format,
        "top_logprobs": is_top,
        "tools": _is_tools,
        "top_p": between(0, 1),
        "user": is_text,
    }
    return fields | {"logprobs": is_switch, "max_turns": is_count} if dialect == "xai" else fields


def _is_tools(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(tool, dict) and is_text(tool.get("type")) for tool in value
    )


def _is_effort(value: Any) -> bool:
    return value in EFFORTS


def _is_reasoning(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and set(value) <= {"effort", "summary"}
        and value.get("effort", "low") in EFFORTS
        and value.get("summary", "auto") in {"auto", "concise", "detailed"}
    )


def _is_response_format(value: Any) -> bool:
    """That of the chat endpoint."""
    match value:
        case {"type": "text" | "json_object", **rest}:
            return not rest
        case {"type": "json_schema", "json_schema": wanted, **rest}:
            return not rest and _is_named_schema(wanted)
        case _:
            return False


def _is_text_format(value: Any) -> bool:
    """That of `/v1/responses`, where what is wanted stands beside its type."""
    match value:
        case {"format": {"type": "text" | "json_object", **more}, **rest}:
            return not rest and not more
        case {"format": {"type": "json_schema", **wanted}, **rest}:
            return not rest and _is_named_schema(wanted)
        case _:
            return False


def _is_named_schema(wanted: Any) -> bool:
    """A JSON Schema of an object with a name; a strict one allows nothing that it does not name."""
    if not isinstance(wanted, dict):
        return False
    schema = wanted.get("schema")
    known = set(wanted) <= {"name", "schema", "strict", "description"}
    named = isinstance(wanted.get("name"), str) and re.fullmatch(r"[\w-]{1,64}", wanted["name"])
    if not (known and named and isinstance(schema, dict) and schema.get("type") == "object"):
        return False
    properties = schema.get("properties", {})
    closed = schema.get("additionalProperties") is False
    return not wanted.get("strict") or (
        closed and set(schema.get("required", ())) == set(properties)
    )


def _is_messages(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(
            isinstance(message, dict)
            and message.get("role") in {"system", "user", "assistant"}
            and (is_text(content := message.get("content")) or _is_chat_parts(content, message))
            for message in value
        )
    )


def _is_chat_parts(value: Any, message: Mapping[str, Any]) -> bool:
    """Of a person's message, at the chat endpoint; it takes no files there."""
    return (
        message["role"] == "user"
        and isinstance(value, list)
        and bool(value)
        and all(map(_is_chat_part, value))
    )


def _is_chat_part(value: Any) -> bool:
    match value:
        case {"type": "text", "text": str(), **rest}:
            return not rest
        case {"type": "image_url", "image_url": {"url": str(url), **named}, **rest}:
            fine = named.get("detail", "auto") in {"low", "high", "auto"}
            return not rest and set(named) <= {"detail"} and fine and bool(_IMAGE.match(url))
        case _:
            return False


def _is_input(value: Any) -> bool:
    if isinstance(value, str):
        return bool(value)
    return isinstance(value, list) and bool(value) and all(map(_is_input_message, value))


def _is_input_message(value: Any) -> bool:
    if not isinstance(value, dict) or not set(value) <= {"type", "role", "content"}:
        return False
    role, content = value.get("role"), value.get("content")
    if role not in _CONTENT_PARTS or value.get("type", "message") != "message":
        return False
    if isinstance(content, str):
        return True
    return (
        isinstance(content, list)
        and bool(content)
        and all(_is_part(part, role) for part in content)
    )


def _is_part(value: Any, role: str) -> bool:
    if not isinstance(value, dict) or value.get("type") not in _CONTENT_PARTS[role]:
        return False
    names = set(value) - {"type"}
    if value["type"] == "input_image":
        return (
            names <= {"image_url", "detail"}
            and is_text(value.get("image_url"))
            and bool(_IMAGE.match(value["image_url"]))
            and value.get("detail", "auto") in {"low", "high", "auto"}
        )
    if value["type"] == "input_file":
        wanted = {"filename"} if "file_data" in names else set()
        return len(names & _FILES) == 1 and names - _FILES == wanted
    return names == {"text"} and is_text(value["text"])
