"""The policy in Redis: changed once, by several at a time, and known to every process."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
from prometheus_client import REGISTRY
from pydantic import JsonValue

from bot.errors import StoreUnavailable
from bot.rules.policy import (
    Fields,
    Paused,
    Policy,
    Rules,
    UnreadField,
    default_fields,
    limit_fields,
    model_fields,
)
from bot.rules.quota import EACH_USER, WORKSPACE, Scope
from bot.slack_limits import EVENT_RETRY_SECONDS
from bot.store import policies as policy_module
from bot.store.keys import Keys
from bot.store.policies import Audit, Change, Policies
from bot.store.redis.connection import ATTEMPTS, Store
from tests.store.proxy import Proxy, always

CHANNEL = Scope("channel", "C1")
SEED = 2**63 - 1


@pytest.fixture
def policies(store: Store, keys: Keys) -> Policies:
    return Policies(store, keys)


@pytest.fixture
def other(store: Store, keys: Keys) -> Policies:
    """What another replica knows."""
    return Policies(store, keys)


@pytest.fixture
async def proxy(valkey: str, store: Store) -> AsyncIterator[Proxy]:
    async with Proxy(valkey) as proxy:
        yield proxy


async def change(policies: Policies, changes: Fields, scope: Scope = CHANNEL) -> Change:
    return await policies.change(scope, changes, by="U1")


async def milliseconds(store: Store) -> int:
    """The clock of Redis."""
    seconds, microseconds = await store.redis.time()
    return int(seconds) * 1000 + int(microseconds) // 1000


def errors_counted() -> float:
    return REGISTRY.get_sample_value("grokbot_redis_errors_total") or 0.0


async def test_nothing_is_set_at_first(store: Store, policies: Policies) -> None:
    assert await policies.current() == Policy()
    assert await store.redis.dbsize() == 0


async def test_what_is_set_is_known_at_once_and_to_others(
    policies: Policies, other: Policies
) -> None:
    before = await policies.current()
    changed = await change(
        policies,
        {
            **default_fields({"seed": SEED, "stop": ["\n", "ä"], "logit_bias": {"5": -0.5}}),
            **limit_fields({"usd-per-month": 20_000_000}),
            **model_fields({"grok-4.3": False}),
            "paused": {"by": "U1", "at": 12.5},
        },
    )
    await change(policies, limit_fields({"requests-per-day": 5}), EACH_USER)

    policy = await policies.current()
    assert policy.scopes == {
        CHANNEL: Rules(
            defaults={"seed": SEED, "stop": ["\n", "ä"], "logit_bias": {"5": -0.5}},
            limits={"usd-per-month": 20_000_000},
            models={"grok-4.3": False},
            paused=Paused(by="U1", at=12.5),
        ),
        EACH_USER: Rules(limits={"requests-per-day": 5}),
    }
    assert before.version < changed.version < policy.version
    assert await other.current() == policy


async def test_a_change_says_what_it_changed(policies: Policies) -> None:
    first = await change(policies, default_fields({"n": 2, "seed": 1}))
    assert (first.before, first.after) == ({}, {"defaults.n": 2, "defaults.seed": 1})

    second = await change(policies, default_fields({"n": 3, "seed": 1, "top_p": None}))
    assert (second.before, second.after) == ({"defaults.n": 2}, {"defaults.n": 3})

    third = await change(policies, default_fields({"n": None}))
    assert (third.before, third.after) == ({"defaults.n": 3}, {})
    assert first.version < second.version < third.version


async def test_what_is_so_already_is_no_change(
    store: Store, keys: Keys, policies: Policies
) -> None:
    first = await change(policies, {"defaults.logit_bias": {"1": 1, "2": 2}})
    again = await change(policies, {"defaults.logit_bias": {"2": 2, "1": 1}, "defaults.n": None})
    assert again == Change({}, {}, first.version)
    assert (await policies.current()).version == first.version
    assert await store.redis.xlen(keys.audit) == 1


async def test_resetting_takes_all_of_a_kind_away_in_one_scope(
    store: Store, keys: Keys, policies: Policies
) -> None:
    kept = {**limit_fields({"answers": 2}), "models.grok-4.3": True}
    await change(policies, {**default_fields({"n": 2, "seed": 1, "system": "Hi"}), **kept})
    await change(policies, default_fields({"n": 5}), WORKSPACE)
    await change(policies, default_fields({"n": 6}), Scope("channel", "C10"))
    await store.redis.hset(keys.policy, "channel:C1 defaults.of-a-later-version", "{!")

    reset = await change(policies, {"defaults.n": 3, "defaults": None})
    assert reset.before == {
        "defaults.n": 2,
        "defaults.seed": 1,
        "defaults.system": "Hi",
        "defaults.of-a-later-version": "{!",
    }
    assert reset.after == {"defaults.n": 3}
    policy = await policies.current()
    assert policy.of(CHANNEL) == Rules(
        defaults={"n": 3}, limits={"answers": 2}, models={"grok-4.3": True}
    )
    assert policy.of(WORKSPACE).defaults == {"n": 5}
    assert policy.of(Scope("channel", "C10")).defaults == {"n": 6}
    assert policy.unread == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"defaults.prompt": "Hi"},
        {"limits.requests-per-day": -1},
        {"mood": "good"},
        {"defaults.n": float("nan")},
    ],
)
async def test_what_could_not_be_read_again_is_not_written(
    store: Store, policies: Policies, changes: Fields
) -> None:
    with pytest.raises(ValueError, match=r"."):
        await change(policies, changes)
    assert await store.redis.dbsize() == 0


async def test_the_same_operation_is_done_once(
    store: Store, keys: Keys, policies: Policies, other: Policies
) -> None:
    async def set_n(who: Policies, n: int, operation: str) -> Change:
        fields = default_fields({"n": n})
        return await who.change(CHANNEL, fields, by="U1", operation=operation)

    first = await set_n(policies, 1, "trigger-1")
    await set_n(policies, 2, "trigger-2")
    assert await set_n(other, 1, "trigger-1") == first
    assert (await other.current()).of(CHANNEL).defaults == {"n": 2}
    assert await store.redis.xlen(keys.audit) == 2

    left = await store.redis.ttl(keys.policy_change("trigger-1"))
    assert 0 < left <= EVENT_RETRY_SECONDS


async def test_a_lost_reply_changes_nothing_twice(
    proxy: Proxy, store: Store, keys: Keys, policies: Policies
) -> None:
    """The others set the same field while the reply is on its way."""
    await change(policies, {"defaults.n": 1})
    lost = asyncio.Event()
    turns = itertools.chain((True,), itertools.repeat(False))

    def lose(_: bytes) -> bool:
        lost.set()
        return next(turns)

    async with Store(proxy.url) as shaky:
        far = Policies(shaky, keys)
        await shaky.script("policy_change").once(
            [keys.policy, keys.audit, keys.policy_change("warm")],
            ["workspace", "U1", 1000, 600, "defaults.seed", "1"],
        )
        proxy.lose = lose
        changing = asyncio.create_task(change(far, {"defaults.n": 2}))
        await lost.wait()
        while (await policies.reload()).of(CHANNEL).defaults != {"n": 2}:
            await asyncio.sleep(0)
        between = await change(policies, {"defaults.n": 3})
        changed = await changing
        assert proxy.lost == 1
        assert (await far.reload()).of(CHANNEL).defaults == {"n": 3}

    assert (changed.before, changed.after) == ({"defaults.n": 1}, {"defaults.n": 2})
    assert (between.before, between.after) == ({"defaults.n": 2}, {"defaults.n": 3})
    assert await store.redis.xlen(keys.audit) == 4


async def test_replies_lost_for_good_leave_the_outcome_open(
    proxy: Proxy, keys: Keys, policies: Policies
) -> None:
    await change(policies, {"defaults.n": 1})
    async with Store(proxy.url) as shaky:
        proxy.lose = always()
        with pytest.raises(StoreUnavailable) as unavailable:
            await change(Policies(shaky, keys), {"defaults.n": 2})
        assert unavailable.value.maybe_applied
        assert proxy.lost == ATTEMPTS
    assert (await policies.reload()).of(CHANNEL).defaults == {"n": 2}


async def test_nobody_loses_what_somebody_else_changes(store: Store, keys: Keys) -> None:
    replicas = [Policies(store, keys) for _ in range(4)]
    for replica in replicas:
        await replica.current()
    names = ("n", "seed", "top_p", "temperature", "max_tokens")
    scopes = [Scope("channel", f"C{number}") for number in range(20)]

    changes = await asyncio.gather(
        *(
            change(replicas[number % 4], {f"defaults.{name}": 1}, scope)
            for number, name in enumerate(names)
            for scope in scopes
        )
    )
    assert len({each.version for each in changes}) == 100
    for replica in replicas:
        policy = await replica.reload()
        assert policy.version == max(each.version for each in changes)
        assert policy.scopes == {scope: Rules(defaults=dict.fromkeys(names, 1)) for scope in scopes}
    assert len(await Audit(store, keys).newest(200)) == 100


async def test_of_changes_to_one_field_each_follows_another(store: Store, keys: Keys) -> None:
    replicas = [Policies(store, keys) for _ in range(4)]
    changes = await asyncio.gather(
        *(change(replicas[seed % 4], {"defaults.seed": seed}) for seed in range(100))
    )
    in_order = sorted(changes, key=lambda each: each.version)
    for earlier, later in itertools.pairwise(in_order):
        assert later.before == earlier.after
    assert in_order[0].before == {}
    last = (await replicas[0].reload()).of(CHANNEL).defaults
    assert default_fields(last) == in_order[-1].after
    entries = await Audit(store, keys).newest(200)
    assert [entry.after for entry in reversed(entries)] == [each.after for each in in_order]


async def test_exactly_one_of_many_alike_changes_something(store: Store, keys: Keys) -> None:
    replicas = [Policies(store, keys) for _ in range(4)]
    changes = await asyncio.gather(
        *(change(replicas[number % 4], {"defaults.n": 2}) for number in range(100))
    )
    assert Counter(bool(each.after) for each in changes) == {True: 1, False: 99}
    assert len({each.version for each in changes}) == 1
    assert await store.redis.xlen(keys.audit) == 1


async def test_other_replicas_follow_by_themselves(
    policies: Policies, other: Policies, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy_module, "POLL_SECONDS", 0.01)
    assert await other.current() == Policy()
    following = asyncio.create_task(other.run())
    for n in (1, 2):
        changed = await change(policies, {"defaults.n": n})
        async with asyncio.timeout(30):
            while (await other.current()).version != changed.version:
                await asyncio.sleep(0.005)
        assert (await other.current()).of(CHANNEL).defaults == {"n": n}
    following.cancel()
    with pytest.raises(asyncio.CancelledError):
        await following


async def test_the_first_look_is_at_once(
    policies: Policies, other: Policies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks first, as the bot starts, does not wait for it."""
    monkeypatch.setattr(policy_module, "POLL_SECONDS", 3_600.0)
    assert await other.current() == Policy()
    changed = await change(policies, {"defaults.n": 2})
    following = asyncio.create_task(other.run())
    async with asyncio.timeout(10):
        while (await other.current()).version != changed.version:
            await asyncio.sleep(0.005)
    following.cancel()
    with pytest.raises(asyncio.CancelledError):
        await following


async def test_a_change_is_looked_for_at_least_every_second() -> None:
    assert policy_module.POLL_SECONDS <= 0.5


async def test_following_outlives_a_store_that_is_away(
    proxy: Proxy, keys: Keys, policies: Policies, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy_module, "POLL_SECONDS", 0.01)
    async with Store(proxy.url) as shaky:
        far = Policies(shaky, keys)
        known = await far.current()
        following = asyncio.create_task(far.run())
        await proxy.away()
        changed = await change(policies, {"defaults.n": 1})
        failed = errors_counted()
        while errors_counted() < failed + 2:
            await asyncio.sleep(0.005)
        assert await far.current() is known
        proxy.back()
        async with asyncio.timeout(30):
            while (await far.current()).version != changed.version:
                await asyncio.sleep(0.005)
        assert not following.done()
        following.cancel()
        await asyncio.wait([following])


async def test_without_a_store_only_what_was_loaded_is_known(
    proxy: Proxy, keys: Keys, policies: Policies
) -> None:
    changed = await change(policies, {"defaults.n": 1})
    async with Store(proxy.url) as shaky:
        loaded, late = Policies(shaky, keys), Policies(shaky, keys)
        await loaded.current()
        await proxy.away()
        assert (await loaded.current()).version == changed.version
        for asked in (loaded.reload(), late.current(), change(late, {"defaults.n": 2})):
            with pytest.raises(StoreUnavailable):
                await asked


async def test_loading_does_not_wait_for_a_store_that_is_silent(
    proxy: Proxy, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy_module, "LOAD_SECONDS", 0.05)
    proxy.latency = 30
    async with Store(proxy.url) as slow:
        policies = Policies(slow, keys)
        asked = [policies.current() for _ in range(3)]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [StoreUnavailable] * 3
        assert not any(o.maybe_applied for o in outcomes if isinstance(o, StoreUnavailable))
        proxy.latency = 0
        monkeypatch.setattr(policy_module, "LOAD_SECONDS", 30)
        assert await policies.current() == Policy()


async def test_many_who_find_the_policy_stale_load_it_once(
    store: Store, keys: Keys, policies: Policies, other: Policies
) -> None:
    stale = await other.current()
    changed = await change(policies, {"defaults.n": 1})
    calls_before = (await store.redis.info("commandstats"))["cmdstat_hgetall"]["calls"]

    found = await asyncio.gather(*(other.reload(stale) for _ in range(50)))
    assert {policy.version for policy in found} == {changed.version}
    calls = (await store.redis.info("commandstats"))["cmdstat_hgetall"]["calls"]
    assert calls - calls_before == 1


async def test_a_version_never_comes_again_when_the_last_second_is_lost(
    store: Store, keys: Keys, policies: Policies, other: Policies
) -> None:
    await change(policies, {"defaults.n": 1})
    saved: Any = await store.redis.hgetall(keys.policy)
    lost = await change(policies, {"defaults.n": 2})
    assert (await other.current()).version == lost.version

    await store.redis.delete(keys.policy)
    await store.redis.hset(keys.policy, mapping=saved)
    while (await milliseconds(store)) <= lost.version:
        pass  # Redis needs longer than this to come back
    instead = await change(policies, {"defaults.n": 3})
    assert instead.version > lost.version
    assert (await other.reload()).of(CHANNEL).defaults == {"n": 3}


async def test_versions_grow_though_the_clock_stands_still_or_goes_back(
    store: Store, keys: Keys, policies: Policies
) -> None:
    ahead = 99_999_999_999_999
    await store.redis.hset(keys.policy, "version", ahead)
    versions = [(await change(policies, {"defaults.n": n})).version for n in (1, 2, 3)]
    assert versions == [ahead + 1, ahead + 2, ahead + 3]


async def test_what_another_version_has_written_stops_nothing(
    store: Store, keys: Keys, policies: Policies
) -> None:
    written = await change(policies, {"defaults.n": 1, "limits.answers": 3})
    strange: dict[Any, Any] = {
        "channel:C1 limits.tokens-per-day": '{"soft": 5}',
        "channel:C1 limits.requests-per-week": "5",
        "channel:C1 defaults.mood": '"good"',
        "channel:C1 defaults.seed": "not JSON",
        "channel:C1 defaults.top_p": "[" * 100_000,
        "channel:C1": "5",
        "planet:P1 defaults.n": "5",
        "user: limits.concurrent": "5",
        "nonsense": "",
        "channel:C1 defaults.temperature": "99",
    }
    await store.redis.hset(keys.policy, mapping=strange)

    policy = await policies.reload()
    assert policy.version == written.version
    assert policy.scopes == {
        CHANNEL: Rules(defaults={"n": 1, "temperature": 99}, limits={"answers": 3})
    }
    assert set(policy.unread) == {
        UnreadField("channel:C1", "limits.tokens-per-day"),
        UnreadField("channel:C1", "limits.requests-per-week"),
        UnreadField("channel:C1", "defaults.mood"),
        UnreadField("channel:C1", "defaults.seed"),
        UnreadField("channel:C1", "defaults.top_p"),
        UnreadField("channel:C1", ""),
        UnreadField("planet:P1", "defaults.n"),
        UnreadField("user:", "limits.concurrent"),
        UnreadField("nonsense", ""),
    }


async def test_what_cannot_be_read_can_be_set_anew_or_taken_away(
    store: Store, keys: Keys, policies: Policies
) -> None:
    strange: dict[Any, Any] = {"workspace limits.concurrent": "many", "workspace paused": "yes"}
    await store.redis.hset(keys.policy, mapping=strange)
    changes: dict[str, JsonValue] = {"limits.concurrent": 5, "paused": None}
    changed = await change(policies, changes, WORKSPACE)
    assert changed.before == {"limits.concurrent": "many", "paused": "yes"}
    assert changed.after == {"limits.concurrent": 5}
    policy = await policies.current()
    assert (policy.of(WORKSPACE), policy.unread) == (Rules(limits={"concurrent": 5}), ())


async def test_workspaces_know_nothing_of_each_other(store: Store, policies: Policies) -> None:
    elsewhere = Policies(store, Keys("T0OTHER"))
    await change(policies, {"defaults.n": 1})
    assert await elsewhere.current() == Policy()
