"""Counting by the API's own tokenizer, and where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import repeat
from typing import Any

import pytest

from bot.grok.client import GrokClient
from bot.grok.errors import Failure
from bot.grok.http.api import HttpReply
from bot.grok.routing import MEMORY_SECONDS, MEMORY_SIZE
from bot.grok.tokenizer import MOST_BYTES, REST_SECONDS, Tokenizer
from bot.words import grok as words
from sandbox.grok import GrokServer, Script
from sandbox.grok.counting import Counting
from tests.fixtures.grok import OpenGrokClient
from tests.grok.answers import CHAT

TEXT = "How many tokens are these, and 🚀?"


def asked(grok: GrokServer) -> int:
    return sum(lookup.path.endswith("/tokenize-text") for lookup in grok.lookups)


async def test_count_of_the_api(grok: GrokServer, grok_client: GrokClient) -> None:
    assert await grok_client.count_tokens(CHAT, TEXT, 5) == Counting().count(TEXT)
    assert await grok_client.count_tokens(CHAT, "", 5) == 0
    assert await grok_client.count_tokens(CHAT, "\ud83d", 5) == 1
    assert grok.lookups[0].body == {"model": CHAT, "text": TEXT}
    assert asked(grok) == 2


async def test_count_of_long_texts(open_grok_client: OpenGrokClient) -> None:
    async with GrokServer(counting=Counting(per_byte=True)) as server:
        client = await open_grok_client(server)

        assert await client.count_tokens(CHAT, "é" * 20_000, 5) == 40_000
        assert await client.count_tokens(CHAT, "x" * (MOST_BYTES + 1), 5) is None
        assert asked(server) == 1


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 405, 410, 422])
async def test_server_without_one_is_asked_once(
    status: int, grok: GrokServer, grok_client: GrokClient
) -> None:
    grok.script_lookup(Script(status=status, body={"error": "No."}))

    for _ in range(3):
        assert await grok_client.count_tokens(CHAT, TEXT, 5) is None
    assert asked(grok) == 1
    assert await grok_client.count_tokens("grok-4.7", TEXT, 5)


async def test_server_of_another_kind_is_asked_once(
    openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    client = await open_grok_client(openai_grok)

    for _ in range(3):
        assert await client.count_tokens(CHAT, TEXT, 5) is None
    assert asked(openai_grok) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "pong",
        "<html>",
        {"token_ids": None},
        {"token_ids": []},
        {"token_ids": 7},
        {"count": 7},
    ],
)
async def test_what_is_no_count_is_none(
    body: Any, grok: GrokServer, grok_client: GrokClient
) -> None:
    grok.script_lookup(Script(body=body, times=None))

    for _ in range(2):
        assert await grok_client.count_tokens(CHAT, TEXT, 5) is None
    assert asked(grok) == 1


async def test_slow_one_is_not_waited_for(grok: GrokServer, grok_client: GrokClient) -> None:
    grok.script_lookup(Script(body={}, stall_after=0))

    for _ in range(3):
        assert await grok_client.count_tokens(CHAT, TEXT, 0.05) is None
    assert asked(grok) <= 1


async def test_reply_without_end(grok: GrokServer, grok_client: GrokClient) -> None:
    headers = {"Content-Type": "application/json"}
    flow = lambda: repeat(b'{"token_id":1},' * 1_000)  # noqa: E731
    grok.script_lookup(Script(flow=flow, headers=headers))

    assert await grok_client.count_tokens(CHAT, TEXT, 30) is None
    assert await grok_client.count_tokens(CHAT, TEXT, 5)


async def test_more_tokens_than_there_can_be(grok: GrokServer, grok_client: GrokClient) -> None:
    grok.script_lookup(Script(body={"token_ids": [{}] * 5_000}))

    assert await grok_client.count_tokens(CHAT, "abc", 5) == 3 + 16


class Server:
    """Answers with what `reply` says, and counts how often it is asked."""

    def __init__(self, reply: HttpReply | Failure) -> None:
        self.reply = reply
        self.asked = 0

    async def put(self, path: str, body: Mapping[str, Any], seconds: float) -> HttpReply:
        self.asked += 1
        if isinstance(self.reply, Failure):
            raise self.reply
        return self.reply


ONE = HttpReply(200, '{"token_ids": [{}]}')


@pytest.mark.parametrize(
    ("reply", "seconds"),
    [
        (HttpReply(404, ""), MEMORY_SECONDS),
        (HttpReply(503, ""), REST_SECONDS),
        (HttpReply(429, ""), REST_SECONDS),
        (Failure(words.GROK_UNREACHABLE, kind="unavailable"), REST_SECONDS),
    ],
)
async def test_it_is_asked_again_later(reply: HttpReply | Failure, seconds: float) -> None:
    now = 1_000.0
    server = Server(reply)
    tokenizer = Tokenizer(server.put, lambda: now)

    assert await tokenizer.count("m", "text", 1) is None
    server.reply = ONE
    now += seconds - 1
    assert await tokenizer.count("m", "text", 1) is None
    assert server.asked == 1
    now += 2
    assert await tokenizer.count("m", "text", 1) == 1


async def test_memory_has_an_end() -> None:
    server = Server(HttpReply(404, ""))
    tokenizer = Tokenizer(server.put)

    for number in range(MEMORY_SIZE + 1):
        await tokenizer.count(f"m{number}", "text", 1)
    before = server.asked
    await tokenizer.count(f"m{MEMORY_SIZE}", "text", 1)
    assert server.asked == before
    await tokenizer.count("m0", "text", 1)
    assert server.asked == before + 1
