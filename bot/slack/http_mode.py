"""HTTP mode: Slack posts to `/slack/events`, signed."""

from __future__ import annotations

import structlog
from aiohttp import web
from pydantic import SecretStr
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

from bot.listening import Listening
from bot.settings import SLACK_PATH

log = structlog.get_logger(__name__)

_LARGEST_BODY = 1024 * 1024


class HttpMode(Listening):
    """Serves one app over HTTP; anything without a good signature gets a 401 and no work."""

    def __init__(self, app: AsyncApp, signing_secret: SecretStr, host: str, port: int) -> None:
        self._app = app
        self._verifier = SignatureVerifier(signing_secret.get_secret_value())
        server = web.Application(client_max_size=_LARGEST_BODY)
        server.router.add_post(SLACK_PATH, self._receive)
        super().__init__(server, host, port, variable="PORT", grace=5)

    async def connected(self) -> bool:
        """Whether Slack can reach the bot, as far as the bot can know: it listens."""
        return self.listens

    async def _receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        if not self._signed(body, request):
            log.warning("request refused: its signature does not hold", path=SLACK_PATH)
            return web.Response(status=401)
        response = await self._app.async_dispatch(
            AsyncBoltRequest(
                body=body.decode("utf-8"),
                query=request.query_string,
                headers=dict(request.headers),
            )
        )
        return await to_aiohttp_response(response)

    def _signed(self, body: bytes, request: web.Request) -> bool:
        timestamp = request.headers.get("X-Slack-Request-Timestamp", "")
        if not (timestamp.isascii() and timestamp.isdigit()):
            return False
        try:
            return self._verifier.is_valid(
                body, timestamp, request.headers.get("X-Slack-Signature", "")
            )
        except (UnicodeDecodeError, TypeError):
            return False
