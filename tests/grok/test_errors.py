from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bot.completion.options import OPTIONS
from bot.errors import GrokFailure
from bot.grok.client import GrokClient
from bot.grok.meaning import read_error
from bot.words import grok as words
from sandbox.grok import GrokServer, Script
from sandbox.grok.strict import TEAM
from tests.fixtures.grok import OpenGrokClient
from tests.grok.answers import CHAT, PLAIN, answer, broken, failure, request, text

KEY = "xai-Abc123Abc123Abc123Abc123"
LEAKS = (TEAM, TEAM[:8], KEY, "xai-", "xa***", "http", "<", ">", "@", "WKE", "console.x.ai")

CASES: list[tuple[int, Any, GrokFailure]] = [
    (400, {"code": "invalid-argument", "error": "Incorrect API key provided: xa***.."}, "bad_key"),
    (
        400,
        {
            "code": "Client specified an invalid argument",
            "error": f"Incorrect API key provided: {KEY}. You can obtain one from https://console.x.ai",
        },
        "bad_key",
    ),
    (
        401,
        {"code": "unauthenticated:no-credentials", "error": "No credentials provided"},
        "bad_key",
    ),
    (401, {"error": {"message": f"Incorrect API key provided: {KEY}"}}, "bad_key"),
    (401, None, "bad_key"),
    (
        403,
        {
            "code": "permission-denied",
            "error": "Your newly created team doesn't have any credits or licenses yet. You can "
            f"purchase those on https://console.x.ai/team/{TEAM}.",
        },
        "no_credit",
    ),
    (
        403,
        {"code": "The caller does not have permission to execute the specified operation"},
        "not_permitted",
    ),
    (
        429,
        {
            "code": "resource-exhausted",
            "error": f"Your team {TEAM} has either used all available credits or reached its "
            "monthly spending limit.",
        },
        "no_credit",
    ),
    (
        429,
        {
            "code": 429,
            "error": "You ran out of credits. [WKE=personal-team-blocked:spending-limit]",
        },
        "no_credit",
    ),
    (
        429,
        {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}},
        "no_credit",
    ),
    (402, "Payment required", "no_credit"),
    (
        429,
        {
            "code": "resource-exhausted",
            "error": f"Too many requests for team {TEAM} and model grok-4.5. Your team's rate "
            "limits are Requests per Minute (actual/limit): 2/2.",
        },
        "rate_limited",
    ),
    (429, "Too many tokens, please wait before trying again.", "rate_limited"),
    (
        422,
        {
            "error": "Failed to deserialize the JSON body into the target type: "
            "messages[3].content: invalid type: null"
        },
        "invalid",
    ),
    (
        400,
        {
            "code": "Client specified an invalid argument",
            "error": "This model's maximum prompt length is 131072 but the request contains 2000000"
            " tokens.",
        },
        "too_long",
    ),
    (
        400,
        {"error": {"message": "This model's maximum context length is 8192 tokens", "code": None}},
        "too_long",
    ),
    (400, {"error": {"message": "Too big", "code": "context_length_exceeded"}}, "too_long"),
    (
        400,
        {"code": "invalid-argument", "error": "The prompt is too long for grok-4.3."},
        "too_long",
    ),
    (
        400,
        {"code": 400, "error": "prompt + max_tokens must be within the context limit: 1 > 0"},
        "too_long",
    ),
    (422, {"error": "Please reduce the length of the messages or completion."}, "too_long"),
    (
        400,
        {"message": "The input token count (9) exceeds the maximum number of tokens allowed (8)."},
        "too_long",
    ),
    (500, {"error": {"message": "the request exceeds the available context size"}}, "too_long"),
    (413, "<html><body>413 Request Entity Too Large</body></html>", "too_long"),
    (400, json.dumps(f"bad thing for team {TEAM}"), "invalid"),
    (400, {"message": f"<!channel> key {KEY} @here"}, "invalid"),
    (400, {"detail": [{"loc": ["body"], "msg": "wrong"}]}, "invalid"),
    (400, {"error": ["odd"]}, "invalid"),
    (400, "", "invalid"),
    (400, "[" * 50_000, "invalid"),
    (400, "a-" * 50_000, "invalid"),
    (400, "argument " * 10_000, "invalid"),
    (500, {"code": "Internal error", "error": "Internal error"}, "unavailable"),
    (
        503,
        {
            "code": "The service is currently unavailable",
            "error": "Service temporarily unavailable.",
        },
        "unavailable",
    ),
    (500, {"code": 500, "error": "internal server error"}, "unavailable"),
    (502, "<!DOCTYPE html><html><title>502 Bad gateway</title></html>", "unavailable"),
    (525, "<!DOCTYPE html><html>SSL handshake failed</html>", "unavailable"),
    (400, {"error": {"message": "No connected db.", "type": "no_db_connection"}}, "bad_key"),
    (
        500,
        {"error": {"message": "create() got an unexpected keyword argument 'top_logprobs'"}},
        "invalid",
    ),
    (500, {"error": {"message": "'NoneType' object has no attribute 'argument'"}}, "unavailable"),
    (302, "", "unknown_model"),
    (308, "<html>Permanent Redirect</html>", "unknown_model"),
]


@pytest.mark.parametrize(("status", "body", "kind"), CASES)
async def test_every_error_is_one_plain_sentence(
    status: int, body: Any, kind: GrokFailure, grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    headers = {"x-should-retry": "false"}
    grok.script(Script(status=status, body=body, headers=headers, times=None))
    client = await open_grok_client(grok)

    failed = await failure(client, request())

    assert failed.kind == kind
    assert failed.reached
    assert failed.sentence.endswith(".")
    assert "\n" not in failed.sentence
    assert not [leak for leak in LEAKS if leak in failed.sentence]


@pytest.mark.parametrize(
    ("said", "parameter"),
    [
        ("Argument not supported on this model: presencePenalty", "presence_penalty"),
        ("Argument not supported on this model: stop", "stop"),
        ("Model grok-4.3 does not support parameter presencePenalty.", "presence_penalty"),
        (
            "Failed to deserialize the JSON body into the target type: logprobs: invalid type",
            "logprobs",
        ),
        (
            "Failed to deserialize the JSON body into the target type: unknown field `seed`, or",
            "seed",
        ),
    ],
)
async def test_a_refused_parameter_is_named_as_people_know_it(
    said: str, parameter: str, grok: GrokServer, grok_client: GrokClient
) -> None:
    body = {"code": "Client specified an invalid argument", "error": said}
    grok.script(Script(status=400, body=body))
    asked = request(model="grok-3", presence_penalty=1, stop="x", logprobs=3, seed=1)

    failed = await failure(grok_client, asked)

    assert failed.kind == "invalid"
    assert f" `{OPTIONS[parameter].flag}` " in failed.sentence
    assert "grok-3" in failed.sentence


async def test_openai_names_the_parameter_beside_the_message(
    openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    error = {"message": "Unsupported value", "param": "top_logprobs", "code": "unsupported_value"}
    openai_grok.script(Script(status=400, body={"error": error}))
    client = await open_grok_client(openai_grok, grok_endpoint="chat")

    assert "logprobs" in (await failure(client, request(logprobs=5))).sentence


async def test_a_parameter_that_was_not_given_is_not_blamed(
    grok: GrokServer, grok_client: GrokClient
) -> None:
    body = {"error": "Argument not supported on this model: reasoningEffort"}
    grok.script(Script(status=400, body=body))

    assert "reasoningEffort" in (await failure(grok_client, request())).sentence


async def test_an_excerpt_is_short_and_clean(
    grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    body = {"error": "value is odd; sesame " + "very long " * 100}
    grok.api_key = "sesame"
    grok.script(Script(status=400, body=body))
    client = await open_grok_client(grok)

    failed = await failure(client, request())

    assert "value is odd" in failed.sentence
    assert "sesame" not in failed.sentence
    assert len(failed.sentence) < 320


@pytest.mark.parametrize("model", [CHAT, PLAIN])
@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"error": {"message": "overloaded", "code": 503}}, "unavailable"),
        (
            {"error": {"message": "Prompt length exceeds it", "type": "invalid-argument"}},
            "too_long",
        ),
        ({"error": "This model's maximum prompt length is 8 but it has 9 tokens."}, "too_long"),
        ({"error": {"message": "Too big", "code": "context_length_exceeded"}}, "too_long"),
        ({"code": "resource-exhausted", "error": f"Too many requests for {TEAM}"}, "rate_limited"),
        ({"code": "resource-exhausted", "error": "You ran out of credits."}, "no_credit"),
        ({"error": f"boom for team {TEAM}"}, "unavailable"),
    ],
)
async def test_an_error_inside_the_stream(
    error: Any, kind: GrokFailure, model: str, grok: GrokServer, grok_client: GrokClient
) -> None:
    grok.script(Script(pieces=["a", "b", "c"], error=error, error_after=2))

    seen, failed = await broken(grok_client, request(model=model))

    assert text(seen) == "ab"
    assert failed.kind == kind
    assert not [leak for leak in LEAKS if leak in failed.sentence]


REFUSED = [
    {"error": {"message": "Rate limit reached", "code": 429}},
    {"error": {"message": "This model's maximum context length is 8 tokens.", "code": 400}},
    {"code": "resource-exhausted", "error": "You ran out of credits."},
    {"error": {"message": "No such key", "code": "unauthenticated:bad"}},
    {"error": {"message": "NCCL failure", "code": 500}},
    {"error": "Unexpected endpoint or method. (POST /chat/completions)"},
]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("error", REFUSED)
async def test_refusal_costs_nothing_however_it_is_sent(
    error: Any, stream: bool, grok: GrokServer, grok_client: GrokClient
) -> None:
    raw = f"data: {json.dumps(error)}\n\n".encode()
    grok.script(Script(raw=raw, times=None) if stream else Script(body=error, times=None))

    failed = await failure(grok_client, request(stream=stream))

    assert not failed.spent


async def test_refusal_behind_a_first_empty_event_costs_nothing(
    grok: GrokServer, grok_client: GrokClient
) -> None:
    grok.script(Script(pieces=[""], error=REFUSED[1], error_after=1))

    assert not (await failure(grok_client, request())).spent


@pytest.mark.parametrize("reply", [Script(pieces=["a"]), Script(pieces=[], reasoning="Hm")])
async def test_refusal_after_some_of_the_answer_is_paid(
    reply: Script, grok: GrokServer, grok_client: GrokClient
) -> None:
    grok.script(replace(reply, error=REFUSED[0], error_after=len(reply.pieces or ())))

    assert (await failure(grok_client, request())).spent


@pytest.mark.parametrize("code", [504, 408, 524])
async def test_gateway_that_gave_up_inside_the_stream_may_have_been_served(
    code: int, grok: GrokServer, grok_client: GrokClient
) -> None:
    raw = f'data: {{"error":{{"message":"late","code":{code}}}}}\n\n'.encode()
    grok.script(Script(raw=raw, times=None))

    assert (await failure(grok_client, request())).spent


@pytest.mark.parametrize(
    "raw",
    [b"", b"data: [DONE]\n\n", b": hi\n\ndata: [DONE]\n\n", b'data: {"choices":[]}\n\n'],
)
async def test_stream_of_nothing_is_asked_again_and_costs_nothing(
    raw: bytes, grok: GrokServer, grok_client: GrokClient
) -> None:
    grok.script(Script(raw=raw, times=2))
    assert text(await answer(grok_client, request()))
    assert len(grok.requests) == 3

    grok.script(Script(raw=raw, times=3))
    failed = await failure(grok_client, request())

    assert (failed.sentence, failed.spent) == (words.GROK_NOTHING, False)


@pytest.mark.parametrize("usage", [None, {"prompt_tokens": 5}])
async def test_body_without_an_answer_costs_what_it_says(
    usage: Any, grok: GrokServer, grok_client: GrokClient
) -> None:
    grok.script(Script(body={"choices": [], "usage": usage}, times=None))

    failed = await failure(grok_client, request(stream=False))

    assert (failed.sentence, failed.spent) == (words.GROK_NOTHING, usage is not None)
    assert len(grok.requests) == (1 if usage else 3)


async def test_an_error_event_may_hold_plain_text(
    grok: GrokServer, grok_client: GrokClient
) -> None:
    grok.script(Script(raw=b"event: error\ndata: overloaded\n\n", times=None))

    failed = await failure(grok_client, request(max_tokens=1))

    assert failed.kind == "unavailable"


async def test_an_error_in_a_body_with_status_200(
    grok: GrokServer, grok_client: GrokClient
) -> None:
    grok.script(Script(body={"code": "invalid-argument", "error": "no such thing"}))

    failed = await failure(grok_client, request(stream=False))

    assert failed.kind == "invalid"


@pytest.mark.parametrize("body", ["<!DOCTYPE html><p>hi</p>", "pong", [], {"choices": None}, {}])
async def test_what_is_no_answer_at_all(
    body: Any, grok: GrokServer, grok_client: GrokClient
) -> None:
    grok.script(Script(body=body))

    failed = await failure(grok_client, request())

    assert failed.kind == "unavailable"
    assert "not an answer" in failed.sentence


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirect_is_told_at_once(
    status: int, grok: GrokServer, grok_client: GrokClient
) -> None:
    headers = {"Location": "https://example.com/v1/chat/completions"}
    grok.script(Script(status=status, body="Moved", headers=headers, times=None))

    failed = await failure(grok_client, request())

    assert (failed.sentence, failed.spent) == (words.GROK_NO_API, False)
    assert len(grok.requests) == 1


@pytest.mark.parametrize("status", [201, 202, 203])
async def test_answer_with_another_good_status(
    status: int, grok: GrokServer, grok_client: GrokClient
) -> None:
    said = b'data: {"choices":[{"text":"Hi","finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    grok.script(Script(flow=lambda: [said], status=status))

    assert text(await answer(grok_client, request())) == "Hi"


async def test_connection_that_breaks_after_the_end_is_no_matter(
    grok: GrokServer, grok_client: GrokClient
) -> None:
    def said() -> Iterator[bytes]:
        yield b'data: {"choices":[{"text":"Hi","finish_reason":"stop"}]}\n\n'
        yield b'data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":1}}\n\n'
        raise ConnectionResetError

    grok.script(Script(flow=said))

    chunks = await answer(grok_client, request())

    assert text(chunks) == "Hi"
    assert chunks[-1].usage is not None


async def test_a_wrong_key_for_real(grok: GrokServer, open_grok_client: OpenGrokClient) -> None:
    client = await open_grok_client(grok, xai_api_key="xai-wrong-key")

    failed = await failure(client, request())

    assert failed.kind == "bad_key"
    assert "XAI_API_KEY" in failed.sentence
    assert len(grok.requests) == 1


async def test_no_key_for_real(grok: GrokServer, open_grok_client: OpenGrokClient) -> None:
    client = await open_grok_client(grok, xai_api_key=None)

    assert (await failure(client, request())).kind == "bad_key"
    assert "authorization" not in grok.requests[0].headers


async def test_a_server_without_keys(open_grok_client: OpenGrokClient) -> None:
    async with GrokServer(dialect="openai", api_key=None, speed=None, first_delay=0) as server:
        client = await open_grok_client(server, xai_api_key="anything ")

        assert text(await answer(client, request()))


def test_codes_may_be_numbers() -> None:
    said = read_error('{"code": 429, "error": "You ran out of credits."}')

    assert (said.code, said.text) == ("429", "You ran out of credits.")
