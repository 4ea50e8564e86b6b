from __future__ import annotations

import inspect

import pytest

from bot.store.installations import PREFIX
from bot.store.keys import Keys, Shard
from bot.store.lifetimes import LIFETIMES, lifetime_of
from bot.store.redis.connection import Store
from tests.store.leftovers import leftovers

OF_INSTALLATIONS = ("records", "versions", "left", "states", "codes", "teams:E1", "doubt:T1")

MANY = {"team", "shard", "prefix", "line", "counters", "books", "among_several"}
"""What names more than one key, or none."""

NAMES = {name for name in dir(Keys) if not name.startswith("_")} - MANY


def some_key(keys: Keys, name: str) -> str:
    member = getattr(keys, name)
    if isinstance(member, str):
        return member
    return str(member(*("x" for _ in inspect.signature(member).parameters)))


@pytest.mark.parametrize("keys", [Keys("T0TEST"), Keys.among_several("T0TEST")])
def test_each_key_has_a_lifetime_and_each_lifetime_a_key(keys: Keys) -> None:
    found = {name: lifetime_of(some_key(keys, name)) for name in NAMES}
    found["seen:continue"] = lifetime_of(keys.seen("continue:x"))
    shared = [Shard(7).busy, Shard(7).rooms, Shard(7).probe]
    found |= {name: lifetime_of(name) for name in shared}
    found |= {name: lifetime_of(PREFIX + name) for name in OF_INSTALLATIONS}

    assert [name for name, lifetime in found.items() if lifetime is None] == []
    assert set(found.values()) == set(LIFETIMES)


@pytest.mark.parametrize(
    ("key", "seconds", "fault"),
    [
        ("grokbot:{T}:nobody", 5, "not in bot/store/lifetimes.py"),
        ("grokbot:{T}:seen:x", None, "has no end"),
        ("grokbot:{T}:seen:x", 3 * 3600, "is said to end after 3600 s"),
        ("grokbot:{T}:job:x", None, "has no end"),
        ("grokbot:{T}:policy", 60, "is said to stay"),
    ],
)
async def test_what_is_left_over_is_found(
    key: str, seconds: int | None, fault: str, store: Store, valkey: str
) -> None:
    await store.redis.hset(key, "state", "done")
    if seconds:
        await store.redis.expire(key, seconds)

    (found,) = leftovers(valkey)

    assert found.startswith(key)
    assert fault in found


async def test_who_lists_a_job_that_is_done_is_found(store: Store, valkey: str) -> None:
    await store.redis.hset("grokbot:{T}:job:one", "state", "running")
    await store.redis.sadd("grokbot:{T}:running:workspace", "one")
    assert leftovers(valkey) == []

    await store.redis.sadd("grokbot:{T}:running:workspace", "another")

    (found,) = leftovers(valkey)
    assert "lists jobs that are not under way: ['another']" in found
