from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from bot.completion import CompletionRequest
from bot.completion.faults import MAX_INT64, check
from bot.completion.request import MAX_ANSWERS, MAX_INT32
from tests.completion.strategies import requests


def broken(**values: object) -> list[str]:
    return [fault.parameter for fault in check(request_of(**values))]


def request_of(**values: object) -> CompletionRequest:
    return CompletionRequest.model_validate({"model": "m", "prompt": "Hi", **values})


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"prompt": ["a", "b"]},
        {"stop": ["a", "b", "c", "d"]},
        {"stop": []},
        {"stop": "\n"},
        {"logit_bias": {}},
        {"logit_bias": {"0": -100, "50256": 100.0, str(MAX_INT32): 0.5}},
        {"best_of": 3},
        {"best_of": 3, "n": 3, "stream": False},
        {"best_of": 1, "stream": True},
        {"n": MAX_ANSWERS},
        {"n": 64, "prompt": ["a", "b"]},
        {"seed": MAX_INT64},
        {"seed": -MAX_INT64},
        {"max_tokens": MAX_INT32},
    ],
)
def test_sound_requests_break_no_rule(values: dict[str, object]) -> None:
    assert broken(**values) == []


@pytest.mark.parametrize(
    ("values", "parameter"),
    [
        ({"model": " "}, "model"),
        ({"user": ""}, "user"),
        ({"user": " \u200b"}, "user"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": " \n"}, "prompt"),
        ({"prompt": []}, "prompt"),
        ({"prompt": ["a", " "]}, "prompt"),
        ({"prompt": ["a"] * (MAX_ANSWERS + 1)}, "prompt"),
        ({"logit_bias": {"5": 100.5}}, "logit_bias"),
        ({"logit_bias": {"5": -101}}, "logit_bias"),
        ({"logit_bias": {"5": float("inf")}}, "logit_bias"),
        ({"logit_bias": {"5": float("nan")}}, "logit_bias"),
        ({"logit_bias": {"hello": 1}}, "logit_bias"),
        ({"logit_bias": {"": 1}}, "logit_bias"),
        ({"logit_bias": {"-5": 1}}, "logit_bias"),
        ({"logit_bias": {"٥": 1}}, "logit_bias"),
        ({"logit_bias": {str(MAX_INT32 + 1): 1}}, "logit_bias"),
        ({"logit_bias": {"9" * 5000: 1}}, "logit_bias"),
        ({"best_of": 2, "n": 3}, "best_of"),
        ({"best_of": MAX_ANSWERS + 1}, "best_of"),
        ({"best_of": 2, "stream": True}, "stream"),
        ({"stop": ""}, "stop"),
        ({"stop": ["a", ""]}, "stop"),
        ({"stop": ["a"] * 5}, "stop"),
        ({"n": MAX_ANSWERS + 1}, "n"),
        ({"n": 65, "prompt": ["a", "b"]}, "n"),
        ({"n": 10**5000}, "n"),
        ({"seed": 2**63}, "seed"),
        ({"seed": 10**5000}, "seed"),
        ({"max_tokens": MAX_INT32 + 1}, "max_tokens"),
    ],
)
def test_a_broken_rule_names_its_parameter(values: dict[str, object], parameter: str) -> None:
    assert broken(**values) == [parameter]


def test_prompts_are_measured_together_in_bytes() -> None:
    request = request_of(prompt=["äb", "€"])

    assert check(request, max_prompt_bytes=6) == ()
    (fault,) = check(request, max_prompt_bytes=5)
    assert (fault.problem, fault.allowed) == ("is 6 bytes long", "up to 5 bytes")
    assert check(request_of(prompt="x" * 100_000)) == ()


def test_a_suffix_is_measured_as_a_prompt_is() -> None:
    assert check(request_of(suffix="äb"), max_prompt_bytes=3) == ()
    (fault,) = check(request_of(prompt="x", suffix="äb€"), max_prompt_bytes=5)
    assert (fault.parameter, fault.problem) == ("suffix", "is 6 bytes long")


@pytest.mark.parametrize(
    ("values", "parameter"),
    [
        ({"stop": ["x" * 17_000]}, "stop"),
        ({"stop": ["\x01" * 3_000]}, "stop"),  # JSON writes six bytes for each
        ({"user": "u" * 17_000}, "user"),
        ({"model": "m" * 17_000}, "model"),
        ({"logit_bias": {str(token): 1.5 for token in range(2_000)}}, "logit_bias"),
        ({"stop": ["x" * 9_000], "user": "u" * 8_000}, "stop"),
    ],
)
def test_what_is_asked_for_beside_the_prompt_stays_small(
    values: dict[str, Any], parameter: str
) -> None:
    (fault,) = check(request_of(**values))

    assert fault.parameter == parameter
    assert fault.problem.endswith("bytes long")
    assert fault.allowed == "up to 16,384 bytes"


def test_all_broken_rules_come_at_once_and_once_for_each_parameter() -> None:
    assert broken(prompt=["", "xyz"], stop="", n=2, best_of=1, logit_bias={"a": 1, "b": 2}) == [
        "prompt",
        "best_of",
        "stop",
        "logit_bias",
    ]


def test_only_an_explicit_stream_contradicts_best_of() -> None:
    assert broken(best_of=2) == []
    assert broken(best_of=2, stream=False) == []


@settings(max_examples=200)
@given(requests)
def test_rules_never_raise(request: CompletionRequest) -> None:
    check(request, max_prompt_bytes=10)
