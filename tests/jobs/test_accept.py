"""Accepting a question when Redis answers, when it does not, and when nobody can tell."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot import words
from bot.asking import admission
from bot.asking.admission import Acceptor
from bot.errors import NotTaken, TurnedAway
from bot.jobs.queue import Queue
from bot.jobs.refusal import Crowd
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from bot.words.admin import asked_too_often
from tests.jobs.asks import make_ask
from tests.jobs.conftest import MakeQueue
from tests.jobs.steps import take_next
from tests.store.proxy import Proxy, always, every_other


@pytest.fixture
async def proxy(valkey: str, store: Store) -> AsyncIterator[Proxy]:
    async with Proxy(valkey) as proxy:
        yield proxy


@pytest.fixture
async def shaky(proxy: Proxy, make_queue: MakeQueue) -> AsyncIterator[Acceptor]:
    """An acceptor behind the proxy."""
    async with Store(proxy.url) as store:
        yield Acceptor(make_queue(store, 60))


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "ACCEPT_SECONDS", 0.3)
    monkeypatch.setattr(admission, "SHORTEST_TRY_SECONDS", 0.1)


async def test_question_is_taken_once(queue: Queue) -> None:
    acceptor = Acceptor(queue)
    ask = make_ask("Hi", dedupe="same")
    first = await acceptor.accept(ask)
    again = await acceptor.accept(ask)
    assert not first.duplicate
    assert again.duplicate
    assert first.job_id == again.job_id
    _, job = await take_next(queue)
    assert (job.id, job.ask) == (first.job_id, ask)
    assert (await queue.load()).depth == 1


async def test_no_more_are_taken_than_may_be_there_at_once(queue: Queue) -> None:
    acceptor = Acceptor(queue, Crowd(at_once=2, a_minute=100))
    first = await acceptor.accept(make_ask(dedupe="first"))
    await acceptor.accept(make_ask())
    with pytest.raises(TurnedAway, match=words.CROWDED):
        await acceptor.accept(make_ask(dedupe="third"))
    again = await acceptor.accept(make_ask(dedupe="first"))
    assert (again.job_id, again.duplicate) == (first.job_id, True)
    assert await queue.holder_of("third") is None
    assert (await queue.load()).depth == 2


async def test_those_that_rest_after_a_crash_are_there_too(
    queue: Queue, store: Store, keys: Keys
) -> None:
    for key in (keys.paused, keys.singly):
        await store.redis.zadd(key, {f"job in {key}": 1})
    with pytest.raises(TurnedAway):
        await Acceptor(queue, Crowd(at_once=2, a_minute=100)).accept(make_ask())


async def test_no_more_are_taken_of_one_person_in_a_minute(queue: Queue) -> None:
    acceptor = Acceptor(queue, Crowd(at_once=100, a_minute=2))
    for _ in range(2):
        await acceptor.accept(make_ask(user="U1", dedupe="first"))
    await acceptor.accept(make_ask(user="U1"))
    with pytest.raises(TurnedAway) as refused:
        await acceptor.accept(make_ask(user="U1"))
    assert refused.value.sentence.startswith(asked_too_often(2, 60).partition("again in")[0])
    await acceptor.accept(make_ask(user="U2"))
    assert (await queue.load()).depth == 3


@pytest.mark.parametrize("hold", [False, True])
async def test_lost_reply_is_asked_for_by_the_same_id(
    hold: bool, proxy: Proxy, shaky: Acceptor, queue: Queue
) -> None:
    await Acceptor(queue).accept(make_ask())
    proxy.lose = every_other()
    proxy.hold = hold
    accepted = await shaky.accept(make_ask())
    assert not accepted.duplicate
    assert (proxy.scripts, proxy.lost) == (2, 1)
    assert (await queue.load()).depth == 2


@pytest.mark.parametrize("hold", [False, True])
@pytest.mark.usefixtures("hurry")
async def test_person_is_told_when_nobody_can_tell(
    hold: bool, proxy: Proxy, shaky: Acceptor, queue: Queue
) -> None:
    await Acceptor(queue).accept(make_ask())
    proxy.lose = always()
    proxy.hold = hold
    with pytest.raises(NotTaken) as refused:
        await shaky.accept(make_ask())
    assert refused.value.sentence == words.MAYBE_NOT_TAKEN
    assert (await queue.load()).depth == 2


@pytest.mark.integration
@pytest.mark.usefixtures("hurry")
async def test_person_is_told_when_it_is_certainly_not_taken(
    make_queue: MakeQueue, tmp_path: Path
) -> None:
    async with Store(f"unix://{tmp_path}/nobody.sock") as nowhere:
        queue = make_queue(nowhere, 60)
        with pytest.raises(NotTaken) as refused:
            await Acceptor(queue).accept(make_ask())
    assert refused.value.sentence == words.NOT_TAKEN


@pytest.mark.usefixtures("hurry")
async def test_redis_that_takes_no_writes(queue: Queue, store: Store) -> None:
    await store.redis.replicaof("127.0.0.1", 1)
    try:
        with pytest.raises(NotTaken) as refused:
            await Acceptor(queue).accept(make_ask())
    finally:
        await store.redis.replicaof("NO", "ONE")
    assert refused.value.sentence == words.NOT_TAKEN
    assert await store.redis.dbsize() == 0
