"""The queue when replies are lost, copies come late and Redis forgets; and its housekeeping."""

from __future__ import annotations

import asyncio

import pytest

from bot.completion.ask import Ask
from bot.errors import StoreUnavailable
from bot.jobs.job import GROUP, Again, dump_post, post_field
from bot.jobs.queue import SCAN_START, Queue
from bot.reply.ledger import Post
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from tests.jobs.asks import make_answer, make_ask
from tests.jobs.conftest import MakeQueue
from tests.jobs.steps import read_one, take_next
from tests.store.proxy import Proxy, every_other


async def pending(store: Store, keys: Keys) -> int:
    return int((await store.redis.xpending(keys.queue, GROUP))["pending"])


def stored(post: Post) -> tuple[str, str]:
    return post_field(post.part), dump_post(post)


async def accept(queue: Queue, job_id: str, ask: Ask) -> str | None:
    try:
        return await queue.accept(job_id, ask)
    except StoreUnavailable:
        return None


async def whole_life(queue: Queue, job_id: str) -> None:
    ask = make_ask(dedupe=f"d-{job_id}")
    while await accept(queue, job_id, ask) != job_id:
        pass
    handed_back, _ = await take_next(queue)
    await queue.write(handed_back, 1, [("post:0", "{}")])
    await queue.write(handed_back, 2, [("post:0", "")])
    await queue.release(handed_back)
    lease, job = await take_next(queue)
    await queue.write(lease, 1, [stored(Post("1", "C1", 1.0))])
    await queue.renew([lease])
    await queue.deliver(lease, make_answer())
    await queue.reassert(job_id)
    calls = await queue.finish(lease, job.redeliver, job)
    assert calls == Again(1)
    assert await queue.finish(lease, 1, job) is None
    await queue.reassert(job_id)
    lease, job = await take_next(queue)
    assert await queue.finish(lease, job.redeliver, job) is None


async def test_every_write_is_applied_once_however_often_its_reply_is_lost(
    queue: Queue, store: Store, valkey: str, keys: Keys, make_queue: MakeQueue
) -> None:
    await whole_life(queue, "calm")
    async with Proxy(valkey) as proxy, Store(proxy.url) as shaky:
        stormy = make_queue(shaky, 60)
        proxy.lose = every_other()
        await whole_life(stormy, "storm")
        assert proxy.lost * 2 == proxy.scripts == 2 * 15
    calm, storm = [await store.redis.hgetall(keys.job(name)) for name in ("calm", "storm")]
    for job in (calm, storm):
        for field in ("id", "ask", "created", "lease", "call"):
            del job[field]
    assert calm == storm
    assert calm["epoch"] == "3"
    assert calm["redeliver"] == "2"
    assert await store.redis.xlen(keys.queue) == 0
    assert await pending(store, keys) == 0


async def test_late_copy_of_a_write_changes_nothing(queue: Queue, store: Store, keys: Keys) -> None:
    await queue.accept("job-1", make_ask())
    lease, _ = await take_next(queue)
    await queue.write(lease, 1, [("post:0", "intent")])
    await queue.write(lease, 2, [("post:0", "posted")])
    await queue.write(lease, 1, [("post:0", "intent")])
    assert await store.redis.hget(keys.job("job-1"), "post:0") == "posted"


async def test_flushed_redis_gets_its_group_again(queue: Queue, store: Store) -> None:
    await queue.accept("job-1", make_ask())
    lease, _ = await take_next(queue)
    await store.redis.flushall()
    assert await queue.renew([lease]) == [False]
    await queue.accept("job-2", make_ask())
    assert await queue.claim(10, SCAN_START, 0) == (SCAN_START, [])
    assert (await read_one(queue)).job_id == "job-2"


async def test_flush_during_a_read_does_not_end_it(queue: Queue, store: Store) -> None:
    await queue.read(1)
    reading = asyncio.create_task(read_one(queue))
    while not await store.redis.client_list(_type="normal"):
        await asyncio.sleep(0)
    await store.redis.flushall()
    await queue.accept("job-1", make_ask())
    assert (await reading).job_id == "job-1"


async def test_hash_that_is_no_job_is_an_error(queue: Queue, store: Store, keys: Keys) -> None:
    await queue.accept("job-1", make_ask())
    await store.redis.hset(keys.job("job-1"), "ask", "{}")
    with pytest.raises(ValueError, match="Ask cannot be read: asked_at, channel, dedupe"):
        await take_next(queue)


async def test_who_only_looks_at_a_hash_that_is_no_job_finds_none(
    queue: Queue, store: Store, keys: Keys, capsys: pytest.CaptureFixture[str]
) -> None:
    await queue.accept("job-1", make_ask())
    await store.redis.hset(keys.job("job-1"), "ask", "{}")
    assert await queue.look("job-1") is None
    assert "Ask cannot be read" in capsys.readouterr().out


async def test_queue_that_nobody_has_read_needs_no_cleaning(queue: Queue) -> None:
    assert await queue.prune() == 0
    assert await queue.hand_back() == 0
    await queue.accept("job-1", make_ask())
    assert await queue.prune() == 0
    assert await queue.hand_back() == 0


async def test_load_says_how_old_the_oldest_is(queue: Queue, store: Store, keys: Keys) -> None:
    seconds, _ = await store.redis.time()
    await store.redis.xadd(keys.queue, {"job": "job-1"}, id=f"{(seconds - 100) * 1000}-0")
    await queue.accept("job-2", make_ask())
    load = await queue.load()
    assert load.depth == 2
    assert 99 <= load.oldest < 160
    assert load.unread == load.oldest
    await read_one(queue)
    load = await queue.load()
    assert 99 <= load.oldest < 160
    assert load.unread < 60
    await read_one(queue)
    assert (await queue.load()).unread == 0


async def test_only_consumers_that_are_gone_and_hold_nothing_are_forgotten(
    queue: Queue, other: Queue, store: Store, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    await queue.accept("job-1", make_ask())
    await read_one(queue)
    await store.redis.xgroup_createconsumer(keys.queue, GROUP, other.consumer)
    assert await queue.prune() == 0
    monkeypatch.setattr("bot.jobs.queue.CONSUMER_GONE_SECONDS", 0.01)
    await asyncio.sleep(0.02)
    assert await queue.prune() == 1
    names = {consumer["name"] for consumer in await store.redis.xinfo_consumers(keys.queue, GROUP)}
    assert names == {queue.consumer}
    assert await pending(store, keys) == 1
