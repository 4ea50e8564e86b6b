"""How others stream, as small baselines: each edits in the loop that reads Grok.

All post "Thinking…" at once, and at a 429 wait for its Retry-After and a moment, then send the same
again, as the SDK's own handler does, but as often as it takes (the SDK gives up in between). What
they differ in is when they edit. The last text is always sent.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bench.streaming.grok import Times, stream
from bench.streaming.rows import Row
from bench.streaming.stage import METADATA_EVENT, Answers, channel_id
from sandbox.workspace import Workspace

CLOCK_SECONDS = 1.0
CHUNKS = 20
BUFFER_CHARS = 256


class Pending:
    """What was read since the last edit: `chunks` of it with `chars`, `seconds` ago."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """An edit was made now."""
        self.chunks = self.chars = 0
        self._since = time.monotonic()

    def add(self, text: str) -> None:
        """A chunk was read."""
        self.chunks += 1
        self.chars += len(text)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._since


Due = Callable[[Pending], bool]


def clock(pending: Pending) -> bool:
    """A fixed clock of 1 s."""
    return pending.seconds >= CLOCK_SECONDS


def every_20_chunks(pending: Pending) -> bool:
    """After 20 chunks."""
    return pending.chunks >= CHUNKS


def buffer_256(pending: Pending) -> bool:
    """When 256 characters have come, as the SDK's chat stream does."""
    return pending.chars >= BUFFER_CHARS


async def baseline(
    due: Due, row: Row, workspace: Workspace, times: Times, answers: Answers
) -> None:
    """Answer the questions of `row`; returns when every last text was taken."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        client = AsyncWebClient(
            token=workspace.credentials.bot_token,
            base_url=workspace.api_url,
            session=session,
            retry_handlers=[],
        )
        started = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as group:
            for number, question in enumerate(row.questions):
                await asyncio.sleep(started + question.at - asyncio.get_running_loop().time())
                answers.began(str(number), number)
                group.create_task(_answer(due, client, number, question.channel, times))


async def _answer(
    due: Due, client: AsyncWebClient, number: int, channel_number: int, times: Times
) -> None:
    channel = channel_id(channel_number)
    payload = {"job_id": str(number), "part": "0"}
    metadata = {"event_type": METADATA_EVENT, "event_payload": payload}
    place: dict[str, Any] = {"channel": channel, "metadata": metadata}
    place["ts"] = await _send(client, "chat.postMessage", place, "Thinking…")
    text, pending = "", Pending()
    async for chunk in stream(times, number):
        text += chunk.text
        pending.add(chunk.text)
        if due(pending):
            pending.clear()
            await _send(client, "chat.update", place, text)
    if pending.chars:
        await _send(client, "chat.update", place, text)


async def _send(client: AsyncWebClient, method: str, place: dict[str, Any], text: str) -> str:
    """Post or edit until Slack takes it; the ts of the message."""
    blocks = [{"type": "markdown", "text": text}]
    while True:
        try:
            body = {**place, "blocks": blocks, "text": "An answer of Grok"}
            return str((await client.api_call(method, json=body))["ts"])
        except SlackApiError as error:
            if error.response["error"] != "ratelimited":
                raise
            await asyncio.sleep(int(error.response.headers["Retry-After"]) + random.random())
