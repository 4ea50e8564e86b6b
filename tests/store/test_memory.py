"""What is remembered by all replicas: what is done once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.slack_limits import EVENT_RETRY_SECONDS
from bot.store import memory
from bot.store.keys import Keys
from bot.store.memory import Once
from bot.store.redis.connection import Store
from tests.store.proxy import Proxy, every_other


@pytest.fixture
async def proxy(valkey: str, store: Store) -> AsyncIterator[Proxy]:
    async with Proxy(valkey) as proxy:
        yield proxy


async def test_only_the_first_is_told_so(store: Store, keys: Keys) -> None:
    replicas = [Once(store, keys) for _ in range(3)]

    told = await asyncio.gather(*(each.first("a") for each in replicas for _ in range(3)))
    assert sorted(told) == [False] * 8 + [True]
    assert await replicas[0].first("b")


async def test_it_is_remembered_for_as_long_as_slack_delivers_again(
    store: Store, keys: Keys
) -> None:
    await Once(store, keys).first("a")

    left = await store.redis.ttl(keys.claimed("a"))
    assert 0 < left <= EVENT_RETRY_SECONDS


async def test_a_lost_reply_changes_nothing(proxy: Proxy, store: Store, keys: Keys) -> None:
    proxy.lose = every_other()
    async with Store(proxy.url) as shaky:
        assert await Once(shaky, keys).first("a")
    assert proxy.lost
    assert not await Once(store, keys).first("a")


async def test_while_redis_is_away_each_process_speaks_for_itself(proxy: Proxy, keys: Keys) -> None:
    await proxy.away()
    async with Store(proxy.url) as away:
        alone = Once(away, keys)
        assert await alone.first("a")
        assert not await alone.first("a")


async def test_no_more_is_remembered_than_fits(
    store: Store, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "MOST_KNOWN", 1)
    one = Once(store, keys)
    await one.first("a")
    await one.first("b")
    await store.redis.flushall()

    assert await one.first("a")
