"""Slash commands over Socket Mode."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.workspace import (
    ANA,
    ANA_AND_BEN,
    BEN,
    CHLOE,
    GENERAL,
    LEADERSHIP,
    Limits,
    NotAllowedError,
    Workspace,
)
from tests.sandbox.slack_app import app_of, raw_socket, socket_mode

Body = dict[str, Any]


async def test_a_command_arrives_as_slack_sends_it(ws: Workspace) -> None:
    app = app_of(ws)
    got: list[Body] = []

    @app.command("/grok")
    async def grok(ack: Any, body: Body) -> None:
        await ack()
        got.append(body)

    async with socket_mode(ws, app):
        result = await ws.command(ANA, GENERAL, "/grok hello  there")

    (body,) = got
    assert result.error is None
    assert result.ack_body == {}
    assert body["command"] == "/grok"
    assert body["text"] == "hello  there"
    assert (body["user_id"], body["channel_id"]) == (ANA, GENERAL)
    assert body["response_url"] == result.response_url
    assert body["trigger_id"] == result.trigger_id
    assert "thread_ts" not in body


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("a < b && c > d", "a &lt; b &amp;&amp; c &gt; d"),
        ("ask @ben now", f"ask <@{BEN}|ben> now"),
        ("in #general", f"in <#{GENERAL}|general>"),
        ("see https://x.y/z?a=1&b=2.", "see <https://x.y/z?a=1&amp;b=2>."),
        ("mail ana@example.com", "mail ana@example.com"),
        ("@nobody #nowhere", "@nobody #nowhere"),
        (f"<@{BEN}> hi", f"<@{BEN}> hi"),
        ("@here", "<!here>"),
        ("<!here>", "&lt;!here&gt;"),
        ("line one\nline two", "line one\nline two"),
    ],
)
async def test_text_is_escaped_as_by_slack(ws: Workspace, typed: str, sent: str) -> None:
    await ws.command(ANA, GENERAL, f"/grok {typed}")

    assert ws.deliveries[0].payload["text"] == sent


async def test_without_an_app_dispatch_fails_at_once(ws: Workspace) -> None:
    result = await ws.command(ANA, GENERAL, "/grok hi")

    assert result.error == "dispatch_failed"


async def test_a_command_not_acked_in_time_fails() -> None:
    async with Workspace(limits=Limits(ack=0.05)) as ws, raw_socket(ws):
        result = await ws.command(ANA, GENERAL, "/grok hi")

    assert result.error == "operation_timeout"
    assert result.ack_status is None
    assert result.delay >= 0.05


async def test_an_unknown_command_never_reaches_the_app(ws: Workspace) -> None:
    result = await ws.command(ANA, GENERAL, "/gork hi")

    assert result.error == "invalid_command"
    assert ws.deliveries == []


async def test_an_acked_text_is_for_its_author_alone(ws: Workspace) -> None:
    app = app_of(ws)

    @app.command("/grok")
    async def grok(ack: Any) -> None:
        await ack("only for you")

    async with socket_mode(ws, app):
        await ws.command(ANA, GENERAL, "/grok hi")

    assert [message.text for message in ws.ephemerals(ANA)] == ["only for you"]
    assert ws.messages(GENERAL) == []


async def test_an_ack_in_channel_is_for_all_even_where_the_bot_is_not(ws: Workspace) -> None:
    app = app_of(ws)

    @app.command("/grok")
    async def grok(ack: Any) -> None:
        await ack(text="for all", response_type="in_channel")

    async with socket_mode(ws, app):
        await ws.command(ANA, ANA_AND_BEN, "/grok hi")

    assert [message.text for message in ws.messages(ANA_AND_BEN)] == ["for all"]
    assert len(ws.deliveries) == 1


async def test_an_ack_that_slack_cannot_show_is_an_error(ws: Workspace) -> None:
    app = app_of(ws)

    @app.command("/grok")
    async def grok(ack: Any) -> None:
        await ack(text="x", blocks=[{"type": "hologram"}])

    async with socket_mode(ws, app):
        result = await ws.command(ANA, GENERAL, "/grok hi")

    assert result.error == "dispatch_unknown_error (invalid_blocks)"
    assert ws.ephemerals() == []


async def test_a_stranger_cannot_type_in_a_private_channel(ws: Workspace) -> None:
    with pytest.raises(NotAllowedError):
        await ws.command(CHLOE, LEADERSHIP, "/grok hi")
