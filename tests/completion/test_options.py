from __future__ import annotations

import json
from pathlib import Path

from bot.completion.options import OPTIONS, PARAMETERS, SHORT, shown_value
from bot.completion.search import OPTION_NAMES

SPECIFIED = json.loads(
    Path(__file__).with_name("create_completion.schema.json").read_text(encoding="utf-8")
)["properties"]


def test_there_are_the_specified_parameters() -> None:
    assert set(PARAMETERS) == set(SPECIFIED)
    assert len(PARAMETERS) == 17


def test_kinds_follow_the_types() -> None:
    kinds = {name: parameter.kind for name, parameter in PARAMETERS.items()}

    assert kinds == {
        "model": "text",
        "prompt": "texts",
        "temperature": "number",
        "max_tokens": "integer",
        "top_p": "number",
        "frequency_penalty": "number",
        "presence_penalty": "number",
        "seed": "integer",
        "n": "integer",
        "stop": "texts",
        "stream": "boolean",
        "echo": "boolean",
        "suffix": "text",
        "best_of": "integer",
        "logprobs": "integer",
        "logit_bias": "bias",
        "user": "text",
    }


def test_bounds_are_the_specified_ones() -> None:
    for name, parameter in PARAMETERS.items():
        specified = SPECIFIED[name]
        assert parameter.minimum == specified.get("minimum")
        assert parameter.maximum == specified.get("maximum")
        assert parameter.above == specified.get("exclusiveMinimum")


def test_allowed_values_are_said_in_words() -> None:
    assert PARAMETERS["temperature"].allowed == "a number from 0 to 2"
    assert PARAMETERS["max_tokens"].allowed == "a whole number from 1 to 2,147,483,647"
    assert (
        PARAMETERS["n"].allowed == PARAMETERS["best_of"].allowed == "a whole number from 1 to 128"
    )
    assert PARAMETERS["logprobs"].allowed == "a whole number from 0 to 5"
    assert PARAMETERS["seed"].allowed == "a whole number"


def test_what_newer_endpoints_cannot_carry_is_marked() -> None:
    newest = {name: parameter.newest for name, parameter in PARAMETERS.items()}

    assert {name for name in newest if newest[name] == "completions"} == {
        *("suffix", "echo", "best_of")
    }
    assert {name for name in newest if newest[name] == "chat"} == {
        *("n", "stop", "seed", "logit_bias", "frequency_penalty", "presence_penalty")
    }


def test_no_two_flags_share_a_letter() -> None:
    assert len(SHORT) == sum(bool(option.short) for option in OPTIONS.values())
    assert set(SHORT) == {"m", "t", "n", "s"}


def test_every_flag_is_described() -> None:
    assert list(OPTIONS) == [
        *PARAMETERS,
        *("system", "effort", *OPTION_NAMES, "reply", "private"),
    ]
    assert all(option.hint and option.example and option.allowed for option in OPTIONS.values())


def test_values_are_shown_as_they_were_written() -> None:
    assert shown_value(None) == "null"
    assert shown_value(True) == "true"
    assert shown_value(0.5) == "0.5"
    assert shown_value("") == '""'
    assert shown_value([[[]]]) == "a list"
    assert shown_value({}) == "an object"
    assert shown_value(10**5000) == "a number of 5001 digits"
    assert shown_value(10**23 - 1) == "a number of 23 digits"
