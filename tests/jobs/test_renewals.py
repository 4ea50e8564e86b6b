"""Leases that are renewed together: each as if it was alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.errors import StoreUnavailable
from bot.jobs import lease as lease_module
from bot.jobs.holder import Renewals, until_renewal
from bot.jobs.job import Entry, Lease
from bot.jobs.queue import SCAN_START
from bot.store.redis.connection import Store
from tests.jobs.asks import make_ask
from tests.jobs.conftest import MakeQueue
from tests.jobs.steps import take_next
from tests.store.proxy import Proxy

LEASES = [Lease(Entry(f"0-{number}", f"job-{number}"), f"token-{number}") for number in range(3)]


class Asked:
    """What Redis was asked, which answers when it is let."""

    def __init__(self) -> None:
        self.calls: list[Sequence[Lease]] = []
        self.answers = asyncio.Event()
        self.fault: StoreUnavailable | None = None

    async def __call__(self, leases: Sequence[Lease]) -> Sequence[bool]:
        self.calls.append(leases)
        await self.answers.wait()
        if self.fault is not None:
            raise self.fault
        return [lease != LEASES[1] for lease in leases]


async def asking(renewals: Renewals, calls: Asked) -> list[asyncio.Task[bool]]:
    """Three that ask in one step, once Redis was asked."""
    tasks = [asyncio.create_task(renewals.renew(lease)) for lease in LEASES]
    while not calls.calls:
        await asyncio.sleep(0)
    return tasks


async def test_who_asks_in_one_step_is_asked_for_together() -> None:
    calls = Asked()
    calls.answers.set()
    renewals = Renewals(calls)

    assert await asyncio.gather(*map(renewals.renew, LEASES)) == [True, False, True]
    assert await renewals.renew(LEASES[2])

    assert calls.calls == [LEASES, [LEASES[2]]]


async def test_who_asks_later_waits_for_nobody() -> None:
    calls = Asked()
    renewals = Renewals(calls)
    tasks = await asking(renewals, calls)

    later = asyncio.create_task(renewals.renew(LEASES[0]))
    while len(calls.calls) < 2:
        await asyncio.sleep(0)
    calls.answers.set()

    assert await asyncio.gather(*tasks, later) == [True, False, True, True]


@pytest.mark.parametrize("cancelled", range(3))
async def test_nobody_misses_a_renewal_since_another_is_cancelled(cancelled: int) -> None:
    calls = Asked()
    tasks = await asking(Renewals(calls), calls)

    tasks[cancelled].cancel()
    await asyncio.sleep(0)
    calls.answers.set()
    kept = await asyncio.gather(*tasks, return_exceptions=True)

    assert isinstance(kept.pop(cancelled), asyncio.CancelledError)
    expected = [True, False, True]
    del expected[cancelled]
    assert kept == expected


@pytest.mark.parametrize("turns", range(4))
async def test_nobody_waits_for_one_that_was_cancelled_before_it_asked(turns: int) -> None:
    calls = Asked()
    calls.answers.set()
    renewals = Renewals(calls)
    tasks = [asyncio.create_task(renewals.renew(lease)) for lease in LEASES]
    for _ in range(turns):
        await asyncio.sleep(0)

    tasks[0].cancel()

    async with asyncio.timeout(5):
        assert await asyncio.gather(*tasks[1:]) == [False, True]
        await asyncio.wait(tasks)


async def test_each_is_told_that_redis_is_away() -> None:
    calls = Asked()
    calls.fault = StoreUnavailable("away", maybe_applied=False)
    tasks = await asking(Renewals(calls), calls)
    calls.answers.set()

    told = await asyncio.gather(*tasks, return_exceptions=True)

    assert [str(each) for each in told] == ["away"] * 3
    assert len(set(map(id, told))) == 3


async def test_the_leases_of_one_process_are_due_together() -> None:
    for _ in range(3):
        due = asyncio.get_running_loop().time() + (rest := until_renewal(15.0))
        assert 0 < rest <= 5.0
        assert due / 4.5 == pytest.approx(round(due / 4.5), abs=1e-3)
        await asyncio.sleep(0.01)


@pytest.mark.integration
async def test_many_leases_are_kept_by_few_round_trips_and_lost_ones_told(
    store: Store, valkey: str, make_queue: MakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease_module, "MOST", 4)
    assert await store.redis.dbsize() == 0
    async with Proxy(valkey) as proxy, Store(proxy.url) as behind:
        queue = make_queue(behind, 60)
        for number in range(6):
            await queue.accept(f"job-{number}", make_ask(dedupe=str(number)))
        held = [(await take_next(queue))[0] for _ in range(6)]
        lost = replace(held[3], token="another")
        assert await queue.renew([held[0]]) == [True]  # from here on the server knows the script
        before = proxy.scripts

        together = Renewals(queue.renew)
        kept = await asyncio.gather(*map(together.renew, [*held[:3], lost, *held[4:]]))

        assert kept == [True, True, True, False, True, True]
        assert proxy.scripts - before == 2
        assert await queue.claim(10, SCAN_START, 60) == (SCAN_START, [])
