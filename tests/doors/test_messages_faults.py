"""Messages while Redis is slow or away: no question is lost, and none is asked twice."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot import words
from bot.doors import messages
from bot.grok.client import GrokClient
from bot.jobs import accept
from bot.store.connection import Store
from bot.store.keys import Keys
from bot.words import talk
from sandbox.workspace import ANA, BEN, GENERAL, Limits, Workspace, dm_of
from tests.doors.conversing import Stage, on_stage
from tests.store.proxy import Proxy, always


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    """One that soon delivers again what was not acked."""
    async with Workspace(limits=Limits(ack=0.5, event_retries=(0.0,))) as ws:
        yield ws


@pytest.fixture
async def proxy(valkey: str, store: Store) -> AsyncIterator[Proxy]:
    async with Proxy(valkey) as proxy:
        yield proxy


@pytest.fixture
async def stage(
    workspace: Workspace,
    store: Store,
    proxy: Proxy,
    keys: Keys,
    grok_client: GrokClient,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Stage]:
    """A bot that is in a hurry, behind the proxy."""
    monkeypatch.setattr(accept, "ACCEPT_SECONDS", 0.1)
    monkeypatch.setattr(messages, "LOOK_UP_SECONDS", 0.2)
    async with (
        Store(proxy.url) as through,
        on_stage(workspace, store, keys, grok_client, through=through) as stage,
    ):
        yield stage


async def test_a_reply_that_is_perhaps_for_the_bot_is_delivered_again(
    stage: Stage, proxy: Proxy
) -> None:
    root = await stage.say(ANA, GENERAL, "@grok one")
    await proxy.away()
    reply = await stage.workspace.say(BEN, GENERAL, "two", root.ts)
    await stage.workspace.wait_for(lambda: reply.ts in stage.refused)
    proxy.back()
    await stage.workspace.wait_for(lambda: stage.workspace.deliveries[-1].retry)
    await stage.quiet()

    assert stage.refused == [reply.ts]
    assert await stage.prompts() == ["one", "two"]
    assert not stage.workspace.ephemerals()


async def test_what_is_for_the_bot_in_any_case_is_told_of(stage: Stage, proxy: Proxy) -> None:
    own = await stage.post(GENERAL, "an answer")
    await proxy.away()
    await stage.say(ANA, GENERAL, "@grok one")
    await stage.say(BEN, GENERAL, "two", own)
    await stage.say(BEN, dm_of(BEN), "three")

    assert stage.refused == []
    assert stage.told(ANA) == [words.NOT_TAKEN]
    assert stage.told(BEN) == [words.NOT_TAKEN] * 2


async def test_a_thread_of_which_nothing_can_be_known_is_read(
    stage: Stage, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = await stage.say(ANA, GENERAL, "one")
    monkeypatch.setattr(accept, "ACCEPT_SECONDS", 2.0)
    monkeypatch.setattr(messages, "LOOK_UP_SECONDS", 0.05)
    proxy.latency = 0.1
    await stage.say(ANA, GENERAL, "@grok two", root.ts)

    assert (await stage.asked()).reads_thread


async def test_forgetting_that_fails_is_told_of(stage: Stage, proxy: Proxy) -> None:
    proxy.lose = always()
    await stage.say(ANA, dm_of(ANA), "forget")

    assert stage.told(ANA) == [talk.NOT_FORGOTTEN]


async def test_a_deletion_while_redis_is_away_is_left_alone(stage: Stage, proxy: Proxy) -> None:
    asked = await stage.say(ANA, GENERAL, "@grok one")
    await proxy.away()
    await stage.workspace.delete(ANA, GENERAL, asked.ts)
    await stage.quiet()

    (job,) = await stage.jobs()
    assert job.stop == ""
