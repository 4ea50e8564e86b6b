"""A job of another version is left to that one: neither lost, nor counted as taken."""

from __future__ import annotations

import json
import time

import pytest
from pydantic import BaseModel

from bot.completion.ask import Ask
from bot.completion.search import Search
from bot.files.file import PDF_TURNS, FileBounds, FileInfo, FileRef
from bot.jobs.board import Board
from bot.jobs.job import ALWAYS_KNOWN, SET_ASIDE_SECONDS, UNREADABLE_SECONDS, needs_of
from bot.jobs.queue import Queue
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from bot.terminal.jobs import why
from tests.jobs.asks import make_ask
from tests.jobs.steps import read_one, take_next
from tests.rules.holds import make_hold


@pytest.fixture
def queue(store: Store, keys: Keys) -> Queue:
    return Queue(store, keys, lease_seconds=60, retention_seconds=3600, pause_seconds=1)


async def woken(queue: Queue, store: Store, keys: Keys) -> None:
    """Let the rest of what was set aside be over."""
    for job in await store.redis.zrange(keys.paused, 0, -1):
        await store.redis.zadd(keys.paused, {str(job): 0})
    assert await queue.wake() == 1


def test_a_question_needs_only_what_it_says_and_others_may_not_know() -> None:
    assert needs_of(make_ask()) == ""
    assert needs_of(make_ask(clicked_at=1.0)) == ""
    assert needs_of(make_ask(search=Search(sources=("web",)))) == "search"
    assert Ask.model_fields.keys() > ALWAYS_KNOWN


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("needs", "search telepathy"),
        ("hold", json.dumps({"of": "another form"})),
        ("ask", json.dumps({"asked": "otherwise"})),
        ("state", "dreaming"),
    ],
)
async def test_a_job_of_a_newer_version_waits_for_it_and_loses_no_taking(
    queue: Queue, store: Store, keys: Keys, field: str, value: str
) -> None:
    ask = make_ask()
    await queue.accept("job-1", ask, make_hold(70))
    name = keys.job("job-1")
    known = await store.redis.hget(name, field)
    await store.redis.hset(name, field, value)
    for _ in range(5):
        assert await queue.take(await read_one(queue)) is None
        (row,) = await Board(store, keys).under_way()
        assert (row.state, row.attempts) == ("resting", 0)
        assert row.rests <= 2 * SET_ASIDE_SECONDS
        assert "another version" in why(row)
        await woken(queue, store, keys)

    await store.redis.hset(name, field, known or "")
    _, job = await take_next(queue)
    assert (job.attempts, job.ask) == (1, ask)


async def test_what_nobody_can_read_for_long_is_no_job_of_another_version(
    queue: Queue, store: Store, keys: Keys
) -> None:
    await queue.accept("job-1", make_ask())
    long_ago = int(1000 * (time.time() - UNREADABLE_SECONDS - 1))
    await store.redis.hset(keys.job("job-1"), mapping={"ask": "{}", "created": long_ago})

    with pytest.raises(ValueError, match="Ask cannot be read"):
        await take_next(queue)


async def test_a_job_of_a_version_before_has_no_needs_and_is_anybodys(
    queue: Queue, store: Store, keys: Keys
) -> None:
    ask = make_ask()
    old = json.loads(ask.model_dump_json())
    for name in Ask.model_fields.keys() - ALWAYS_KNOWN:
        del old[name]
    await queue.accept("job-1", ask)
    await store.redis.hset(keys.job("job-1"), "ask", json.dumps(old))

    _, job = await take_next(queue)
    assert job.ask == ask


EARLIER_FILES: list[dict[str, object]] = [
    {"id": "F1", "name": "plan.pdf", "kind": "pdf", "size": 9_000, "unread": ""},
    {"id": "F2", "name": "a.png", "kind": "image", "size": 9_000, "unread": ""},
    {"id": "F3", "name": "a.log", "kind": "text", "size": 9_000, "unread": ""},
    {"id": "F4", "name": "a file", "kind": None, "size": 0, "unread": ""},
    {"id": "F5", "name": "a.mp4", "kind": None, "size": 9_000, "unread": "it is a video"},
]


async def test_files_that_an_earlier_version_has_kept_are_read(
    queue: Queue, store: Store, keys: Keys
) -> None:
    await queue.accept("job-1", make_ask(files=(FileRef(id="F1"),)))
    old = {**json.loads(make_ask().model_dump_json()), "files": EARLIER_FILES}
    await store.redis.hset(keys.job("job-1"), "ask", json.dumps(old))

    _, job = await take_next(queue)
    bounds = FileBounds(image=100, file=1_000)
    assert [(each.id, each.turns, each.eyes) for each in job.ask.files] == [
        ("F1", PDF_TURNS, False),
        ("F2", 0, True),
        ("F3", 0, False),
        ("F4", PDF_TURNS, False),
        ("F5", 0, False),
    ]
    assert [bool(each.unread) for each in job.ask.files] == [False] * 4 + [True]
    each = [bounds.all([ref]) - bounds.all([job.ask.files[4]]) for ref in job.ask.files]
    assert each == [1_000, 100, 1_000, 1_000, 0]
    assert "a.log" not in job.ask.model_dump_json()


class _EarlierRef(BaseModel):
    """A file as an earlier version reads it."""

    id: str = ""
    name: str = ""
    kind: str | None = None
    size: int = 0
    unread: str = ""


def test_an_earlier_version_reads_the_files_that_this_one_keeps() -> None:
    known = [FileInfo(id="F1", name="a.log", kind="text", size=9), FileInfo(id="F2", unread="no")]
    kept = FileBounds(image=100, file=1_000).kept(known)

    read = [_EarlierRef.model_validate_json(each.model_dump_json()) for each in kept]
    assert [(each.id, each.kind, bool(each.unread)) for each in read] == [
        ("F1", None, False),
        ("F2", None, True),
    ]
    assert needs_of(make_ask(files=kept)) == "files"


async def test_a_job_that_the_store_forgot_is_restored_with_what_it_needs(
    queue: Queue, store: Store, keys: Keys
) -> None:
    await queue.accept("job-1", make_ask(search=Search(sources=("web",))))
    lease, job = await take_next(queue)
    await store.redis.delete(keys.job("job-1"))
    await queue.restore(lease, job)

    assert await store.redis.hget(keys.job("job-1"), "needs") == "search"
