"""What comes from Slack, by whichever way: read at the edge, then handed to Bolt."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn
from urllib.parse import parse_qsl

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot import tracing
from bot.completion.excerpt import as_text
from bot.net.seldom import Seldom
from bot.slack.inbound.payloads import Malformed, payload_of

_seldom = Seldom(structlog.get_logger(__name__))

JsonObject = dict[str, Any]

Answering = Callable[[JsonObject, object], Awaitable[BoltResponse]]
"""Answers a payload, with what Slack says of how often it has sent it before; raises `Malformed`.
`answer` is one, given an app."""

PAYLOAD = "grok_payload"
RETRY = "grok_retry"

DEEPEST = 64
"""Objects and lists within one another; Slack's own views and messages have about twenty."""

_MOST_FIELDS = 200
"""Fields of a form; a command has about fifteen."""

_FORMS = {"payload", "command", "ssl_check"}
"""One of these fields is in each form that Slack sends."""

_LARGEST_NUMBER = 2**63
_NOT_READ = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What Bolt raises over a payload whose parts are of another kind than it takes for granted."""


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


def of_nobody(body: JsonObject) -> BoltResponse | None:
    """What is said to a question of Slack's about the address itself, whoever has the app: whether
    it is the app's ("url_verification event"), and whether its certificate is good (`ssl_check`,
    "Implementing slash commands"); None for all else. Raises `Malformed`."""
    if body.get("type") == "url_verification":
        challenge = body.get("challenge")
        if not isinstance(challenge, str):
            raise Malformed("a verification without its challenge")
        return BoltResponse(status=200, body={"challenge": challenge})
    return BoltResponse(status=200, body="") if body.get("ssl_check") == "1" else None


async def answer(app: AsyncApp, body: JsonObject, retry: object = 0) -> BoltResponse:
    """What `app` says to `body`, which was parsed here; its listeners find the payload that it
    is in their context, as `PAYLOAD`, and as `RETRY` how often Slack has sent it before, which is
    what it says of `retry`. Raises `Malformed`.
    """
    payload = payload_of(body)
    try:
        context = {PAYLOAD: payload, RETRY: _count(retry)}
        # In this mode Bolt takes what was parsed; in the other it would parse the body again.
        request = AsyncBoltRequest(mode="socket_mode", body=body, context=context)
        with tracing.span(f"slack {type(payload).__name__}", retry=_count(retry)):
            return await app.async_dispatch(request)
    except _NOT_READ as error:
        raise Malformed(type(error).__name__) from None


def _count(retry: object) -> int:
    said = str(retry)
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 4 else 0


def not_understood(error: Malformed) -> BoltResponse:
    """The answer to what is no payload of Slack's; it need not be sent again."""
    _seldom.warning("payload refused", why=str(error))
    return BoltResponse(status=400, body="", headers={"X-Slack-No-Retry": "1"})


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
