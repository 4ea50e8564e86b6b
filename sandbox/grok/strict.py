"""What the API refuses: keys, fields, types and models, in the words that each dialect uses."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sandbox.grok.fields import (
    ASKED_IN,
    Dialect,
    Endpoint,
    fields_of,
    not_in_responses,
    wants_logprobs,
)
from sandbox.grok.kinds import is_text
from sandbox.grok.models import REDIRECTED, Model

TEAM = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
_STOPS = 4


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


def check_key(dialect: Dialect, authorization: str, keys: Collection[str] | None) -> None:
    """Refuse a missing key, and one that is not among `keys`; None takes any."""
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise refusal(dialect, 401, "unauthenticated:no-credentials", "No credentials provided")
    if keys is None or key in keys:
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
        if not is_text(value) and not (name == "user" and value is None):
            raise _undeserialised(dialect, f"{name}: invalid type: {_kind(value)}", name)
    for name in ("model", "text"):
        if name not in body:
            raise _undeserialised(dialect, f"missing field `{name}`", name)


def check_fields(dialect: Dialect, endpoint: Endpoint, body: Any) -> None:
    """Refuse a body whose fields or types the endpoint does not know."""
    if not isinstance(body, dict):
        raise _undeserialised(dialect, "expected a map")
    kinds = fields_of(dialect, endpoint)
    for name, value in body.items():
        if endpoint == "responses" and not_in_responses(name):
            message = f"Argument not supported: {_camel(name)}"
            raise refusal(dialect, 400, "invalid-argument", message, name)
        if name not in kinds:
            raise _undeserialised(dialect, f"unknown field `{name}`", name)
        if value is not None and not kinds[name](value):
            raise _undeserialised(dialect, f"{name}: invalid type: {_kind(value)}", name)
    for name in ("model", ASKED_IN[endpoint]):
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
    effort = effort_in(body)
    if effort is not None and effort not in model.efforts:
        message = f"Model {model.id} does not support parameter reasoningEffort."
        if model.efforts:
            message = f"Invalid reasoning effort: {effort}"
        raise refusal(dialect, 400, "invalid-argument", message, "reasoning_effort")


def effort_in(body: Mapping[str, Any]) -> str | None:
    """How long the model is asked to think, at either endpoint that takes it."""
    effort = body.get("reasoning_effort") or (body.get("reasoning") or {}).get("effort")
    return None if effort is None else str(effort)


def _check_combinations(dialect: Dialect, body: Mapping[str, Any]) -> None:
    if body.get("instructions") is not None and body.get("previous_response_id") is not None:
        message = "Argument not supported: instructions and previous_response_id together"
        raise refusal(dialect, 400, "invalid-argument", message, "instructions")
    best_of, n = body.get("best_of"), body.get("n") or 1
    if best_of is not None and best_of < n:
        raise refusal(
            dialect, 400, "invalid-argument", "best_of must not be less than n", "best_of"
        )
    if (best_of or 1) > 1 and body.get("stream"):
        raise refusal(dialect, 400, "invalid-argument", "best_of cannot be streamed", "best_of")
    if isinstance(body.get("stop"), list) and len(body["stop"]) > _STOPS:
        raise refusal(dialect, 400, "invalid-argument", f"stop: at most {_STOPS}", "stop")
    if body.get("top_logprobs") is not None and not wants_logprobs(body):
        message = "top_logprobs needs logprobs: true"
        raise refusal(dialect, 400, "invalid-argument", message, "top_logprobs")


def _undeserialised(dialect: Dialect, detail: str, param: str = "") -> Refusal:
    message = f"Failed to deserialize the JSON body into the target type: {detail}"
    if dialect == "xai":
        return Refusal(422, {"error": message})
    return refusal(dialect, 400, "invalid_request_error", message, param)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _kind(value: Any) -> str:
    kinds = {bool: "boolean", int: "integer", float: "floating point", str: "string"}
    return f"{kinds.get(type(value), 'sequence')} `{str(value)[:40]}`"
