"""Commands that find no connection free."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import StoreUnavailable
from bot.store.redis import clients
from bot.store.redis.clients import client, ping
from bot.store.redis.connection import redis_errors

pytestmark = pytest.mark.integration

MANY = 20


async def test_who_finds_no_connection_free_waits_for_one_in_turn(
    valkey: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "CONNECT_SECONDS", 0.05)
    done: list[int] = []
    redis = client(valkey, reply_seconds=4.0, most=1)

    async def ask(number: int) -> None:
        await ping(redis)
        done.append(number)

    async with redis, asyncio.TaskGroup() as group:
        taken = await redis.connection_pool.get_connection()  # type: ignore[no-untyped-call]
        for number in range(MANY):
            group.create_task(ask(number))
        await asyncio.sleep(0.1)  # longer than it may take to connect
        assert not done
        await redis.connection_pool.release(taken)

    assert done == list(range(MANY))


async def test_who_waits_for_a_connection_in_vain_has_written_nothing(
    valkey: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "FREE_SECONDS", 0.05)
    async with client(valkey, reply_seconds=4.0, most=1) as redis:
        taken = await redis.connection_pool.get_connection()  # type: ignore[no-untyped-call]
        with pytest.raises(StoreUnavailable) as failed, redis_errors():
            await redis.set("key", "value")
        await redis.connection_pool.release(taken)

        assert not failed.value.maybe_applied
        assert await redis.get("key") is None


async def test_a_connection_that_whoever_waited_gave_up_is_there_for_others(valkey: str) -> None:
    async with client(valkey, reply_seconds=4.0, most=1) as redis:
        taken = await redis.connection_pool.get_connection()  # type: ignore[no-untyped-call]
        waiting = asyncio.create_task(ping(redis))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await redis.connection_pool.release(taken)

        await ping(redis)
