"""Makes a history of what the sandbox and the store have recorded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

from bot.completion.ask import Ask
from bot.jobs.job import Job as StoredJob
from bot.rules.charge import charge_for
from bot.rules.hold import Hold
from bot.slack.slack import METADATA_EVENT
from sandbox.grok import Recorded
from sandbox.workspace import BOT_USER, Message, Revision, Workspace
from tests.chaos.books import Books
from tests.chaos.history import Job, Request, Shown, Version
from tests.chaos.people import PREFIX, Asked, People, all_asked

STREAM_SECONDS = 1.0
"""So long a stream lives in a run: most answers take longer, and go on in another."""

_WORD = re.compile(r"(q\d+)r(\d+)w(\d+)")
_NAME = re.compile(re.escape(PREFIX) + r"(q\d+)")
_WAITING = re.compile(r"is thinking|is writing|Waiting for its turn", re.IGNORECASE)


def shown(workspace: Workspace, people: People) -> Iterator[Shown]:
    """Every message of the bot that belongs to a job, with all that it ever said."""
    for channel, timeline in workspace.state.timelines.items():
        for message in timeline.values():
            mark = _mark(message) if message.user == BOT_USER else None
            if mark is None or not mark[0]:  # what is told beside answers is of no job
                continue
            gone = message.deleted or message.tombstone
            yield Shown(
                job=mark[0],
                part=mark[1],
                at=message.revisions[0].at,
                versions=tuple(_versions(message)),
                until=message.deleted_at if gone else None,
                by_person=(channel, message.ts) in people.taken_away,
                name=_said_name(message),
            )


def _mark(message: Message) -> tuple[str, str] | None:
    """The job and the part that a message says it is; one that streams says it in an id."""
    metadata = message.metadata or {}
    if metadata.get("event_type") == METADATA_EVENT:
        payload = metadata["event_payload"]
        return str(payload["job_id"]), str(payload["part"])
    for revision in message.revisions:
        for block in revision.blocks:
            mark = str(block.get("block_id", "")).split(":")
            if mark[0] == METADATA_EVENT and len(mark) > 2:
                return mark[1], mark[2]
    return None


def job_of(workspace: Workspace, args: Mapping[str, Any]) -> str:
    """The job that a call to Slack is for, by its arguments; empty when it is for none."""
    metadata = args.get("metadata")
    if isinstance(metadata, Mapping):
        return str(metadata.get("event_payload", {}).get("job_id", ""))
    message = workspace.state.find(str(args.get("channel", "")), str(args.get("ts", "")))
    mark = _mark(message) if message else None
    return mark[0] if mark else ""


def _said_name(message: Message) -> str:
    """The question whose answer it shows, or that stands above it."""
    text = "\n".join(_markdown(message.blocks))
    found = [name for name, _, _ in _WORD.findall(text)] or _NAME.findall(str(message.blocks))
    return found[0] if found else ""


def _versions(message: Message) -> Iterator[Version]:
    for revision in message.revisions:
        version = _version(revision)
        last = revision is message.revisions[-1]
        if last and message.is_streaming(STREAM_SECONDS):
            version = replace(version, open=True, says=False)
        yield version


def _version(revision: Revision) -> Version:
    text = "\n".join(_markdown(revision.blocks))
    found = [(name, int(request), int(word)) for name, request, word in _WORD.findall(text)]
    sources = {(name, request) for name, request, _ in found}
    numbers = [word for _, _, word in found]
    promises = "stop" in _buttons(revision.blocks) or bool(_WAITING.search(revision.shown))
    rest = _WORD.sub("", text).strip()
    return Version(
        at=revision.at,
        request=found[0][1] if found else 0,
        words=len(found),
        mixed=len(sources) > 1 or any(b - a != 1 for a, b in pairwise(numbers)),
        open=promises,
        says=not promises and bool(rest or _below(revision.blocks)),
        begins=numbers[0] if numbers else 0,
    )


def _markdown(blocks: Iterable[Mapping[str, Any]]) -> list[str]:
    return [str(block["text"]) for block in blocks if block["type"] == "markdown"]


def _buttons(blocks: Iterable[Mapping[str, Any]]) -> list[str]:
    return [
        str(element.get("action_id"))
        for block in blocks
        if block["type"] == "actions"
        for element in block["elements"]
    ]


def _below(blocks: Iterable[Mapping[str, Any]]) -> bool:
    """Whether there is anything else to read."""
    return any(block["type"] in ("context", "section", "actions") for block in blocks)


def requests(recorded: Iterable[Recorded], asked: Mapping[str, Asked]) -> Iterator[Request]:
    """What Grok was asked, in order of arrival."""
    numbers: dict[str, int] = {}
    for each in recorded:
        *before, name = all_asked(each.body) or [""]
        if not name:
            continue
        numbers[name] = number = numbers.get(name, 0) + 1
        fails = name in asked and asked[name].question.grok in ("status", "busy")
        billed = 0 if number == 1 and fails else 1
        yield Request(name, number, each.at, tuple(before), billed)


def jobs(books: Books, holds: Mapping[str, Hold]) -> Iterator[Job]:
    """What the store knows of each job, and what it may have been charged."""
    for job in books.jobs.values():
        names = _NAME.findall(" ".join(job.ask.request.prompts))
        hold = holds.get(job.id)
        paid = 1 + (job.lost // hold.tokens if hold else 0)
        yield Job(
            id=job.id,
            name=names[-1] if names else "",
            state=job.state,
            charges=_charges(job, hold),
            asked=paid if hold or not job.lost else 99,
            whole=_is_whole(job),
        )


def _is_whole(job: StoredJob) -> bool:
    answer = job.answer
    return bool(answer and not answer.failure and not answer.stopped and not job.given_up)


def _charges(job: StoredJob, hold: Hold | None) -> tuple[int, ...]:
    """Each sum of tokens that the job may come to; none where nobody knows what it reserved."""
    answer = job.answer
    if answer is not None and answer.usage is not None and _is_whole(job):
        return (answer.usage.total_tokens + job.lost,)
    if hold is None:
        return ()
    likely = {0, hold.tokens}
    if answer is not None:
        likely.add(charge_for(hold, job.ask, answer).tokens)
    return tuple(sorted(job.lost + each for each in likely))


def working(workspace: Workspace) -> Iterator[str]:
    """The threads whose session says that they are worked on."""
    for channel, root in workspace.state.sessions:
        session = workspace.session(channel, root)
        if session is not None and session.status == "processing":
            yield f"{channel}:{root}"


def unfinished(books: Books) -> list[str]:
    """What is still to be done."""
    found = [
        f"job {job.id} ({_named(job.ask)}) is {job.state}"
        for job in books.jobs.values()
        if job.state != "done"
    ]
    left = [each for each in books.waiting if each not in books.jobs]
    return found + [f"{each} waits and is not known" for each in left]


def _named(ask: Ask) -> str:
    return " ".join(_NAME.findall(" ".join(ask.request.prompts)))
