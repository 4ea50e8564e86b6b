from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from bot.completion import CompletionRequest
from bot.completion.ask import Ask
from tests.completion.strategies import requests


def request_of(**values: object) -> CompletionRequest:
    return CompletionRequest.model_validate({"model": "grok-4.3", "prompt": "Hi", **values})


def test_only_what_was_given_is_sent() -> None:
    request = request_of(temperature=0, stream=False, stop=["a", "b"])

    assert request.given() == {
        "model": "grok-4.3",
        "prompt": "Hi",
        "temperature": 0,
        "stop": ["a", "b"],
        "stream": False,
    }
    assert request.max_tokens is None


def test_a_parameter_added_to_a_copy_counts_as_given() -> None:
    assert request_of().model_copy(update={"max_tokens": 7}).given()["max_tokens"] == 7


@settings(max_examples=100)
@given(requests)
def test_a_request_survives_storage(request: CompletionRequest) -> None:
    restored = CompletionRequest.model_validate_json(request.model_dump_json())

    assert restored == request
    assert restored.given() == request.given()


def test_a_request_survives_storage_inside_an_ask() -> None:
    ask = Ask(
        dedupe="command:1",
        surface="command",
        team="T1",
        channel="C1",
        user="U1",
        request=request_of(seed=2**64, n=1.0),
        asked_at=1.5,
    )

    restored = Ask.model_validate_json(ask.model_dump_json())

    assert restored == ask
    assert restored.request.given() == {
        "model": "grok-4.3",
        "prompt": "Hi",
        "seed": 2**64,
        "n": 1,
    }


def test_whole_floats_become_integers() -> None:
    sent = json.dumps(request_of(n=2.0, seed=1e20, logprobs=5.0).given())

    assert json.loads(sent)["seed"] == 100000000000000000000
    assert '"n": 2,' in sent
    assert '"logprobs": 5' in sent


@pytest.mark.parametrize("field", ["model", "prompt", "suffix", "user", "stop"])
def test_lone_surrogates_are_refused_however_they_come(field: str) -> None:
    with pytest.raises(ValidationError):
        request_of(**{field: "a\ud800"})
    with pytest.raises(ValidationError):
        CompletionRequest.model_validate_json(
            json.dumps({"model": "m", "prompt": "p", field: "a\ud800"})
        )


def test_tuples_are_not_json_lists() -> None:
    with pytest.raises(ValidationError):
        request_of(prompt=("a", "b"))


def test_a_request_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        request_of().model = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("values", "choices"),
    [({}, 1), ({"n": 3}, 3), ({"prompt": ["a", "b"]}, 2), ({"prompt": ["a", "b"], "n": 2}, 4)],
)
def test_choices_are_counted_for_every_prompt(values: dict[str, object], choices: int) -> None:
    assert request_of(**values).choices == choices


@pytest.mark.parametrize(
    ("values", "streams"),
    [
        ({}, True),
        ({"stream": True}, True),
        ({"stream": False}, False),
        ({"best_of": 1}, True),
        ({"best_of": 2}, False),
        ({"best_of": 2, "stream": True}, False),
    ],
)
def test_the_best_of_several_does_not_stream(values: dict[str, object], streams: bool) -> None:
    assert request_of(**values).streams is streams
