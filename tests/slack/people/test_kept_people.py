"""What all replicas remember of what Slack has said of people."""

from __future__ import annotations

import pytest

from bot.errors import StoreUnavailable
from bot.slack.people.person import KEPT_SECONDS, KeptPeople
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from tests.store.proxy import Proxy


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
