"""After a 429 a method that reads is left alone by everybody, until it may be called again."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import RateLimited
from bot.slack.web_api import WebApi
from bot.store.allowances import Rests
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from sandbox.workspace import ANA, GENERAL, Workspace
from tests.sandbox.slack_app import client_of

LOOKED_UP = [
    ("users.info", {"user": ANA}),
    ("conversations.info", {"channel": GENERAL}),
    ("conversations.members", {"channel": GENERAL}),
    ("conversations.replies", {"channel": GENERAL, "ts": "1.000000"}),
    ("conversations.history", {"channel": GENERAL}),
]


def replica(workspace: Workspace, store: Store, keys: Keys) -> WebApi:
    return WebApi(client_of(workspace), Rests(store, keys))


@pytest.mark.parametrize(("method", "body"), LOOKED_UP, ids=[method for method, _ in LOOKED_UP])
async def test_a_refusal_holds_for_all_replicas(
    workspace: Workspace, store: Store, keys: Keys, method: str, body: dict[str, str]
) -> None:
    one, other = replica(workspace, store, keys), replica(workspace, store, keys)
    workspace.fail(method, retry_after=20)
    for each in (one, one, other, other):
        with pytest.raises(RateLimited) as caught:
            await each.call(method, body, read=True)
        assert 15 < caught.value.retry_after <= 20

    assert len(workspace.calls_of(method)) == 1
    assert await other.call("auth.test", {}, read=True)


async def test_after_its_rest_it_is_called_again(
    workspace: Workspace, store: Store, keys: Keys
) -> None:
    api = replica(workspace, store, keys)
    workspace.fail("users.info", retry_after=1)
    with pytest.raises(RateLimited):
        await api.call("users.info", {"user": ANA}, read=True)

    async with asyncio.timeout(10):
        while True:
            try:
                assert await api.call("users.info", {"user": ANA}, read=True)
                break
            except RateLimited as error:
                await asyncio.sleep(error.retry_after)

    assert [call.status for call in workspace.calls_of("users.info")] == [429, 200]


async def test_what_writes_is_not_held_up(workspace: Workspace, store: Store, keys: Keys) -> None:
    api = replica(workspace, store, keys)
    workspace.fail("chat.postMessage", retry_after=20)
    for _ in range(2):
        with pytest.raises(RateLimited):
            await api.call("chat.postMessage", {"channel": GENERAL, "text": "one"})

    assert len(workspace.calls_of("chat.postMessage")) == 2
