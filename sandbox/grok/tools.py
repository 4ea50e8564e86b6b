"""The tools that `/v1/responses` runs itself: which entries it takes, and what it refuses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from sandbox.grok.fields import Dialect
from sandbox.grok.kinds import Kind, is_switch, is_texts
from sandbox.grok.models import Model
from sandbox.grok.strict import Refusal, refusal

MOST_TOOLS = 128
MOST_DOMAINS = 5
MOST_HANDLES = 20

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}")
_HANDLE = re.compile(r"[A-Za-z0-9_]{1,15}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

_WEB: Mapping[str, Kind] = {
    "filters": lambda value: isinstance(value, dict),
    "enable_image_understanding": is_switch,
}
_X: Mapping[str, Kind] = {
    "allowed_x_handles": is_texts,
    "excluded_x_handles": is_texts,
    "from_date": lambda value: isinstance(value, str),
    "to_date": lambda value: isinstance(value, str),
    "enable_image_understanding": is_switch,
    "enable_video_understanding": is_switch,
}
_FIELDS = {"web_search": _WEB, "x_search": _X}
_NOT_TAKEN = frozenset({"user_location", "search_context_size"})
"""Of OpenAI's web search; xAI rejects them."""


def check_tools(dialect: Dialect, model: Model, body: Mapping[str, Any]) -> None:
    """Refuse what `/v1/responses` would not run for this model. Stricter than the API in one thing:
    that ignores a date in another form, and nobody would see it."""
    tools = body.get("tools")
    if not tools:
        return
    if len(tools) > MOST_TOOLS:
        raise refusal(dialect, 400, "invalid-argument", f"tools: at most {MOST_TOOLS}", "tools")
    if not model.tools:
        message = f"Model {model.id} does not support server-side tools."
        raise refusal(dialect, 400, "invalid-argument", message, "tools")
    for place, tool in enumerate(tools):
        _check(dialect, f"tools[{place}]", tool)


def wanted(body: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The tools of a request that was not refused, by type."""
    return {tool["type"]: tool for tool in body.get("tools") or ()}


def _check(dialect: Dialect, place: str, tool: Mapping[str, Any]) -> None:
    kind = tool["type"]
    fields = _FIELDS.get(kind)
    if fields is None or (dialect == "openai" and kind == "x_search"):
        raise _unread(dialect, f"{place}: unknown variant `{kind}`")
    for name, value in tool.items():
        if name in _NOT_TAKEN:
            message = f"Argument not supported: {name}"
            raise refusal(dialect, 400, "invalid-argument", message, f"{place}.{name}")
        if name != "type" and (name not in fields or not fields[name](value)):
            raise _unread(dialect, f"{place}.{name}: unknown field or invalid type")
    if kind == "web_search":
        _check_filters(dialect, place, tool.get("filters") or {})
        return
    _check_lists(dialect, place, tool, "x_handles", MOST_HANDLES, _HANDLE.fullmatch)
    for name in ("from_date", "to_date"):
        if name in tool and not _is_date(tool[name]):
            message = f"{place}.{name}: expected YYYY-MM-DD"
            raise refusal(dialect, 400, "invalid-argument", message, name)


def _check_filters(dialect: Dialect, place: str, filters: Mapping[str, Any]) -> None:
    for name, value in filters.items():
        if name not in {"allowed_domains", "excluded_domains"} or not is_texts(value):
            raise _unread(dialect, f"{place}.filters.{name}: unknown field or invalid type")
    _check_lists(dialect, place, filters, "domains", MOST_DOMAINS, _DOMAIN.fullmatch)


def _check_lists(  # noqa: PLR0917 - called twice
    dialect: Dialect,
    place: str,
    given: Mapping[str, Any],
    of: str,
    most: int,
    fits: Callable[[str], object],
) -> None:
    allowed, excluded = f"allowed_{of}", f"excluded_{of}"
    if allowed in given and excluded in given:
        message = f"{place}: {allowed} and {excluded} cannot be set at the same time"
        raise refusal(dialect, 400, "invalid-argument", message, "tools")
    for name in (allowed, excluded):
        listed = given.get(name, ["a.b" if of == "domains" else "a"])
        if not 0 < len(listed) <= most:
            message = f"{place}.{name}: expected 1 to {most} entries"
            raise refusal(dialect, 400, "invalid-argument", message, "tools")
        for each in listed:
            if not fits(each):
                message = f"{place}.{name}: invalid entry `{each[:60]}`"
                raise refusal(dialect, 400, "invalid-argument", message, "tools")


def _is_date(value: str) -> bool:
    try:
        return bool(_DATE.fullmatch(value)) and bool(date.fromisoformat(value))
    except ValueError:
        return False


def _unread(dialect: Dialect, detail: str) -> Refusal:
    message = f"Failed to deserialize the JSON body into the target type: {detail}"
    if dialect == "xai":
        return Refusal(422, {"error": message})
    return refusal(dialect, 400, "invalid_request_error", message, "tools")
