"""Reading what was used and what is reserved."""

from __future__ import annotations

import pytest

from bot.jobs.queue import Queue
from bot.rules.charge import Charge
from bot.rules.quota import EACH_USER, QUOTAS, WORKSPACE, QuotaName, Scope
from bot.store.keys import Keys
from bot.store.quotas import Amount, Counts, Quotas, UsageRow, Use
from bot.store.redis.connection import Store
from tests.jobs.asks import make_answer, make_ask
from tests.jobs.steps import take_next
from tests.rules.holds import make_hold, make_windows

WINDOWS = make_windows("2026-11-22")
MONTH = WINDOWS.month


@pytest.fixture
def quotas(store: Store, keys: Keys) -> Quotas:
    return Quotas(store, keys)


async def spend(queue: Queue, channel: str, user: str, charge: Charge, model: str = "") -> None:
    """A question that was asked and answered."""
    ask = make_ask(channel=channel, user=user)
    hold = make_hold(channel=channel, user=user).model_copy(update={"model": model})
    await queue.accept(ask.dedupe, ask, hold)
    lease, job = await take_next(queue)
    assert job.hold is not None
    await queue.begin(lease, job.hold)
    await queue.deliver(lease, make_answer(), job.hold, charge)
    await queue.finish(lease, 0, job)


async def test_nothing_was_used(quotas: Quotas) -> None:
    scopes = [WORKSPACE, Scope("channel", "C1"), EACH_USER]

    assert await quotas.usage(scopes, WINDOWS) == tuple(
        Use(scope, Counts(), Counts(), 0) for scope in scopes
    )
    assert await quotas.usage([], WINDOWS) == ()
    assert await quotas.most(WORKSPACE, MONTH, 3) == ()
    assert await quotas.export(MONTH) == ()


async def test_each_scope_has_its_own(queue: Queue, quotas: Quotas) -> None:
    await spend(queue, "C1", "U1", Charge(1, 10, 100))
    await spend(queue, "C1", "U2", Charge(1, 20, None))
    await queue.accept("open", make_ask(channel="C2"), make_hold(70, 700, channel="C2"))

    one, two, everybody = await quotas.usage(
        [Scope("channel", "C1"), Scope("channel", "C2"), WORKSPACE], WINDOWS
    )
    assert one.day == one.month == Counts(Amount(2), Amount(30), Amount(100), unpriced=1)
    assert two.day == Counts(Amount(0, 1), Amount(0, 70), Amount(0, 700))
    assert everybody.day == Counts(Amount(2, 1), Amount(30, 70), Amount(100, 700), unpriced=1)
    assert (one.running, two.running, everybody.running) == (0, 1, 1)


@pytest.mark.parametrize(
    ("name", "amount"),
    [
        ("requests-per-day", Amount(1, 2)),
        ("tokens-per-day", Amount(3, 4)),
        ("tokens-per-month", Amount(5, 6)),
        ("usd-per-month", Amount(7, 8)),
        ("concurrent", Amount(0, 9)),
    ],
)
def test_what_counts_against_a_quota(name: QuotaName, amount: Amount) -> None:
    day = Counts(requests=Amount(1, 2), tokens=Amount(3, 4))
    month = Counts(tokens=Amount(5, 6), micro_dollars=Amount(7, 8))

    assert Use(WORKSPACE, day, month, 9).of(name) == amount


@pytest.mark.parametrize("name", [name for name, quota in QUOTAS.items() if quota.caps])
def test_nothing_counts_against_a_cap(name: QuotaName) -> None:
    with pytest.raises(ValueError, match="nothing is counted"):
        Use(WORKSPACE, Counts(), Counts(), 0).of(name)


async def test_who_used_most(queue: Queue, quotas: Quotas) -> None:
    for user, tokens in (("U1", 5), ("U2", 90), ("U3", 20), ("U1", 30)):
        await spend(queue, "C1", user, Charge(1, tokens, 0))
    await spend(queue, "C2", "U4", Charge(1, 1_000, 0))

    assert await quotas.most(WORKSPACE, MONTH, 2) == (("U4", 1_000), ("U2", 90))
    assert await quotas.most(Scope("channel", "C1"), MONTH, 9) == (
        ("U2", 90),
        ("U1", 35),
        ("U3", 20),
    )
    assert await quotas.most(WORKSPACE, "2026-10", 9) == ()


async def test_export_has_a_row_for_each_person_in_each_channel(
    queue: Queue, quotas: Quotas
) -> None:
    await spend(queue, "C2", "U1", Charge(1, 5, 50))
    await spend(queue, "C1", "U2", Charge(1, 7, None))
    await spend(queue, "C2", "U1", Charge(1, 1, 10))
    await spend(queue, "C1", "U1", Charge(1, 2, 20))

    assert await quotas.export(MONTH) == (
        UsageRow("C1", "U1", 1, 2, 20),
        UsageRow("C1", "U2", 1, 7, 0, unpriced=1),
        UsageRow("C2", "U1", 2, 6, 60),
    )


async def test_export_tells_models_apart(queue: Queue, quotas: Quotas) -> None:
    await spend(queue, "C1", "U1", Charge(1, 5, 50))
    await spend(queue, "C1", "U1", Charge(1, 7, 70), "grok-4.3")
    await spend(queue, "C1", "U1", Charge(1, 2, 20), "a model of mine")
    await spend(queue, "C1", "U1", Charge(1, 1, 10), "grok-4.3")

    assert await quotas.export(MONTH) == (
        UsageRow("C1", "U1", 1, 5, 50),
        UsageRow("C1", "U1", 1, 2, 20, model="a model of mine"),
        UsageRow("C1", "U1", 2, 8, 80, model="grok-4.3"),
    )


async def test_export_of_many_is_whole(store: Store, keys: Keys, quotas: Quotas) -> None:
    """More than Redis returns at once."""
    for number in range(3_000):
        await store.redis.hset(keys.ledger(MONTH), f"C1 U{number:04} tokens", str(number))

    rows = await quotas.export(MONTH)
    assert [row.tokens for row in rows] == list(range(3_000))
