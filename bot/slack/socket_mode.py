"""Socket Mode: Slack sends through a WebSocket that the bot opens; no port is listened on."""

from __future__ import annotations

import asyncio
import logging
import time
from types import TracebackType

import structlog
from pydantic import SecretStr
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack_limits import ACK_SECONDS

log = structlog.get_logger(__name__)

PING_SECONDS = 5.0
"""How soon a connection that was lost without a word is missed, and opened again."""


class SocketMode:
    """Keeps one connection open, and on leaving lets the acks that are due go out first."""

    def __init__(self, app: AsyncApp, app_token: SecretStr, client: AsyncWebClient) -> None:
        quiet = logging.getLogger("slack_sdk.socket_mode.grok")
        quiet.setLevel(logging.ERROR)
        self._handler = _CountingHandler(
            app, app_token.get_secret_value(), logger=quiet, web_client=client
        )

    async def __aenter__(self) -> SocketMode:
        try:
            await self._handler.connect_async()  # type: ignore[no-untyped-call]
        except BaseException:
            await self._handler.close_async()  # type: ignore[no-untyped-call]
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._handler.settle(ACK_SECONDS)
        await self._handler.close_async()  # type: ignore[no-untyped-call]

    async def connected(self) -> bool:
        """Whether Slack can reach the bot now."""
        return await self._handler.client.is_connected()


class _CountingHandler(AsyncSocketModeHandler):
    """Knows how many payloads are being answered."""

    def __init__(
        self, app: AsyncApp, app_token: str, *, logger: logging.Logger, web_client: AsyncWebClient
    ) -> None:
        super().__init__(
            app, app_token, logger=logger, web_client=web_client, ping_interval=PING_SECONDS
        )
        self._due = 0
        self._settled = asyncio.Event()
        self._settled.set()

    async def handle(self, client: AsyncBaseSocketModeClient, req: SocketModeRequest) -> None:
        self._due += 1
        self._settled.clear()
        started = time.monotonic()
        try:
            await super().handle(client, req)  # type: ignore[arg-type]
        finally:
            self._due -= 1
            if not self._due:
                self._settled.set()
            log.debug("envelope acked", kind=req.type, seconds=time.monotonic() - started)

    async def settle(self, seconds: float) -> None:
        """Wait until nothing is being answered, `seconds` at most."""
        try:
            async with asyncio.timeout(seconds):
                await self._settled.wait()
        except TimeoutError:
            log.warning("closing with acks due", due=self._due)
