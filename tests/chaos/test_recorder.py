"""What is read out of a message: whose words, how many, and whether more is promised."""

from __future__ import annotations

from typing import Any

import pytest

from bot import words
from bot.words import talk
from sandbox.workspace import Revision
from tests.chaos.people import all_asked, last_asked, request_text
from tests.chaos.recorder import _version


def _revision(text: str, *actions: str) -> Revision:
    blocks: tuple[dict[str, Any], ...] = ({"type": "markdown", "text": text},)
    if actions:
        elements = [{"type": "button", "action_id": action} for action in actions]
        blocks += ({"type": "actions", "elements": elements},)
    return Revision("", blocks, 1.0, "U1")


def test_the_words_of_one_answer_are_counted() -> None:
    version = _version(_revision("".join(request_text("q3", 2, 7)), "retry"))

    assert (version.request, version.words, version.mixed) == (2, 7, False)
    assert not version.open


@pytest.mark.parametrize(
    "text",
    [
        "q3r1w0 q3r1w2",
        "q3r1w0 q3r2w1",
        "q3r1w0 q4r1w1",
        "q3r1w0 q3r1w0",
    ],
)
def test_words_that_are_no_part_of_one_answer_are_mixed(text: str) -> None:
    assert _version(_revision(text)).mixed


def test_words_that_go_on_with_others_say_with_which() -> None:
    version = _version(_revision("q3r1w4 q3r1w5"))

    assert (version.begins, version.words, version.mixed) == (4, 2, False)


@pytest.mark.parametrize(
    "waiting",
    [words.THINKING, words.WRITING, talk.THINKING_FOR(20.0), *map(talk.QUEUED_BEHIND, range(3))],
)
def test_what_promises_more_is_open(waiting: str) -> None:
    assert _version(_revision(waiting)).open


def test_a_stop_button_promises_more() -> None:
    assert _version(_revision("q3r1w0", "stop")).open


def test_a_sentence_says_something() -> None:
    assert _version(_revision(words.GIVEN_UP)).says
    assert not _version(_revision("q3r1w0 ")).says


def test_the_question_of_a_request_is_the_last_one() -> None:
    messages = [
        {"role": "user", "content": "Tell me of case-q1 now"},
        {"role": "assistant", "content": "q1r1w0"},
        {"role": "user", "content": "Tell me of case-q2 now"},
    ]

    assert all_asked({"messages": messages}) == ["q1", "q2"]
    assert last_asked({"messages": messages}) == "q2"
    assert last_asked({"input": messages}) == "q2"
    assert last_asked({"prompt": "Tell me of case-q4 now"}) == "q4"
    assert last_asked("no body") == ""
