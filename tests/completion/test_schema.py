from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from jsonschema import Draft7Validator
from pydantic import ValidationError

from bot.completion import CompletionRequest
from bot.completion.request import json_schema
from tests.completion.strategies import Json, json_instances, valid_json

SPECIFIED = Path(__file__).with_name("create_completion.schema.json").read_text(encoding="utf-8")
VALIDATOR = Draft7Validator(json.loads(SPECIFIED))


def accepts(text: str) -> bool:
    try:
        CompletionRequest.model_validate_json(text)
    except ValidationError:
        return False
    return True


def accepts_object(value: Json) -> bool:
    try:
        CompletionRequest.model_validate(value)
    except ValidationError:
        return False
    return True


def test_schema_is_the_specified_one() -> None:
    assert json_schema() == json.loads(SPECIFIED)


def test_schema_is_published_in_the_order_of_the_specification() -> None:
    assert json.dumps(json_schema(), indent=2) == SPECIFIED.rstrip()


@settings(max_examples=600)
@given(json_instances)
@example({})
@example([])
@example(None)
@example({"model": "m", "prompt": None})
def test_model_and_schema_give_the_same_verdict(instance: Json) -> None:
    text = json.dumps(instance)

    assert accepts(text) == VALIDATOR.is_valid(json.loads(text))
    assert accepts_object(instance) == VALIDATOR.is_valid(instance)


@settings(max_examples=150)
@given(valid_json)
def test_what_was_given_is_what_is_kept(instance: Json) -> None:
    request = CompletionRequest.model_validate_json(json.dumps(instance))

    assert request.given() == instance


VALUES = (
    "null",
    "true",
    "false",
    '"5"',
    '""',
    '"x"',
    "[]",
    '["x"]',
    '["x", null]',
    '["x", 5]',
    "[[]]",
    "{}",
    '{"50256": -100}',
    '{"50256": 1e3, "a": 0.5}',
    '{"50256": "5"}',
    '{"50256": true}',
    '{"50256": null}',
    '{"50256": 1e400}',
    f'{{"50256": 1{"0" * 400}}}',
    "0",
    "-0.0",
    "0.0",
    "0.5",
    "1",
    "1.0",
    "1.5",
    "-1",
    "2",
    "2.0",
    "2.0000001",
    "-2",
    "-2.0000001",
    "5",
    "5.0",
    "6",
    "1e0",
    "1e3",
    "1e20",
    "1e-20",
    "1e300",
    "-1e300",
    "123456789012345678901234567890",
    f"1{'0' * 400}",
)
"""Of every kind, and at the bounds of numbers; as JSON."""


@pytest.mark.parametrize("name", [*CompletionRequest.model_fields, "unknown"])
def test_every_parameter_takes_exactly_what_the_schema_allows(name: str) -> None:
    others = [f'"{other}": "x"' for other in ("model", "prompt") if other != name]
    wrong = []
    for value in VALUES:
        text = "{" + ", ".join([*others, f'"{name}": {value}']) + "}"
        taken = accepts(text), accepts_object(json.loads(text))
        if taken != (allowed := VALIDATOR.is_valid(json.loads(text)),) * 2:
            wrong.append(f"{text}: allowed {allowed}, taken {taken}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"x"', "5", '{"model": "m"}', "{}"])
def test_what_is_not_a_request_is_refused(text: str) -> None:
    assert not accepts(text)
