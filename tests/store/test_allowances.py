"""So many of something in a minute, whoever counts."""

from __future__ import annotations

import asyncio

import pytest

from bot.store import allowances as module
from bot.store.allowances import WINDOW_SECONDS, Allowances
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from tests.store.proxy import Proxy, every_other


async def taken(allowances: Allowances, times: int, most: int = 3) -> int:
    """How many of so many tries were let through."""
    waits = [await allowances.take("a", most) for _ in range(times)]
    return waits.count(0)


async def test_the_replicas_count_together(store: Store, keys: Keys) -> None:
    replicas = [Allowances(store, keys) for _ in range(3)]

    waits = await asyncio.gather(*(each.take("a", 4) for each in replicas for _ in range(5)))

    assert waits.count(0) == 4
    assert all(0 < wait <= WINDOW_SECONDS for wait in waits if wait)
    assert not await replicas[0].take("b", 4)


async def test_what_was_refused_takes_nothing(
    store: Store, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WINDOW_SECONDS", 0.5)
    allowances = Allowances(store, keys)
    assert not await allowances.take("a", 1)
    refused = 0
    async with asyncio.timeout(10):
        while await allowances.take("a", 1):
            refused += 1
            await asyncio.sleep(0.01)

    assert refused > 3


async def test_the_same_call_takes_one_however_often_it_comes(store: Store, keys: Keys) -> None:
    allowances = Allowances(store, keys)
    for _ in range(5):
        assert not await allowances.take("a", 2, call="message:1")
    assert not await allowances.take("a", 2, call="message:2")
    assert await allowances.take("a", 2, call="message:3")
    assert not await allowances.take("a", 2, call="message:1")


async def test_it_is_forgotten_in_the_end(store: Store, keys: Keys) -> None:
    await Allowances(store, keys).take("a", 1)

    assert 0 < await store.redis.pttl(keys.allowance("a")) <= WINDOW_SECONDS * 1000


async def test_a_lost_reply_takes_one(valkey: str, store: Store, keys: Keys) -> None:
    async with Proxy(valkey) as proxy, Store(proxy.url) as shaky:
        proxy.lose = every_other()
        assert not await Allowances(shaky, keys).take("a", 2)

    assert proxy.lost
    assert not await Allowances(store, keys).take("a", 2)
    assert await Allowances(store, keys).take("a", 2)


async def test_while_redis_is_away_this_process_counts_alone(
    valkey: str, store: Store, keys: Keys
) -> None:
    async with Proxy(valkey) as proxy, Store(proxy.url) as away:
        await proxy.away()
        alone = Allowances(away, keys)
        assert await taken(alone, 10) == 3
        wait = await alone.take("a", 3)

    assert 0 < wait <= WINDOW_SECONDS


async def test_what_is_counted_alone_comes_to_an_end(
    valkey: str, store: Store, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WINDOW_SECONDS", 0.0)
    monkeypatch.setattr(module, "MOST_NAMES", 2)
    async with Proxy(valkey) as proxy, Store(proxy.url) as away:
        await proxy.away()
        alone = Allowances(away, keys)
        assert await taken(alone, 10) == 10
        for name in "bcd":
            await alone.take(name, 1)
        assert len(alone._alone) == 2


async def test_a_redis_that_hangs_is_not_waited_for(valkey: str, store: Store, keys: Keys) -> None:
    async with Proxy(valkey) as proxy, Store(proxy.url) as slow:
        proxy.latency = 60
        async with asyncio.timeout(30):
            assert await taken(Allowances(slow, keys), 4) == 3
