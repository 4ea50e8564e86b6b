"""A plain Python model of what the scripts keep in Redis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.completion.ask import Ask
from bot.completion.conversation import Turn, conversation_of, turn_of
from bot.completion.result import Answer
from bot.jobs.queue import Entry
from bot.store.recent import MOST_RECENT


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
        line.active.remove(job.id)
        if not line.active and line.waiting:
            line.active.add(line.waiting[0])
            self.unread.append(line.waiting.pop(0))

    def finish(self, job: ModelJob, entry: Entry) -> None:
        """The end of a job, the first or a further one."""
        turn = turn_of(job.id, job.ask, job.answer) if job.answer else None
        if not job.remembered:
            self.recent = [job.id, *self.recent][:MOST_RECENT]
            if turn and job.line:
                self.lines[job.line].remember(turn, job.ask.retry_of, self.bound)
        self.leave(job)
        job.remembered, job.state = True, "done"
        self.drop(entry)

    def faults(self) -> Iterator[str]:
        """Jobs that are open and would never be run, or out of turn."""
        queued = {*self.unread, *(entry.job_id for entry in self.pending)}
        waiting = {job_id for line in self.lines.values() for job_id in line.waiting}
        for job_id, job in self.jobs.items():
            if (job.state == "done" or job_id in queued) == (job_id in waiting):
                yield job_id
        for line in self.lines.values():
            if line.waiting and not line.active:
                yield line.waiting[0]
            yield from (job for job in line.active if self.jobs[job].state == "done")
