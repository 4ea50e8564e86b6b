"""What an open form holds, kept for as long as the form may stay open."""

from __future__ import annotations

import pytest

from bot.errors import StoreUnavailable
from bot.store.keys import Keys
from bot.store.memory import DRAFT_SECONDS, Drafts
from bot.store.redis.connection import Store
from tests.store.proxy import Proxy, every_other


async def test_a_draft_is_read_as_it_was_saved(store: Store, keys: Keys) -> None:
    drafts = Drafts(store, keys)
    text = '{"said": "' + "naïve 🙂 " * 5_000 + '"}'

    await drafts.save("one", text)
    await drafts.save("two", "{}")

    assert await drafts.read("one") == text
    assert await drafts.read("two") == "{}"


async def test_nobody_knows_a_draft_that_was_not_saved(store: Store, keys: Keys) -> None:
    assert await Drafts(store, keys).read("one") is None


async def test_a_draft_of_another_workspace_is_not_found(store: Store, keys: Keys) -> None:
    await Drafts(store, keys).save("one", "{}")

    assert await Drafts(store, Keys("T0OTHER")).read("one") is None


async def test_a_draft_is_forgotten_in_the_end(store: Store, keys: Keys) -> None:
    await Drafts(store, keys).save("one", "{}")

    left = await store.redis.ttl(keys.draft("one"))
    assert DRAFT_SECONDS - 60 < left <= DRAFT_SECONDS


async def test_a_lost_reply_is_asked_for_again(valkey: str, store: Store, keys: Keys) -> None:
    async with Proxy(valkey) as proxy, Store(proxy.url) as shaky:
        proxy.lose = every_other()
        await Drafts(shaky, keys).save("one", "{}")

    assert proxy.lost == 1
    assert await Drafts(store, keys).read("one") == "{}"


async def test_a_store_that_is_away_says_so(valkey: str, keys: Keys) -> None:
    async with Proxy(valkey) as proxy, Store(proxy.url) as store:
        await proxy.away()
        drafts = Drafts(store, keys)

        with pytest.raises(StoreUnavailable):
            await drafts.save("one", "{}")
        with pytest.raises(StoreUnavailable):
            await drafts.read("one")
