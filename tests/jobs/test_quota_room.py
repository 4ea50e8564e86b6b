"""What is reserved for the turns that go along: as many as there are."""

from __future__ import annotations

from typing import Any

from bot.completion.result import Prices
from bot.jobs.holder import Held
from bot.jobs.queue import Queue
from bot.rules.hold import Hold
from bot.rules.quota import WORKSPACE
from bot.store.keys import Keys
from bot.store.quotas import Amount, Quotas
from bot.store.redis.connection import Store
from tests.jobs.asks import make_answer, make_ask
from tests.jobs.steps import take_next
from tests.rules.holds import make_hold


def continued(**fields: Any) -> Hold:
    """For a question in a conversation, of which 800 tokens may go along."""
    usual = {"room": 800, "least_room": 50, "prices": Prices(1.5, 2.0)}
    return make_hold(**{"tokens": 1_000, "micro_dollars": 2_000, **usual, **fields})


async def reserved_by(queue: Queue, hold: Hold, conversation: str | None = "D1") -> Hold:
    await queue.accept("job-1", make_ask(conversation=conversation), hold)
    job = await queue.look("job-1")
    assert job is not None
    assert job.hold is not None
    return job.hold


async def remember(queue: Queue, store: Store, keys: Keys) -> int:
    """A turn of the conversation; its tokens."""
    await queue.accept("turn", make_ask("Hi?", conversation="D1"))
    held = Held(queue, *await take_next(queue))
    await held.deliver(make_answer("x" * 300))
    await held.finish()
    (entry,) = await store.redis.lrange(keys.thread("D1"), 0, -1)
    assert held.job.turn is not None
    assert entry == held.job.turn.entry
    return held.job.turn.tokens


async def test_new_conversation_takes_no_room(queue: Queue, store: Store, keys: Keys) -> None:
    quotas = Quotas(store, keys)
    hold = await reserved_by(queue, continued())

    assert (hold.room, hold.tokens, hold.micro_dollars) == (50, 250, 2_000 - 750 * 1.5)
    (found,) = await quotas.usage([WORKSPACE], hold.windows)
    assert (found.day.tokens, found.day.micro_dollars) == (Amount(0, 250), Amount(0, 875))


async def test_conversation_takes_the_room_of_its_turns(
    queue: Queue, store: Store, keys: Keys
) -> None:
    turn = await remember(queue, store, keys)
    hold = await reserved_by(queue, continued(copies=2))

    assert (hold.room, hold.tokens) == (50 + turn, 1_000 - 2 * (750 - turn))


async def test_long_conversation_takes_all_the_room(queue: Queue, store: Store, keys: Keys) -> None:
    await remember(queue, store, keys)
    hold = continued(room=60)

    assert await reserved_by(queue, hold) == hold


async def test_conversation_that_is_being_answered_takes_all_the_room(queue: Queue) -> None:
    await queue.accept("job-0", make_ask(conversation="D1"))
    hold = continued()

    assert await reserved_by(queue, hold) == hold


async def test_thread_that_is_to_be_read_takes_all_the_room(queue: Queue) -> None:
    hold = continued(least_room=800)

    assert await reserved_by(queue, hold) == hold


async def test_unknown_cost_stays_unknown_with_less_room(queue: Queue) -> None:
    hold = await reserved_by(queue, continued(micro_dollars=None, prices=None))

    assert (hold.room, hold.micro_dollars) == (50, None)


async def test_what_was_said_is_no_reason_to_deny_what_fits(queue: Queue) -> None:
    """A limit is compared with what the conversation takes, not with what it might."""
    fits = continued(limits={"tokens-per-day": 250, "usd-per-month": 875})

    assert (await reserved_by(queue, fits)).tokens == 250
