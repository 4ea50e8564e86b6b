"""Far more questions that search than a month's money has room for, whatever the bills say."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.asking import admission
from bot.asking.admission import Acceptor
from bot.completion.result import TICKS_PER_DOLLAR, Answer, Prices, ToolUse, Usage
from bot.completion.search import search_in
from bot.completion.tools import cost_of
from bot.jobs.holder import Held
from bot.rules.charge import Charge, charge_for
from bot.rules.hold import Denied, Hold, hold_for
from bot.rules.policy import Policy, Rules
from bot.rules.quota import QuotaName, Scope
from bot.settings import Settings
from bot.store.keys import Keys
from bot.store.quotas import Amount
from bot.store.redis.connection import Store
from tests.jobs.asks import make_answer, make_ask
from tests.jobs.conftest import MakeQueue
from tests.jobs.test_quota_race import ASKED, FAST, CrashError, Watch, ask_all
from tests.jobs.work import IDLE, working

SEARCH = search_in({"search": "web,x", "max_turns": 2})
PRICES = Prices(1.25, 2.5)
FIT = 20
SETTINGS = Settings(_env_file=None)


def hold_of(limits: dict[QuotaName, int]) -> Hold:
    """What a question that searches reserves in a channel with these limits."""
    policy = Policy(0, {Scope("channel", "C1"): Rules(limits=limits)})
    ask = make_ask(search=SEARCH)
    return hold_for(ask, policy, prices=PRICES, reasons=True, settings=SETTINGS, now=time.time())


ONE = hold_of({})
MONEY = FIT * (ONE.micro_dollars or 0)


def bills(hold: Hold) -> Sequence[Answer]:
    """What may become of one answer: all that was reserved, a little, and bills that say little."""
    asked = make_answer()
    most = ToolUse(
        web_calls=hold.searches // 2,
        x_calls=hold.searches // 2,
        posts=hold.posts,
        profiles=hold.profiles,
    )
    read = Usage(prompt_tokens=hold.read, completion_tokens=500, total_tokens=hold.read + 500)
    some = ToolUse(web_calls=3, x_calls=2, posts=14, profiles=None)
    ticks = TICKS_PER_DOLLAR // 1_000_000 * (hold.micro_dollars or 0)
    return (
        asked.model_copy(
            update={"usage": read.model_copy(update={"cost_in_usd_ticks": ticks}), "tools": most}
        ),
        asked.model_copy(update={"usage": Usage(total_tokens=900), "tools": some}),
        asked.model_copy(update={"usage": Usage(total_tokens=900)}),
        asked.model_copy(update={"usage": None, "tools": some, "failure": "It broke off."}),
        asked.model_copy(update={"usage": None, "stopped": True}),
        Answer.failed("grok-4.3", "It was refused."),
    )


class Searching:
    """A `run_job` whose answers are billed in every way there is; every fifth worker is lost in
    mid-search. `charges` is what each job must be charged in the end."""

    def __init__(self) -> None:
        self.charges: dict[str, list[Charge]] = {}
        self._lost: set[str] = set()

    async def __call__(self, held: Held) -> None:
        if held.job.answer is None:
            await held.deliver(await self._ask(held))
        while await held.finish():
            pass

    async def _ask(self, held: Held) -> Answer:
        hold, job_id = held.job.hold, held.job.id
        assert hold is not None
        try:
            await held.begin()
        except Denied as denied:
            return Answer.failed("grok-4.3", denied.sentence)
        charged = self.charges.setdefault(job_id, [])
        answer = bills(hold)[len(self.charges) % 6]
        if job_id not in self._lost and len(self.charges) % 5 == 0:
            self._lost.add(job_id)
            charged.append(whole(hold))
            raise CrashError
        if charged:
            charged[:] = [replace(each, requests=0) for each in charged]
        charged.append(charge_for(hold, held.job.ask, answer))
        return answer


def whole(hold: Hold) -> Charge:
    return Charge(
        1,
        hold.tokens,
        hold.micro_dollars,
        hold.searches,
        hold.posts,
        hold.search_micro_dollars,
    )


@pytest.mark.parametrize(
    ("name", "limit"), [("usd-per-month", MONEY), ("searches-per-day", FIT * ONE.searches)]
)
async def test_no_limit_is_passed_by_questions_that_search(
    name: QuotaName,
    limit: int,
    valkey: str,
    store: Store,
    keys: Keys,
    make_queue: MakeQueue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(admission, "ACCEPT_SECONDS", 40.0)
    hold = hold_of({name: limit})
    watch, searching = Watch(store, keys, name, hold.windows), Searching()
    async with Store(valkey) as other:
        queues = [make_queue(store, FAST), make_queue(other, FAST)]
        async with watch.on(), working(queues[0], searching, at_once=50):
            taken, denied = await ask_all([Acceptor(queue) for queue in queues], hold, SEARCH)
            while await queues[0].load() != IDLE:
                await asyncio.sleep(0.02)

    uses = await watch.look()
    charges = [charge for each in searching.charges.values() for charge in each]
    used = uses[0].month
    assert taken >= FIT
    assert taken + len(denied) == ASKED
    assert {short.name for refusal in denied for short in refusal.shortages} == {name}
    assert watch.most <= limit
    assert uses[0].of(name).settled <= limit
    assert used.micro_dollars == Amount(sum(each.micro_dollars or 0 for each in charges))
    assert used.searches == Amount(sum(each.searches for each in charges))
    assert used.posts == Amount(sum(each.posts for each in charges))
    assert used.search_micro_dollars.settled > 0
    assert all(use.month == used and use.running == 0 for use in uses)


def test_each_way_to_be_billed_is_charged_within_what_was_reserved() -> None:
    ask = make_ask(search=SEARCH)
    all_, some, nothing, broken, stopped, refused = (
        charge_for(ONE, ask, answer) for answer in bills(ONE)
    )

    assert (all_.micro_dollars, all_.searches) == (ONE.micro_dollars, ONE.searches)
    assert all_.search_micro_dollars == ONE.search_micro_dollars
    assert some.searches == 5
    counted = ToolUse(web_calls=3, x_calls=2, posts=14, profiles=ONE.profiles)
    assert some.search_micro_dollars == cost_of(counted)
    assert (nothing.searches, nothing.search_micro_dollars) == (0, 0)
    for unknown in (broken, stopped):
        assert unknown.searches == ONE.searches
        assert unknown.search_micro_dollars == ONE.search_micro_dollars > 0
        assert 0 < (unknown.micro_dollars or 0) <= (ONE.micro_dollars or 0)
    assert refused == Charge(0, 0, 0)
