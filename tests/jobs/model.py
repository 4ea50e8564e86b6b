"""A plain Python model of what the scripts keep in Redis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.completion.ask import Ask, Turn, conversation_of, turn_of
from bot.completion.result import Answer
from bot.jobs.job import MOST_ATTEMPTS, Entry
from bot.store.conversations import MOST_RECENT


@dataclass
class ModelJob:
    """What a job's hash must hold."""

    id: str
    ask: Ask
    state: str = "queued"
    epoch: int = 0
    attempts: int = 0
    redeliver: int = 0
    lease: str | None = None
    posted: str | None = None
    root: str | None = None
    root_ts: str = ""
    writes: int = 0
    answer: Answer | None = None
    line: str | None = None
    remembered: bool = False
    stop: str = ""
    given_up: str = ""
    unsaid: bool = False

    @property
    def conversation(self) -> str | None:
        """What it is part of, be it over or not."""
        own = conversation_of(self.ask.channel, self.root_ts) if self.root else None
        return self.ask.conversation or own


@dataclass
class ModelLine:
    """What a conversation must hold."""

    active: set[str] = field(default_factory=set)
    waiting: list[str] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    dropped: int = 0

    def remember(self, turn: Turn, replaced: str, bound: int) -> None:
        """`turn` instead of that of the job `replaced`, or as the newest."""
        ids = [known.job_id for known in self.turns]
        if replaced in ids:
            self.turns[ids.index(replaced)] = turn
        else:
            self.turns.append(turn)
        while len(self.turns) > 1 and sum(known.tokens for known in self.turns) > bound:
            del self.turns[0]
            self.dropped += 1


@dataclass
class Model:
    """What Redis must hold: jobs, deliveries, the stream with its readers, conversations."""

    bound: int
    jobs: dict[str, ModelJob] = field(default_factory=dict)
    seen: dict[str, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    pending: dict[Entry, int] = field(default_factory=dict)
    lines: dict[str, ModelLine] = field(default_factory=dict)
    recent: list[str] = field(default_factory=list)
    stops: list[str] = field(default_factory=list)
    paused: set[str] = field(default_factory=set)
    singly: set[str] = field(default_factory=set)
    alone: str = ""
    failed: set[str] = field(default_factory=set)

    def accept(self, job_id: str, ask: Ask) -> None:
        """A new job: queued, or lined up behind what is active."""
        job = self.jobs[job_id] = ModelJob(job_id, ask, line=ask.conversation)
        if job.line is None:
            self.unread.append(job_id)
            return
        line = self.lines.setdefault(job.line, ModelLine())
        if line.active:
            line.waiting.append(job_id)
            line.waiting.sort(key=lambda each: (self.jobs[each].ask.asked_at, each))
        else:
            line.active.add(job_id)
            self.unread.append(job_id)

    def drop(self, entry: Entry) -> None:
        self.pending.pop(entry, None)

    def enter(self, job: ModelJob, conversation: str) -> None:
        job.line = conversation
        self.lines.setdefault(conversation, ModelLine()).active.add(job.id)

    def leave(self, job: ModelJob) -> None:
        """Nothing, when it has left before."""
        if job.line is None:
            return
        line, job.line = self.lines[job.line], None
        line.active.discard(job.id)
        if not line.active and line.waiting:
            line.active.add(line.waiting[0])
            self.unread.append(line.waiting.pop(0))

    def finish(self, job: ModelJob, entry: Entry) -> None:
        """The end of a job, the first or a further one."""
        answered = job.answer and not job.given_up
        turn = turn_of(job.id, job.ask, job.answer) if answered and job.answer else None
        if not job.remembered:
            self.recent = [job.id, *self.recent][:MOST_RECENT]
            if turn and job.line:
                self.lines[job.line].remember(turn, job.ask.retry_of, self.bound)
        self.leave(job)
        job.remembered, job.state = True, "done"
        self.drop(entry)

    def rests(self, entry: Entry) -> bool:
        """Whether a job whose holder is gone rests; it does so from now on."""
        job = self.jobs[entry.job_id]
        held = job.lease is not None and job.state != "done"
        if not held or job.attempts < 1 or job.attempts == MOST_ATTEMPTS:
            return False
        job.lease = None
        job.state = "queued" if job.state == "running" else job.state
        (self.singly if job.attempts + 1 >= MOST_ATTEMPTS else self.paused).add(job.id)
        self.drop(entry)
        return True

    def wake(self) -> None:
        """All have rested long enough."""
        self.unread += sorted(self.paused)
        self.paused.clear()
        last = self.jobs.get(self.alone)
        busy = last and last.state != "done" and last.id not in self.singly
        if self.singly and not busy:
            self.alone = min(self.singly)
            self.singly.remove(self.alone)
            self.unread.append(self.alone)

    def give_up(self, job: ModelJob, answer: Answer) -> None:
        """Once: a sentence in the place of any answer."""
        if job.state == "done" or job.given_up:
            return
        job.given_up, job.state = job.state, "delivering"
        job.answer, job.attempts = answer, 1
        self.failed.add(job.id)

    def end(self, job: ModelJob, answer: Answer | None) -> None:
        """The end of a job that is not done, with a sentence or without a word."""
        outside = job.id in self.paused | self.singly
        self.paused.discard(job.id)
        self.singly.discard(job.id)
        if job.line is not None:
            line = self.lines[job.line]
            outside = outside or job.id in line.waiting
            line.waiting = [each for each in line.waiting if each != job.id]
            self.leave(job)
        job.remembered, job.lease = True, None
        if answer is None:
            job.given_up, job.state, job.unsaid = job.given_up or job.state, "done", True
            self.failed.add(job.id)
            return
        job.state, job.answer, job.attempts, job.given_up = "delivering", answer, 0, "dropped"
        self.failed.discard(job.id)
        if outside:
            self.unread.append(job.id)

    def faults(self) -> Iterator[str]:
        """Jobs that are open and would never be run, or out of turn."""
        queued = {*self.unread, *(entry.job_id for entry in self.pending)}
        yield from queued & (self.paused | self.singly)
        queued |= self.paused | self.singly
        waiting = {job_id for line in self.lines.values() for job_id in line.waiting}
        for job_id, job in self.jobs.items():
            if (job.state == "done" or job_id in queued) == (job_id in waiting):
                yield job_id
        for line in self.lines.values():
            if line.waiting and not line.active:
                yield line.waiting[0]
            yield from (job for job in line.active if self.jobs[job].state == "done")
