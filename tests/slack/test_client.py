"""What comes in the place of Slack's reply is no reply of Slack, and breaks nothing down."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from pydantic import SecretStr
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError

from bot.errors import OutcomeUnknown
from bot.slack.inbound.incoming import JsonObject
from bot.slack.inbound.socket_mode import SocketMode
from bot.slack.web_api import SlackClient, WebApi, slack_session
from bot.store.installations import Installations
from bot.store.redis.connection import Store
from bot.store.seal import Seal
from bot.teams.departure import Departures
from bot.teams.register import Record, Register
from bot.teams.rotation import Rotation
from tests.slack.answered import answered_by

pytestmark = pytest.mark.integration

JSON = "application/json"
IN_ITS_PLACE = [
    (JSON, b'{"ok": tr'),
    (JSON, b"<html>Bad gateway</html>"),
    (JSON, b'["ok"]'),
    (JSON, b'"ok"'),
    (JSON, b"7"),
    (JSON, b"null"),
    (JSON, b""),
    (JSON, b'"\xff"'),
    (f"{JSON}; charset=none", b"\xff"),
    (JSON, b"[" * 100_000),
    ("text/plain", b"ok"),
    ("text/html", b"<html>Sign in</html>"),
    ("application/gzip", b"\x1f\x8b"),
]


@asynccontextmanager
async def slack_that_says(replies: Iterable[tuple[str, bytes]]) -> AsyncIterator[SlackClient]:
    """A client of somebody who says all of `replies`, one after the other."""
    left = iter(replies)

    async def reply(_: web.Request) -> web.Response:
        kind, body = next(left)
        return web.Response(body=body, headers={"Content-Type": kind})

    async with answered_by(reply) as url, slack_session() as session:
        yield SlackClient(base_url=url, session=session, retry_handlers=[])


async def test_it_is_an_error_that_can_be_read() -> None:
    async with slack_that_says(2 * IN_ITS_PLACE) as client:
        api = WebApi(client)
        for _ in IN_ITS_PLACE:
            with pytest.raises(SlackApiError) as error:
                await client.api_call("auth.test")
            assert error.value.response.get("error") is None
            with pytest.raises(OutcomeUnknown):
                await api.call("auth.test", {})


async def test_nobody_has_left_and_no_token_was_exchanged(store: Store) -> None:
    register = Register(Installations(store), Seal(["k" * 32]))
    ends = time.time() + 60
    for number, _ in enumerate(IN_ITS_PLACE):
        place = f"T0{number}"
        await register.save(
            Record(place=place, bot_token="x", refresh_token="y", expires_at=ends, bot_user="U1")
        )
    async with slack_that_says(each for each in IN_ITS_PLACE for _ in range(2)) as client:
        rotation = Rotation(register, client, client_id="1", address="", client_secret="2")
        departures = Departures(register, store, client)
        for place in await register.store.versions():
            found = await register.find(place)
            assert found is not None
            assert await departures.is_gone(found.record) is None
            assert not await rotation.look(place)


async def test_socket_mode_goes_on_trying() -> None:
    async def nobody(_: JsonObject, __: object) -> BoltResponse:
        raise AssertionError("nothing came")

    for in_its_place in IN_ITS_PLACE:
        async with (
            slack_that_says([in_its_place] * 9) as client,
            SocketMode(nobody, SecretStr("xapp-1"), client) as mode,
        ):
            assert mode._keeping is not None
            assert not mode._keeping.done()
            assert not await mode.connected()
