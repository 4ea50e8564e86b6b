"""What the machine of `test_queue_model` draws from, and how a job is compared with its model."""

from __future__ import annotations

import hypothesis.strategies as st

from bot.completion.result import Answer
from bot.jobs.job import ROOT, Entry, Lease, post_field
from tests.jobs.model import ModelJob

PLACES = [
    {"channel": "C1"},
    {"channel": "D1"},
    {"channel": "C1", "conversation": "C1:1.1", "thread_ts": "1.1"},
    {"channel": "D1", "conversation": "D1"},
]
CONVERSATIONS = ("C1:1.1", "C1:2.2", "D1")
JOB_IDS = [f"job-{dedupe}-{number}" for dedupe in "abcdefgh" for number in (1, 2)]
QUESTION = (
    st.sampled_from(JOB_IDS),
    st.sampled_from(PLACES),
    st.sampled_from(["", *JOB_IDS[:4]]),
    st.integers(1, 9),
)
"""The id of a job (its fifth letter is what Slack repeats), its place, what it tries again, and
when it was asked."""

TEXTS = ["x", "y" * 20, "z" * 150]
Reading = tuple[int, Entry]
Holding = tuple[int, Lease]
LIFE = (
    st.sampled_from(TEXTS),
    st.sampled_from(["", "write", "adopt", "anew"]),
    st.sampled_from(["informed", "uninformed", ""]),
)
"""What a job answers, how the first message of that comes to be, how it ends if it does."""


def compare(job: ModelJob, fields: dict[str, str]) -> None:
    """A job's hash with what it must hold."""
    counts = (int(fields["epoch"]), int(fields["attempts"]), int(fields["redeliver"]))
    assert counts == (job.epoch, job.attempts, job.redeliver)
    assert fields["state"] == job.state
    assert fields.get("lease") == job.lease
    assert fields.get("posted") == job.posted
    assert fields.get(post_field(ROOT)) == job.root
    assert fields.get("line") == job.line
    assert fields.get("stop", "") == job.stop
    assert fields.get("given_up", "") == job.given_up
    assert ("unsaid" in fields) == job.unsaid
    stored = fields.get("answer")
    assert (stored and Answer.model_validate_json(stored)) == job.answer


def may_change(job: ModelJob, conversation: str, how: str) -> bool:
    """Whether a holder that keeps to its ledger would do this to the first message now."""
    if job.state == "done":
        return False
    if how == "forget":
        return job.conversation == conversation
    return job.line in (None, conversation)


def order(entry_id: str) -> tuple[int, int]:
    time, _, number = entry_id.partition("-")
    return int(time), int(number)
