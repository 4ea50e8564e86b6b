"""What must hold when a simulation has ended, and at every moment before."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from bot.jobs.job import Job, parse_job
from bot.jobs.queue import REFUSED
from bot.slack.slack import METADATA_EVENT
from sandbox.workspace import BOT_USER, Message
from tests.simulation.grok import NAMED, Asking
from tests.simulation.store import FakeStore

if TYPE_CHECKING:
    from tests.simulation.people import Clicked
    from tests.simulation.run import Stage

AT_ONCE_SECONDS = 1.0
"""So long two messages may be there for one answer, where no call to Slack came late."""
LATE_SECONDS = 46.0
"""And where Slack carries out a call of somebody who is gone: until it was, and was looked for."""
WORSE_SECONDS = 17.0
"""So long an answer that was whole may show something else: the time between two looks."""
HEARD_SECONDS = 1.0
"""So long after it was acked, a click has stopped an answer."""
TAKEN_OVER_SECONDS = 5.0
"""So long after the end of its lease a job is in other hands, after one fault."""
RECOVERY_LEASES = 3.0
RECOVERY_SECONDS = 12.0
"""So much longer where processes died or stood still: until others have taken over."""

_TEAM = "grokbot:{T0SANDBOX1}:"
_CRASHES = ("kill before", "kill sent", "kill landed", "freeze")
_MAY_COME_LATE = {"slow", "slow reply", "kill sent", "freeze"}
_ALARMS = {"job crashed", "answer failed", "listener failed", "task failed",
           "no jobs are taken any more", "answer not delivered", "job cannot be read",
           "job forgotten by the store, queued anew"}  # fmt: skip
_GIVEN_UP = {"job given up", "job ended without a word", "job not shown once more"}
_MOST_CRASHES = 2
"""A job that more processes than this die of is given up."""


def jobs_in(store: FakeStore) -> list[Job]:
    """All jobs that the store knows."""
    return [parse_job(store.hash(key)) for key in sorted(store.run("KEYS", f"{_TEAM}job:*"))]


def all_done(store: FakeStore) -> bool:
    """Whether every job has ended."""
    keys = store.run("KEYS", f"{_TEAM}job:*")
    return all(store.run("HGET", key, "state") == "done" for key in keys)


def check(stage: Stage, *, ended: bool) -> list[str]:
    """A sentence for each thing that must not be."""
    jobs = jobs_in(stage.store)
    if not ended:
        states = ", ".join(f"{question_of(job)} {job.state}" for job in jobs)
        tasks = len(stage.slack.workspace._tasks._running)
        return [f"no end: {states}; {tasks} deliveries, {stage.world.under_way('slack')} calls"]
    return [
        *_accepted(stage, jobs),
        *_clicks(stage, jobs),
        *_answers(stage, jobs),
        *_never_two(stage, jobs),
        *_never_worse(stage, jobs),
        *_fenced(stage),
        *_recovered(stage),
        *_asked(stage, jobs),
        *_order(stage, jobs),
        *_counted(stage, jobs),
        *_left(stage),
        *_alarms(stage),
    ]


def question_of(job: Job) -> int:
    """The number of the question that a job is."""
    found = NAMED.findall("\n".join(job.ask.request.prompts))
    return int(found[-1]) if found else 0


def _crashed(stage: Stage) -> bool:
    return _crashes(stage) > 0


def _crashes(stage: Stage) -> int:
    ended = sum(act.deed in ("drain", "kill") for act in stage.plan.acts)
    return ended + sum(what in _CRASHES for what in stage.world.struck)


def _disturbed(stage: Stage) -> bool:
    """Whether an answer may have been asked for more than once."""
    grok = any(fault.kind == "grok" and fault.done for fault in stage.world.faults)
    store = any(fault.kind == "store" and fault.done for fault in stage.world.faults)
    return _crashed(stage) or grok or store or bool(stage.plan.troubles)


def _messages(stage: Stage) -> dict[str, list[Message]]:
    """What the bot has ever posted, by the job that it is part of."""
    found: dict[str, list[Message]] = defaultdict(list)
    for timeline in stage.slack.workspace.state.timelines.values():
        for message in timeline.values():
            if message.user != BOT_USER or message.ephemeral_to is not None:
                continue
            found[job_id_of(message)].append(message)
    return found


def job_id_of(message: Message) -> str:
    """The job that a message is part of; empty when it is of none."""
    metadata = message.metadata or {}
    if metadata.get("event_type") != METADATA_EVENT:
        return ""
    return str(metadata["event_payload"]["job_id"])


def _part(message: Message) -> str:
    return str((message.metadata or {})["event_payload"]["part"])


def _ephemerals(stage: Stage) -> list[Message]:
    """What was told to one person alone, where they saw it or in a direct message."""
    return [*stage.slack.workspace.ephemerals(), *_messages(stage)[""]]


def _text(job: Job) -> str:
    assert job.answer is not None
    return "".join(section.text for section in job.answer.sections).strip()


def _accepted(stage: Stage, jobs: list[Job]) -> Iterator[str]:
    known = defaultdict(list)
    for job in jobs:
        if job.ask.surface != "retry":
            known[question_of(job)].append(job)
    for number, told in stage.people.acked.items():
        if told == "taken" and not known[number]:
            yield f"question {number} was acked and is lost"
        if told.startswith("Quota") and known[number]:
            yield f"question {number} was refused and taken: {told}"
    alone = _ephemerals(stage)
    for number, said in stage.people.said.items():
        heard = _was_acked(stage, said)
        if heard and not (known[number] or alone or (_crashed(stage) and _refused(stage))):
            yield f"question {number} was heard, and nothing came of it"
    for number, found in known.items():
        if len(found) > 1:
            yield f"question {number} became {len(found)} jobs"


def _clicks(stage: Stage, jobs: list[Job]) -> Iterator[str]:
    alone = _ephemerals(stage)
    for clicked in stage.people.clicked:
        again = [job for job in jobs if job.ask.surface == "retry"]
        if clicked.deed == "retry" and not again and not alone:
            yield f"a click on Retry of {clicked.question} was acked and is lost"
        if clicked.deed == "stop" and not _crashed(stage) and not alone:
            read_on = [each for each in stage.grok.askings if _read_after(each, clicked)]
            if read_on and not any(job.answer and job.answer.stopped for job in jobs):
                yield f"a click on Stop of {clicked.question} was acked and not heard"


def _was_acked(stage: Stage, said: Message) -> bool:
    """Whether Slack could deliver a message: where nobody was there long enough, it gave up."""
    return any(
        delivery.acked and delivery.payload.get("event", {}).get("ts") == said.ts
        for delivery in stage.slack.workspace.deliveries
    )


def _refused(stage: Stage) -> bool:
    """Whether a message was refused: who dies right after that has not said so."""
    seen = stage.store.run("KEYS", f"{_TEAM}seen:*")
    return any(stage.store.run("GET", key) == REFUSED for key in seen)


def _read_after(asking: Asking, clicked: Clicked) -> bool:
    ended = asking.ended or float("inf")
    return asking.question == clicked.question and asking.at < clicked.at < ended - HEARD_SECONDS


def _answers(stage: Stage, jobs: list[Job]) -> Iterator[str]:
    messages = _messages(stage)
    for job_id in messages.keys() - {job.id for job in jobs}:
        standing = [message for message in messages[job_id] if not message.deleted]
        if standing and job_id:
            yield f"a message of a job that nobody knows: {standing[0].shown!r}"
    for job in jobs:
        number = question_of(job)
        assert job.answer is not None
        standing = [message for message in messages[job.id] if not message.deleted]
        numbered = sorted(_part(message) for message in standing if _part(message).isdigit())
        if not numbered and job.answer.stopped and not _text(job):
            continue
        if numbered != ["0"]:
            yield f"the answer of {number} is {len(numbered)} messages: {numbered}"
            continue
        (message,) = (each for each in standing if _part(each) == "0")
        if not _has_button(message, "retry"):
            yield f"the answer of {number} has not ended: {message.shown!r}"
        said = _text(job) or job.answer.failure
        if said and said not in message.shown:
            yield f"the answer of {number} shows something else: {message.shown!r}, not {said!r}"
        if job.answer.failure and not _may_fail(stage):
            yield f"the answer of {number} failed for no reason: {job.answer.failure}"
        if not (job.answer.failure or job.answer.stopped or f"end-{number}-" in _text(job)):
            yield f"the answer of {number} is not whole: {_text(job)!r}"


def _may_fail(stage: Stage) -> bool:
    """Whether Grok failed, or a quota did not suffice for asking again."""
    grok = any(fault.kind == "grok" and fault.done for fault in stage.world.faults)
    given_up = _crashes(stage) > _MOST_CRASHES
    return grok or given_up or bool(stage.plan.limit and _crashed(stage))


def _has_button(message: Message, action_id: str) -> bool:
    return any(
        element.get("action_id") == action_id
        for block in message.blocks
        for element in block.get("elements") or ()
    )


def _never_two(stage: Stage, jobs: list[Job]) -> Iterator[str]:
    messages = _messages(stage)
    ended = any(act.deed in ("drain", "kill") for act in stage.plan.acts)
    late = ended or stage.plan.troubles or _MAY_COME_LATE.intersection(stage.world.struck)
    most = LATE_SECONDS if late else AT_ONCE_SECONDS
    for job in jobs:
        spans = sorted(
            (each.revisions[0].at, each.deleted_at or float("inf"))
            for each in messages[job.id]
            if _part(each).isdigit()
        )
        for (_, gone), (came, other) in pairwise(spans):
            both = min(gone, other) - came
            if both > most and both != float("inf"):
                yield f"two messages for {question_of(job)} for {both:.1f} s"


_WORD = re.compile(r"w\d+\.\d+|end-\d+-\d+")


def _never_worse(stage: Stage, jobs: list[Job]) -> Iterator[str]:
    messages = _messages(stage)
    for job in jobs:
        said = _text(job) if job.answer else ""
        for message in messages[job.id]:
            if message.deleted or not _part(message).isdigit():
                continue
            if said:
                most = WORSE_SECONDS
                if _crashed(stage) or stage.plan.troubles:
                    most += RECOVERY_LEASES * stage.plan.lease + RECOVERY_SECONDS
                yield from _worse_after(message, said, question_of(job), most)
            if not _disturbed(stage) and not stage.world.struck:
                words = [len(_WORD.findall(each.shown)) for each in message.revisions]
                if words != sorted(words):
                    yield f"the text of {question_of(job)} went backwards: {words}"


def _worse_after(message: Message, said: str, number: int, most: float) -> Iterator[str]:
    """When a whole answer was shown, whatever is shown in its place is gone soon."""
    whole, since = False, 0.0
    for revision in message.revisions:
        if said in revision.shown:
            if whole and since and revision.at - since > most:
                yield f"the answer of {number} was worse for {revision.at - since:.1f} s"
            whole, since = True, 0.0
        elif whole and not since:
            since = revision.at


def _fenced(stage: Stage) -> Iterator[str]:
    """Who has lost a job edits its messages once at most: what was asked before, and sent after."""
    jobs = {
        message.ts: job_id for job_id, messages in _messages(stage).items() for message in messages
    }
    edits: Counter[tuple[str, str, float]] = Counter()
    for at, who, ts in stage.world.edited:
        taken = [each for each in stage.world.taken if each[2] == jobs.get(ts) and each[0] < at]
        if taken and taken[-1][1] != who:
            edits[who, ts, taken[-1][0]] += 1
    for (who, ts, _), count in edits.items():
        if count > 1:
            yield f"{who} edited {ts} {count} times after another had taken the job"


def _recovered(stage: Stage) -> Iterator[str]:
    """Where one of several processes dies, and nothing else happens, others soon take over."""
    world, plan = stage.world, stage.plan
    if plan.replicas < 2 or plan.acts or plan.troubles or len(world.struck) != 1:
        return
    for died, who in world.deaths:
        held = {job for at, name, job in world.taken if name == who and at < died}
        for job in held:
            again = [at for at, name, each in world.taken if each == job and at > died]
            if again and again[0] - died > plan.lease + TAKEN_OVER_SECONDS:
                yield f"what {who} had was taken over after {again[0] - died:.1f} s"


def _askings(stage: Stage, job: Job) -> list[Asking]:
    number = question_of(job)
    return [asking for asking in stage.grok.askings if asking.question == number]


def _asked(stage: Stage, jobs: list[Job]) -> Iterator[str]:
    known: dict[int, int] = defaultdict(int)
    for job in jobs:
        known[question_of(job)] += 1
    for asking in stage.grok.askings:
        if not known[asking.question]:
            yield f"Grok was asked question {asking.question}, which was not taken"
    if not _disturbed(stage):
        for number, count in known.items():
            times = sum(1 for asking in stage.grok.askings if asking.question == number)
            if times > count:
                yield f"Grok was asked question {number} {times} times"
    asked = sum(1 for job in jobs if _askings(stage, job))  # the others are charged nothing
    if stage.plan.limit and asked > stage.plan.limit:
        yield f"{asked} questions were asked of {stage.plan.limit}"


def _order(stage: Stage, jobs: list[Job]) -> Iterator[str]:
    """Questions of one conversation are asked one after the other, those first that came first."""
    lines: dict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        if job.ask.conversation and job.ask.surface != "retry":
            lines[job.ask.conversation].append(job)
    if any(job.ask.surface == "retry" for job in jobs):
        return
    for line in lines.values():
        for one in line:
            for other in line:
                first, second = _askings(stage, one), _askings(stage, other)
                if one is other or not first or not second or first[0].at > second[0].at:
                    continue
                if first[-1].at > second[0].at + 0.5:
                    yield f"{question_of(one)} was asked while {question_of(other)} was answered"
                early, late = one.ask.question_ts or "", other.ask.question_ts or ""
                if early > late and one.created > other.created:
                    yield f"{question_of(other)} came first, and {question_of(one)} was answered"


def _counted(stage: Stage, jobs: list[Job]) -> Iterator[str]:
    store = stage.store
    if int(store.run("GET", f"{_TEAM}reserved") or 0):
        yield f"{store.run('GET', f'{_TEAM}reserved')} tokens stay reserved"
    for key in store.run("KEYS", f"{_TEAM}used:*"):
        if store.run("TYPE", key) != "hash":
            continue
        for name, value in store.hash(key).items():
            if name.startswith("held_") and int(value):
                yield f"{key} keeps {name} {value}"
    for key in store.run("KEYS", f"{_TEAM}running:*"):
        yield f"{key} keeps {store.run('SMEMBERS', key)}"
    counted = [store.hash(key) for key in store.run("KEYS", f"{_TEAM}used:workspace:????-??-??")]
    tokens = sum(int(each.get("tokens", 0)) for each in counted)
    used = sum(asking.tokens for asking in stage.grok.askings if asking.ended is not None)
    if tokens < used:
        yield f"Grok used {used} tokens, and {tokens} were counted"
    bills = [job.answer.usage.total_tokens for job in jobs if job.answer and job.answer.usage]
    lost = sum(job.lost for job in jobs)
    if len(bills) == len(jobs) and tokens != sum(bills) + lost:
        yield f"{tokens} tokens were counted; the answers say {sum(bills)} and {lost} lost"


def _left(stage: Stage) -> Iterator[str]:
    store = stage.store
    if store.run("XLEN", f"{_TEAM}queue"):
        yield "the queue is not empty"
    for names in ("paused*", "thread:*:active", "thread:*:waiting"):
        for key in store.run("KEYS", f"{_TEAM}{names}"):
            if store.run("TYPE", key) in ("set", "zset"):
                yield f"{key} is not empty"


def _alarms(stage: Stage) -> Iterator[str]:
    for who, event in stage.world.alarms:
        if event in _ALARMS or (event in _GIVEN_UP and _crashes(stage) <= _MOST_CRASHES):
            yield f"{who} logged: {event}"
    yield from stage.crew.faults
    yield from stage.world.loop.faults
