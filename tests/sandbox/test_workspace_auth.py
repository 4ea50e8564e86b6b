"""Tokens and scopes."""

from __future__ import annotations

import asyncio
import sys

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import (
    ANA,
    BOT_ID,
    BOT_USER,
    GENERAL,
    TEAM_ID,
    AppConfig,
    Command,
    NotAllowedError,
    Shortcut,
    Workspace,
    dm_of,
)
from tests.e2e.process import ROOT
from tests.sandbox.slack_app import client_of, error_of, refusal


async def test_auth_test_says_who_the_bot_is(slack: AsyncWebClient) -> None:
    reply = await slack.auth_test()

    assert reply["user_id"] == BOT_USER
    assert reply["bot_id"] == BOT_ID
    assert reply["team_id"] == TEAM_ID
    assert all(reply[name] for name in ("url", "team", "user"))


async def test_every_answer_names_the_granted_scopes(slack: AsyncWebClient) -> None:
    reply = await slack.auth_test()

    granted = reply.headers["x-oauth-scopes"].split(",")
    assert "chat:write" in granted
    assert "commands" in granted


@pytest.mark.parametrize(
    ("token", "error"),
    [
        ("", "not_authed"),
        ("xoxb-wrong", "invalid_auth"),
        ("app token", "not_allowed_token_type"),
    ],
)
async def test_a_wrong_token_is_refused(ws: Workspace, token: str, error: str) -> None:
    token = ws.credentials.app_token if token == "app token" else token
    assert await error_of(client_of(ws, token).auth_test()) == error
    assert not ws.calls[-1].token_ok


async def test_a_socket_needs_the_app_token(ws: Workspace) -> None:
    bot = client_of(ws)

    bot_token, app_token = ws.credentials.bot_token, ws.credentials.app_token
    refused = await error_of(bot.apps_connections_open(app_token=bot_token))
    opened = await bot.apps_connections_open(app_token=app_token)

    assert refused == "not_allowed_token_type"
    assert opened["url"].startswith("ws://127.0.0.1:")


async def test_the_bot_of_another_process_is_not_let_in_by_the_same_port(ws: Workspace) -> None:
    """One that has outlived the sandbox that it was started for."""
    code = "from sandbox.workspace import Credentials; print(Credentials().app_token)"
    other = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    token = (await other.communicate())[0].decode().strip()

    assert token.startswith("xapp-")
    assert await error_of(client_of(ws).apps_connections_open(app_token=token)) == "invalid_auth"


async def test_a_revoked_token_stops_working(ws: Workspace, slack: AsyncWebClient) -> None:
    await slack.auth_test()

    ws.revoke(ws.credentials.bot_token)

    assert await error_of(slack.auth_test()) == "token_revoked"


async def test_a_missing_scope_is_named() -> None:
    async with Workspace(app=AppConfig(scopes=frozenset({"commands"}))) as ws:
        answer = await refusal(client_of(ws).chat_postMessage(channel=GENERAL, text="hi"))

    assert answer["error"] == "missing_scope"
    assert answer["needed"] == "chat:write"
    assert answer["provided"] == "commands"


async def test_an_unknown_method_is_refused(slack: AsyncWebClient) -> None:
    assert await error_of(slack.api_call("chat.explode")) == "unknown_method"


@pytest.mark.parametrize(("body", "error"), [(b"{", "invalid_json"), (b"[]", "json_not_object")])
async def test_a_broken_body_is_refused(ws: Workspace, body: bytes, error: str) -> None:
    headers = {"Content-Type": "application/json", "Authorization": "Bearer x"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{ws.api_url}auth.test", data=body, headers=headers) as reply,
    ):
        assert (await reply.json())["error"] == error


def test_the_app_can_be_read_from_a_manifest() -> None:
    app = AppConfig.from_manifest(
        {
            "features": {
                "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
                "bot_user": {"display_name": "Grok"},
                "slash_commands": [
                    {"command": "/grok", "description": "Ask", "should_escape": True}
                ],
                "shortcuts": [
                    {"name": "Ask Grok", "type": "global", "callback_id": "new_grok"},
                    {"name": "About this", "type": "message", "callback_id": "ask_grok"},
                ],
            },
            "oauth_config": {"scopes": {"bot": ["chat:write"]}},
            "settings": {
                "event_subscriptions": {"bot_events": ["app_mention"]},
                "interactivity": {"is_enabled": True},
            },
        }
    )

    assert app == AppConfig(
        name="Grok",
        scopes=frozenset({"chat:write"}),
        events=frozenset({"app_mention"}),
        commands=(Command("/grok", "Ask", "", should_escape=True),),
        message_shortcuts=(Shortcut("ask_grok", "About this"),),
        global_shortcuts=(Shortcut("new_grok", "Ask Grok"),),
    )


async def test_what_the_manifest_leaves_out_is_off() -> None:
    app = AppConfig.from_manifest({"oauth_config": {"scopes": {"bot": ["chat:write"]}}})
    async with Workspace(app=app) as ws:
        slack = client_of(ws)
        section = {"type": "section", "text": {"type": "mrkdwn", "text": "x"}}
        button = {
            "type": "button",
            "action_id": "stop",
            "text": {"type": "plain_text", "text": "x"},
        }
        block = {**section, "accessory": button}
        ts = (await slack.chat_postMessage(channel=GENERAL, text="x", blocks=[block]))["ts"]
        home = {"type": "home", "blocks": [section]}

        clicked = await ws.click(ANA, GENERAL, ts, "stop")
        command = await ws.command(ANA, GENERAL, "/grok hi")

        assert clicked.error == "This app is not configured to handle interactive responses."
        assert command.error == "invalid_command"
        assert await error_of(slack.views_publish(user_id=ANA, view=home)) == "not_enabled"
        assert await error_of(slack.chat_postMessage(channel=ANA, text="x")) == (
            "messages_tab_disabled"
        )
        with pytest.raises(NotAllowedError):
            await ws.say(ANA, dm_of(ANA), "hi")
        with pytest.raises(NotAllowedError):
            await ws.open_home(ANA)
        assert ws.deliveries == []
