"""A job: one accepted question on its way to one visible answer; its entry in the queue, and the
right to work on it.

Two versions of the bot may work on one store. A job says what a version has to know to answer it:
the fields of its question that there were not always, where they say something (`needs`). A worker
that does not know one of them sets the job aside, without counting that as a taking, until one that
does takes it. So a new field needs no number to be raised, and a question that does without it is
anybody's.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from bot.characters import excerpt
from bot.completion.ask import Ask, Turn, conversation_of, turn_of
from bot.completion.result import Answer
from bot.reply import ledger
from bot.reply.ledger import Post
from bot.rules.hold import Hold
from bot.store.conversations import RECENT, Recent
from bot.store.keys import Keys
from bot.store.redis.connection import Store

ALWAYS_KNOWN = frozenset(
    {
        *("dedupe", "surface", "team", "channel", "user", "request", "system", "effort", "reply"),
        *("defaulted", "name", "user_team", "thread_ts", "question_ts", "conversation", "context"),
        *("reads_thread", "retry_of", "begun", "response_url", "asked_at"),
    }
)
"""The fields of a question that every version knows: never add one."""

NOT_FOR_ANSWERING = frozenset({"clicked_at"})
"""Fields of a question that a version need not know to answer it."""

SET_ASIDE_SECONDS = 1.0
"""How long a job rests that a worker does not know how to answer."""

MOST_ATTEMPTS = 3
"""So often is a job taken before it is given up."""

UNREADABLE_SECONDS = 900.0
"""For so long after it was accepted a job that cannot be read is left to others, who may."""

State = Literal["queued", "running", "delivering", "done"]

GivenUp = Literal["", "running", "delivering", "dropped"]
"""The state in which a job was given up, or that an operator dropped it; empty when neither."""

ROOT = "0"
"""The part of an answer that is posted first."""

RECENT_CHARS = 80
"""How much of a question is shown among the recent ones."""

STATE: TypeAdapter[State] = TypeAdapter(State)
_GIVEN_UP: TypeAdapter[GivenUp] = TypeAdapter(GivenUp)

_PREFIX = "post:"
_POST = TypeAdapter(Post)

M = TypeVar("M", bound=BaseModel)

QUESTIONS_BACK = 3
"""A file goes along with so many more questions of its conversation."""

GROUP = "workers"
"""The consumer group of all workers."""


def needs_of(ask: Ask) -> str:
    """The fields that a version must know to answer `ask`, separated by blanks."""
    usual = _usual_fields()
    given = sorted(ask.model_fields_set & usual.keys())
    return " ".join(name for name in given if getattr(ask, name) != usual[name])


@cache
def _usual_fields() -> Mapping[str, object]:
    """What not every version knows, by name, each as it is where nothing was asked for."""
    fields = Ask.model_fields
    names = fields.keys() - ALWAYS_KNOWN - NOT_FOR_ANSWERING
    return {name: fields[name].get_default(call_default_factory=True) for name in names}


def recent_files_of(ask: Ask) -> str:
    """What the conversation remembers of files from here on, JSON; empty: as before. Of a private
    question it remembers nothing, and one that is asked again is no new one."""
    if ask.reply == "private" or ask.surface in ("retry", "continue"):
        return ""
    if not any((ask.files, *ask.earlier)):
        return ""
    own = tuple(ref for ref in ask.files if not ref.unread)
    return RECENT.dump_json((*ask.earlier, own)[-QUESTIONS_BACK:]).decode()


def beyond_hope(fields: Mapping[str, str]) -> bool:
    """Whether the job in a Redis hash was taken so often that nothing is left but to end it."""
    most = MOST_ATTEMPTS if fields.get("given_up") else 2 * MOST_ATTEMPTS
    return int(fields["attempts"]) > most


def for_newer(fields: Mapping[str, str]) -> bool:
    """Whether the job in a Redis hash needs what this version does not know."""
    return not Ask.model_fields.keys() >= set(fields.get("needs", "").split())


def may_be_newer(fields: Mapping[str, str]) -> bool:
    """Whether a job that cannot be read may be one of another version, and is left to it."""
    created = fields.get("created", "")
    return created.isdigit() and time.time() - int(created) / 1000 < UNREADABLE_SECONDS


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its holder sees it.

    `epoch` counts its holders; `attempts` counts how often it was taken (not counting those who
    handed it back), from the beginning or since it was given up. `created` is Redis' clock, Unix
    time in seconds.
    `answer` is set from the state `delivering` on: from there on it only has to be shown.
    """

    id: str
    ask: Ask
    state: State
    epoch: int
    attempts: int
    created: float
    posts: Mapping[str, Post]
    answer: Answer | None
    redeliver: int
    """How often another delivery was called for, since a worker wrote without its lease."""
    stop: str = ""
    """Why somebody stopped it; empty when nobody did."""
    hold: Hold | None = None
    """What it has reserved, until its answer is stored; None also when nothing is limited."""
    given_up: GivenUp = ""
    shown: bool = False
    """Whether all of its answer was shown once."""
    lost: int = 0
    """Tokens that were charged for asking Grok in vain, because a worker died or a connection
    broke."""
    late: float = 0.0
    """For how many seconds, as it was taken, Slack may carry out calls of earlier holders."""
    trace: str = ""
    """What names the span that it came in by; empty when nobody traces."""

    @property
    def opens_conversation(self) -> bool:
        """Whether the first message of the answer is the root of a conversation of its own."""
        ask = self.ask
        return ask.conversation is None and ask.thread_ts is None and ask.reply != "private"

    @property
    def conversation(self) -> str | None:
        """The conversation that this job is part of; its own as soon as that is posted."""
        if not self.opens_conversation:
            return self.ask.conversation
        root = self.posts.get(ROOT)
        return conversation_of(root.channel, root.ts) if root and root.ts else None

    @property
    def turn(self) -> Turn | None:
        """What its conversation remembers of it. A private answer is not for the others there."""
        if self.answer is None or self.given_up or self.ask.reply == "private":
            return None
        return turn_of(self.id, self.ask, self.answer)

    @property
    def facts(self) -> dict[str, str | int]:
        """What a trace tells of it."""
        return {
            "job_id": self.id,
            "team": self.ask.team,
            "surface": self.ask.surface,
            "state": self.state,
            "attempts": self.attempts,
        }

    @property
    def recent(self) -> Recent:
        """How its asker finds it again; without its question when that was given up."""
        ask = self.ask
        root = self.posts.get(ROOT)
        return Recent(
            job_id=self.id,
            channel=root.channel if root else ask.channel,
            ts=(root.ts if root else None) or "",
            prompt="" if self.given_up else _excerpt(ask),
            at=ask.asked_at,
            private=ask.reply == "private",
        )


def parse_job(fields: Mapping[str, str]) -> Job:
    """The job in a Redis hash. Raises `ValueError` when the hash holds something else."""
    answer, hold = fields.get("answer"), fields.get("hold")
    return Job(
        id=_required(fields, "id"),
        ask=_model(Ask, _required(fields, "ask")),
        state=STATE.validate_python(_required(fields, "state")),
        epoch=int(_required(fields, "epoch")),
        attempts=int(_required(fields, "attempts")),
        created=int(_required(fields, "created")) / 1000,
        posts=_posts(fields),
        answer=_model(Answer, answer) if answer else None,
        redeliver=int(_required(fields, "redeliver")),
        stop=fields.get("stop", ""),
        hold=_model(Hold, hold) if hold else None,
        given_up=_GIVEN_UP.validate_python(fields.get("given_up", "")),
        shown="shown" in fields,
        lost=int(fields.get("lost", 0)),
        late=int(fields.get("late", 0)) / 1000,
        trace=fields.get("trace", ""),
    )


def fields_of(job: Job) -> dict[str, str]:
    """The job as one that nobody holds, to be shown afresh; nothing of what it had reserved."""
    known = {
        "id": job.id,
        "ask": job.ask.model_dump_json(),
        "state": "queued" if job.answer is None else "delivering",
        "created": f"{1000 * job.created:.0f}",
        "epoch": f"{job.epoch}",
        "attempts": "0",
        "redeliver": "1",
        "stop": job.stop,
        "given_up": job.given_up,
        "needs": needs_of(job.ask),
        "trace": job.trace,
        "answer": job.answer.model_dump_json() if job.answer else "",
        **{post_field(part): dump_post(post) for part, post in job.posts.items()},
    }
    return {name: value for name, value in known.items() if value}


def post_field(part: str) -> str:
    """The field of a job's hash that holds the post of `part`."""
    return _PREFIX + part


def dump_post(post: Post) -> str:
    """A post as it is stored. What is no message has it in `ts` too, where versions look that know
    no other field."""
    mark = post.route or post.cut or str(post.sent or "")
    return _POST.dump_json(replace(post, ts=mark) if mark else post).decode()


def _read_post(stored: str) -> Post:
    """The post that a version has stored."""
    post = _POST.validate_json(stored)
    mark = post.ts
    if not mark:
        return post
    if post.route or post.cut or post.sent:
        return replace(post, ts=None)
    match post.part.partition(":")[0]:
        case ledger.WAY:
            return replace(post, ts=None, route=mark)
        case ledger.CUT:
            return replace(post, ts=None, cut=mark)
        case ledger.Way.EPHEMERAL | ledger.Way.RESPONSE:
            return replace(post, ts=None, sent=int(mark))
    return post


def _excerpt(ask: Ask) -> str:
    return excerpt("\n\n".join(ask.request.prompts), RECENT_CHARS)


def _posts(fields: Mapping[str, str]) -> dict[str, Post]:
    stored = (value for field, value in fields.items() if field.startswith(_PREFIX))
    posts = [_read_post(value) for value in stored]
    return {post.part: post for post in posts}


def _model(kind: type[M], text: str) -> M:
    """What `text` says, or an error that does not repeat it: it may hold a prompt."""
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        wrong = {".".join(map(str, fault["loc"])) for fault in error.errors(include_input=False)}
        raise ValueError(f"{kind.__name__} cannot be read: {', '.join(sorted(wrong))}") from None


def _required(fields: Mapping[str, str], name: str) -> str:
    value = fields.get(name)
    if value is None:
        raise ValueError(f"a job needs {name!r}")
    return value


@dataclass(frozen=True, slots=True)
class Entry:
    """A job id in the queue, and where it stands there."""

    entry_id: str
    job_id: str
    since: int = 0
    """When the job was accepted, Unix time in milliseconds, if it was handed back since."""

    @property
    def order(self) -> tuple[int, int]:
        """What came earlier has a lower one."""
        entered, _, number = self.entry_id.partition("-")
        return self.since or int(entered), int(number)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write for a job, for as long as nobody has taken it since."""

    entry: Entry
    token: str


@dataclass(frozen=True, slots=True)
class Again:
    """How often another delivery was called for by now, and for how many seconds Slack may carry
    out calls of those who did."""

    calls: int
    late: float = 0.0


@dataclass(frozen=True, slots=True)
class Load:
    """How much waits or runs: jobs in the queue or at rest, the age of the oldest in the queue in
    seconds, and the tokens that all, also those that wait for others, have reserved."""

    depth: int
    oldest: float
    reserved: int = 0
    unread: float = field(default=0.0, compare=False)
    """The age of the oldest that no worker has room for, in seconds."""
    at: float = field(default=0.0, compare=False)
    """Unix time in seconds, by the clock of Redis."""


async def load_of(store: Store, keys: Keys) -> Load:
    """How much there is to do in a workspace. Raises `StoreUnavailable`."""
    counted = [keys.queue, keys.reserved, keys.paused, keys.singly]
    now, queued, *ids, reserved, resting = await store.script("load")(counted, [GROUP])
    at = int(now) / 1000
    oldest, unread = (age_of(entry_id, at) for entry_id in ids)
    return Load(queued + resting, oldest, int(reserved), unread, at)


def age_of(entry_id: str, at: float) -> float:
    """How old an entry is at `at`, Unix time, in seconds; 0 where there is none."""
    return max(0.0, at - int(entry_id.partition("-")[0]) / 1000) if entry_id else 0.0


def entries_of(reply: Sequence[Any]) -> list[Entry]:
    """The entries that Redis lists; 6.2 lists those deleted meanwhile too, without fields."""
    return [
        Entry(str(entry_id), fields["job"], int(fields.get("since", 0)))
        for entry_id, fields in reply
        if fields
    ]
