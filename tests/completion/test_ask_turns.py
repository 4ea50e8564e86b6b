from __future__ import annotations

from typing import Any

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from bot.completion import CompletionRequest
from bot.completion.ask import (
    Ask,
    Turn,
    beginning,
    conversation_of,
    estimate_tokens,
    show_echo,
    turn_of,
)
from bot.completion.result import Answer, Section
from bot.completion.transcript import Past
from tests.completion.prompts import completion_prompt

_CHARACTER = regex.compile(r"\p{RI}{2}|\X")


def ask(**values: Any) -> Ask:
    request = CompletionRequest.model_validate({"model": "grok-4.3", "prompt": "Hi"} | values)
    return Ask(
        dedupe="d",
        surface="thread",
        team="T1",
        channel="C1",
        user="U1",
        name="Ana",
        request=request,
        asked_at=0.0,
    )


def answer(*texts: str, **values: Any) -> Answer:
    sections = tuple(Section(title="T", text=text, note="N", done=True) for text in texts)
    return Answer(sections=sections, model_asked="m", model="m", endpoint="chat", **values)


@pytest.mark.parametrize(
    ("channel", "root", "conversation"),
    [("C1", "1700.1", "C1:1700.1"), ("G1", "1700.1", "G1:1700.1"), ("D1", "1700.1", "D1")],
)
def test_where_a_conversation_is(channel: str, root: str, conversation: str) -> None:
    assert conversation_of(channel, root) == conversation


def test_a_turn_is_what_was_asked_and_answered() -> None:
    assert turn_of("j1", ask(), answer("Hello!", context="SHARED")) == Turn(
        job_id="j1", user="U1", name="Ana", prompt="Hi", answer="Hello!", context="SHARED"
    )


def test_several_prompts_and_answers_are_one_turn() -> None:
    turn = turn_of("j1", ask(prompt=["a", "b"], n=2), answer("1", " ", "3", "4"))

    assert turn is not None
    assert (turn.prompt, turn.answer) == ("a\n\nb", "1\n\n3\n\n4")


@pytest.mark.parametrize("texts", [(), ("",), (" \n", "")])
def test_without_an_answer_there_is_no_turn(texts: tuple[str, ...]) -> None:
    assert turn_of("j1", ask(), answer(*texts, failure="Grok broke off.")) is None


def test_what_came_before_a_failure_is_remembered() -> None:
    turn = turn_of("j1", ask(), answer("Once up", failure="Grok broke off."))

    assert turn is not None
    assert turn.answer == "Once up"


def test_an_echo_is_not_remembered_twice() -> None:
    shown = [show_echo(prompt, f"{prompt} it is", done=True) for prompt in ("a", "a", "b", "b")]

    turn = turn_of("j1", ask(prompt=["a", "b"], n=2, echo=True), answer(*shown))

    assert turn is not None
    assert turn.answer == "\n\n".join([" it is"] * 4)


@given(st.text(), st.text())
def test_an_estimate_grows_with_the_text(text: str, more: str) -> None:
    assert (estimate_tokens(text) > 0) is bool(text)
    assert estimate_tokens(text) <= estimate_tokens(text + more)


@given(st.text(), st.integers(-3, 40))
def test_a_beginning_is_as_much_as_fits(text: str, tokens: int) -> None:
    start = beginning(text, tokens)

    assert text.startswith(start)
    assert estimate_tokens(start) <= max(0, tokens)
    following = _CHARACTER.match(text, len(start))
    assert following is None or estimate_tokens(text[: following.end()]) > tokens


def test_lone_surrogates_can_be_counted() -> None:
    assert estimate_tokens("\ud83d") == 1
    assert beginning("\ud83d", 1) == "?"


@pytest.mark.parametrize("name", ["", "Ana", "A very long name of somebody in this workspace"])
def test_a_turn_counts_what_marks_it(name: str) -> None:
    turn = Turn(job_id="j", user="U1", name=name, prompt="p" * 30, answer="a" * 30, context="c" * 9)
    none, one = (
        completion_prompt("", Past(turns, "x", "U1", "Ana"), "Why?") for turns in ((), (turn,))
    )

    assert estimate_tokens(one) - estimate_tokens(none) <= turn.tokens
