"""The scripts against a plain Python model: workers do anything, in any order, twice and late."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.completion.result import Answer
from bot.errors import LeaseLost
from bot.jobs.queue import GROUP, SCAN_START, Entry, Lease, Queue
from bot.store.connection import Store
from bot.store.keys import Keys
from tests.fixtures.store import TEAM
from tests.jobs.asks import make_answer, make_ask

T = TypeVar("T")

WORKERS = 3
Reading = tuple[int, Entry]
Holding = tuple[int, Lease]


@dataclass
class ModelJob:
    """What a job's hash must hold."""

    state: str = "queued"
    epoch: int = 0
    attempts: int = 0
    redeliver: int = 0
    lease: str | None = None
    posted: str | None = None
    writes: int = 0
    answer: Answer | None = None


@dataclass
class Model:
    """What Redis must hold: jobs, deliveries, and the stream with its readers."""

    jobs: dict[str, ModelJob] = field(default_factory=dict)
    seen: dict[str, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    pending: dict[Entry, int] = field(default_factory=dict)

    def drop(self, entry: Entry) -> None:
        self.pending.pop(entry, None)


class QueueMachine(RuleBasedStateMachine):
    """Every rule does one thing in Redis and in the model, and compares what came of it."""

    readings = Bundle("readings")
    holdings = Bundle("holdings")

    def __init__(self, valkey: str) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._store = Store(valkey)
        self._keys = Keys(TEAM)
        self._queues = [
            Queue(self._store, self._keys, lease_seconds=60, retention_seconds=600)
            for _ in range(WORKERS)
        ]
        self._model = Model()
        self._do(self._store.redis.flushall())
        self._do(self._queues[0].claim(1, SCAN_START, 0))

    def teardown(self) -> None:
        self._do(self._store.aclose())
        self._runner.close()

    def _do(self, act: Awaitable[T]) -> T:
        async def wait() -> T:
            return await act

        return self._runner.run(wait())

    def _held(self, lease: Lease) -> ModelJob | None:
        job = self._model.jobs[lease.entry.job_id]
        return job if job.lease == lease.token else None

    def _raises_lost(self, act: Awaitable[object]) -> bool:
        try:
            self._do(act)
        except LeaseLost:
            return True
        return False

    @rule(number=st.integers(0, 5), dedupe=st.sampled_from("abc"), times=st.integers(1, 2))
    def accept(self, number: int, dedupe: str, times: int) -> None:
        job_id = f"job-{dedupe}-{number}"
        model = self._model
        for _ in range(times):
            holder = self._do(self._queues[0].accept(job_id, make_ask(dedupe=dedupe)))
            assert holder == model.seen.setdefault(dedupe, job_id)
        if holder == job_id and job_id not in model.jobs:
            model.jobs[job_id] = ModelJob()
            model.unread.append(job_id)

    @precondition(lambda self: self._model.unread)
    @rule(target=readings, worker=st.integers(0, WORKERS - 1), count=st.integers(1, 3))
    def read(self, worker: int, count: int) -> Any:
        entries = self._do(self._queues[worker].read(count))
        expected, self._model.unread = self._model.unread[:count], self._model.unread[count:]
        assert [entry.job_id for entry in entries] == expected
        self._model.pending.update(dict.fromkeys(entries, worker))
        return multiple(*((worker, entry) for entry in entries))

    @rule(target=readings, worker=st.integers(0, WORKERS - 1))
    def claim(self, worker: int) -> Any:
        cursor, entries = self._do(self._queues[worker].claim(100, SCAN_START, 0))
        assert cursor == SCAN_START
        assert set(entries) == set(self._model.pending)
        self._model.pending = dict.fromkeys(entries, worker)
        return multiple(*((worker, entry) for entry in entries))

    @rule(target=holdings, reading=readings)
    def take(self, reading: Reading) -> Any:
        worker, entry = reading
        taken = self._do(self._queues[worker].take(entry))
        job = self._model.jobs[entry.job_id]
        if job.state == "done":
            assert taken is None
            self._model.drop(entry)
            return multiple()
        if self._model.pending.get(entry) != worker:
            assert taken is None
            return multiple()
        assert taken is not None
        lease, found = taken
        job.state = "running" if job.state == "queued" else job.state
        job.lease, job.writes = lease.token, 0
        job.epoch += 1
        job.attempts += 1
        assert (found.state, found.epoch, found.attempts) == (job.state, job.epoch, job.attempts)
        assert (found.answer, found.redeliver) == (job.answer, job.redeliver)
        return (worker, lease)

    @rule(holding=holdings)
    def renew(self, holding: Holding) -> None:
        worker, lease = holding
        held = self._held(lease)
        assert self._do(self._queues[worker].renew(lease)) == (held is not None)
        if held and lease.entry in self._model.pending:
            self._model.pending[lease.entry] = worker

    @rule(holding=holdings, number=st.integers(0, 4), value=st.sampled_from(["", "{}", "[]"]))
    def write(self, holding: Holding, number: int, value: str) -> None:
        worker, lease = holding
        held = self._held(lease)
        act = self._queues[worker].write(lease, number, [("posted", value)])
        assert self._raises_lost(act) == (held is None)
        if held and number > held.writes:
            held.writes, held.posted = number, value or None

    @rule(holding=holdings, text=st.sampled_from("xyz"), times=st.integers(1, 2))
    def deliver(self, holding: Holding, text: str, times: int) -> None:
        worker, lease = holding
        held = self._held(lease)
        if held is None:
            assert self._raises_lost(self._queues[worker].deliver(lease, make_answer(text)))
            return
        if held.state == "running":
            held.state, held.answer, held.attempts = "delivering", make_answer(text), 1
        for _ in range(times):
            stored = self._do(self._queues[worker].deliver(lease, make_answer(text)))
            assert stored == held.answer

    @rule(holding=holdings, served=st.integers(0, 3), times=st.integers(1, 2))
    def finish(self, holding: Holding, served: int, times: int) -> None:
        worker, lease = holding
        held = self._held(lease)
        if held is None:
            assert self._raises_lost(self._queues[worker].finish(lease, served))
            return
        if held.state == "running":
            self.deliver(holding, "x", 1)
        again = held.state == "delivering" and held.redeliver > served
        for _ in range(times):
            calls = self._do(self._queues[worker].finish(lease, served))
            assert calls == (held.redeliver if again else None)
        if not again and held.state == "delivering":
            held.state = "done"
            self._model.drop(lease.entry)

    @rule(holding=holdings, times=st.integers(1, 2))
    def release(self, holding: Holding, times: int) -> None:
        worker, lease = holding
        held = self._held(lease)
        for _ in range(times):
            self._do(self._queues[worker].release(lease))
        if held is None or held.state == "done":
            return
        held.state = "queued" if held.state == "running" else held.state
        held.lease = None
        held.attempts -= 1
        self._model.drop(lease.entry)
        self._model.unread.append(lease.entry.job_id)

    @rule(holding=holdings)
    def reassert(self, holding: Holding) -> None:
        worker, lease = holding
        job_id = lease.entry.job_id
        self._do(self._queues[worker].reassert(job_id))
        job = self._model.jobs[job_id]
        job.redeliver += 1
        if job.state == "done":
            job.state, job.attempts, job.lease = "delivering", 0, None
            self._model.unread.append(job_id)

    @rule(worker=st.integers(0, WORKERS - 1), working=st.lists(readings, max_size=3))
    def hand_back(self, worker: int, working: list[Reading]) -> None:
        kept = {entry for _, entry in working}
        back = [
            entry
            for entry in sorted(self._model.pending, key=lambda entry: order(entry.entry_id))
            if self._model.pending[entry] == worker and entry not in kept
        ]
        assert self._do(self._queues[worker].hand_back(list(kept))) == len(back)
        for entry in back:
            self._model.drop(entry)
            self._model.unread.append(entry.job_id)

    @invariant()
    def redis_holds_what_the_model_holds(self) -> None:
        for job_id, job in self._model.jobs.items():
            fields = self._do(self._hash(job_id))
            assert fields["state"] == job.state
            assert int(fields["epoch"]) == job.epoch
            assert int(fields["attempts"]) == job.attempts
            assert int(fields["redeliver"]) == job.redeliver
            assert fields.get("lease") == job.lease
            assert fields.get("posted") == job.posted
            stored = fields.get("answer")
            assert (stored and Answer.model_validate_json(stored)) == job.answer
        depth, pending = self._do(self._counts())
        assert depth == len(self._model.unread) + len(self._model.pending)
        assert pending == len(self._model.pending)

    @invariant()
    def no_open_job_is_out_of_the_queue(self) -> None:
        queued = {*self._model.unread, *(entry.job_id for entry in self._model.pending)}
        assert queued >= {name for name, job in self._model.jobs.items() if job.state != "done"}

    async def _hash(self, job_id: str) -> dict[str, str]:
        return await self._store.redis.hgetall(self._keys.job(job_id))  # type: ignore[return-value]

    async def _counts(self) -> tuple[int, int]:
        depth = await self._store.redis.xlen(self._keys.queue)
        summary = await self._store.redis.xpending(self._keys.queue, GROUP)
        return depth, int(summary["pending"])


def order(entry_id: str) -> tuple[int, int]:
    time, _, number = entry_id.partition("-")
    return int(time), int(number)


def test_scripts_do_what_the_model_does(valkey: str) -> None:
    class Machine(QueueMachine):
        def __init__(self) -> None:
            super().__init__(valkey)

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=40,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
