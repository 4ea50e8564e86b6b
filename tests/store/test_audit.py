"""Who changed what, as admins read it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.errors import StoreUnavailable
from bot.rules.policy import default_fields, limit_fields
from bot.rules.quota import WORKSPACE, Scope
from bot.store.keys import Keys
from bot.store.policies import MOST_AUDITED, Audit, AuditEntry, Policies
from bot.store.redis.connection import Store
from tests.store.proxy import Proxy

CHANNEL = Scope("channel", "C1")


async def redis_seconds(store: Store) -> float:
    seconds, microseconds = await store.redis.time()
    return int(seconds) + int(microseconds) / 1_000_000


async def test_the_newest_changes_come_first(store: Store, keys: Keys) -> None:
    policies, audit = Policies(store, keys), Audit(store, keys)
    began = await redis_seconds(store)
    await policies.change(
        CHANNEL, default_fields({"temperature": 0.2, "system": "Bé\nbrief"}), by="U1"
    )
    await policies.change(CHANNEL, default_fields({"temperature": 0.4, "system": None}), by="U2")
    await policies.change(WORKSPACE, limit_fields({"concurrent": 3}), by="U3")
    ended = await redis_seconds(store)

    entries = await audit.newest(10)
    assert [(entry.by, entry.scope) for entry in entries] == [
        ("U3", WORKSPACE),
        ("U2", CHANNEL),
        ("U1", CHANNEL),
    ]
    assert [(entry.before, entry.after) for entry in entries] == [
        ({}, {"limits.concurrent": 3}),
        (
            {"defaults.temperature": 0.2, "defaults.system": "Bé\nbrief"},
            {"defaults.temperature": 0.4},
        ),
        ({}, {"defaults.temperature": 0.2, "defaults.system": "Bé\nbrief"}),
    ]
    times = [entry.at for entry in reversed(entries)]
    assert times == sorted(times)
    assert began - 0.001 <= times[0] <= times[-1] <= ended
    assert await audit.newest(2) == entries[:2]


async def test_nothing_has_changed_yet(store: Store, keys: Keys) -> None:
    assert await Audit(store, keys).newest(10) == ()


async def test_old_changes_make_room(store: Store, keys: Keys) -> None:
    async with store.redis.pipeline() as pipe:
        for number in range(MOST_AUDITED + 500):
            pipe.xadd(keys.audit, {"by": "U1", "scope": "workspace", "more": str(number)})
        await pipe.execute()
    await Policies(store, keys).change(WORKSPACE, {"defaults.n": 2}, by="U2")

    entries = await Audit(store, keys).newest(MOST_AUDITED * 2)
    assert MOST_AUDITED <= len(entries) < MOST_AUDITED + 200
    assert entries[0].by == "U2"


async def test_a_change_that_cannot_be_read_hides_no_other(store: Store, keys: Keys) -> None:
    strange: list[dict[Any, Any]] = [
        {"by": "U1", "what": "set"},
        {"by": "U1", "what": "set", "scope": "planet:P1"},
        {"from": "a later version"},
    ]
    for fields in strange:
        await store.redis.xadd(keys.audit, fields)
    good: dict[Any, Any] = {
        "by": "U1",
        "scope": "workspace",
        "what": "set",
        "after:mood": "{good",
        "more": "1",
    }
    await store.redis.xadd(keys.audit, good, id="9999999999999-0")

    assert await Audit(store, keys).newest(10) == (
        AuditEntry(9999999999.999, "U1", WORKSPACE, {}, {"mood": "{good"}),
    )


async def test_a_store_that_is_away_says_so(valkey: str, keys: Keys) -> None:
    async with Proxy(valkey) as proxy, Store(proxy.url) as store:
        await proxy.away()
        with pytest.raises(StoreUnavailable):
            await Audit(store, keys).newest(1)
