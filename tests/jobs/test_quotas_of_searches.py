"""What is charged for searches that nobody told the end of."""

from __future__ import annotations

import pytest

from bot.completion.result import Answer, ToolUse
from bot.completion.search import search_in
from bot.errors import LeaseLost
from bot.jobs.holder import Held
from bot.jobs.queue import Queue
from bot.store.quotas import Amount, Quotas
from tests.jobs.asks import make_ask
from tests.jobs.steps import take_next, take_over
from tests.jobs.test_quotas import use
from tests.rules.holds import make_hold

SEARCHING = make_ask(search=search_in({"search": "web", "max_turns": 10}))
SEARCH_HOLD = make_hold(50_000, 900_000, rounds=11, found=40_000, searches=100)


async def searched_and_lost(queue: Queue, *, calls: int) -> None:
    """A worker that asks Grok, sees so many calls and is gone."""
    await queue.accept("job-1", SEARCHING, SEARCH_HOLD)
    first = Held(queue, *await take_next(queue))
    await first.begin()
    for number in range(calls):
        await first.seen(ToolUse(web_calls=number + 1, posts=0, profiles=0))


async def test_what_a_lost_worker_searched_is_charged_as_far_as_it_may_have_come(
    queue: Queue, quotas: Quotas
) -> None:
    await searched_and_lost(queue, calls=2)
    second = Held(queue, *await take_over(queue))
    await second.begin()

    found = await use(quotas)
    assert found.day.searches == Amount(2 + 10, 100)
    assert 0 < found.day.tokens.settled < SEARCH_HOLD.tokens
    job = await queue.look("job-1")
    assert job is not None
    assert job.lost == found.day.tokens.settled


async def test_who_asks_anew_and_is_lost_before_a_call_is_seen_may_have_used_all(
    queue: Queue, quotas: Quotas
) -> None:
    await searched_and_lost(queue, calls=2)
    second = Held(queue, *await take_over(queue))
    await second.begin()
    third = Held(queue, *await take_over(queue))
    await third.deliver(Answer.failed("grok-test", "Gone."))

    assert (await use(quotas)).day.searches == Amount(2 + 10 + 100, 0)


@pytest.mark.parametrize("calls", [0, 1])
async def test_a_search_that_is_given_up_is_charged_what_it_may_have_come_to(
    calls: int, queue: Queue, quotas: Quotas
) -> None:
    await searched_and_lost(queue, calls=calls)
    second = Held(queue, *await take_over(queue))
    await second.give_up()

    assert (await use(quotas)).day.searches == Amount(1 + 10 if calls else 100, 0)
    assert (await use(quotas)).day.requests == Amount(1, 0)


async def test_a_worker_that_has_lost_its_job_says_no_more_what_it_searched(
    queue: Queue, quotas: Quotas
) -> None:
    await queue.accept("job-1", SEARCHING, SEARCH_HOLD)
    first = Held(queue, *await take_next(queue))
    await first.begin()
    second = Held(queue, *await take_over(queue))
    with pytest.raises(LeaseLost):
        await first.seen(ToolUse(web_calls=1, posts=0, profiles=0))
    await second.give_up()

    assert (await use(quotas)).day.searches == Amount(100, 0)


async def test_a_search_that_is_stopped_is_charged_what_it_may_have_come_to(
    queue: Queue, quotas: Quotas
) -> None:
    await queue.accept("job-1", SEARCHING, SEARCH_HOLD)
    held = Held(queue, *await take_next(queue))
    await held.begin()
    await held.seen(ToolUse(web_calls=1, posts=0, profiles=0))
    stopped = Answer(model_asked="m", model="m", endpoint="responses", stopped=True)
    await held.deliver(stopped)

    assert (await use(quotas)).day.searches == Amount(1 + 10, 0)
