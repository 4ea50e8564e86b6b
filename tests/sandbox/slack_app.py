"""Small real Slack apps (slack_bolt, slack_sdk) that the tests drive the workspace with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from sandbox.workspace import Workspace


def client_of(ws: Workspace, token: str | None = None) -> AsyncWebClient:
    """The real client, without retries: a test sees every answer."""
    return AsyncWebClient(
        token=ws.credentials.bot_token if token is None else token,
        base_url=ws.api_url,
        retry_handlers=[],
    )


def app_of(ws: Workspace) -> AsyncApp:
    return AsyncApp(
        name="tests", client=client_of(ws), signing_secret=ws.credentials.signing_secret
    )


@asynccontextmanager
async def socket_mode(ws: Workspace, app: AsyncApp) -> AsyncIterator[AsyncSocketModeHandler]:
    """`app`, connected to `ws` by one WebSocket."""
    before = ws.sockets
    handler = AsyncSocketModeHandler(app, ws.credentials.app_token, ping_interval=0.2)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    try:
        await ws.connected(before + 1)
        yield handler
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def raw_socket(ws: Workspace) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A connection held by hand."""
    token = ws.credentials.app_token
    url = (await client_of(ws).apps_connections_open(app_token=token))["url"]
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        yield socket


@asynccontextmanager
async def http_mode(ws: Workspace, app: AsyncApp) -> AsyncIterator[None]:
    """`app`, served over HTTP, its address made known to `ws`."""
    runner = web.AppRunner(app.web_app("/slack/events"), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    ws.request_url = f"http://{host}:{port}/slack/events"
    try:
        yield
    finally:
        await runner.cleanup()


async def refusal(call: object) -> AsyncSlackResponse:
    """The answer to a call that Slack must refuse."""
    try:
        await call  # type: ignore[misc]
    except SlackApiError as fault:
        response: AsyncSlackResponse = fault.response
        return response
    raise AssertionError("the call was not refused")


async def error_of(call: object) -> str:
    error: str = (await refusal(call))["error"]
    return error
