from __future__ import annotations

from typing import cast

import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from bot.completion import CompletionRequest
from bot.completion.faults import (
    check,
    faults_of,
    refusal,
    schema_faults,
    sound_part,
    validate,
)
from bot.completion.flags import parse_text
from bot.completion.options import OPTIONS
from bot.errors import Fault, RequestRefused
from bot.words import request as words
from tests.completion.strategies import Json, near_valid_json


def faults_in(**values: object) -> dict[str, Fault]:
    with pytest.raises(RequestRefused) as refused:
        validate({"model": "grok-4.3", "prompt": "Hi", **values})
    faults = refused.value.faults
    assert len({fault.parameter for fault in faults}) == len(faults)
    return {fault.parameter: fault for fault in faults}


def test_a_valid_request_comes_back() -> None:
    assert validate({"model": "m", "prompt": "Hi", "n": 2}).n == 2


def test_a_fault_says_what_was_wrong_and_what_is_allowed() -> None:
    fault = faults_in(temperature=3)["temperature"]

    assert words.fault_line(fault) == ("temperature: 3 is too large; allowed: a number from 0 to 2")


@pytest.mark.parametrize(
    ("allowed", "told"),
    [
        ("with --search web,x", "odd: is so; it works with --search web,x"),
        ("leave it out", "odd: is so; leave it out"),
        (words.PROMPT_WANTED, "odd: is so; write your question at the end"),
        ("up to 3", "odd: is so; allowed: up to 3"),
    ],
)
def test_what_is_no_value_is_not_called_allowed(allowed: str, told: str) -> None:
    assert words.fault_line(Fault("odd", "is so", allowed)) == told


def test_without_a_question_it_is_said_where_to_write_one() -> None:
    with pytest.raises(RequestRefused) as refused:
        validate({"model": "grok-4.3"})

    assert "prompt: is missing; write your question at the end" in refused.value.sentence


def test_all_faults_come_at_once() -> None:
    faults = faults_in(temperature=3, top_p="much", n=0, echo=1, stop=[1, 2], temprature=1)

    assert set(faults) == {"temperature", "top_p", "n", "echo", "stop", "temprature"}


def test_rules_broken_by_other_parameters_are_named_with_them() -> None:
    faults = faults_in(temperature=3, stop="", best_of=1, n=2, prompt=" ")

    assert set(faults) == {"temperature", "stop", "best_of", "prompt"}


@pytest.mark.parametrize(
    ("values", "parameter", "problem"),
    [
        ({"temperature": -0.5}, "temperature", "-0.5 is too small"),
        ({"temperature": "hot"}, "temperature", "hot is not a number"),
        ({"temperature": True}, "temperature", "true is not a number"),
        ({"temperature": None}, "temperature", "null is not a value; leave it out instead"),
        ({"max_tokens": 0}, "max_tokens", "0 is too small"),
        ({"max_tokens": 1.5}, "max_tokens", "1.5 is not a whole number"),
        ({"n": -(10**30)}, "n", "a number of 31 digits is too small"),
        ({"logprobs": 6}, "logprobs", "6 is too large"),
        ({"echo": "maybe"}, "echo", "maybe is neither on nor off"),
        ({"suffix": 5}, "suffix", "5 is not text"),
        ({"suffix": "\ud800"}, "suffix", "holds characters that cannot be sent"),
        ({"prompt": 5}, "prompt", "5 is not text"),
        ({"prompt": ["a", 5]}, "prompt", "5 is not text"),
        ({"prompt": ["a", None]}, "prompt", "null is not text"),
        ({"stop": {}}, "stop", "an object is not text"),
        ({"user": []}, "user", "a list is not text"),
        ({"logit_bias": 5}, "logit_bias", "5 is not token ids with a number each"),
        ({"logit_bias": {"5": "x"}}, "logit_bias", "x is not a number"),
        ({"temprature": 1}, "temprature", "there is no such parameter; did you mean temperature?"),
        ({"zzz": 1}, "zzz", "there is no such parameter"),
    ],
)
def test_problems_are_said_in_words(
    values: dict[str, object], parameter: str, problem: str
) -> None:
    assert faults_in(**values)[parameter].problem == problem


def test_missing_parameters_are_named() -> None:
    with pytest.raises(RequestRefused) as refused:
        validate({})

    assert {(fault.parameter, fault.problem) for fault in refused.value.faults} == {
        ("model", "is missing"),
        ("prompt", "is missing"),
    }


def test_values_in_a_fault_cannot_act() -> None:
    problem = faults_in(temperature="<!channel> `x`\n@here & " + "long" * 999)[
        "temperature"
    ].problem

    assert not set("<>&@`\n") & set(problem)
    assert len(problem) < 100


@pytest.mark.parametrize("value", ["[]", "5", "", "{"])
def test_what_is_no_object_is_one_fault(value: str) -> None:
    with pytest.raises(ValidationError) as error:
        CompletionRequest.model_validate_json(value)

    assert faults_of(error.value) == (Fault("", words.NOT_A_REQUEST),)


def test_a_missing_parameter_is_no_schema_fault() -> None:
    assert schema_faults({}) == ()
    assert [fault.parameter for fault in schema_faults({"n": 0})] == ["n"]


def wrong_in(instance: Json) -> set[str]:
    try:
        CompletionRequest.model_validate(instance)
    except ValidationError as error:
        return {str(detail["loc"][0]) for detail in error.errors()}
    return set()


@settings(max_examples=200)
@given(near_valid_json())
def test_every_wrong_parameter_has_a_fault(instance: Json) -> None:
    if wrong := wrong_in(instance):
        with pytest.raises(RequestRefused) as refused:
            validate(instance)
        assert wrong <= {fault.parameter for fault in refused.value.faults}
    else:
        assert validate(instance).given() == instance


def test_a_refusal_lists_every_fault() -> None:
    found = [Fault("n", "0 is too small", "a whole number above 0"), Fault("", "no such flag")]

    assert refusal(found).sentence == (
        "Grok was not asked yet. Please change this:\n"
        "• --n: 0 is too small; allowed: a whole number above 0\n"
        "• no such flag"
    )


@pytest.mark.parametrize("key", ["\ud800", 5])
def test_a_key_that_is_no_text_is_a_fault_too(key: object) -> None:
    values = cast("dict[str, object]", {key: 1, "model": "m", "prompt": "p", "temperature": 3})

    with pytest.raises(RequestRefused):
        validate(values)


def test_of_several_faults_of_one_parameter_the_first_is_told() -> None:
    found = [Fault("n", "first"), Fault("n", "second"), Fault("", "a"), Fault("", "b")]

    assert refusal(found).faults == (found[0], found[2], found[3])


def test_a_refusal_stays_short() -> None:
    refused = refusal(Fault("", f"problem {number}") for number in range(500))

    assert len(refused.faults) == 500
    assert len(refused.sentence) < 1_000
    assert refused.sentence.endswith("and 480 more")


@pytest.mark.parametrize("name", [name for name in OPTIONS if name != "prompt"])
def test_whoever_types_reads_of_flags(name: str) -> None:
    assert refusal([Fault(name, "is so")]).sentence.endswith(f"• {OPTIONS[name].flag}: is so")


def test_the_prompt_is_no_flag_to_whoever_types_it() -> None:
    assert refusal([Fault("prompt", "is empty")]).sentence.endswith("• prompt: is empty")


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        (f"--seed {'9' * 26}", "a number of 26 digits is too large; allowed: up to 9,223,"),
        (f"--seed -{'9' * 26}", "a number of 26 digits is too small; allowed: -9,223,"),
        ("--seed -1e999", "-1e999 is too small; allowed: -9,223,"),
        ("--model", "has no value; allowed: the id of a model"),
        ("-m ''", "is empty; allowed: the id of a model"),
        ('--user ""', "is empty; allowed: "),
    ],
)
def test_what_is_wrong_is_said_one_way(typed: str, line: str) -> None:
    flags = parse_text(f"{typed} -- hi")
    request, found = sound_part({"model": "m", **flags.values})
    (fault,) = flags.faults or found or check(request)

    assert words.fault_line(fault).partition(": ")[2].startswith(line)
