from __future__ import annotations

import json

import pytest

from bot.grok.client import open_grok
from bot.settings import Settings
from bot.words import grok as words
from sandbox.grok import GrokServer, Script
from tests.fixtures.grok import OpenGrokClient
from tests.grok.answers import answer, failure, request, text
from tests.grok.wire import wire_server

pytestmark = pytest.mark.integration

STATUSES = [301, 302, 303, 307, 308]


@pytest.mark.parametrize("status", STATUSES)
async def test_followed_on_the_same_host_with_all_that_was_asked(
    status: int, grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    there = {"Location": "/v1/chat/completions?there"}
    grok.script(Script(status=status, headers=there, body={}))
    client = await open_grok_client(grok, grok_endpoint="chat")

    assert text(await answer(client, request()))

    first, second = grok.requests
    assert second.body == first.body
    assert second.method == "POST"
    assert second.headers["authorization"] == first.headers["authorization"]


@pytest.mark.parametrize(
    "location", ["https://127.0.0.1:1/v1", "http://elsewhere.test/v1", "//x/", ""]
)
@pytest.mark.parametrize("status", STATUSES)
async def test_said_once_to_anywhere_else(
    status: int, location: str, grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    headers = {"Location": location} if location else {}
    grok.script(Script(status=status, headers=headers, body={}, times=None))
    client = await open_grok_client(grok)

    failed = await failure(client, request())

    assert failed.sentence == words.GROK_NO_API
    assert not failed.spent
    assert len(grok.requests) == 1


async def test_key_never_goes_to_another_port(
    grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    async with wire_server(b"{}") as other:
        grok.script(Script(status=307, headers={"Location": other.base_url}, body={}))

        await failure(await open_grok_client(grok), request())

    assert other.requests == []


async def test_circle_ends(grok: GrokServer, open_grok_client: OpenGrokClient) -> None:
    there = {"Location": "/v1/chat/completions"}
    grok.script(Script(status=308, headers=there, body={}, times=None))

    failed = await failure(await open_grok_client(grok), request())

    assert failed.sentence == words.GROK_NO_API
    assert len(grok.requests) == 4


async def test_list_of_models_behind_a_redirect() -> None:
    head = b"Location: /v2/models\r\n"
    async with wire_server(json.dumps({}).encode(), head=head, status="301 Moved") as server:
        settings = Settings(_env_file=None, xai_base_url=server.base_url)
        async with open_grok(settings) as client:
            await client.catalogue.refresh()

    assert {line for line, _, _ in server.requests[1:]} >= {"GET /v2/models HTTP/1.1"}
