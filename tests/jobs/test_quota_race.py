"""Far more questions at once than a quota has room for; workers answer or are lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.asking import admission
from bot.asking.admission import Acceptor
from bot.completion.result import Answer, Usage
from bot.completion.search import NO_SEARCH, Search
from bot.jobs.holder import Held
from bot.jobs.queue import Queue
from bot.rules.hold import Denied, Hold
from bot.rules.quota import WORKSPACE, QuotaName, Scope, Windows
from bot.store.keys import Keys
from bot.store.quotas import Amount, Quotas, Use
from bot.store.redis import clients, connection
from bot.store.redis.connection import Store
from tests.jobs.asks import make_answer, make_ask
from tests.jobs.conftest import MakeQueue
from tests.jobs.work import IDLE, working
from tests.rules.holds import make_hold, make_windows
from tests.store.proxy import Proxy, each_once

ASKED = 400
EACH = 100
FIT = 25
LIMIT = FIT * EACH
PATIENCE = 40.0
FAST = 0.5
"""A lease that runs out while a test waits for it, in seconds."""

SCOPES = (WORKSPACE, Scope("channel", "C1"), Scope("user", "U1"))
STEPS = ["taken", "begun", "delivered"]


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody gives up: what is tested is who is taken, not how fast."""
    monkeypatch.setattr(admission, "ACCEPT_SECONDS", PATIENCE)
    monkeypatch.setattr(connection, "REPLY_SECONDS", PATIENCE)
    monkeypatch.setattr(clients, "FREE_SECONDS", PATIENCE)


class CrashError(Exception):
    """A worker is lost."""


class Spending:
    """A `run_job` that uses from 10 to 90 tokens; the first worker of each job is lost at `step`.

    `charges` is what each job must be charged in the end.
    """

    def __init__(self, step: str = "") -> None:
        self._step = step
        self._lost: set[str] = set()
        self.charges: dict[str, int] = {}
        self.denied = 0

    async def __call__(self, held: Held) -> None:
        if held.job.answer is None:
            self._pass("taken", held)
            await held.deliver(await self._ask(held))
            self._pass("delivered", held)
        while await held.finish():
            pass

    async def _ask(self, held: Held) -> Answer:
        before = self.charges.get(held.job.id, 0)
        try:
            await held.begin()
        except Denied as denied:
            self.denied += 1
            return Answer.failed("grok-test", denied.sentence)
        self.charges[held.job.id] = before + EACH
        self._pass("begun", held)
        used = 10 + len(self.charges) % 9 * 10
        self.charges[held.job.id] = before + used
        usage = Usage(total_tokens=used, cost_in_usd_ticks=0)
        return make_answer().model_copy(update={"usage": usage})

    def _pass(self, step: str, held: Held) -> None:
        if step == self._step and held.job.id not in self._lost:
            self._lost.add(held.job.id)
            raise CrashError


class Watch:
    """Looks at the counters all the time, and remembers the most that was used and reserved of
    what counts against a quota."""

    def __init__(
        self,
        store: Store,
        keys: Keys,
        name: QuotaName = "tokens-per-day",
        windows: Windows | None = None,
    ) -> None:
        self._quotas = Quotas(store, keys)
        self._windows = windows or make_windows()
        self._name: QuotaName = name
        self.most = 0

    async def look(self) -> tuple[Use, ...]:
        uses = await self._quotas.usage(SCOPES, self._windows)
        amounts = [use.of(self._name) for use in uses]
        self.most = max(self.most, *(amount.settled + amount.held for amount in amounts))
        return uses

    @asynccontextmanager
    async def on(self) -> AsyncIterator[None]:
        async def keep_looking() -> None:
            while True:
                await self.look()

        looking = asyncio.create_task(keep_looking())
        try:
            yield
        finally:
            looking.cancel()
            await asyncio.wait([looking])
        assert looking.cancelled()


async def ask_all(
    acceptors: list[Acceptor], hold: Hold, search: Search = NO_SEARCH
) -> tuple[int, list[Denied]]:
    """How many were taken, and every refusal."""
    asking = [
        acceptors[number % len(acceptors)].accept(make_ask(search=search), hold)
        for number in range(ASKED)
    ]
    outcomes = await asyncio.gather(*asking, return_exceptions=True)
    denied = [outcome for outcome in outcomes if isinstance(outcome, Denied)]
    taken = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    assert len(denied) + len(taken) == ASKED
    return len(taken), denied


def check_refusals(denied: list[Denied]) -> None:
    """Each had a limit against it that was really reached, and not passed."""
    for refusal in denied:
        for short in refusal.shortages:
            assert (short.name, short.limit, short.wanted) == ("tokens-per-day", LIMIT, EACH)
            assert LIMIT - EACH < short.settled + short.held <= LIMIT


async def check_end(watch: Watch, queue: Queue, spending: Spending) -> None:
    """All was charged to everybody, within the limit, and nothing is reserved any more."""
    while await queue.load() != IDLE:
        await asyncio.sleep(0.02)
    charged = sum(spending.charges.values())
    assert 0 < charged <= LIMIT
    assert watch.most <= LIMIT
    for found in await watch.look():
        assert found.day == found.month
        assert found.day.tokens == Amount(charged, 0)
        assert found.day.requests.held == found.day.micro_dollars.held == 0
        assert found.running == 0


async def race(queues: list[Queue], store: Store, keys: Keys, spending: Spending) -> None:
    """Ask all at once, by several processes, while one of them answers."""
    watch, hold = Watch(store, keys), make_hold(EACH, 0, limits={"tokens-per-day": LIMIT})
    async with watch.on(), working(queues[0], spending, at_once=50):
        taken, denied = await ask_all([Acceptor(queue) for queue in queues], hold)
        assert taken >= FIT
        check_refusals(denied)
        await check_end(watch, queues[0], spending)


async def test_limit_holds_when_all_ask_at_once(
    store: Store, valkey: str, keys: Keys, make_queue: MakeQueue
) -> None:
    async with Store(valkey) as other:
        queues = [make_queue(each, 60) for each in (store, other)]
        await race(queues, store, keys, Spending())


async def test_limit_holds_when_nobody_answers(store: Store, keys: Keys, queue: Queue) -> None:
    """Then exactly as many are taken as fit, and the others are told so."""
    watch, hold = Watch(store, keys), make_hold(EACH, 0, limits={"tokens-per-day": LIMIT})
    taken, denied = await ask_all([Acceptor(queue)], hold)

    assert taken == FIT
    check_refusals(denied)
    for found in await watch.look():
        assert found.day.tokens == Amount(0, LIMIT)
        assert found.running == FIT


async def test_limit_holds_when_every_reply_is_lost_once(
    store: Store, valkey: str, keys: Keys, make_queue: MakeQueue
) -> None:
    async with Proxy(valkey) as proxy, Store(proxy.url) as one, Store(proxy.url) as two:
        proxy.lose = each_once()
        await race([make_queue(each, 60) for each in (one, two)], store, keys, Spending())
        assert proxy.lost >= ASKED


@pytest.mark.parametrize("step", STEPS)
async def test_limit_holds_when_every_worker_is_lost_once(
    step: str, store: Store, keys: Keys, make_queue: MakeQueue
) -> None:
    spending = Spending(step)
    await race([make_queue(store, FAST)], store, keys, spending)

    if step != "begun":
        assert spending.denied == 0
