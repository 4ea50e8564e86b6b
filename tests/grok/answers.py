"""Helpers for tests that read a whole answer."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any

import pytest

from bot.completion.request import CompletionRequest
from bot.completion.result import Chunk
from bot.errors import GrokFailed
from bot.grok.call import Call
from bot.grok.client import GrokClient

CHAT = "grok-4.3"
PLAIN = "grok-4.20-non-reasoning"
EVERYTHING = "grok-sandbox-non-reasoning"
"""A model of the sandbox that honours every parameter."""


def request(**values: Any) -> CompletionRequest:
    """A request; the model is one that chats unless `values` say otherwise."""
    return CompletionRequest(**({"model": CHAT, "prompt": "hello"} | values))


async def answer(client: GrokClient, asked: CompletionRequest | Call) -> list[Chunk]:
    """Every chunk of the answer."""
    async with aclosing(client.complete(asked)) as chunks:
        return [chunk async for chunk in chunks]


async def broken(client: GrokClient, asked: CompletionRequest) -> tuple[list[Chunk], GrokFailed]:
    """What came of the answer, and the failure in which it ended."""
    seen: list[Chunk] = []

    async def read() -> None:
        async with aclosing(client.complete(asked)) as chunks:
            async for chunk in chunks:
                seen.append(chunk)  # noqa: PERF401 - what came before the failure counts

    with pytest.raises(GrokFailed) as caught:
        await read()
    return seen, caught.value


async def failure(client: GrokClient, asked: CompletionRequest) -> GrokFailed:
    """The failure in which the answer ends."""
    return (await broken(client, asked))[1]


def text(chunks: list[Chunk], choice: int = 0) -> str:
    """The text of one choice."""
    return "".join(chunk.text for chunk in chunks if chunk.choice == choice)
