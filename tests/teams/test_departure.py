"""Whether the app was removed: by what Slack says, and never by what it does not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from bot.slack.web_api import SlackClient, slack_session
from bot.store.installations import Installations
from bot.store.redis.connection import Store
from bot.store.seal import Seal
from bot.teams.departure import Departures
from bot.teams.register import Record, Register
from bot.teams.rotation import Rotation

ORG = Record(
    place="E0ORG", bot_token="xoxb-1", refresh_token="xoxe-1", bot_user="U1", enterprise="E0ORG"
)
ODD = (
    "[]",
    "null",
    "{x",
    '{"ok": false, "error": {"a": 1}}',
    '{"ok": false, "error": ["account_inactive"]}',
    '{"ok": true, "teams": "T0ONE"}',
    '{"ok": true, "teams": [7]}',
    '{"ok": true, "teams": [{"id": "T0ONE"}], "response_metadata": "x"}',
    '{"ok": true, "access_token": "a", "refresh_token": "b", "expires_in": NaN}',
    '{"ok": true, "access_token": "a", "refresh_token": "b", "expires_in": 1e400}',
)


@asynccontextmanager
async def saying(text: str) -> AsyncIterator[SlackClient]:
    """A Slack that says `text` to everything."""

    async def said(_: web.BaseRequest) -> web.Response:
        return web.Response(text=text, content_type="application/json")

    runner = web.ServerRunner(web.Server(said))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    async with slack_session() as session:
        yield SlackClient(base_url=f"http://{host}:{port}/", session=session, retry_handlers=[])
    await runner.cleanup()


@pytest.mark.parametrize("text", ODD)
async def test_what_slack_never_says_takes_nothing_away(store: Store, text: str) -> None:
    register = Register(Installations(store), Seal(["k" * 32]))
    await register.store.join(ORG.place, "T0ONE")
    await register.save(ORG.model_copy(update={"expires_at": 1.0}))
    async with saying(text) as client:
        departures = Departures(register, store, client)
        rotation = Rotation(register, client, client_id="1", client_secret="2", address="")
        gone = await departures.is_gone(ORG)
        withdrawn = await departures.withdrawn(ORG)
        exchanged = await rotation.look(ORG.place)

    assert not gone
    assert withdrawn is None
    assert not exchanged
    assert await register.find(ORG.place) is not None
