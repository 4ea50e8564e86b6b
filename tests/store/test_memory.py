"""What is remembered by all replicas: what is done once, and what Slack has said of people."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.errors import StoreUnavailable
from bot.slack_limits import EVENT_RETRY_SECONDS
from bot.store import memory
from bot.store.keys import Keys
from bot.store.memory import KEPT_SECONDS, KeptPeople, Once
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


@pytest.fixture
def kept(store: Store, keys: Keys) -> KeptPeople:
    return KeptPeople(store, keys)


async def test_what_is_kept_is_read_with_its_age(
    kept: KeptPeople, store: Store, keys: Keys
) -> None:
    await kept.write("U1", "one")
    found = await kept.read("U1")
    assert (found.text, found.refused) == ("one", False)
    assert 0 <= found.age < 60

    await store.redis.expire(keys.person("U1"), KEPT_SECONDS - 700)
    assert 700 <= (await kept.read("U1")).age < 760


async def test_of_whom_nothing_is_kept(kept: KeptPeople) -> None:
    found = await kept.read("U1")

    assert (found.text, found.age, found.refused) == (None, KEPT_SECONDS, False)


async def test_a_refusal_leaves_what_is_kept(kept: KeptPeople) -> None:
    await kept.write("U1", "one")
    await kept.refuse("U1", 60)

    found = await kept.read("U1")
    assert (found.text, found.refused) == ("one", True)
    assert not (await kept.read("U2")).refused


async def test_what_is_forgotten_is_gone(kept: KeptPeople) -> None:
    await kept.write("U1", "one")
    await kept.write("U1", "")

    assert (await kept.read("U1")).text is None


async def test_several_are_read_at_once(kept: KeptPeople) -> None:
    await kept.write("U1", "one")
    await kept.write("U3", "three")

    assert await kept.read_all(["U1", "U2", "U3"]) == {"U1": "one", "U3": "three"}
    assert await kept.read_all([]) == {}


async def test_everything_has_an_end(kept: KeptPeople, store: Store) -> None:
    await kept.write("U1", "one")
    await kept.refuse("U2", 60)

    names = await store.redis.keys()
    assert len(names) == 2
    for name in names:
        assert 0 < await store.redis.ttl(name) <= KEPT_SECONDS


async def test_a_store_that_is_away_says_so(valkey: str, keys: Keys) -> None:
    async with Proxy(valkey) as proxy, Store(proxy.url) as away:
        await proxy.away()
        kept = KeptPeople(away, keys)
        for call in (kept.read("U1"), kept.read_all(["U1"]), kept.write("U1", "x")):
            with pytest.raises(StoreUnavailable):
                await call
