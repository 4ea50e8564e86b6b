"""What a workspace has from before it was one of several goes along with it."""

from __future__ import annotations

from bot.jobs.board import Board, workspaces
from bot.jobs.queue import Queue
from bot.store.keys import Keys, Shard
from bot.store.redis.connection import Store
from bot.teams.moving import Moving
from tests.jobs.asks import make_ask

OLD, NEW, OTHER = Keys("T0ONE"), Keys.among_several("T0ONE"), Keys("T0TWO")


async def asked(store: Store) -> None:
    queue = Queue(store, OLD, lease_seconds=60, retention_seconds=3600)
    for number in range(2):
        await queue.accept(f"job-{number}", make_ask())
    await queue.read(1, wait=False)
    await store.redis.hset(OLD.policy, "version", 7)
    await store.redis.set(OLD.remembered("x"), "1", ex=600)
    await store.redis.set(OTHER.policy, "x")


async def test_every_key_goes_along_and_what_is_held_stays_held(store: Store) -> None:
    await asked(store)
    await Moving(store).bring(["T0ONE", "T0NOBODY"])

    assert [key async for key in store.redis.scan_iter(f"{OLD.prefix}*")] == []
    assert await store.redis.hget(NEW.policy, "version") == "7"
    assert 0 < await store.redis.ttl(NEW.remembered("x")) <= 600
    (pending,) = await store.redis.xpending_range(NEW.queue, "workers", "-", "+", 10)
    assert pending["times_delivered"] == 1
    assert await store.redis.sismember(Shard.of("T0ONE").busy, "T0ONE")
    assert [row.id for row in await Board(store, NEW).under_way()] == ["job-0", "job-1"]
    assert await store.redis.get(OTHER.policy) == "x"
    assert NEW in await workspaces(store)


async def test_what_died_of_it_goes_on_and_what_is_newer_stays(store: Store) -> None:
    await asked(store)
    await store.redis.hset(NEW.policy, "version", 8)
    await Moving(store).bring(["T0ONE"])
    await store.redis.set(OLD.policy, "late")
    await Moving(store).bring(["T0ONE"])

    assert await store.redis.hget(NEW.policy, "version") == "8"
    assert not await store.redis.exists(OLD.policy)


def test_a_shard_is_for_ever() -> None:
    """What is stored is looked for there by every version."""
    assert Shard.of("T0ONE") == Shard(30)
    assert Shard.of("T0TWO") == Shard(9)
