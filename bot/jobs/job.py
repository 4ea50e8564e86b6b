"""A job: one accepted question on its way to one visible answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from bot.completion.ask import Ask
from bot.completion.result import Answer
from bot.reply.ledger import Post

State = Literal["queued", "running", "delivering", "done"]

_PREFIX = "post:"
_POST = TypeAdapter(Post)
_STATE: TypeAdapter[State] = TypeAdapter(State)

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its holder sees it.

    `epoch` counts its holders; `attempts` counts how often it was taken in its present state
    (not counting those who handed it back). `created` is Redis' clock, Unix time in seconds.
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


def parse_job(fields: Mapping[str, str]) -> Job:
    """The job in a Redis hash. Raises `ValueError` when the hash holds something else."""
    answer = fields.get("answer")
    return Job(
        id=_required(fields, "id"),
        ask=_model(Ask, _required(fields, "ask")),
        state=_STATE.validate_python(_required(fields, "state")),
        epoch=int(_required(fields, "epoch")),
        attempts=int(_required(fields, "attempts")),
        created=int(_required(fields, "created")) / 1000,
        posts=_posts(fields),
        answer=_model(Answer, answer) if answer else None,
        redeliver=int(_required(fields, "redeliver")),
    )


def post_field(part: str) -> str:
    """The field of a job's hash that holds the post of `part`."""
    return _PREFIX + part


def dump_post(post: Post) -> str:
    """A post as it is stored."""
    return _POST.dump_json(post).decode()


def _posts(fields: Mapping[str, str]) -> dict[str, Post]:
    stored = (value for field, value in fields.items() if field.startswith(_PREFIX))
    posts = [_POST.validate_json(value) for value in stored]
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
