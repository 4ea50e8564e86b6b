"""What comes from Slack, by whichever way, read at the edge."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import parse_qsl

from bot.completion.excerpt import as_text

if TYPE_CHECKING:
    from slack_bolt.response import BoltResponse

JsonObject = dict[str, Any]

Answering = Callable[[JsonObject, object], Awaitable["BoltResponse"]]
"""Answers a payload, with what Slack says of how often it has sent it before; raises `Malformed`.
`bolt.answer` is one, given an app."""

DEEPEST = 64
"""Objects and lists within one another; Slack's own views and messages have about twenty."""

_MOST_FIELDS = 200
"""Fields of a form; a command has about fifteen."""

_FORMS = {"payload", "command", "ssl_check"}
"""One of these fields is in each form that Slack sends."""

_LARGEST_NUMBER = 2**63


class Malformed(Exception):  # named as it is told
    """What came is no payload of Slack's. Says why, in words that hold nothing of it."""


def parse(body: bytes, content_type: str) -> JsonObject:
    """The payload in the body of a signed request: JSON, a form, or JSON in a form's `payload`.

    Raises `Malformed`.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("not UTF-8") from None
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json" or text.startswith("{"):
        return json_object(text)
    try:
        form = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise Malformed("too many fields") from None
    if not _FORMS & form.keys():
        raise Malformed("nothing in it")
    return json_object(form["payload"]) if "payload" in form else form


def json_object(text: str) -> JsonObject:
    """The JSON object that `text` is. Raises `Malformed`.

    Numbers are finite and fit 64 bits. Half a surrogate pair, which no UTF-8 can hold, is
    replaced.
    """
    try:
        found = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Malformed("not JSON") from None
    if not isinstance(found, dict):
        raise Malformed("no object")
    return {name: value for name, value in _clean(found, 0).items() if value is not None}


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _clean(value: Any, depth: int) -> Any:
    if depth > DEEPEST:
        raise Malformed("too deep")
    if isinstance(value, str):
        return as_text(value)
    if isinstance(value, dict):
        return {as_text(name): _clean(each, depth + 1) for name, each in value.items()}
    if isinstance(value, list):
        return [_clean(each, depth + 1) for each in value]
    if isinstance(value, int | float) and not -_LARGEST_NUMBER < value < _LARGEST_NUMBER:
        raise Malformed("a number too large")
    return value
