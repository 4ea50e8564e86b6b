"""Methods that rest after a 429, for everybody."""

from __future__ import annotations

from bot.store.allowances import Rests
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from tests.store.proxy import Proxy


async def test_it_rests_for_all_replicas(store: Store, keys: Keys) -> None:
    one, other = Rests(store, keys), Rests(store, keys)
    await one.begin("users.info", 30)

    for each in (one, other):
        assert 0 < await each.left("users.info") <= 30
        assert not await each.left("users.list")
    assert 0 < await store.redis.pttl(keys.rest("users.info")) <= 30_000


async def test_a_longer_rest_stands(store: Store, keys: Keys) -> None:
    one, other = Rests(store, keys), Rests(store, keys)
    await one.begin("users.info", 30)
    await one.begin("users.info", 1)
    await other.begin("users.info", 1)

    for each in (one, other, Rests(store, keys)):
        assert await each.left("users.info") > 20


async def test_another_workspace_does_not_rest(store: Store, keys: Keys) -> None:
    await Rests(store, keys).begin("users.info", 30)

    assert not await Rests(store, Keys("T0OTHER")).left("users.info")


async def test_without_redis_each_replica_rests_by_itself(valkey: str, keys: Keys) -> None:
    async with Proxy(valkey) as proxy, Store(proxy.url) as away:
        await proxy.away()
        alone = Rests(away, keys)
        assert not await alone.left("users.info")
        await alone.begin("users.info", 30)

        assert await alone.left("users.info") > 20
