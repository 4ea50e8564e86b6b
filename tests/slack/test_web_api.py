"""Replies of Slack, or of what stands in its place, are read as far as they may be long."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import OutcomeUnknown, RateLimited
from bot.slack.refusals import retry_after
from bot.slack.web_api import LARGEST_REPLY, WebApi, slack_session
from tests.slack.answered import answered_by

pytestmark = pytest.mark.integration

_PIECE = b" " * 1024 * 1024
_PIECES = 96


@asynccontextmanager
async def slack_that_says(*, packed: bool, taken: list[int]) -> AsyncIterator[str]:
    """A server whose replies are far too long; `taken` gets how much of one could be sent."""

    async def reply(request: web.Request) -> web.StreamResponse:
        headers = {"Content-Type": "application/json"}
        if packed:
            body = gzip.compress(_PIECE * _PIECES, 9)
            return web.Response(body=body, headers={**headers, "Content-Encoding": "gzip"})
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        try:
            for _ in range(_PIECES):
                await response.write(_PIECE)
                taken.append(len(_PIECE))
        except ConnectionError:
            pass
        return response

    async with answered_by(reply) as url:
        yield url


@pytest.mark.parametrize("packed", [True, False], ids=["packed", "endless"])
async def test_a_reply_is_read_no_further_than_slack_says_things(packed: bool) -> None:
    taken: list[int] = []
    async with slack_that_says(packed=packed, taken=taken) as url, slack_session() as session:
        api = WebApi(AsyncWebClient(token="xoxb-1", base_url=url, session=session))
        with pytest.raises(OutcomeUnknown, match="ClientPayloadError"):
            await api.call("users.info", {"user": "U1"}, read=True)
    assert sum(taken) < 2 * LARGEST_REPLY


async def test_what_is_as_long_as_it_may_be_is_read() -> None:
    async def reply(_: web.Request) -> web.Response:
        return web.json_response({"ok": True, "text": "x" * (LARGEST_REPLY - 1_000)})

    async with answered_by(reply) as url, slack_session() as session:
        api = WebApi(AsyncWebClient(token="xoxb-1", base_url=url, session=session))
        found = await api.call("users.info", {"user": "U1"}, read=True)
    assert len(found["text"]) == LARGEST_REPLY - 1_000


HOSTILE = [
    ("7", 7),
    ("1.5", 1.5),
    ("0", 1),
    ("-3", 1),
    ("", 5),
    ("soon", 5),
    ("nan", 5),
    ("-inf", 1),
    ("1e400", 300),
    ("9" * 5_000, 300),
    ("Wed, 21 Oct 2026 07:28:00 GMT", 5),
]


@pytest.mark.parametrize(("said", "seconds"), HOSTILE)
async def test_how_long_a_file_rests_is_read_as_it_is_of_a_method(
    said: str, seconds: float
) -> None:
    async def busy(_: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": said})

    async with answered_by(busy) as url, slack_session() as session:
        api = WebApi(AsyncWebClient(token="xoxb-1", base_url=url, session=session))
        with pytest.raises(RateLimited) as called:
            await api.call("users.info", {"user": "U1"}, read=True)
        with pytest.raises(RateLimited) as fetched:
            await api.download(url, media_type="text/plain", size=1, most=1, seconds=5)

    assert called.value.retry_after == fetched.value.retry_after == seconds


def test_where_slack_does_not_say_it_whoever_asks_does() -> None:
    assert retry_after({}, unsaid=0) == 0
