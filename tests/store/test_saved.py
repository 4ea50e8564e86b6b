"""What people save: their own, each under its name, and with an end."""

from __future__ import annotations

import pytest

from bot.errors import StoreUnavailable
from bot.rules.quota import WORKSPACE, Scope
from bot.store import policies as module
from bot.store.keys import Keys
from bot.store.policies import Saved
from bot.store.redis.connection import Store
from tests.store.proxy import Proxy, every_other

ME, HERE = Scope("user", "U1"), Scope("channel", "C1")


async def test_defaults_are_set_and_taken_back(store: Store, keys: Keys) -> None:
    saved = Saved(store, keys)

    assert await saved.set_defaults(
        "U1", {"temperature": 0.2, "stop": ["\n"], "system": "Naïve 🙂"}
    )
    assert await saved.set_defaults("U1", {"temperature": None, "seed": 7})

    assert await saved.defaults("U1") == {"seed": 7, "stop": ["\n"], "system": "Naïve 🙂"}
    assert await saved.defaults("U2") == {}
    assert await Saved(store, Keys("T0OTHER")).defaults("U1") == {}


async def test_prompts_are_those_of_their_owner_and_no_defaults(store: Store, keys: Keys) -> None:
    saved = Saved(store, keys)
    await saved.set_defaults("U1", {"seed": 7})
    for owner in (ME, HERE, WORKSPACE):
        await saved.set_prompt(owner, "brief", f"Be brief, {owner}: {{text}}")
    await saved.set_prompt(HERE, "brief", "")

    own, here, everywhere = await saved.prompts(ME, HERE, WORKSPACE)
    assert own == {"brief": "Be brief, user:U1: {text}"}
    assert here == {}
    assert list(everywhere) == ["brief"]
    assert await saved.defaults("U1") == {"seed": 7}


async def test_there_is_an_end_and_what_is_there_may_still_change(
    store: Store, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_VALUES", 2)
    saved = Saved(store, keys)

    assert await saved.set_prompt(ME, "a", "1")
    assert not await saved.set_defaults("U1", {"seed": 7, "temperature": 0.2})
    assert await saved.defaults("U1") == {}
    assert await saved.set_prompt(ME, "b", "2")
    assert not await saved.set_prompt(ME, "c", "3")
    assert await saved.set_prompt(ME, "b", "4")
    assert await saved.set_defaults("U1", {"seed": None})
    assert await saved.set_prompt(ME, "a", "")
    assert await saved.set_prompt(ME, "c", "3")
    assert await saved.prompts(ME) == ({"b": "4", "c": "3"},)


async def test_what_cannot_be_read_is_not_set(store: Store, keys: Keys) -> None:
    saved = Saved(store, keys)
    await saved.set_defaults("U1", {"seed": 7})
    await store.redis.hset(
        keys.saved(str(ME)),
        mapping={"default warmth": "1", "default reply": '"moon"', "default stop": "{", "x": "1"},
    )

    assert await saved.defaults("U1") == {"seed": 7}


async def test_a_lost_reply_changes_nothing_twice(valkey: str, store: Store, keys: Keys) -> None:
    async with Proxy(valkey) as proxy, Store(proxy.url) as shaky:
        proxy.lose = every_other()
        assert await Saved(shaky, keys).set_prompt(ME, "a", "1")

    assert proxy.lost == 1
    assert await Saved(store, keys).prompts(ME) == ({"a": "1"},)


async def test_a_store_that_is_away_says_so(valkey: str, keys: Keys) -> None:
    async with Proxy(valkey) as proxy, Store(proxy.url) as store:
        await proxy.away()
        with pytest.raises(StoreUnavailable):
            await Saved(store, keys).defaults("U1")
        with pytest.raises(StoreUnavailable):
            await Saved(store, keys).set_prompt(ME, "a", "1")
