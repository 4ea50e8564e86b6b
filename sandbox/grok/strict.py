"""What the API refuses: keys, fields, types and models, in the words that each dialect uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from sandbox.grok.models import REDIRECTED, Model

Dialect = Literal["xai", "openai"]
Endpoint = Literal["completions", "chat"]

TEAM = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
_INT32 = range(-(2**31), 2**31)
_STOPS = 4
_TOP_LOGPROBS = range(9)


class Refusal(Exception):
    """An error reply: its status and JSON body."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body


def refusal(dialect: Dialect, status: int, code: str, message: str, param: str = "") -> Refusal:
    """The error body of a dialect: flat at xAI, nested elsewhere."""
    if dialect == "xai":
        return Refusal(status, {"code": code, "error": message})
    error = {"message": message, "type": code, "param": param or None, "code": code}
    return Refusal(status, {"error": error})


def check_key(dialect: Dialect, authorization: str, api_key: str | None) -> None:
    """Refuse a missing or a wrong key; `api_key` None takes any."""
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise refusal(dialect, 401, "unauthenticated:no-credentials", "No credentials provided")
    if api_key is None or key == api_key:
        return
    status = 400 if dialect == "xai" else 401
    message = (
        f"Incorrect API key provided: {key[:2]}***{key[-2:]}."
        " You can obtain an API key from https://console.x.ai."
    )
    raise refusal(dialect, status, "invalid-argument", message)


def check_tokenizing(dialect: Dialect, body: Any) -> None:
    """Refuse a body whose fields or types the tokenizer does not know."""
    if not isinstance(body, dict):
        raise _undeserialised(dialect, "expected a map")
    for name, value in body.items():
        if name not in {"model", "text", "user"}:
            raise _undeserialised(dialect, f"unknown field `{name}`", name)
        if not _is_text(value) and not (name == "user" and value is None):
            raise _undeserialised(dialect, f"{name}: invalid type: {_kind(value)}", name)
    for name in ("model", "text"):
        if name not in body:
            raise _undeserialised(dialect, f"missing field `{name}`", name)


def check_fields(dialect: Dialect, endpoint: Endpoint, body: Any) -> None:
    """Refuse a body whose fields or types the endpoint does not know."""
    if not isinstance(body, dict):
        raise _undeserialised(dialect, "expected a map")
    kinds = _fields(dialect, endpoint)
    for name, value in body.items():
        if name not in kinds:
            raise _undeserialised(dialect, f"unknown field `{name}`", name)
        if value is not None and not kinds[name](value):
            raise _undeserialised(dialect, f"{name}: invalid type: {_kind(value)}", name)
    for name in ("model", "prompt" if endpoint == "completions" else "messages"):
        if body.get(name) is None:
            raise _undeserialised(dialect, f"missing field `{name}`", name)
    if "stream_options" in body and not body.get("stream"):
        raise refusal(
            dialect, 400, "invalid-argument", "stream_options is only allowed with stream: true"
        )
    _check_combinations(dialect, body)


def find_model(dialect: Dialect, models: Mapping[str, Model], name: str) -> Model:
    """The model that answers to `name`."""
    model = models.get(REDIRECTED.get(name, name))
    if model is None:
        message = (
            f"The model {name} does not exist or your team {TEAM} does not have access to it."
            " Please ensure you're using the correct API key."
        )
        raise refusal(dialect, 404, "not-found", message)
    return model


def check_model(
    dialect: Dialect, endpoint: Endpoint, model: Model, body: Mapping[str, Any]
) -> None:
    """Refuse what this model cannot do at this endpoint."""
    if endpoint == "completions":
        if model.reasons:
            message = f"The model {model.id} is not supported on the completions endpoint."
            raise refusal(dialect, 400, "invalid-argument", message, "model")
        return
    for name in sorted(model.refuses):
        if body.get(name) is not None:
            message = f"Argument not supported on this model: {_camel(name)}"
            raise refusal(dialect, 400, "invalid-argument", message, name)


def _check_combinations(dialect: Dialect, body: Mapping[str, Any]) -> None:
    best_of, n = body.get("best_of"), body.get("n") or 1
    if best_of is not None and best_of < n:
        raise refusal(
            dialect, 400, "invalid-argument", "best_of must not be less than n", "best_of"
        )
    if (best_of or 1) > 1 and body.get("stream"):
        raise refusal(dialect, 400, "invalid-argument", "best_of cannot be streamed", "best_of")
    if isinstance(body.get("stop"), list) and len(body["stop"]) > _STOPS:
        raise refusal(dialect, 400, "invalid-argument", f"stop: at most {_STOPS}", "stop")
    if body.get("top_logprobs") is not None and not body.get("logprobs"):
        message = "top_logprobs needs logprobs: true"
        raise refusal(dialect, 400, "invalid-argument", message, "top_logprobs")


def _undeserialised(dialect: Dialect, detail: str, param: str = "") -> Refusal:
    message = f"Failed to deserialize the JSON body into the target type: {detail}"
    if dialect == "xai":
        return Refusal(422, {"error": message})
    return refusal(dialect, 400, "invalid_request_error", message, param)


def _fields(dialect: Dialect, endpoint: Endpoint) -> dict[str, Callable[[Any], bool]]:
    fields: dict[str, Callable[[Any], bool]] = {
        "model": _is_text,
        "frequency_penalty": _between(-2, 2),
        "logit_bias": _is_bias,
        "logprobs": _is_switch,
        "max_tokens": _is_count,
        "n": _is_count,
        "presence_penalty": _between(-2, 2),
        "seed": _is_int,
        "stop": _is_texts if dialect == "xai" else _is_text_or_texts,
        "stream": _is_switch,
        "stream_options": _is_stream_options,
        "temperature": _between(0, 2),
        "top_p": _between(0, 1),
        "user": _is_text,
    }
    if endpoint == "chat":
        return fields | {"messages": _is_messages, "top_logprobs": _is_top}
    fields |= {
        "prompt": _is_text_or_texts,
        "best_of": _is_count,
        "echo": _is_switch,
        "suffix": _is_text,
    }
    if dialect == "openai":
        fields["logprobs"] = _is_int
    return fields


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_switch(value: Any) -> bool:
    return isinstance(value, bool)


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value in _INT32


def _is_top(value: Any) -> bool:
    return _is_int(value) and value in _TOP_LOGPROBS


def _is_count(value: Any) -> bool:
    return _is_int(value) and value > 0


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_text_or_texts(value: Any) -> bool:
    return _is_text(value) or _is_texts(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _between(low: float, high: float) -> Callable[[Any], bool]:
    return lambda value: _is_number(value) and low <= value <= high


def _is_bias(value: Any) -> bool:
    return isinstance(value, dict) and all(
        key.isdecimal() and _between(-100, 100)(bias) for key, bias in value.items()
    )


def _is_stream_options(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("include_usage"), bool)


def _is_messages(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(
            isinstance(message, dict)
            and message.get("role") in {"system", "user", "assistant"}
            and _is_text(message.get("content"))
            for message in value
        )
    )


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _kind(value: Any) -> str:
    kinds = {bool: "boolean", int: "integer", float: "floating point", str: "string"}
    return f"{kinds.get(type(value), 'sequence')} `{str(value)[:40]}`"
