"""The order within a conversation: one answer after the other, and none forgotten."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.completion.ask import Ask, Turn
from bot.errors import LeaseLost, StoreUnavailable
from bot.jobs.holder import Held
from bot.jobs.job import MOST_ATTEMPTS, Entry, Load
from bot.jobs.lease import JobLedger
from bot.jobs.queue import Queue
from bot.store.conversations import Conversations, Recents
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from tests.jobs.asks import make_answer, make_ask
from tests.jobs.conftest import MakeQueue
from tests.jobs.steps import read_one, take_next, take_over
from tests.jobs.work import IDLE, Runs, working
from tests.store.proxy import Proxy, every_other

THREAD = "C1:1.1"


@pytest.fixture
def conversations(store: Store, keys: Keys) -> Conversations:
    return Conversations(store, keys)


def reply(prompt: str = "And then?", **place: Any) -> Ask:
    """A question in a thread."""
    usual = {"surface": "thread", "conversation": THREAD, "thread_ts": "1.1", "reply": "thread"}
    return make_ask(prompt, **{**usual, **place})


async def end(held: Held, text: str = "Hello") -> None:
    await held.deliver(make_answer(text))
    assert not await held.finish()


async def hold_next(queue: Queue) -> Held:
    return Held(queue, *await take_next(queue))


async def ids(conversations: Conversations, conversation: str = THREAD) -> list[str]:
    return [turn.job_id for turn in (await conversations.read(conversation)).turns]


async def active(store: Store, keys: Keys, conversation: str = THREAD) -> set[Any]:
    return set(await store.redis.smembers(keys.thread_active(conversation)))


async def waiting(store: Store, keys: Keys, conversation: str = THREAD) -> list[Any]:
    return list(await store.redis.zrange(keys.thread_waiting(conversation), 0, -1))


async def test_next_question_starts_when_the_one_before_is_answered(
    queue: Queue, store: Store, keys: Keys
) -> None:
    for number in range(3):
        assert await queue.accept(f"job-{number}", reply()) == f"job-{number}"
    assert (await queue.load()).depth == 1
    waits = await queue.look("job-2")
    assert waits is not None
    assert waits.state == "queued"
    for number in range(3):
        assert await active(store, keys) == {f"job-{number}"}
        held = await hold_next(queue)
        assert held.job.id == f"job-{number}"
        await held.deliver(make_answer())
        assert (await queue.load()).depth == 1
        assert not await held.finish()
    assert await queue.load() == IDLE
    assert await active(store, keys) == set()


async def test_conversations_do_not_wait_for_each_other(queue: Queue) -> None:
    await queue.accept("job-1", reply())
    await queue.accept("job-2", reply(conversation="C1:2.2"))
    await queue.accept("job-3", make_ask())
    assert {(await read_one(queue)).job_id for _ in range(3)} == {"job-1", "job-2", "job-3"}


async def test_many_workers_answer_each_conversation_in_order(
    queue: Queue, other: Queue, store: Store, make_queue: MakeQueue
) -> None:
    running: set[str | None] = set()
    order: dict[str | None, list[str]] = {"C1:1": [], "C1:2": [], "D1": []}

    async def act(held: Held) -> None:
        conversation = held.job.conversation
        assert conversation not in running
        running.add(conversation)
        order[conversation].append(held.job.id)
        await asyncio.sleep(0.001)
        running.discard(conversation)

    runs, third = Runs(act), make_queue(store, 60)
    async with working(queue, runs), working(other, runs), working(third, runs):
        for number in range(60):
            conversation = ("C1:1", "C1:2", "D1")[number % 3]
            await queue.accept(f"job-{number}", reply(conversation=conversation))
        for _ in range(60):
            await runs.finished.get()
    assert order["C1:1"] == [f"job-{number}" for number in range(0, 60, 3)]
    assert order["C1:2"] == [f"job-{number}" for number in range(1, 60, 3)]
    assert order["D1"] == [f"job-{number}" for number in range(2, 60, 3)]
    assert runs.started.qsize() == 60
    assert await queue.load() == IDLE


async def test_questions_of_the_same_moment_are_answered_once_each_one_at_a_time(
    queue: Queue, other: Queue, conversations: Conversations
) -> None:
    most = running = 0

    async def act(_: Held) -> None:
        nonlocal most, running
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1

    runs = Runs(act)
    async with working(queue, runs), working(other, runs):
        accepting = (
            each.accept(f"job-{number}", reply(dedupe=f"d-{number}"))
            for number in range(30)
            for each in (queue, other)
        )
        assert len(set(await asyncio.gather(*accepting))) == 30
        ended = [(await runs.finished.get()).job.id for _ in range(30)]
    assert (most, runs.started.qsize(), len(set(ended))) == (1, 30, 30)
    assert await ids(conversations) == ended


async def test_a_reply_waits_for_the_answer_that_it_replies_to(
    queue: Queue, store: Store, keys: Keys, conversations: Conversations
) -> None:
    await queue.accept("root", make_ask("Why?"))
    held = await hold_next(queue)
    assert held.job.conversation is None
    await held.ledger.intend("0", "C1")
    assert not await conversations.known(THREAD)

    await held.ledger.posted("0", "C1", "1.1")
    assert held.job.conversation == THREAD
    assert await conversations.known(THREAD)
    await held.ledger.posted("1", "C1", "1.2")
    assert await active(store, keys) == {"root"}
    await queue.accept("job-2", reply())
    assert (await queue.load()).depth == 1

    await end(held, "Because.")
    second = await hold_next(queue)
    assert second.job.id == "job-2"
    (turn,) = (await conversations.read(THREAD)).turns
    assert turn == Turn(job_id="root", user="U1", prompt="Why?", answer="Because.")


async def test_an_adopted_answer_opens_its_conversation_too(
    queue: Queue, store: Store, keys: Keys
) -> None:
    await queue.accept("root", make_ask())
    zombie = (await hold_next(queue)).ledger
    await zombie.intend("0", "C1")
    held = Held(queue, *await take_over(queue))
    assert await zombie.disown("1.1")
    assert not await held.ledger.adopt("0", "C1", "1.1")
    assert await active(store, keys) == set()
    assert await held.ledger.adopt("0", "C1", "2.2")
    assert await active(store, keys, "C1:2.2") == {"root"}
    with pytest.raises(LeaseLost):
        await zombie.posted("0", "C1", "3.3")
    assert not await store.redis.exists(keys.thread_facts("C1:3.3"))


async def test_a_command_in_a_direct_message_joins_its_conversation(
    queue: Queue, store: Store, keys: Keys, conversations: Conversations
) -> None:
    await queue.accept("said", reply(channel="D1", conversation="D1"))
    await queue.accept("command", make_ask(channel="D1"))
    said, command = await hold_next(queue), await hold_next(queue)
    await command.ledger.posted("0", "D1", "5.5")
    await queue.accept("last", reply(channel="D1", conversation="D1"))
    assert await active(store, keys, "D1") == {"said", "command"}
    await end(said)
    assert await waiting(store, keys, "D1") == ["last"]
    await end(command)
    assert (await hold_next(queue)).job.id == "last"
    assert await ids(conversations, "D1") == ["said", "command"]


@pytest.mark.parametrize(
    "place",
    [{"reply": "private"}, {"thread_ts": "9.9", "reply": "thread"}],
)
async def test_an_answer_without_a_root_of_its_own_opens_nothing(
    place: dict[str, str], queue: Queue, store: Store
) -> None:
    await queue.accept("job-1", make_ask(**place))
    held = await hold_next(queue)
    await held.ledger.posted("0", "C1", "1.1")
    assert held.job.conversation is None
    await end(held)
    assert await store.redis.keys("*thread*") == []


async def test_a_root_that_is_posted_anew_takes_its_conversation_along(
    queue: Queue, store: Store, keys: Keys, conversations: Conversations
) -> None:
    await queue.accept("root", make_ask())
    held = await hold_next(queue)
    await held.ledger.posted("0", "C1", "1.1")
    await queue.accept("early", reply())
    await queue.accept("later", reply())

    await held.ledger.forget("0")
    assert await active(store, keys) == {"early"}
    await held.ledger.posted("0", "C1", "2.2")
    await end(held)
    assert await ids(conversations, "C1:2.2") == ["root"]
    assert await active(store, keys, "C1:2.2") == set()

    await end(await hold_next(queue))
    await end(await hold_next(queue))
    assert await ids(conversations) == ["early", "later"]
    assert await queue.load() == IDLE


async def test_a_holder_that_missed_the_reply_about_its_root_still_lets_the_next_one_start(
    queue: Queue, store: Store, keys: Keys, conversations: Conversations
) -> None:
    await queue.accept("root", make_ask())
    lease, job = await take_next(queue)
    await JobLedger(queue, lease, job).posted("0", "C1", "1.1")
    await queue.accept("job-2", reply())

    assert job.conversation is None
    await end(Held(queue, lease, job))
    assert await ids(conversations) == ["root"]
    assert await active(store, keys) == {"job-2"}


async def test_a_late_copy_of_a_post_does_not_open_its_conversation_again(
    queue: Queue, store: Store, keys: Keys
) -> None:
    await queue.accept("root", make_ask())
    held = await hold_next(queue)
    await held.ledger.posted("0", "C1", "1.1")
    await held.ledger.forget("0")
    await queue.write(held._lease, 1, [("post:0", "{}")], enters=THREAD)
    assert await active(store, keys) == set()


@pytest.mark.parametrize("end_by", ["release", "hand_back", "claim"])
async def test_what_waits_stays_in_line_when_a_worker_ends(
    end_by: str, queue: Queue, other: Queue, store: Store, keys: Keys
) -> None:
    for number in range(3):
        await queue.accept(f"job-{number}", reply())
    if end_by == "hand_back":
        await read_one(queue)
        await queue.hand_back()
        held = await hold_next(other)
    else:
        lease, _ = await take_next(queue)
        if end_by == "release":
            await queue.release(lease)
            held = await hold_next(other)
        else:
            held = Held(other, *await take_over(other))
    assert held.job.id == "job-0"
    assert await waiting(store, keys) == ["job-1", "job-2"]
    await end(held)
    assert (await hold_next(other)).job.id == "job-1"
    assert await waiting(store, keys) == ["job-2"]


async def test_what_was_asked_first_is_answered_first(queue: Queue) -> None:
    for job_id, asked in (("running", "1.0"), ("late", "4.5"), ("early", "2.5"), ("next", "3.5")):
        await queue.accept(job_id, reply(question_ts=asked))
    order = []
    for _ in range(4):
        held = await hold_next(queue)
        order.append(held.job.id)
        await end(held)
    assert order == ["running", "early", "next", "late"]


async def test_what_waits_behind_a_job_that_is_given_up_starts(fast: Queue) -> None:
    def crash(held: Held) -> None:
        if held.job.id == "job-0":
            raise ValueError("a fault of the program")

    runs = Runs(crash)
    for number in range(3):
        await fast.accept(f"job-{number}", reply())
    async with working(fast, runs):
        ended = [await runs.finished.get() for _ in range(3)]
    assert [held.job.id for held in ended] == ["job-0", "job-1", "job-2"]
    assert [held.job.epoch for held in ended] == [MOST_ATTEMPTS + 1, 1, 1]
    assert await fast.load() == IDLE


async def test_a_job_that_finishes_twice_lets_the_next_one_start_once(
    queue: Queue, store: Store, keys: Keys, conversations: Conversations
) -> None:
    for number in range(3):
        await queue.accept(f"job-{number}", reply())
    await end(await hold_next(queue))
    await queue.reassert("job-0")
    running, again = await hold_next(queue), await hold_next(queue)
    assert (running.job.id, again.job.id) == ("job-1", "job-0")
    assert not await again.finish()
    assert await waiting(store, keys) == ["job-2"]
    await end(running)
    assert (await hold_next(queue)).job.id == "job-2"
    assert await ids(conversations) == ["job-0", "job-1"]


async def test_what_waits_outlives_the_memory_of_its_conversation(
    queue: Queue, store: Store, keys: Keys
) -> None:
    await queue.accept("job-1", reply())
    await queue.accept("job-2", reply())
    for key in (keys.thread_active(THREAD), keys.thread_waiting(THREAD), keys.job("job-2")):
        assert await store.redis.ttl(key) == -1
    await store.redis.delete(keys.thread_facts(THREAD), keys.thread(THREAD))
    await end(await hold_next(queue))
    await end(await hold_next(queue))
    kept = {keys.thread_facts(THREAD), keys.thread(THREAD)}
    assert set(await store.redis.keys("*thread*")) == kept
    for key in kept:
        assert await store.redis.ttl(key) > 0


async def test_lost_replies_change_neither_the_order_nor_what_is_remembered(
    queue: Queue, store: Store, valkey: str, keys: Keys, make_queue: MakeQueue
) -> None:
    async with Proxy(valkey) as proxy, Store(proxy.url) as shaky:
        stormy = make_queue(shaky, 60)
        await whole_conversation(stormy)
        calm = await remembered(store, keys)
        await store.redis.flushall()
        proxy.scripts = proxy.lost = 0
        proxy.lose = every_other()
        await whole_conversation(stormy)
    assert proxy.scripts == 2 * proxy.lost
    assert proxy.lost == 3 * len(("accept", "take", "deliver", "finish")) + len(("write", "load"))
    assert await remembered(store, keys) == calm
    assert calm == (["root", "job-1", "job-2"], ["job-2", "job-1", "root"])


async def whole_conversation(queue: Queue) -> None:
    root = make_ask()
    await insist_accept(queue, "root", root)
    entry = await read_one(queue)
    held = await hold(queue, entry)
    await held.ledger.posted("0", "C1", "1.1")
    for number in (1, 2):
        await insist_accept(queue, f"job-{number}", reply(dedupe=f"d-{number}"))
    await end(held)
    for number in (1, 2):
        held = await hold(queue, await read_one(queue))
        assert held.job.id == f"job-{number}"
        await end(held)
    assert await queue.load() == Load(0, 0.0)


async def hold(queue: Queue, entry: Entry) -> Held:
    taken = await queue.take(entry)
    assert taken is not None
    return Held(queue, *taken)


async def insist_accept(queue: Queue, job_id: str, ask: Ask) -> None:
    while True:
        try:
            assert await queue.accept(job_id, ask) == job_id
            return
        except StoreUnavailable:
            continue


async def remembered(store: Store, keys: Keys) -> tuple[list[str], list[str]]:
    turns = await ids(Conversations(store, keys))
    recents = await Recents(store, keys).read("U1")
    assert await active(store, keys) == set()
    return turns, [recent.job_id for recent in recents]
