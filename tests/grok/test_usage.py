"""What an answer used, in every server's words."""

from __future__ import annotations

from typing import Any

import pytest

from bot.completion.result import Chunk, Usage
from bot.grok.client import GrokClient
from bot.grok.endpoints.choices import ChoicesReader, read_usage
from sandbox.grok import GrokServer, Script
from tests.grok.answers import answer, request

SAID = Usage(prompt_tokens=5, completion_tokens=500, total_tokens=505)


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": 5, "completion_tokens": 500, "total_tokens": 505},
        {"prompt_tokens": "5", "completion_tokens": " 500 ", "total_tokens": "505"},
        {"prompt_tokens": 5.0, "completion_tokens": 499.2},
        {"input_tokens": 5, "output_tokens": 500},
        {"promptTokens": 5, "completionTokens": 500, "totalTokens": 505},
        {"inputTokens": 5, "outputTokens": "5e2"},
        {"promptTokenCount": 5, "candidatesTokenCount": 500, "totalTokenCount": 505},
        {"prompt_eval_count": 5, "eval_count": 500},
        {"prompt_tokens": 5, "completion_tokens": 500, "input_tokens": 0, "output_tokens": 0},
        {"prompt_tokens": 0, "completion_tokens": 0, "input_tokens": 5, "output_tokens": 500},
        {"prompt_tokens": -1, "input_tokens": 5, "completion_tokens": 500, "total_tokens": "NaN"},
        {"prompt_tokens": 5, "completion_tokens": 500, "total_tokens": 10**30},
        {"prompt_tokens": 5, "completion_tokens": 500, "cost_in_usd_ticks": -7},
        {"prompt_tokens": 5, "completion_tokens": 500, "cost_in_usd_ticks": 0},
    ],
)
def test_names_and_numbers(usage: dict[str, Any]) -> None:
    assert read_usage({"usage": usage}) == SAID


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        {"prompt_tokens": "many", "completion_tokens": -4, "total_tokens": True},
        {"prompt_tokens": float("nan"), "completion_tokens": float("inf"), "total_tokens": 1e300},
        {"prompt_tokens": "9" * 5_000, "completion_tokens": [5], "total_tokens": {"a": 5}},
        {"prompt_tokens": None, "completion_tokens": "inf", "cost_in_usd_ticks": "-0"},
    ],
)
def test_what_says_nothing(usage: dict[str, Any]) -> None:
    assert read_usage({"usage": usage}) is None


@pytest.mark.parametrize(
    "event",
    [
        {"usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 500}},
        {"x_groq": {"usage": {"prompt_tokens": 5, "completion_tokens": 500}}},
        {"choices": [{"usage": {"prompt_tokens": 5, "completion_tokens": 500}}]},
        {
            "usage": {"prompt_tokens": 0},
            "x_groq": {"usage": {"prompt_tokens": 5, "completion_tokens": 500}},
        },
    ],
)
def test_wherever_it_stands(event: dict[str, Any]) -> None:
    assert read_usage(event) == SAID


def test_thoughts_beside_the_candidates() -> None:
    """As Gemini counts them: neither number holds the other."""
    usage = {
        "promptTokenCount": 5,
        "candidatesTokenCount": 9,
        "thoughtsTokenCount": 94,
        "totalTokenCount": 108,
    }

    assert read_usage({"usage": usage}) == Usage(
        prompt_tokens=5, completion_tokens=9, reasoning_tokens=94, total_tokens=108
    )


def test_thoughts_within_the_output() -> None:
    usage = {
        "input_tokens": 5,
        "input_tokens_details": {"cached_tokens": 2},
        "output_tokens": 103,
        "output_tokens_details": {"reasoning_tokens": 94},
        "total_tokens": 108,
    }

    assert read_usage({"usage": usage}) == Usage(
        prompt_tokens=5,
        cached_tokens=2,
        completion_tokens=9,
        reasoning_tokens=94,
        total_tokens=108,
    )


def test_only_a_total_is_more_than_nothing() -> None:
    assert read_usage({"usage": {"total_tokens": 505}}) == Usage(total_tokens=505)


def test_what_says_nothing_is_no_chunk() -> None:
    assert ChoicesReader()({"usage": {"prompt_tokens": 0}}) == []


def test_the_later_says_more() -> None:
    first = Usage(prompt_tokens=5, total_tokens=5)

    assert first.then(Usage(completion_tokens=500)) == Usage(
        prompt_tokens=5, completion_tokens=500, total_tokens=5
    )
    assert SAID.then(Usage()) == SAID


async def test_numbers_of_a_server_with_other_words(
    grok: GrokServer, grok_client: GrokClient
) -> None:
    grok.script(Script(text="four", usage={"input_tokens": "5", "output_tokens": "500"}))

    assert (await answer(grok_client, request(stream=False)))[-1] == Chunk(
        model="grok-4.3", usage=SAID
    )
