"""Each of the 17 parameters, from a flag in Slack to the body that Grok gets."""

from __future__ import annotations

from typing import Any

import pytest

from bot.completion.options import PARAMETERS
from sandbox.grok import GrokServer
from sandbox.workspace import ANA, GENERAL
from tests.e2e.stage import Stage, on_stage

COMPLETIONS = "grok-4.20-non-reasoning"

GIVEN: dict[str, tuple[str, Any]] = {
    "model": ("--model grok-4.20-non-reasoning", COMPLETIONS),
    "best_of": ("--best-of 2", 2),
    "echo": ("--echo", True),
    "frequency_penalty": ("--frequency-penalty=-0.5", -0.5),
    "logit_bias": ("--logit-bias 50256=-100,198=5", {"50256": -100, "198": 5}),
    "logprobs": ("--logprobs 3", 3),
    "max_tokens": ("--max-tokens 77", 77),
    "n": ("-n 2", 2),
    "presence_penalty": ("--presence-penalty 0.5", 0.5),
    "seed": ("--seed 7", 7),
    "stop": ('--stop "\\n\\n" --stop END', ["\n\n", "END"]),
    "stream": ("--no-stream", False),
    "suffix": ('--suffix "the end"', "the end"),
    "temperature": ("--temperature 0.2", 0.2),
    "top_p": ("--top_p 0.9", 0.9),
    "user": ("--user team-42", "team-42"),
}
HASHES = {"prompt_cache_key", "safety_identifier"}
ALWAYS = {"model", "prompt", "max_tokens", "stream", "stream_options"}


async def _sent(redis_url: str, flags: str, *, dialect: Any = "openai", **values: Any) -> Stage:
    grok = GrokServer(dialect=dialect, speed=None, first_delay=0)
    async with on_stage(redis_url, grok=grok, grok_model=COMPLETIONS, **values) as stage:
        await stage.ask(f"{flags} Say  hi")
        await stage.answer()
    return stage


def test_every_parameter_is_tried() -> None:
    assert {*GIVEN, "prompt"} == set(PARAMETERS)


@pytest.mark.parametrize("name", sorted(GIVEN))
async def test_a_parameter_arrives_as_given_and_nothing_else_does(
    redis_url: str, name: str
) -> None:
    flags, value = GIVEN[name]
    stage = await _sent(redis_url, flags, grok_endpoint="completions")

    body = stage.sent()
    assert stage.grok.requests[0].path == "/v1/completions"
    assert body[name] == value
    assert body["prompt"] == "Say  hi"
    assert set(body) - ALWAYS <= {name}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("temperature", {"temperature": 0.2}),
        ("max_tokens", {"max_tokens": 77}),
        ("logprobs", {"logprobs": True, "top_logprobs": 3}),
        ("stop", {"stop": ["\n\n", "END"]}),
        ("n", {"n": 2}),
        ("seed", {"seed": 7}),
        ("top_p", {"top_p": 0.9}),
        ("user", {"user": "team-42"}),
        ("logit_bias", {"logit_bias": {"50256": -100, "198": 5}}),
        ("frequency_penalty", {"frequency_penalty": -0.5}),
        ("presence_penalty", {"presence_penalty": 0.5}),
        ("stream", {"stream": False}),
    ],
)
async def test_what_the_chat_endpoint_carries(
    redis_url: str, name: str, expected: dict[str, Any]
) -> None:
    stage = await _sent(redis_url, GIVEN[name][0], grok_endpoint="chat")

    body = stage.sent()
    assert stage.grok.requests[0].path == "/v1/chat/completions"
    assert body["messages"] == [{"role": "user", "content": "Say  hi"}]
    assert {key: body[key] for key in expected} == expected
    assert set(body) <= {*expected, "model", "messages", "max_tokens", "stream", "stream_options"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("temperature", {"temperature": 0.2}),
        ("max_tokens", {"max_output_tokens": 77}),
        ("logprobs", {"logprobs": True, "top_logprobs": 3}),
        ("top_p", {"top_p": 0.9}),
        ("user", {"user": "team-42"}),
        ("stream", {"stream": False}),
    ],
)
async def test_what_the_responses_endpoint_carries(
    redis_url: str, name: str, expected: dict[str, Any]
) -> None:
    forced = {"grok_endpoint": "responses"} if name == "logprobs" else {}
    stage = await _sent(redis_url, GIVEN[name][0], dialect="xai", **forced)

    body = stage.sent()
    assert stage.grok.requests[0].path == "/v1/responses"
    assert body["input"] == [{"role": "user", "content": "Say  hi"}]
    assert {key: body[key] for key in expected} == expected
    always = {"model", "input", "max_output_tokens", "stream", "store", *HASHES}
    assert set(body) <= {*expected, *always}
    assert body["store"] is False
    assert stage.grok.stored == 0
    assert not {ANA, GENERAL} & {str(body[name]) for name in HASHES & set(body)}


@pytest.mark.parametrize(
    "name",
    [
        *("n", "stop", "seed", "logit_bias", "frequency_penalty", "presence_penalty"),
        *("echo", "suffix", "best_of"),
    ],
)
async def test_what_the_responses_endpoint_cannot_carry_goes_to_another_or_is_said(
    redis_url: str, name: str
) -> None:
    routed = await _sent(redis_url, GIVEN[name][0])
    async with on_stage(redis_url, grok_endpoint="responses", grok_model=COMPLETIONS) as stage:
        result = await stage.ask(f"{GIVEN[name][0]} Say hi")

    older = name in {"echo", "suffix", "best_of"}
    by_completions = older or name == "presence_penalty"  # which this model takes there only
    path = "/v1/completions" if by_completions else "/v1/chat/completions"
    assert routed.grok.requests[-1].path == path
    assert routed.sent()[name] == GIVEN[name][1]
    assert f"--{name.replace('_', '-')}" in result.ack_body["text"]
    assert f"GROK_ENDPOINT={'completions' if older else 'chat'}" in result.ack_body["text"]
    assert not stage.grok.requests
    assert not stage.workspace.calls_of("chat.postMessage")


@pytest.mark.parametrize("name", ["echo", "suffix", "best_of"])
async def test_what_the_chat_endpoint_cannot_carry_is_said_before_sending(
    redis_url: str, name: str
) -> None:
    async with on_stage(redis_url, grok_endpoint="chat") as stage:
        result = await stage.ask(f"{GIVEN[name][0]} Say hi")

    assert f"--{name.replace('_', '-')}" in result.ack_body["text"]
    assert not stage.grok.requests
    assert not stage.workspace.calls_of("chat.postMessage")


async def test_xai_takes_logprobs_as_a_switch_and_stop_as_a_list(redis_url: str) -> None:
    stage = await _sent(
        redis_url, "--logprobs 3 --stop END", dialect="xai", grok_endpoint="completions"
    )

    assert stage.sent()["logprobs"] is True
    assert stage.sent()["stop"] == ["END"]


async def test_the_output_cap_of_the_settings_goes_along(redis_url: str) -> None:
    stage = await _sent(redis_url, "", grok_max_tokens=321)

    assert stage.sent()["max_output_tokens"] == 321
