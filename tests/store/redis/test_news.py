"""News of what others have stored are heard on every kind of store, also after it has changed."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.errors import StoreUnavailable
from bot.jobs.queue import Queue
from bot.store.keys import Keys
from bot.store.redis import news
from bot.store.redis.connection import Store
from bot.store.redis.news import What, listen
from tests.jobs.asks import make_ask
from tests.store.several import cluster_of_three, guarded_server
from tests.store.stranger import stranger

TEAM = "T0ACME"


class Heard:
    """What was heard, and how often listening has begun."""

    def __init__(self) -> None:
        self.news: list[tuple[What, str]] = []
        self.began = 0
        self._changed = asyncio.Event()

    def hear(self, what: What, team: str) -> None:
        self.news.append((what, team))
        self._changed.set()

    def hear_again(self) -> None:
        self.began += 1
        self._changed.set()

    async def until(self, *, began: int = 0, news: int = 0) -> None:
        async with asyncio.timeout(40):
            while self.began < began or len(self.news) < news:
                self._changed.clear()
                await self._changed.wait()


@asynccontextmanager
async def listening(store: Store) -> AsyncIterator[Heard]:
    heard = Heard()
    task = asyncio.create_task(listen(store, heard))
    try:
        await heard.until(began=1)
        yield heard
    finally:
        task.cancel()
        await asyncio.wait([task])


async def ask(store: Store) -> None:
    """Ask until it is taken: the store may be changing."""
    queue = Queue(store, store.keys(TEAM), lease_seconds=60, retention_seconds=60)
    job = uuid.uuid4().hex
    async with asyncio.timeout(30):
        while True:
            try:
                await queue.accept(job, make_ask(dedupe=job))
            except StoreUnavailable:
                await asyncio.sleep(0.05)
            else:
                return


async def test_what_is_put_into_a_queue_stopped_and_set_is_told(valkey: str) -> None:
    async with Store(valkey, several=True) as store, listening(store) as heard:
        queue = Queue(store, store.keys(TEAM), lease_seconds=60, retention_seconds=60)
        job = uuid.uuid4().hex
        await queue.accept(job, make_ask(dedupe=job))
        await queue.stop(job, "because")
        await heard.until(news=2)

    assert heard.news == [("queue", TEAM), ("stops", TEAM)]


async def test_the_only_workspace_tells_nobody(valkey: str) -> None:
    async with (
        Store(valkey) as one,
        Store(valkey, several=True) as several,
        listening(several) as heard,
    ):
        await ask(one)
        await ask(several)
        await heard.until(news=1)

    assert heard.news == [("queue", TEAM)]


async def test_a_connection_that_is_cut_is_made_anew(
    valkey: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(news, "SILENT_SECONDS", 0.05)  # it is asked whether it is there, too
    async with Store(valkey, several=True) as store, listening(store) as heard:
        await asyncio.sleep(0.2)
        assert await store.redis.client_kill_filter(_type="pubsub") == 1
        await heard.until(began=2)
        await ask(store)
        await heard.until(news=1)

    assert heard.began == 2


@pytest.mark.integration
@pytest.mark.timeout(120)
async def test_of_a_cluster_any_node_tells_of_all(tmp_path: Path) -> None:
    """Also of one that takes the place of another."""
    with cluster_of_three(tmp_path / "cluster", replicas=True) as cluster:
        async with Store(cluster.url, several=True) as store, listening(store) as heard:
            await ask(store)
            await heard.until(news=1)
            queue = Keys.among_several(TEAM).queue
            await asyncio.to_thread(cluster.fail_over, queue)
            await ask(store)
            await heard.until(news=2)


@pytest.mark.integration
@pytest.mark.timeout(120)
async def test_behind_sentinels_the_new_primary_is_heard(tmp_path: Path) -> None:
    with guarded_server(tmp_path / "guarded") as guarded:
        async with Store(guarded.url, several=True) as store, listening(store) as heard:
            await ask(store)
            await heard.until(news=1)
            await asyncio.to_thread(guarded.fail_over)
            await heard.until(began=2)
            await ask(store)
            await heard.until(news=2)


@pytest.mark.integration
async def test_news_that_redis_would_not_tell_are_a_store_that_is_away() -> None:
    async with (
        stranger(b":7\r\n:7\r\n", pongs=True) as url,
        Store(url, several=True) as store,
        listening(store) as heard,
    ):
        await heard.until(began=3)
    assert not heard.news
