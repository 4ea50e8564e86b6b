from __future__ import annotations

import json
from typing import Any

import pytest

from bot.errors import GrokFailed
from bot.grok.client import GrokClient
from bot.grok.http.api import HttpReply
from bot.grok.key import KeyState, read_key
from sandbox.grok import GrokServer
from tests.fixtures.grok import OpenGrokClient


async def test_a_good_key(grok_client: GrokClient) -> None:
    assert (await grok_client.reach()).key == "ok"


async def test_a_blocked_team(grok: GrokServer, grok_client: GrokClient) -> None:
    grok.team_blocked = True

    assert (await grok_client.reach()).key == "blocked"


async def test_a_wrong_key(grok: GrokServer, open_grok_client: OpenGrokClient) -> None:
    client = await open_grok_client(grok, xai_api_key="xai-wrong")

    assert (await client.reach()).key == "wrong"


async def test_a_server_that_does_not_say(
    openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    client = await open_grok_client(openai_grok)

    assert (await client.reach()).key == "unknown"


async def test_nobody_there(open_grok_client: OpenGrokClient) -> None:
    async with GrokServer() as server:
        client = await open_grok_client(server)

    with pytest.raises(GrokFailed) as caught:
        await client.reach()
    assert caught.value.reached is False


@pytest.mark.parametrize(
    ("status", "data", "state"),
    [
        (200, {"api_key_disabled": True, "team_blocked": True}, "disabled"),
        (200, {"api_key_blocked": True}, "blocked"),
        (200, {"team_blocked": False}, "ok"),
        (200, {}, "unknown"),
        (200, None, "unknown"),
        (200, ["x"], "unknown"),
        (401, None, "wrong"),
        (403, None, "blocked"),
        (404, None, "unknown"),
        (500, None, "unknown"),
    ],
)
def test_every_reply(status: int, data: Any, state: KeyState) -> None:
    assert read_key(HttpReply(status, "" if data is None else json.dumps(data))) == state
