"""Reserving quotas when a question is accepted, and settling them when its answer is there."""

from __future__ import annotations

import time
from typing import Any

import pytest

from bot.asking.admission import Acceptor
from bot.completion.result import Answer, Usage
from bot.errors import StalePolicy
from bot.jobs.holder import Held, Holder
from bot.jobs.job import MOST_ATTEMPTS
from bot.jobs.places import Places
from bot.jobs.queue import Queue
from bot.rules.charge import Charge
from bot.rules.hold import Denied, Hold, Shortage
from bot.rules.quota import WORKSPACE, Scope
from bot.store.keys import Keys
from bot.store.quotas import Amount, Quotas, Use
from bot.store.redis.connection import Store
from tests.jobs.asks import make_answer, make_ask
from tests.jobs.steps import take_next, take_over
from tests.jobs.work import Runs, sample
from tests.rules.holds import Limits, make_hold, make_windows

CHANNEL, PERSON = Scope("channel", "C1"), Scope("user", "U1")
WINDOWS = make_windows()
USED = Usage(prompt_tokens=20, completion_tokens=10, total_tokens=30, cost_in_usd_ticks=4_000_000)
"""30 tokens and 400 micro-dollars."""


async def use(quotas: Quotas, scope: Scope = CHANNEL) -> Use:
    (found,) = await quotas.usage([scope], WINDOWS)
    return found


async def tokens(quotas: Quotas) -> Amount:
    return (await use(quotas)).day.tokens


async def held_job(queue: Queue, job_id: str = "job-1", hold: Hold | None = None) -> Held:
    """A new job in the hands of a worker."""
    await queue.accept(job_id, make_ask(), hold or make_hold())
    return Held(queue, *await take_next(queue))


def answered(**fields: Any) -> Answer:
    return make_answer().model_copy(update={"usage": USED, **fields})


async def everything(store: Store) -> dict[str, bytes | None]:
    """All that Redis holds."""
    return {key: await store.redis.dump(key) async for key in store.redis.scan_iter()}


async def test_accepted_question_reserves_for_all_whom_it_concerns(
    queue: Queue, quotas: Quotas
) -> None:
    await queue.accept("job-1", make_ask(), make_hold(100, 1_000))

    for found in await quotas.usage([WORKSPACE, CHANNEL, PERSON], WINDOWS):
        assert found.day == found.month
        assert found.day.requests == Amount(0, 1)
        assert found.day.tokens == Amount(0, 100)
        assert found.day.micro_dollars == Amount(0, 1_000)
        assert found.running == 1


async def test_end_of_a_question_settles_what_it_used(queue: Queue, quotas: Quotas) -> None:
    held = await held_job(queue)
    await held.begin()
    await held.deliver(answered())

    for found in await quotas.usage([WORKSPACE, CHANNEL, PERSON], WINDOWS):
        assert found.day == found.month
        assert found.day.requests == Amount(1, 0)
        assert found.day.tokens == Amount(30, 0)
        assert found.day.micro_dollars == Amount(400, 0)
        assert found.running == 0
    assert held.job.hold is None
    assert not await held.finish()
    assert await tokens(quotas) == Amount(30, 0)


async def test_question_that_grok_was_never_asked_is_given_back(
    queue: Queue, quotas: Quotas
) -> None:
    held = await held_job(queue)
    await held.deliver(answered())

    assert (await use(quotas)).day.requests == Amount(0, 0)
    assert await tokens(quotas) == Amount(0, 0)


async def test_question_that_never_reached_grok_is_given_back(queue: Queue, quotas: Quotas) -> None:
    held = await held_job(queue)
    await held.begin()
    await held.deliver(Answer.failed("grok-test", "Grok cannot be reached."))

    assert (await use(quotas)).day.requests == Amount(0, 0)
    assert await tokens(quotas) == Amount(0, 0)
    assert (await use(quotas)).running == 0


async def test_load_says_what_is_reserved(queue: Queue) -> None:
    held = await held_job(queue, hold=make_hold(70))
    await queue.accept("job-2", make_ask(conversation="D1"), make_hold(80))
    await queue.accept("job-3", make_ask(conversation="D1"), make_hold(90))
    assert (await queue.load()).reserved == 70 + 80 + 90

    await held.begin()
    await held.deliver(answered())
    assert (await queue.load()).reserved == 80 + 90


async def test_denied_question_changes_nothing_at_all(queue: Queue, store: Store) -> None:
    ask = make_ask(conversation="D1")
    limits: Limits = {"tokens-per-day": 150, "concurrent": 9}
    await queue.accept("job-1", make_ask(conversation="D1"), make_hold(100, limits=limits))
    before = await everything(store)

    hold = make_hold(51, limits=limits)
    with pytest.raises(Denied) as denied:
        await queue.accept("job-2", ask, hold)
    assert await everything(store) == before
    (short,) = denied.value.shortages
    assert short == Shortage(CHANNEL, "tokens-per-day", 150, 0, 100, 51, hold.windows.day_ends)
    assert await queue.accept("job-3", ask, make_hold(50, limits=limits)) == "job-3"


async def test_every_limit_that_is_short_is_named(queue: Queue) -> None:
    held = await held_job(queue)
    await held.begin()
    await held.deliver(answered())
    await queue.accept("job-2", make_ask(), make_hold(100, 1_000))
    hold = make_hold(
        50,
        600,
        workspace={"usd-per-month": 1_500, "tokens-per-month": 180},
        limits={"concurrent": 1, "requests-per-day": 2},
        person={"tokens-per-day": 179, "tokens-per-month": 0},
    )

    with pytest.raises(Denied) as denied:
        await queue.accept("job-3", make_ask(), hold)
    day, month = hold.windows.day_ends, hold.windows.month_ends
    assert denied.value.shortages == (
        Shortage(WORKSPACE, "usd-per-month", 1_500, 400, 1_000, 600, month),
        Shortage(CHANNEL, "requests-per-day", 2, 1, 1, 1, day),
        Shortage(CHANNEL, "concurrent", 1, 0, 1, 1, None),
        Shortage(PERSON, "tokens-per-day", 179, 30, 100, 50, day),
        Shortage(PERSON, "tokens-per-month", 0, 30, 100, 50, month),
    )


async def test_denied_questions_are_counted_by_limit(queue: Queue) -> None:
    labels = {"scope": "user", "window": "now"}
    before = sample("grokbot_quota_denied_total", labels)
    hold = make_hold(person={"concurrent": 1})
    await queue.accept("job-1", make_ask(), hold)

    with pytest.raises(Denied):
        await queue.accept("job-2", make_ask(), hold)
    assert sample("grokbot_quota_denied_total", labels) == before + 1


async def test_limits_of_others_are_no_matter(queue: Queue) -> None:
    limits: Limits = {"requests-per-day": 1}
    for job_id, channel, user in (("1", "C1", "U1"), ("2", "C2", "U2"), ("3", "C3", "U3")):
        hold = make_hold(channel=channel, user=user, limits=limits, person=limits)
        assert await queue.accept(job_id, make_ask(channel=channel, user=user), hold) == job_id


async def test_limit_in_dollars_refuses_what_nobody_knows_the_cost_of(queue: Queue) -> None:
    hold = make_hold(100, None, limits={"usd-per-month": 10**12})

    with pytest.raises(Denied) as denied:
        await queue.accept("job-1", make_ask(), hold)
    (short,) = denied.value.shortages
    assert (short.name, short.wanted) == ("usd-per-month", None)


async def test_what_costs_nothing_fits_when_all_dollars_are_spent(queue: Queue) -> None:
    await queue.accept("job-1", make_ask(), make_hold())
    limits: Limits = {"usd-per-month": 500}

    assert await queue.accept("job-2", make_ask(), make_hold(100, 0, limits=limits)) == "job-2"
    with pytest.raises(Denied):
        await queue.accept("job-3", make_ask(), make_hold(100, 1, limits=limits))


async def test_unknown_cost_is_counted_as_unknown(queue: Queue, quotas: Quotas) -> None:
    held = await held_job(queue, hold=make_hold(100, None))
    await held.begin()
    await held.deliver(answered(usage=USED.model_copy(update={"cost_in_usd_ticks": None})))

    month = (await use(quotas)).month
    assert (month.tokens, month.micro_dollars, month.unpriced) == (Amount(30), Amount(0), 1)


async def test_second_delivery_is_no_second_question(queue: Queue, quotas: Quotas) -> None:
    hold = make_hold(limits={"requests-per-day": 1})
    ask = make_ask()
    await queue.accept("job-1", ask, hold)

    assert await queue.accept("job-1", ask, hold) == "job-1"
    assert await queue.accept("job-2", ask, hold) == "job-1"
    assert (await use(quotas)).day.requests == Amount(0, 1)


async def test_question_made_by_another_policy_is_not_taken(
    queue: Queue, store: Store, keys: Keys
) -> None:
    await store.redis.hset(keys.policy, "version", "1763850000123")
    before = await everything(store)

    for version in (0, 1763850000122):
        with pytest.raises(StalePolicy):
            await Acceptor(queue).accept(make_ask(), make_hold(policy_version=version))
    assert await everything(store) == before
    await Acceptor(queue).accept(make_ask(), make_hold(policy_version=1763850000123))


async def test_no_question_is_taken_where_somebody_paused_it(queue: Queue, store: Store) -> None:
    with pytest.raises(Denied) as denied:
        await Acceptor(queue).accept(make_ask(), make_hold(closed=CHANNEL))
    assert (denied.value.shortages, denied.value.closed) == ((), CHANNEL)
    assert await everything(store) == {}


async def test_question_without_a_hold_is_neither_limited_nor_counted(
    queue: Queue, quotas: Quotas
) -> None:
    await queue.accept("job-1", make_ask())
    held = Held(queue, *await take_next(queue))
    await held.begin()
    await held.deliver(answered())

    assert (await use(quotas)).day.requests == Amount(0, 0)


async def test_what_a_lost_worker_asked_is_charged_and_reserved_again(
    queue: Queue, quotas: Quotas
) -> None:
    first = await held_job(queue)
    await first.begin()
    second = Held(queue, *await take_over(queue))
    assert await tokens(quotas) == Amount(0, 100)
    await second.begin()
    await second.begin()

    assert await tokens(quotas) == Amount(100, 100)
    job = await queue.look(second.job.id)
    assert job is not None
    assert job.lost == 100
    assert (await use(quotas)).day.requests == Amount(0, 1)
    await second.deliver(answered())
    assert await tokens(quotas) == Amount(130, 0)
    assert (await use(quotas)).month.micro_dollars == Amount(1_400, 0)
    assert (await use(quotas)).day.requests == Amount(1, 0)


async def test_worker_that_was_lost_before_it_asked_costs_nothing(
    queue: Queue, quotas: Quotas
) -> None:
    await held_job(queue)
    second = Held(queue, *await take_over(queue))
    await second.begin()
    await second.deliver(answered())

    assert await tokens(quotas) == Amount(30, 0)


async def test_job_that_was_handed_back_while_grok_answered_is_charged_for_that(
    queue: Queue, quotas: Quotas
) -> None:
    await queue.accept("job-1", make_ask(), make_hold())
    lease, job = await take_next(queue)
    await Held(queue, lease, job).begin()
    await queue.release(lease)
    second = Held(queue, *await take_next(queue))
    await second.begin()
    await second.deliver(answered())

    assert await tokens(quotas) == Amount(130, 0)


async def test_asking_again_is_denied_when_too_little_is_left(queue: Queue, quotas: Quotas) -> None:
    hold = make_hold(100, 500, limits={"tokens-per-day": 199, "concurrent": 1})
    first = await held_job(queue, hold=hold)
    await first.begin()
    second = Held(queue, *await take_over(queue))

    with pytest.raises(Denied) as denied:
        await second.begin()
    (short,) = denied.value.shortages
    assert (short.name, short.settled, short.held, short.wanted) == ("tokens-per-day", 0, 100, 100)
    await second.deliver(Answer.failed("grok-test", denied.value.sentence))
    assert await tokens(quotas) == Amount(100, 0)
    assert (await use(quotas)).month.micro_dollars == Amount(500, 0)
    assert (await use(quotas)).running == 0


async def test_asking_again_is_one_question_all_the_same(queue: Queue, quotas: Quotas) -> None:
    hold = make_hold(limits={"requests-per-day": 1, "concurrent": 1})
    first = await held_job(queue, hold=hold)
    await first.begin()
    second = Held(queue, *await take_over(queue))
    await queue.accept("raised", make_ask(), make_hold())
    await second.begin()
    await second.deliver(answered())

    assert (await use(quotas)).day.requests == Amount(1, 1)


async def test_stop_after_a_crash_is_charged_what_the_lost_worker_may_have_used(
    queue: Queue, quotas: Quotas
) -> None:
    first = await held_job(queue)
    await first.begin()
    await queue.stop("job-1", "U1")
    second = Held(queue, *await take_over(queue))
    await second.deliver(Answer.failed("grok-test", ""))

    assert await tokens(quotas) == Amount(100, 0)


async def test_job_that_is_given_up_leaves_nothing_reserved(queue: Queue, quotas: Quotas) -> None:
    async def crash(held: Held) -> None:
        if held.job.answer is None:
            await held.begin()
            raise RuntimeError("crash")
        assert not await held.finish()

    holder = Holder(queue, crash, Places(1))
    await queue.accept("job-1", make_ask(), make_hold())
    await holder.hold(*await take_next(queue))
    for _ in range(MOST_ATTEMPTS):
        await holder.hold(*await take_over(queue))

    assert await tokens(quotas) == Amount(MOST_ATTEMPTS * 100, 0)
    assert (await use(quotas)).running == 0
    assert (await queue.load()).depth == 0


async def test_lost_worker_settles_nothing(queue: Queue, quotas: Quotas) -> None:
    first = await held_job(queue)
    await first.begin()
    runs = Runs()
    await Holder(queue, runs, Places(1)).hold(*await take_over(queue))

    assert runs.shown == ["by 2"]
    assert await tokens(quotas) == Amount(100, 0)
    for act in (first.begin(), first.deliver(answered())):
        with pytest.raises(Exception, match="job-1"):
            await act
    assert await tokens(quotas) == Amount(100, 0)


async def test_use_of_yesterday_counts_yesterday(queue: Queue, quotas: Quotas) -> None:
    """A question that crosses midnight belongs to the day it began."""
    old = make_windows("2026-11-21", ends_in=-60)
    limits: Limits = {"tokens-per-day": 100}
    held = await held_job(queue, hold=make_hold(100, windows=old, limits=limits))
    await held.begin()
    await queue.accept("job-2", make_ask(), make_hold(100, limits=limits))
    await held.deliver(answered())

    (then,) = await quotas.usage([CHANNEL], old)
    assert then.day.tokens == Amount(30, 0)
    assert then.month.tokens == Amount(30, 100)
    assert await tokens(quotas) == Amount(0, 100)


async def test_counters_go_some_time_after_their_window(
    queue: Queue, store: Store, keys: Keys
) -> None:
    held = await held_job(queue)
    await held.begin()
    await held.deliver(answered())
    now, days = time.time(), 86_400
    for scope in (WORKSPACE, CHANNEL, PERSON):
        day = await store.redis.expiretime(keys.used(str(scope), WINDOWS.day))
        month = await store.redis.expiretime(keys.used(str(scope), WINDOWS.month))
        assert 7 * days < day - now < 9 * days
        assert 400 * days < month - now < 432 * days
    for key in (keys.ledger(WINDOWS.month), keys.used_by("workspace", WINDOWS.month)):
        assert await store.redis.expiretime(key) == month


@pytest.mark.parametrize(
    "amount", [Charge(1, 10**13, 10**13), Charge(1, 0, 0), Charge(1, 5, None), Charge(0, 0, 0)]
)
async def test_any_charge_can_be_counted(queue: Queue, quotas: Quotas, amount: Charge) -> None:
    await queue.accept("job-1", make_ask(), make_hold(10**13, 10**13))
    lease, job = await take_next(queue)
    assert job.hold is not None
    await queue.begin(lease, job.hold)
    await queue.deliver(lease, make_answer(), job.hold, amount)

    month = (await use(quotas)).month
    assert (month.tokens.settled, month.micro_dollars.settled) == (
        amount.tokens,
        amount.micro_dollars or 0,
    )
    assert (month.tokens.held, month.micro_dollars.held) == (0, 0)
