"""What goes on with an answer that its cap has cut: the question that is made of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.completion import CompletionRequest
from bot.completion.ask import Ask, show_echo
from bot.completion.result import Answer, Section
from bot.doors.buttons import continued
from bot.reply.ledger import WAY, Post
from sandbox.workspace import ANA, GENERAL
from tests.doors.jobs import a_job, an_answer, an_ask

ROOT_TS = "1700000000.000001"
DM = "D0ANA00001"


def cut(*texts: str, **fields: Any) -> Answer:
    return an_answer(
        sections=tuple(Section(text=text, done=True, cut=True) for text in texts), **fields
    )


def goes_on(ask: Ask, answer: Answer, section: int = 0, *posts: Post) -> Ask:
    root = Post("0", GENERAL, 1.0, ROOT_TS)
    known = {post.part: post for post in (root, *posts)}
    return continued(replace(a_job(ask, answer), posts=known), answer, section)


def test_it_has_the_parameters_of_the_question_for_one_answer() -> None:
    given: dict[str, Any] = {"model": "m", "max_tokens": 50, "seed": 7, "stop": ["x"]}
    request = CompletionRequest(prompt=["a", "b"], n=2, echo=True, **given)
    on = goes_on(an_ask(request=request, system="Short"), cut("a1", "a2", "b1", "b2"), 2)

    assert on.request.given() == {**given, "prompt": "b"}
    assert (on.system, on.surface) == ("Short", "continue")
    assert on.begun
    assert (on.begun.section, on.begun.answer, on.begun.of) == (2, 3, 4)


def test_of_an_echo_the_answer_alone_is_gone_on_with() -> None:
    request = CompletionRequest(model="m", prompt="Name a river", echo=True)
    shown = show_echo("Name a river", "Name a river, such as", done=True)
    on = goes_on(an_ask(request=request), cut(shown))

    assert on.begun
    assert on.begun.text == ", such as"


def test_what_went_along_goes_along_once_more() -> None:
    on = goes_on(an_ask(reads_thread="1.2", question_ts="1.3"), cut("one", context="read"))

    assert (on.reads_thread, on.context) == ("", ())
    assert on.begun
    assert on.begun.context == "read"


def test_an_answer_is_one_however_often_it_is_continued() -> None:
    first = goes_on(an_ask(), cut("one "))
    second = goes_on(first.model_copy(update={"user": "U0BEN00001"}), cut("two "))

    assert second.begun
    assert (second.begun.text, second.begun.turn, second.retry_of) == ("one two ", "job1", "job1")
    assert (second.begun.user, second.begun.name) == (ANA, "ana")


def test_one_of_several_becomes_an_answer_of_its_own() -> None:
    request = CompletionRequest(model="m", prompt="Name a river", n=2)
    on = goes_on(an_ask(request=request), cut("one", "two"), 1)

    assert on.retry_of == ""
    assert on.begun
    assert on.begun.turn == "job1"


@pytest.mark.parametrize(
    ("asked", "way", "place"),
    [
        ({}, "", (GENERAL, ROOT_TS, "channel", f"{GENERAL}:{ROOT_TS}")),
        ({"reply": "thread"}, "", (GENERAL, ROOT_TS, "thread", f"{GENERAL}:{ROOT_TS}")),
        (
            {"thread_ts": "1.1", "conversation": f"{GENERAL}:1.1"},
            "",
            (GENERAL, "1.1", "channel", f"{GENERAL}:1.1"),
        ),
        ({"reply": "private"}, "", (GENERAL, None, "private", None)),
        ({}, "response:not_in_channel", (GENERAL, None, "private", None)),
    ],
)
def test_it_is_answered_where_the_answer_stands(
    asked: dict[str, Any], way: str, place: tuple[str | None, ...]
) -> None:
    posts = (Post(WAY, GENERAL, 1.0, route=way),) if way else ()
    on = goes_on(an_ask(**asked), cut("one"), 0, *posts)

    assert (on.channel, on.thread_ts, on.reply, on.conversation) == place


def test_what_was_sent_as_a_direct_message_goes_on_there() -> None:
    posts = (Post("0", DM, 1.0, ROOT_TS), Post(WAY, DM, 1.0, route="direct:not_in_channel"))
    on = goes_on(an_ask(), cut("one"), 0, *posts)

    assert (on.channel, on.thread_ts, on.conversation) == (DM, ROOT_TS, DM)
