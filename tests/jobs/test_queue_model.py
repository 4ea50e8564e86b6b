"""The scripts against a plain Python model: workers do anything, in any order, twice and late."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable
from dataclasses import replace
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

from bot.completion.ask import conversation_of
from bot.errors import LeaseLost
from bot.jobs.job import GROUP, MOST_ATTEMPTS, ROOT, Again, Lease, dump_post, post_field
from bot.jobs.queue import SCAN_START, Queue
from bot.reply.ledger import Post
from bot.store.conversations import Conversations
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from tests.fixtures.store import TEAM
from tests.jobs.asks import make_answer, make_ask
from tests.jobs.model import Model, ModelJob, ModelLine
from tests.jobs.model_steps import (
    CONVERSATIONS,
    JOB_IDS,
    LIFE,
    QUESTION,
    TEXTS,
    Holding,
    Reading,
    compare,
    may_change,
    order,
)

T = TypeVar("T")

WORKERS = 3
BOUND = 60
"""Tokens that a conversation holds: two turns or three, or one that is longer than that."""


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
            Queue(
                self._store,
                self._keys,
                lease_seconds=60,
                retention_seconds=600,
                thread_tokens=BOUND,
                thread_retention_seconds=600,
                pause_seconds=0.1,
            )
            for _ in range(WORKERS)
        ]
        self._conversations = Conversations(self._store, self._keys)
        self._model = Model(BOUND)
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

    @rule(asked=st.lists(st.tuples(*QUESTION), min_size=1, max_size=5), times=st.integers(1, 2))
    def accept(self, asked: list[tuple[str, dict[str, str], str, int]], times: int) -> None:
        model = self._model
        for job_id, place, retry_of, asked_at in asked:
            dedupe = job_id[4]
            ask = make_ask(dedupe=dedupe, retry_of=retry_of, asked_at=asked_at, **place)
            for _ in range(times):
                holder = self._do(self._queues[0].accept(job_id, ask))
                assert holder == model.seen.setdefault(dedupe, job_id)
            if holder == job_id and job_id not in model.jobs:
                model.accept(job_id, ask)

    @precondition(lambda self: self._model.unread)
    @rule(target=readings, worker=st.integers(0, WORKERS - 1), count=st.integers(1, 3))
    def read(self, worker: int, count: int) -> Any:
        entries = self._do(self._queues[worker].read(count))
        expected, self._model.unread = self._model.unread[:count], self._model.unread[count:]
        assert [entry.job_id for entry in entries] == expected
        self._model.pending.update(dict.fromkeys(entries, worker))
        return multiple(*((worker, entry) for entry in entries))

    @precondition(lambda self: self._model.unread)
    @rule(target=readings, worker=st.integers(0, WORKERS - 1), count=st.integers(0, 3))
    def overflow(self, worker: int, count: int) -> Any:
        """A read as any other, of what nobody has room for."""
        self._do(self._queues[0].offer(count))
        entries, _ = self._do(self._queues[worker].overflow(count, 0, count))
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
        job.attempts += 1
        if job.attempts > MOST_ATTEMPTS * (1 if job.given_up else 2):
            assert taken is None
            job.state = "running" if job.state == "queued" else job.state
            job.epoch, job.writes = job.epoch + 1, 0
            self._model.end(job, None)
            self._model.drop(entry)
            return multiple()
        assert taken is not None
        lease, found = taken
        job.state = "running" if job.state == "queued" else job.state
        job.lease, job.writes = lease.token, 0
        job.epoch += 1
        assert (found.state, found.epoch, found.attempts) == (job.state, job.epoch, job.attempts)
        assert (found.answer, found.redeliver) == (job.answer, job.redeliver)
        assert (found.conversation, found.stop) == (job.conversation, job.stop)
        return (worker, lease)

    @rule(reading=readings, times=st.integers(1, 2))
    def pause(self, reading: Reading, times: int) -> None:
        """What one does before `take` with what was claimed."""
        worker, entry = reading
        has_it = self._model.pending.get(entry) == worker
        rests = has_it and self._model.rests(entry)
        for each in range(times):
            seconds = self._do(self._queues[worker].pause(entry))
            assert (seconds > 0) == (rests and each == 0)

    @precondition(lambda self: self._model.paused | self._model.singly)
    @rule(times=st.integers(1, 2))
    def wake(self, times: int) -> None:
        self._do(self._let_all_have_rested())
        for _ in range(times):
            self._model.wake()
            self._do(self._queues[0].wake())

    async def _let_all_have_rested(self) -> None:
        for name in (self._keys.paused, self._keys.singly):
            for job_id in await self._store.redis.zrange(name, 0, -1):
                await self._store.redis.zadd(name, {str(job_id): 0})

    @precondition(lambda self: self._model.unread)
    @rule(worker=st.integers(0, WORKERS - 1), crashes=st.integers(1, 8))
    def crash(self, worker: int, crashes: int) -> None:
        """One job that its workers die of, again and again, and nothing else meanwhile."""
        (reading,) = self.read(worker, 1).values
        job = self._model.jobs[reading[1].job_id]
        for _ in range(crashes):
            holding = self.take(reading)
            if not isinstance(holding, tuple):
                return
            if job.attempts > MOST_ATTEMPTS and not job.given_up:
                self.give_up(holding, 1)
            claimed = self.claim(worker).values
            reading = next(each for each in claimed if each[1].job_id == job.id)
            self.pause(reading, 1)
            if job.id not in self._model.paused | self._model.singly:
                continue
            while job.id not in self._model.unread:
                self.wake(1)
                if self._model.alone not in ("", job.id):
                    return
            read = self.read(worker, len(self._model.unread)).values
            reading = next(each for each in read if each[1].job_id == job.id)

    @precondition(lambda self: self._model.unread)
    @rule(
        target=holdings,
        worker=st.integers(0, WORKERS - 1),
        lives=st.lists(st.tuples(*LIFE), min_size=1, max_size=4),
    )
    def live(self, worker: int, lives: list[tuple[str, str, str]]) -> Any:
        """What is usual: one job after the other, from its entry on, most of them to their end."""
        held = []
        for text, how, end in lives[: len(self._model.unread)]:
            (reading,) = self.read(worker, 1).values
            holding = self.take(reading)
            if not isinstance(holding, tuple):
                continue
            held.append(holding)
            if how:
                self.root(holding, 1, "1.1", "adopt" if how == "adopt" else "write", 1)
            if how == "anew":
                self.root(holding, 2, "1.1", "forget", 1)
                self.root(holding, 3, "2.2", "write", 1)
            if end:
                redeliver = self._model.jobs[reading[1].job_id].redeliver
                self.finish(holding, text, redeliver, end == "informed", 1)
        return multiple(*held)

    @rule(holding=holdings)
    def renew(self, holding: Holding) -> None:
        worker, lease = holding
        held = self._held(lease)
        assert self._do(self._queues[worker].renew([lease])) == [held is not None]
        if held and lease.entry in self._model.pending:
            self._model.pending[lease.entry] = worker

    @rule(holding=holdings, number=st.integers(0, 4), value=st.sampled_from(["", "{}", "[]"]))
    def write(self, holding: Holding, number: int, value: str) -> None:
        worker, lease = holding
        held = self._held(lease)
        act = self._queues[worker].write(lease, number, [("posted", value)])
        stands = value and self._model.jobs[lease.entry.job_id].posted == value
        assert self._raises_lost(act) == (held is None and not stands)
        if held and number > held.writes:
            held.writes, held.posted = number, value or None

    @rule(
        holding=holdings,
        number=st.integers(0, 4),
        ts=st.sampled_from(["1.1", "2.2"]),
        how=st.sampled_from(["write", "adopt", "forget"]),
        times=st.integers(1, 2),
    )
    def root(self, holding: Holding, number: int, ts: str, how: str, times: int) -> None:
        """Post the first message of an answer, adopt one, or remove it."""
        job = self._model.jobs[holding[1].entry.job_id]
        conversation = conversation_of(job.ask.channel, ts)
        held = self._held(holding[1])
        applies = held is not None and number > held.writes
        if job.ask.conversation or (applies and not may_change(job, conversation, how)):
            return
        value = dump_post(Post(ROOT, job.ask.channel, 1.0, ts))
        stands = how == "write" and job.root == value
        for _ in range(times):
            lost = self._raises_lost(self._change_root(holding, number, ts, how))
            assert lost == (held is None and not stands)
        if applies and how == "forget":
            self._model.leave(job)
            job.writes, job.root = number, None
        elif applies:
            self._model.enter(job, conversation)
            job.writes, job.root, job.root_ts = number, value, ts

    async def _change_root(self, holding: Holding, number: int, ts: str, how: str) -> None:
        worker, lease = holding
        queue, channel = self._queues[worker], self._model.jobs[lease.entry.job_id].ask.channel
        name, conversation = post_field(ROOT), conversation_of(channel, ts)
        value = dump_post(Post(ROOT, channel, 1.0, ts))
        if how == "adopt":
            assert await queue.adopt(lease, number, name, value, ts, enters=conversation)
        elif how == "write":
            await queue.write(lease, number, [(name, value)], enters=conversation)
        else:
            await queue.write(lease, number, [(name, "")], leaves=conversation)

    @rule(holding=holdings, text=st.sampled_from(TEXTS), times=st.integers(1, 2))
    def deliver(self, holding: Holding, text: str, times: int) -> None:
        worker, lease = holding
        held = self._held(lease)
        if held is None:
            assert self._raises_lost(self._queues[worker].deliver(lease, make_answer(text)))
            return
        if held.state == "running":
            held.state, held.answer = "delivering", make_answer(text)
        for _ in range(times):
            stored = self._do(self._queues[worker].deliver(lease, make_answer(text)))
            assert stored == held.answer

    @rule(holding=holdings, times=st.integers(1, 2))
    def give_up(self, holding: Holding, times: int) -> None:
        worker, lease = holding
        held, sorry = self._held(lease), make_answer("sorry")
        act = self._queues[worker].deliver
        if held is None:
            assert self._raises_lost(act(lease, sorry, given_up=True))
            return
        self._model.give_up(held, sorry)
        for _ in range(times):
            assert self._do(act(lease, sorry, given_up=True)) == held.answer

    @rule(job_id=st.sampled_from(JOB_IDS), times=st.integers(1, 2))
    def drop(self, job_id: str, times: int) -> None:
        """Whoever holds it, and wherever it waits."""
        model, answer = self._model, make_answer("dropped")
        for _ in range(times):
            outcome = self._do(self._queues[0].crashes.drop(job_id, answer))
            job = model.jobs.get(job_id)
            if job is None:
                assert outcome == "unknown"
            elif job.state == "done":
                assert outcome == ("forgotten" if job_id in model.failed else "over")
                model.failed.discard(job_id)
            else:
                assert outcome == "dropped"
                if job.given_up != "dropped":
                    model.end(job, answer)

    @rule(
        holding=holdings,
        text=st.sampled_from(TEXTS),
        served=st.integers(0, 3),
        informed=st.booleans(),
        times=st.integers(1, 2),
    )
    def finish(self, holding: Holding, text: str, served: int, informed: bool, times: int) -> None:
        """`informed`: whether the holder knows which messages it has posted."""
        worker, lease = holding
        held = self._held(lease)
        if held and held.state == "running":
            self.deliver(holding, text, 1)
        job = self._do(self._queues[worker].look(lease.entry.job_id))
        assert job is not None
        job = job if informed else replace(job, posts={})
        if held is None:
            assert self._raises_lost(self._queues[worker].finish(lease, served, job))
            return
        again = held.state == "delivering" and held.redeliver > served
        for _ in range(times):
            calls = self._do(self._queues[worker].finish(lease, served, job))
            assert calls == (Again(held.redeliver) if again else None)
        if not again and held.state == "delivering":
            self._model.finish(held, lease.entry)

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

    @rule(conversation=st.sampled_from(CONVERSATIONS), times=st.integers(1, 2))
    def forget(self, conversation: str, times: int) -> None:
        for _ in range(times):
            self._do(self._conversations.forget(conversation))
        if line := self._model.lines.get(conversation):
            line.turns, line.dropped = [], 0

    @rule(job_id=st.sampled_from(JOB_IDS), reason=st.sampled_from("uv"), times=st.integers(1, 2))
    def stop(self, job_id: str, reason: str, times: int) -> None:
        job = self._model.jobs.get(job_id)
        for _ in range(times):
            state = self._do(self._queues[0].stop(job_id, reason))
            assert state == (job.state if job else None)
        if job and job.state in ("queued", "running") and not job.stop:
            job.stop = reason
            self._model.stops.append(job_id)

    @invariant()
    def redis_holds_what_the_model_holds(self) -> None:
        found = self._do(self._everything())
        model = self._model
        for job, fields in zip(model.jobs.values(), found[: len(model.jobs)], strict=True):
            compare(job, fields)
        depth, pending, recent, stops, paused, singly, failed, *lines = found[len(model.jobs) :]
        assert (set(paused), set(singly), set(failed)) == (
            model.paused,
            model.singly,
            model.failed,
        )
        assert depth == len(model.unread) + len(model.pending)
        assert pending["pending"] == len(model.pending)
        assert [json.loads(entry)["job_id"] for entry in recent] == model.recent
        assert [fields["job"] for _, fields in stops] == model.stops
        for index, conversation in enumerate(CONVERSATIONS):
            facts, active, waiting, turns = lines[index * 4 : index * 4 + 4]
            line = model.lines.get(conversation)
            assert facts == (str(line.dropped) if line else None)
            line = line or ModelLine()
            assert (active, waiting) == (line.active, line.waiting)
            assert turns == [turn.entry for turn in line.turns]

    @invariant()
    def every_open_job_is_in_the_queue_or_in_line(self) -> None:
        assert list(self._model.faults()) == []

    async def _everything(self) -> list[Any]:
        """All that Redis holds, in one trip."""
        keys = self._keys
        async with self._store.redis.pipeline() as pipe:
            for job_id in self._model.jobs:
                pipe.hgetall(keys.job(job_id))
            pipe.xlen(keys.queue)
            pipe.xpending(keys.queue, GROUP)
            pipe.lrange(keys.recent("U1"), 0, -1)
            pipe.xrange(keys.stops)
            for index in (keys.paused, keys.singly, keys.failed):
                pipe.zrange(index, 0, -1)
            for conversation in CONVERSATIONS:
                pipe.hget(keys.thread_facts(conversation), "dropped")
                pipe.smembers(keys.thread_active(conversation))
                pipe.zrange(keys.thread_waiting(conversation), 0, -1)
                pipe.lrange(keys.thread(conversation), 0, -1)
            return await pipe.execute()


def test_scripts_do_what_the_model_does(valkey: str) -> None:
    class Machine(QueueMachine):
        def __init__(self) -> None:
            super().__init__(valkey)

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=20,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
