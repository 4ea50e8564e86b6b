"""Reading a job from its hash."""

from __future__ import annotations

import pytest

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
    )


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
