"""What Slack is told where no listener is asked. Bolt is loaded with this, and so once a bot is
ready."""

from __future__ import annotations

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.response import BoltResponse

from bot.net.seldom import Seldom
from bot.slack.inbound.incoming import JsonObject, Malformed

_seldom = Seldom(structlog.get_logger(__name__))


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
