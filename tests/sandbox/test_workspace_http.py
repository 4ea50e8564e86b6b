"""HTTP mode: signed requests, retries, and the app's own checks."""

from __future__ import annotations

import time
from typing import Any

from aiohttp import web

from sandbox.workspace import ANA, GENERAL, Limits, Workspace
from tests.sandbox.slack_app import app_of, http_mode

Json = dict[str, Any]


async def test_a_command_an_event_and_a_shortcut_arrive_signed() -> None:
    async with Workspace(mode="http") as ws:
        app = app_of(ws)
        got: list[str] = []

        @app.command("/grok")
        async def grok(ack: Any, command: Json) -> None:
            await ack("got it")
            got.append(command["text"])

        @app.event("message")
        async def message(event: Json) -> None:
            got.append(event["text"])

        @app.shortcut("new_grok")
        async def shortcut(ack: Any, body: Json) -> None:
            await ack()
            got.append(body["type"])

        async with http_mode(ws, app):
            result = await ws.command(ANA, GENERAL, "/grok a & b")
            await ws.say(ANA, GENERAL, "hello")
            await ws.shortcut(ANA, "new_grok")
            await ws.wait_for(lambda: len(got) == 3)

        assert result.error is None
        assert sorted(got) == ["a &amp; b", "hello", "shortcut"]
        assert [message.text for message in ws.ephemerals(ANA)] == ["got it"]
        assert {delivery.via for delivery in ws.deliveries} == {"http"}


async def test_the_app_proves_its_address() -> None:
    async with Workspace(mode="http") as ws, http_mode(ws, app_of(ws)):
        assert await ws.verify_url()
        assert await ws.ssl_check() == 200


async def test_a_wrong_signature_or_an_old_timestamp_reaches_a_closed_door() -> None:
    body = b"command=%2Fgrok&text=hi"
    async with Workspace(mode="http") as ws, http_mode(ws, app_of(ws)):
        wrong = await ws.post_signed(body, secret="guess")
        old = await ws.post_signed(body, timestamp=str(int(time.time()) - 400))

    assert (wrong[0], old[0]) == (401, 401)


class _Failing:
    """Answers as told, and keeps the headers of what came."""

    def __init__(self, *answers: web.Response) -> None:
        self._answers = list(answers)
        self.retries: list[tuple[str | None, str | None]] = []

    async def answer(self, request: web.Request) -> web.Response:
        headers = request.headers
        self.retries.append((headers.get("X-Slack-Retry-Num"), headers.get("X-Slack-Retry-Reason")))
        return self._answers.pop(0)


async def _delivered(failing: _Failing) -> Workspace:
    """One event to `failing`, with all its retries."""
    app = web.Application()
    app.router.add_post("/", failing.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    limits = Limits(event_retries=(0.0, 0.0, 0.0))
    async with Workspace(
        mode="http", request_url=f"http://127.0.0.1:{runner.addresses[0][1]}/", limits=limits
    ) as ws:
        await ws.say(ANA, GENERAL, "hi")
        await ws.wait_for(lambda: ws.deliveries[-1].acked or ws.deliveries[-1].no_retry)
        await runner.cleanup()
        return ws


async def test_a_failed_event_is_sent_again_with_the_reason() -> None:
    failing = _Failing(web.Response(status=500), web.Response(status=302), web.Response())

    ws = await _delivered(failing)

    assert failing.retries == [(None, None), ("1", "http_error"), ("2", "http_error")]
    assert [delivery.status for delivery in ws.deliveries] == [500, 302, 200]


async def test_the_app_can_ask_for_no_retry() -> None:
    failing = _Failing(web.Response(status=500, headers={"X-Slack-No-Retry": "1"}))

    ws = await _delivered(failing)

    assert [delivery.error for delivery in ws.deliveries] == ["http_error"]


async def test_an_address_that_is_gone_fails_the_command() -> None:
    async with Workspace(mode="http", request_url="http://127.0.0.1:9/") as ws:
        result = await ws.command(ANA, GENERAL, "/grok hi")

    assert result.error == "dispatch_failed"
    assert ws.deliveries[0].error == "connection_failed"
