"""Socket Mode: one connection per payload, redelivery, renewal."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest

from sandbox.workspace import ANA, GENERAL, AppConfig, Limits, Workspace
from tests.sandbox.slack_app import app_of, client_of, raw_socket, socket_mode

Json = dict[str, Any]


async def test_hello_says_how_many_and_how_long(ws: Workspace) -> None:
    async with raw_socket(ws) as first, raw_socket(ws) as second:
        hello = [await socket.receive_json() for socket in (first, second)]

    assert [frame["type"] for frame in hello] == ["hello", "hello"]
    assert [frame["num_connections"] for frame in hello] == [1, 2]
    assert hello[0]["debug_info"]["approximate_connection_time"] > 0


async def test_a_ticket_is_good_for_one_connection(ws: Workspace) -> None:
    token = ws.credentials.app_token
    url = (await client_of(ws).apps_connections_open(app_token=token))["url"]
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(url) as socket:
            await socket.receive_json()
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url)


async def test_each_payload_goes_to_exactly_one_connection(ws: Workspace) -> None:
    app = app_of(ws)
    got: list[str] = []

    @app.command("/grok")
    async def grok(ack: Any, command: Json) -> None:
        await ack()
        got.append(command["text"])

    async with socket_mode(ws, app), socket_mode(ws, app):
        for number in range(4):
            await ws.command(ANA, GENERAL, f"/grok {number}")

    assert got == ["0", "1", "2", "3"]
    assert len({delivery.via for delivery in ws.deliveries}) == 2


async def test_an_event_not_acked_is_redelivered_and_marked() -> None:
    limits = Limits(ack=0.05, event_retries=(0.0, 0.01, 0.01))
    async with Workspace(limits=limits) as ws, raw_socket(ws) as socket:
        await socket.receive_json()
        await ws.say(ANA, GENERAL, "hi")
        frames = [await socket.receive_json() for _ in range(4)]
        await ws.wait_for(lambda: ws.deliveries[-1].done)

    assert [frame["retry_attempt"] for frame in frames] == [0, 1, 2, 3]
    assert frames[1]["retry_reason"] == "http_timeout"
    assert len({frame["payload"]["event_id"] for frame in frames}) == 1
    assert len({frame["envelope_id"] for frame in frames}) == 4
    assert [delivery.error for delivery in ws.deliveries] == ["http_timeout"] * 4


async def test_an_acked_event_comes_once(ws: Workspace) -> None:
    async with raw_socket(ws) as socket:
        await socket.receive_json()
        await ws.say(ANA, GENERAL, "hi")
        envelope = await socket.receive_json()
        await socket.send_json({"envelope_id": envelope["envelope_id"]})
        await ws.settled()

    assert [delivery.acked for delivery in ws.deliveries] == [True]
    assert ws.problems == []


async def test_a_late_or_strange_ack_is_noted(ws: Workspace) -> None:
    async with raw_socket(ws) as socket:
        await socket.receive_json()
        await socket.send_json({"envelope_id": "never sent"})
        await socket.send_str("not json")
        await ws.wait_for(lambda: len(ws.problems) == 2)


async def test_redelivery_repeats_the_event_in_a_new_envelope(ws: Workspace) -> None:
    app = app_of(ws)
    seen: list[tuple[str, object]] = []

    @app.event("message")
    async def message(body: Json, request: Any) -> None:
        seen.append((body["event_id"], request.headers.get("x-slack-retry-num")))

    async with socket_mode(ws, app):
        await ws.say(ANA, GENERAL, "hi")
        await ws.settled()
        await ws.redeliver(ws.deliveries[0])
        await ws.wait_for(lambda: len(seen) == 2)

    assert seen[0][0] == seen[1][0]
    assert seen[0][1] in (None, ["0"])
    assert seen[1][1] == ["1"]


async def test_losing_the_connection_fails_what_waits_for_an_ack(ws: Workspace) -> None:
    async with AsyncExitStack() as stack:
        socket = await stack.enter_async_context(raw_socket(ws))
        await socket.receive_json()
        await ws.say(ANA, GENERAL, "hi")
        await socket.receive_json()
        await socket.close()
        await ws.wait_for(lambda: ws.deliveries[0].done)

    assert ws.deliveries[0].error == "connection_failed"


async def test_the_app_renews_its_connection_when_told_to(ws: Workspace) -> None:
    app = app_of(ws)

    @app.command("/grok")
    async def grok(ack: Any) -> None:
        await ack()

    async with socket_mode(ws, app):
        await ws.refresh_sockets()
        await ws.wait_for(lambda: len(ws.calls_of("apps.connections.open")) == 2)
        await ws.connected()
        result = await ws.command(ANA, GENERAL, "/grok hi")

    assert result.error is None


async def test_the_app_comes_back_after_a_cut(ws: Workspace) -> None:
    app = app_of(ws)
    async with socket_mode(ws, app):
        ws.cut_sockets()
        await ws.wait_for(lambda: ws.sockets == 0)
        await ws.connected()


async def test_an_eleventh_connection_is_turned_away(ws: Workspace) -> None:
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(raw_socket(ws)) for _ in range(11)]
        last = await sockets[-1].receive_json()

        assert last == {
            "type": "disconnect",
            "reason": "too_many_websockets",
            "debug_info": {"host": "sandbox"},
        }
        assert ws.sockets == 10


async def test_without_socket_mode_the_link_is_disabled() -> None:
    async with Workspace(mode="http") as ws, raw_socket(ws) as socket:
        assert (await socket.receive_json())["reason"] == "link_disabled"


async def test_the_app_token_needs_its_scope() -> None:
    app = AppConfig(app_scopes=frozenset())
    async with Workspace(app=app) as ws, aiohttp.ClientSession() as session:
        headers = {"Authorization": f"Bearer {ws.credentials.app_token}"}
        async with session.post(f"{ws.api_url}apps.connections.open", headers=headers) as reply:
            assert json.loads(await reply.text())["error"] == "missing_scope"
