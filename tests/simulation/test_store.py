"""The store of the simulation beside a real one: the same operations, and what came of each."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

from bot.completion.result import Usage
from bot.errors import LeaseLost, StalePolicy
from bot.jobs.queue import SCAN_START, Queue
from bot.rules.charge import Charge
from bot.rules.hold import Denied, Hold
from bot.rules.policy import limit_fields
from bot.rules.quota import WORKSPACE, Scope
from bot.slack.pacing import EditBudget
from bot.store.allowances import Allowances
from bot.store.conversations import Conversations
from bot.store.keys import Keys
from bot.store.policies import Policies
from bot.store.quotas import Quotas
from bot.store.redis.connection import Store
from tests.fixtures.store import TEAM
from tests.jobs.asks import make_answer, make_ask
from tests.rules.holds import make_hold, make_windows
from tests.simulation.loop import PROCESS, Process, SimLoop
from tests.simulation.seams import drawn_from
from tests.simulation.store import FakeStore
from tests.simulation.world import World

KEYS = Keys(TEAM)
THREAD = "C1:1700000000.000001"
USED = Usage(prompt_tokens=20, completion_tokens=10, total_tokens=30, cost_in_usd_ticks=4_000_000)

Step = Callable[[], Awaitable[Any]]


class Operations:
    """What was done, and what came of it, without what differs by chance or by the clock."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.seen: list[tuple[str, Any]] = []

    async def do(self, name: str, step: Awaitable[Any]) -> Any:
        try:
            came = await step
        except (LeaseLost, Denied, ValueError) as error:
            self.seen.append((name, type(error).__name__))
            return None
        self.seen.append((name, _steady(came)))
        return came

    async def keys(self) -> None:
        """Which keys there are, of which kind, and what the hashes hold."""
        redis: Any = self.store.redis
        for key in sorted(await redis.keys("*")):
            kind = await redis.type(key)
            what: Any = await redis.hgetall(key) if kind == "hash" else {}
            what = {name: _parsed(value) for name, value in what.items()}
            self.seen.append((_steady(key), (kind, _steady(what), await redis.ttl(key) > 0)))


def _parsed(value: str) -> Any:
    """JSON without the order in which it was written."""
    return json.dumps(json.loads(value), sort_keys=True) if value.startswith("{") else value


def _steady(value: Any) -> str:
    """In words, without ids that were drawn, moments, and entries of streams."""
    if isinstance(value, dict):
        value = sorted(value.items())
    text = re.sub(r"\b[0-9a-f]{32}\b", "ID", repr(value))
    text = re.sub(r"asked_at\W+[\d.]+", "asked_at …", text)
    text = re.sub(r"[\w.-]+-\d+-[0-9a-f]{8}\b", "CONSUMER", text)
    text = re.sub(r"\b\d{13}-\d+\b", "ENTRY", text)
    text = re.sub(r"\b1\d{9}(\d{3})?(\.\d+)?\b", "MOMENT", text)
    return re.sub(r"(age|oldest|unread|rest|late|since)=[\d.]+", r"\1=…", text)


def _hold(tokens: int = 100, **fields: Any) -> Hold:
    return make_hold(tokens, **fields).model_copy(update={"windows": make_windows(ends_in=9_999)})


async def _journeys(store: Store) -> list[tuple[str, Any]]:
    """Every script, by the ways that a job may take."""
    ops = Operations(store)
    queue = Queue(store, KEYS, lease_seconds=0.05, retention_seconds=3600, pause_seconds=0.02)
    await _accepting(ops, queue)
    await _holding(ops, queue)
    await _crashing(ops, queue)
    await _counting(ops, store)
    await ops.keys()
    return ops.seen


async def _accepting(ops: Operations, queue: Queue) -> None:
    ask = make_ask(dedupe="one")
    await ops.do("accept", queue.accept("one", ask, _hold()))
    await ops.do("accept again", queue.accept("one", ask, _hold()))
    await ops.do("accept twice", queue.accept("other", ask, _hold()))
    await ops.do(
        "denied",
        queue.accept("much", make_ask(dedupe="much"), _hold(workspace={"tokens-per-day": 150})),
    )
    first = make_ask(dedupe="t1", conversation=THREAD, question_ts="1.1")
    second = make_ask(dedupe="t2", conversation=THREAD, question_ts="1.2")
    await ops.do(
        "begins a thread",
        queue.accept("t1", first, _hold(room=50, least_room=10, rate=2, micro_dollars=None)),
    )
    await ops.do("waits in a thread", queue.accept("t2", second, _hold()))
    await ops.do("place in line", Conversations(ops.store, KEYS).before(THREAD, "t2"))
    await ops.do("refuse", queue.refuse("never"))
    await ops.do("refuse again", queue.refuse("never"))
    await ops.do("refuse a job", queue.refuse("one"))
    await ops.do("holder", queue.holder_of("one"))
    await ops.do("load", queue.load())


async def _holding(ops: Operations, queue: Queue) -> None:
    read = await _read(ops, queue, 5)
    lease, job = await ops.do("take", queue.take(read[0]))
    await ops.do("take again", queue.take(read[0]))
    lease, job = await ops.do("take once more", queue.take(read[0])) or (lease, job)
    await ops.do("ask only", queue.write(lease, 0, []))
    await ops.do("write", queue.write(lease, 1, [("post:0", '{"ts":"1.5"}')], late=3.0))
    await ops.do("write late", queue.write(lease, 1, [("post:0", "old")]))
    await ops.do("begin", queue.begin(lease, _hold()))
    await ops.do("begin again", queue.begin(lease, _hold(), 1))
    await ops.do("stop", queue.stop("one", "asker"))
    await ops.do("stop again", queue.stop("one", "admin"))
    await ops.do("reason", queue.stop_reason("one"))
    _, stopped = await queue.stops("0-0")
    ops.seen.append(("stops", stopped))
    answer = make_answer().model_copy(update={"usage": USED})
    await ops.do("early", _early(queue, lease, job))
    await ops.do("deliver", queue.deliver(lease, answer, _hold(), Charge(1, 30, 400)))
    await ops.do("deliver again", queue.deliver(lease, make_answer("no"), _hold(), Charge(1, 9, 9)))
    await ops.do("reassert", queue.reassert("one", lease, 2.0))
    await ops.do("shown", queue.finish(lease, 0, job, shown=True))
    await ops.do("called again", queue.finish(lease, 0, job))
    await ops.do("finish", queue.finish(lease, 1, job))
    await ops.do("reassert what is done", queue.reassert("one"))
    await ops.do("reassert nothing", queue.reassert("nobody"))
    lease, job = await ops.do("take a thread", queue.take(read[1]))
    await ops.do("disown", queue.disown("t1", "1.7"))
    await ops.do("adopt disowned", queue.adopt(lease, 1, "post:0", '{"ts":"1.7"}', "1.7"))
    await ops.do("adopt", queue.adopt(lease, 1, "post:0", '{"ts":"1.8"}', "1.8", enters=THREAD))
    await ops.do("disown adopted", queue.disown("t1", "1.8"))
    await ops.do("release", queue.release(lease, 1.0))
    await ops.do("release again", queue.release(lease, 1.0))
    await ops.do("lost", queue.deliver(lease, answer, _hold()))
    await _read(ops, queue, 5)
    await ops.do("renew", queue.renew([lease]))


async def _early(queue: Queue, lease: Any, job: Any) -> str:
    try:
        await queue.finish(lease, 0, job)
    except RuntimeError as error:
        return str(error)
    return "finished"


async def _crashing(ops: Operations, queue: Queue) -> None:
    await queue.accept("c1", make_ask(dedupe="c1"), _hold())
    entries = await _read(ops, queue, 5)
    entry = next(each for each in entries if each.job_id == "c1")
    lease, job = await ops.do("take what crashes", queue.take(entry))
    await asyncio.sleep(0.06)
    cursor, claimed = await queue.claim(10, SCAN_START, 0.05)
    ops.seen.append(("claim", (cursor, sorted(each.job_id for each in claimed))))
    for each in sorted(claimed, key=lambda each: each.job_id):
        rest = await queue.pause(each)
        ops.seen.append(("pause", (each.job_id, rest > 0)))
    await asyncio.sleep(0.1)
    await ops.do("wake", queue.wake())
    await _read(ops, queue, 5)
    await ops.do("restore what is known", queue.restore(lease, job))
    await ops.do("drop", queue.crashes.drop("c1", make_answer("over")))
    await ops.do("offer", queue.offer(3))
    await ops.do("overflow", queue.overflow(3, 0.0, 2))
    await ops.do("hand back", queue.hand_back())
    await ops.do("prune", queue.prune())


async def _counting(ops: Operations, store: Store) -> None:
    policies, quotas = Policies(store, KEYS), Quotas(store, KEYS)
    change = policies.change(WORKSPACE, limit_fields({"concurrent": 3}), by="U1")
    await ops.do("policy", change)
    await ops.do("stale", _stale(store))
    windows = make_windows()
    for scope in (WORKSPACE, Scope("channel", "C1"), Scope("user", "U1")):
        await ops.do(f"usage of {scope}", quotas.usage([scope], windows))
    await ops.do("ledger", quotas.export(windows.month))
    await ops.do("most", quotas.most(WORKSPACE, windows.month, 5))
    budget = EditBudget(store, KEYS, 6)
    await ops.do("may begin", budget.ask("begin", "one"))
    for _ in range(5):
        await ops.do("edit", budget.ask("edit", "one", age=1.0, since=1.0))
    await ops.do("final", budget.ask("final", "one"))
    await ops.do("end", budget.ask("end", "one", age=3.0))
    await ops.do("post", budget.post("C1"))
    await ops.do("rest", budget.rest("chat.update", 2.0))
    await ops.do("allowance", Allowances(store, KEYS).take("who", 2))


async def _stale(store: Store) -> str:
    queue = Queue(store, KEYS, lease_seconds=1, retention_seconds=3600)
    try:
        await queue.accept("stale", make_ask(dedupe="stale"), _hold())
    except StalePolicy:
        return "stale"
    return "accepted"


async def _read(ops: Operations, queue: Queue, count: int) -> list[Any]:
    entries = await queue.read(count) or await queue.read(count)
    ops.seen.append(("read", [each.job_id for each in entries]))
    return entries


def _simulated() -> list[tuple[str, Any]]:
    random = Random(1)
    loop = SimLoop(random)
    world = World(loop, random, [])
    store = FakeStore(world)

    async def main() -> list[tuple[str, Any]]:
        PROCESS.set(Process("a"))
        return await _journeys(store.client())

    with drawn_from(Random(2), loop.time):
        return loop.simulate(main())


async def test_every_script_does_there_what_it_does_on_a_real_store(store: Store) -> None:
    real = await _journeys(store)
    simulated = await asyncio.get_running_loop().run_in_executor(None, _simulated)
    for (name, came), (again, simulated_came) in zip(real, simulated, strict=False):
        assert (name, came) == (again, simulated_came)
    assert len(real) == len(simulated)
    assert len(real) > 80
