"""Reading a job from its hash."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from pydantic import TypeAdapter

from bot.jobs.job import Job, dump_post, parse_job, post_field
from bot.reply.ledger import Post
from tests.jobs.asks import make_answer, make_ask

ASK = make_ask("a secret question")
POST = Post("0", "C1", 5.5, None)
FIELDS = {
    "id": "job-1",
    "ask": ASK.model_dump_json(),
    "state": "delivering",
    "epoch": "2",
    "attempts": "1",
    "created": "1500",
    "redeliver": "0",
    "answer": make_answer().model_dump_json(),
    post_field("0"): dump_post(POST),
    "stop": "because",
    "lease": "left to the scripts",
}


def test_every_field_is_read() -> None:
    assert parse_job(FIELDS) == Job(
        id="job-1",
        ask=ASK,
        state="delivering",
        epoch=2,
        attempts=1,
        created=1.5,
        posts={"0": POST},
        answer=make_answer(),
        redeliver=0,
        stop="because",
    )


def job_of(posts: dict[str, Post], **place: str) -> Job:
    ask = make_ask(**place)
    return Job("job-1", ask, "running", 1, 1, 1.0, posts, None, 0)


ROOT_POST = {"0": Post("0", "C1", 5.5, "1.1"), "1": Post("1", "C1", 5.5, "1.2")}


@pytest.mark.parametrize(
    ("posts", "place", "conversation"),
    [
        ({}, {}, None),
        ({"0": POST}, {}, None),
        (ROOT_POST, {}, "C1:1.1"),
        (ROOT_POST, {"reply": "thread"}, "C1:1.1"),
        ({"0": Post("0", "D1", 5.5, "1.1")}, {"channel": "D1"}, "D1"),
        (ROOT_POST, {"thread_ts": "0.5"}, None),
        (ROOT_POST, {"reply": "private"}, None),
        ({}, {"conversation": "C1:9.9", "thread_ts": "9.9"}, "C1:9.9"),
        (ROOT_POST, {"conversation": "C1:9.9"}, "C1:9.9"),
        ({"response": Post("response", "C1", 5.5, sent=1)}, {}, None),
    ],
)
def test_conversation_of_a_job(
    posts: dict[str, Post], place: dict[str, str], conversation: str | None
) -> None:
    assert job_of(posts, **place).conversation == conversation


def test_job_without_an_answer_has_no_turn() -> None:
    assert job_of(ROOT_POST).turn is None


@pytest.mark.parametrize("name", ["id", "ask", "state", "epoch", "attempts", "created"])
def test_missing_field(name: str) -> None:
    fields = {field: value for field, value in FIELDS.items() if field != name}
    with pytest.raises(ValueError, match=name):
        parse_job(fields)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("state", "asleep"),
        ("epoch", "two"),
        ("ask", '{"prompt": "a secret question"}'),
        ("ask", "a secret question"),
        ("answer", '{"sections": "a secret question"}'),
        ("post:0", '{"ts": 5}'),
    ],
)
def test_wrong_field_is_an_error_that_repeats_no_prompt(name: str, value: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        parse_job({**FIELDS, name: value})
    assert "secret" not in str(refused.value)


@dataclass
class _EarlierPost:
    """As versions store and read it that know no other fields."""

    part: str
    channel: str
    at: float
    ts: str | None = None


@pytest.mark.parametrize(
    ("post", "mark"),
    [
        (Post("0", "C1", 1.0, "10.1"), "10.1"),
        (Post("0", "C1", 1.0), None),
        (Post("way", "D1", 1.0, route="direct:too_long"), "direct:too_long"),
        (Post("cut", "C1", 1.0, cut="0:1200"), "0:1200"),
        (Post("response", "C1", 1.0, sent=2), "2"),
        (Post("ephemeral:given up", "C1", 1.0, sent=1), "1"),
        (Post("response", "C1", 1.0), None),
        (Post("withdrawn:0", "C1", 1.0, "10.1"), "10.1"),
    ],
)
def test_two_versions_read_each_others_posts(post: Post, mark: str | None) -> None:
    earlier: TypeAdapter[_EarlierPost] = TypeAdapter(_EarlierPost)
    known = earlier.validate_json(dump_post(post))
    assert (known.part, known.channel, known.ts) == (post.part, post.channel, mark)

    for stored in (dump_post(post), earlier.dump_json(known).decode()):
        assert parse_job({**FIELDS, post_field("0"): stored}).posts == {post.part: post}
