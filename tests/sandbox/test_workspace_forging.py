"""Payloads made up: what Slack vouches for stays true in them, the rest is passed on."""

from __future__ import annotations

import re
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import (
    ANA,
    BEN,
    GENERAL,
    LEADERSHIP,
    OTHER_TEAM_ID,
    PARTNERS,
    STRANGER,
    TEAM_ID,
    NotAllowedError,
    User,
    Workspace,
)
from sandbox.workspace.state import ENTERPRISE_ID
from tests.sandbox.slack_app import app_of, socket_mode
from tests.sandbox.test_workspace_views import plain

Json = dict[str, Any]
ANY = re.compile("")


def acking(ws: Workspace) -> AsyncApp:
    """An app that acks whatever comes."""
    app = app_of(ws)

    async def ack_it(ack: Any) -> None:
        await ack()

    for way in (app.command, app.shortcut, app.action, app.view):
        way(ANY)(ack_it)
    return app


async def test_a_value_is_made_up_and_the_place_is_not(ws: Workspace) -> None:
    said = await ws.say(ANA, GENERAL, "hello")

    async with socket_mode(ws, acking(ws)):
        await ws.forge.click(BEN, GENERAL, said.ts, "stop", "of another place")

    payload = ws.deliveries[-1].payload
    assert payload["actions"][0]["value"] == "of another place"
    assert (payload["user"]["id"], payload["channel"]["id"]) == (BEN, GENERAL)
    assert payload["container"]["message_ts"] == said.ts


async def test_nobody_clicks_where_they_cannot_be(ws: Workspace, slack: AsyncWebClient) -> None:
    ts = (await slack.chat_postMessage(channel=LEADERSHIP, text="secret"))["ts"]

    with pytest.raises(NotAllowedError):
        await ws.forge.click(STRANGER, LEADERSHIP, ts, "stop", "x")


async def test_a_stranger_reaches_what_slack_does_not_offer_them(ws: Workspace) -> None:
    said = await ws.say(STRANGER, PARTNERS, "hello")

    async with socket_mode(ws, acking(ws)):
        await ws.forge.command(STRANGER, PARTNERS, "audit")
        await ws.forge.shortcut(STRANGER, "new_grok")
        await ws.forge.message_shortcut(STRANGER, "ask_grok", PARTNERS, said.ts)

    command, shortcut, about = [delivery.payload for delivery in ws.deliveries[-3:]]
    assert (command["user_id"], command["text"]) == (STRANGER, "audit")
    assert shortcut["user"]["team_id"] == about["user"]["team_id"] == OTHER_TEAM_ID
    assert about["message"]["ts"] == said.ts


async def test_a_view_may_claim_to_be_another(ws: Workspace, slack: AsyncWebClient) -> None:
    app = app_of(ws)
    opened: list[str] = []

    @app.shortcut("new_grok")
    async def open_view(ack: Any, body: Json) -> None:
        await ack()
        blocks = [{"type": "section", "text": plain("hi")}]
        view = {"type": "modal", "title": plain("T"), "blocks": blocks, "private_metadata": "own"}
        reply = await slack.views_open(trigger_id=body["trigger_id"], view=view)
        opened.append(reply["view"]["id"])

    @app.view(ANY)
    async def ack_it(ack: Any) -> None:
        await ack()

    async with socket_mode(ws, app):
        await ws.shortcut(BEN, "new_grok")
        await ws.wait_for(lambda: opened)
        await ws.forge.submit(BEN, opened[0], {"private_metadata": "another's"})
        forged = ws.deliveries[-1].payload
        with pytest.raises(NotAllowedError):
            await ws.forge.submit(ANA, opened[0], {})

    assert forged["view"]["private_metadata"] == "another's"
    assert forged["view"]["id"] == opened[0]
    assert forged["user"]["id"] == BEN


async def test_people_are_described_as_slack_describes_them(
    ws: Workspace, slack: AsyncWebClient
) -> None:
    ws.state.users["U0GRID"] = User(
        "U0GRID", "gina", "Gina", "#123456", workspaces=("T0SISTER", TEAM_ID)
    )
    ws.state.users["U0WHO"] = User("U0WHO", "who", "Who", "#123456", is_placed=False)

    grid = (await slack.users_info(user="U0GRID"))["user"]
    unplaced = (await slack.users_info(user="U0WHO"))["user"]

    assert grid["team_id"] == "T0SISTER"
    assert grid["enterprise_user"]["enterprise_id"] == ENTERPRISE_ID
    assert grid["enterprise_user"]["teams"] == ["T0SISTER", TEAM_ID]
    assert "team_id" not in unplaced
