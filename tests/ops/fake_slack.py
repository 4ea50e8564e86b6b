"""A server at `SLACK_API_URL` that answers each method as a test says, right or wrong."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from bot.ops.manifest import SCOPES

BOT_TOKEN = "xoxb-good-token"
APP_TOKEN = "xapp-good-token"


class FakeSlack:
    """`replies` and `scopes` may be changed at any time; `hangs` makes a method never answer."""

    def __init__(self) -> None:
        self.scopes: str | None = ",".join(SCOPES)
        self.replies: dict[str, Any] = {
            "auth.test": {
                "ok": True,
                "team": "Acme",
                "team_id": "T1",
                "user": "grok",
                "user_id": "UBOT",
                "bot_id": "BBOT",
                "url": "https://acme.slack.com/",
            },
            "apps.connections.open": {"ok": True, "url": "wss://slack.example/link/?ticket=t"},
        }
        self.tokens = {"auth.test": BOT_TOKEN, "apps.connections.open": APP_TOKEN}
        self.hangs: set[str] = set()
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.01)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}/api/"

    async def __aenter__(self) -> FakeSlack:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        if method in self.hangs:
            await asyncio.Event().wait()
        reply = self.replies[method]
        if isinstance(reply, web.Response):
            return reply
        if request.headers["Authorization"] != f"Bearer {self.tokens[method]}":
            reply = {"ok": False, "error": "invalid_auth"}
        headers = {"X-OAuth-Scopes": self.scopes} if self.scopes is not None else {}
        return web.json_response(reply, headers=headers)
