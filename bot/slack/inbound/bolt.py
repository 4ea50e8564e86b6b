"""What was read is handed to Bolt, and what is said to it; Bolt is loaded with this, and so once a
bot is ready."""

from __future__ import annotations

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot import tracing
from bot.net.seldom import Seldom
from bot.slack.inbound.incoming import JsonObject, Malformed
from bot.slack.inbound.payloads import payload_of

_seldom = Seldom(structlog.get_logger(__name__))

PAYLOAD = "grok_payload"
RETRY = "grok_retry"

_NOT_READ = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What Bolt raises over a payload whose parts are of another kind than it takes for granted."""


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


def not_now() -> BoltResponse:
    """No ack: both transports let Slack know that what it sent was not taken."""
    return BoltResponse(status=503, body="")


async def over_http(said: BoltResponse) -> web.Response:
    """The same, as aiohttp sends it."""
    return await to_aiohttp_response(said)
