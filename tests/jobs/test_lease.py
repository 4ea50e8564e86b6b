"""What a worker may do with the job it holds, and what it is told once it lost it."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from prometheus_client import REGISTRY

from bot.errors import LeaseLost
from bot.jobs.holder import Held
from bot.jobs.job import dump_post, post_field
from bot.jobs.lease import JobLedger
from bot.jobs.queue import Queue
from bot.reply.ledger import Ledger, Post
from bot.slack.pacing import EditBudget
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from tests.jobs.asks import make_answer, make_ask
from tests.jobs.conftest import MakeQueue
from tests.jobs.steps import take_next, take_over
from tests.store.proxy import Proxy, every_other


async def hold(queue: Queue) -> Held:
    await queue.accept("job-1", make_ask())
    return Held(queue, *await take_next(queue))


def fenced() -> float:
    return REGISTRY.get_sample_value("grokbot_fenced_writes_total") or 0.0


async def test_ledger_tells_the_next_holder_what_was_posted(queue: Queue) -> None:
    ledger: Ledger = (await hold(queue)).ledger
    assert ledger.job_id == "job-1"
    assert dict(ledger.posts) == {}

    await ledger.intend("0", "C1")
    await ledger.posted("0", "C1", "10.1")
    await ledger.intend("1", "C1")
    await ledger.intend("2", "C1")
    await ledger.forget("2")
    await ledger.check()

    assert {part: post.ts for part, post in ledger.posts.items()} == {"0": "10.1", "1": None}
    lease, job = await take_over(queue)
    assert JobLedger(queue, lease, job).posts == ledger.posts


async def test_time_of_a_post_is_that_of_its_intent(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = (await hold(queue)).ledger
    monkeypatch.setattr("time.time", lambda: 100.5)
    await ledger.intend("0", "C1")
    monkeypatch.setattr("time.time", lambda: 200.5)
    await ledger.posted("0", "C1", "10.1")
    assert ledger.posts["0"] == Post("0", "C1", 100.5, "10.1")


async def test_parts_may_be_posted_side_by_side(queue: Queue) -> None:
    ledger = (await hold(queue)).ledger

    async def post(part: str) -> None:
        await ledger.intend(part, "C1")
        await ledger.posted(part, "C1", f"{part}.0")

    await asyncio.gather(*(post(str(number)) for number in range(20)))
    _, job = await take_over(queue)
    assert {post.ts for post in job.posts.values()} == {f"{number}.0" for number in range(20)}


async def test_slow_write_is_not_taken_for_a_late_copy(
    valkey: str, queue: Queue, make_queue: MakeQueue
) -> None:
    await queue.accept("job-1", make_ask())
    lease, job = await take_next(queue)
    async with Proxy(valkey) as proxy, Store(proxy.url) as far:
        ledger = JobLedger(make_queue(far, 60), lease, job)
        proxy.latency = 0.05
        slow = asyncio.create_task(ledger.intend("slow", "C1"))
        await asyncio.sleep(0.01)
        proxy.latency = 0
        await ledger.intend("fast", "C1")
        await slow
    _, job = await take_over(queue)
    assert set(job.posts) == {"slow", "fast"}


async def test_lost_lease_is_told_and_counted_and_changes_nothing(queue: Queue) -> None:
    held = await hold(queue)
    await held.ledger.intend("0", "C1")
    await take_over(queue)
    before = fenced()
    writes = (
        held.ledger.check(),
        held.ledger.intend("1", "C1"),
        held.ledger.posted("0", "C1", "10.1"),
        held.ledger.forget("0"),
    )
    for write in writes:
        with pytest.raises(LeaseLost):
            await write
    assert fenced() - before == len(writes)
    assert held.ledger.posts["0"].ts is None
    _, job = await take_over(queue)
    assert {part: post.ts for part, post in job.posts.items()} == {"0": None}


async def test_held_job_is_finished_when_nothing_calls_for_another_delivery(queue: Queue) -> None:
    held = await hold(queue)
    assert await held.deliver(make_answer()) == make_answer()
    assert (held.job.state, held.job.answer) == ("delivering", make_answer())
    await queue.reassert("job-1")
    await queue.reassert("job-1")
    assert await held.finish()
    assert not held.finished
    assert not await held.finish()
    assert held.finished


async def test_lost_job_can_neither_be_delivered_nor_finished(queue: Queue) -> None:
    held = await hold(queue)
    await take_over(queue)
    with pytest.raises(LeaseLost):
        await held.deliver(make_answer())
    with pytest.raises(LeaseLost):
        await held.finish()
    assert held.job.state == "running"


async def test_a_post_that_was_recorded_stays_so_when_the_reply_and_the_lease_were_lost(
    store: Store, queue: Queue
) -> None:
    held = await hold(queue)
    await held.ledger.intend("0", "C1")
    await held.ledger.posted("0", "C1", "10.1")
    await take_over(queue)
    value = dump_post(held.ledger.posts["0"])

    await queue.write(held._lease, 2, [(post_field("0"), value)])
    with pytest.raises(LeaseLost):
        await queue.write(held._lease, 3, [(post_field("1"), value)])
    with pytest.raises(LeaseLost):
        await held.ledger.check()


async def test_the_last_edit_is_checked_unless_another_step_was(store: Store, queue: Queue) -> None:
    ledger = (await hold(queue)).ledger
    budget = EditBudget(store, Keys("T0TEST"), 50)
    await ledger.take(partial(budget.ask, "final", "job-1"))
    await ledger.check_last()
    await ledger.take(partial(budget.ask, "final", "job-1"))
    await take_over(queue)

    for _ in range(2):
        with pytest.raises(LeaseLost):
            await ledger.check_last()


async def test_where_no_edit_was_taken_there_is_none_to_be_checked(queue: Queue) -> None:
    ledger = (await hold(queue)).ledger
    await take_over(queue)
    await ledger.check_last()


async def test_a_post_is_adopted_or_taken_back_whoever_comes_first(queue: Queue) -> None:
    zombie = (await hold(queue)).ledger
    await zombie.intend("0", "C1")
    ledger = JobLedger(queue, *await take_over(queue))

    assert await zombie.disown("10.1")
    assert await zombie.disown("10.1")
    assert not await ledger.adopt("0", "C1", "10.1")
    assert ledger.posts["0"].ts is None

    assert await ledger.adopt("0", "C1", "10.2")
    assert not await zombie.disown("10.2")
    assert ledger.posts["0"].ts == "10.2"
    with pytest.raises(LeaseLost):
        await zombie.adopt("0", "C1", "10.2")
    assert JobLedger(queue, *await take_over(queue)).posts == ledger.posts


async def test_a_post_of_a_forgotten_job_may_be_taken_back(queue: Queue, store: Store) -> None:
    ledger = (await hold(queue)).ledger
    await store.redis.flushall()

    assert await ledger.disown("10.1")
    assert not await store.redis.keys("*")


async def test_lost_replies_change_nothing_about_who_came_first(
    valkey: str, queue: Queue, make_queue: MakeQueue
) -> None:
    zombie = await hold(queue)
    lease, job = await take_over(queue)
    async with Proxy(valkey) as proxy, Store(proxy.url) as far:
        proxy.lose = every_other()
        ledger = JobLedger(make_queue(far, 60), lease, job)
        assert await ledger.adopt("0", "C1", "10.1")
        assert await ledger.disown("10.2")
        assert not await ledger.adopt("1", "C1", "10.2")

    assert not await zombie.ledger.disown("10.1")
    _, job = await take_over(queue)
    assert {part: post.ts for part, post in job.posts.items()} == {"0": "10.1"}


async def test_the_edit_that_is_taken_checks_the_lease_and_says_what_may_come_late(
    queue: Queue, store: Store, keys: Keys
) -> None:
    ledger = (await hold(queue)).ledger
    budget = EditBudget(store, keys, per_minute=1)
    turn = partial(budget.ask, "final", "job-1")

    with ledger.late.sending(15.0, "10.1"):
        assert not (await ledger.take(turn)).wait
        lost, job = await take_over(queue)
    assert 25 < job.late <= 30

    with pytest.raises(LeaseLost):
        await ledger.take(turn)
    assert (await JobLedger(queue, lost, job).take(turn)).wait


async def test_who_has_lost_the_lease_takes_no_edit_from_others(
    queue: Queue, store: Store, keys: Keys
) -> None:
    ledger = (await hold(queue)).ledger
    await take_over(queue)
    before = fenced()

    budget = EditBudget(store, keys, per_minute=1)
    with pytest.raises(LeaseLost):
        await ledger.take(partial(budget.ask, "edit", "job-1", age=0.0))

    assert fenced() == before + 1
    assert not (await budget.ask("final", "another")).wait


@pytest.mark.integration
async def test_an_edit_whose_reply_is_lost_is_taken_once(
    valkey: str, keys: Keys, store: Store, make_queue: MakeQueue
) -> None:
    async with Proxy(valkey) as proxy, Store(proxy.url) as far:
        ledger = (await hold(make_queue(far, 60))).ledger
        budget = EditBudget(far, keys, per_minute=2)
        proxy.lose = every_other()
        for _ in range(2):
            assert not (await ledger.take(partial(budget.ask, "final", "job-1"))).wait

    assert await store.redis.zcard(keys.budget("chat.update")) == 2
