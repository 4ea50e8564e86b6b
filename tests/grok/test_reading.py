from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.completion.result import Chunk, TokenLogprob, Usage
from bot.grok.endpoints.choices import ChoicesReader
from bot.grok.text.progress import Progress

NAMES = """choices index text delta message content reasoning_content logprobs tokens
    token_logprobs top_logprobs token logprob finish_reason model usage prompt_tokens
    completion_tokens completion_tokens_details reasoning_tokens total_tokens cost_in_usd_ticks"""
FIELDS = st.sampled_from(NAMES.split())
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=5),
    max_leaves=20,
)


@settings()
@given(st.dictionaries(FIELDS, ANYTHING, max_size=6))
def test_nothing_breaks_the_reading(event: dict[str, Any]) -> None:
    progress = Progress()

    chunks = list(progress.follow(ChoicesReader()(event)))

    assert all(isinstance(chunk, Chunk) for chunk in [*chunks, *progress.rest()])


@pytest.mark.parametrize(
    "choice",
    [
        {"text": "a"},
        {"delta": {"content": "a"}},
        {"delta": {"content": [{"type": "text", "text": "a"}, {"type": "image"}]}},
        {"message": {"content": "a"}},
        {"message": {"content": None, "refusal": "a"}},
    ],
)
def test_text_wherever_it_stands(choice: dict[str, Any]) -> None:
    assert ChoicesReader()({"choices": [choice], "model": "m"}) == [Chunk(text="a", model="m")]


def test_reasoning_under_either_name() -> None:
    deltas: list[dict[str, Any]] = [{"reasoning_content": "a"}, {"reasoning": "b"}]
    events = [ChoicesReader()({"choices": [{"delta": delta}]}) for delta in deltas]

    assert [chunk.reasoning for (chunk,) in events] == ["a", "b"]


def test_a_choice_without_an_index_is_known_by_its_place() -> None:
    chunks = ChoicesReader()({"choices": [{"text": "a"}, {"text": "b"}, {"text": "c", "index": 7}]})

    assert [chunk.choice for chunk in chunks] == [0, 1, 7]


def test_the_first_token_of_an_echo_has_no_number() -> None:
    logprobs = {
        "tokens": ["Hi", " you"],
        "token_logprobs": [None, -0.5],
        "top_logprobs": [None, {" all": -2.0, " you": -0.5}],
    }

    (chunk,) = ChoicesReader()({"choices": [{"text": "Hi you", "logprobs": logprobs}]})

    assert chunk.logprobs == (TokenLogprob(" you", -0.5, ((" you", -0.5), (" all", -2.0))),)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (
            {
                "prompt_tokens": 32,
                "completion_tokens": 9,
                "total_tokens": 135,
                "completion_tokens_details": {"reasoning_tokens": 94},
                "prompt_tokens_details": {"cached_tokens": 6},
                "cost_in_usd_ticks": 5,
            },
            Usage(
                prompt_tokens=32,
                cached_tokens=6,
                completion_tokens=9,
                reasoning_tokens=94,
                total_tokens=135,
                cost_in_usd_ticks=5,
            ),
        ),
        (
            {
                "prompt_tokens": 32,
                "completion_tokens": 103,
                "total_tokens": 135,
                "completion_tokens_details": {"reasoning_tokens": 94},
            },
            Usage(prompt_tokens=32, completion_tokens=9, reasoning_tokens=94, total_tokens=135),
        ),
        (
            {"prompt_tokens": 3, "completion_tokens": 4, "completion_tokens_details": None},
            Usage(prompt_tokens=3, completion_tokens=4, total_tokens=7),
        ),
    ],
)
def test_usage(usage: dict[str, Any], expected: Usage) -> None:
    assert ChoicesReader()({"choices": [], "usage": usage}) == [Chunk(usage=expected)]


@pytest.mark.parametrize("usage", [None, {}, [], "x"])
def test_no_usage(usage: Any) -> None:
    assert ChoicesReader()({"usage": usage}) == []


def test_an_ended_turn_ends_nothing_yet() -> None:
    progress = Progress()
    first = [Chunk(text="a", finish_reason="end_turn")]

    assert list(progress.follow(first)) == [Chunk(text="a")]
    assert progress.complete
    assert list(progress.follow([Chunk(text="b", finish_reason="length")]))
    assert list(progress.rest()) == []


def test_a_number_that_no_float_holds_is_none() -> None:
    logprobs = {"content": [{"token": "a", "logprob": -(10**400)}]}
    event = {"choices": [{"index": 10**400, "text": "a", "logprobs": logprobs}]}

    assert ChoicesReader()(event) == [Chunk(text="a")]
