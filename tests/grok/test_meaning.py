"""Every shape in which servers say no, and what it means to the person."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.errors import GrokFailure
from bot.grok import errors
from bot.grok.endpoints.writing import write
from bot.grok.errors import ErrorReply
from bot.grok.meaning import READ_CHARS, say, tells_error
from bot.words import grok as words
from tests.grok.answers import request

CALL = write(request(model="m", stop="x"), "", "chat", "openai")
SAFETY = (
    "Content violates usage guidelines. Team: 7c9e6679, API key ID: 1, Model: grok-4, "
    "Failed check: SAFETY_CHECK_TYPE_BIO"
)

SAID: list[tuple[str, int, Any, GrokFailure]] = [
    (
        "xAI: content",
        403,
        {
            "code": "The caller does not have permission to execute the specified operation",
            "error": SAFETY,
        },
        "refused",
    ),
    (
        "xAI: content, short",
        403,
        {"code": "permission-denied", "error": "Content violates usage guidelines. "},
        "refused",
    ),
    ("xAI: permission", 403, {"code": "permission-denied", "error": "No."}, "not_permitted"),
    (
        "Azure: filter",
        400,
        {
            "error": {
                "message": "The response was filtered due to the prompt triggering Azure OpenAI's"
                " content management policy.",
                "param": "prompt",
                "code": "content_filter",
                "status": 400,
                "innererror": {"code": "ResponsibleAIPolicyViolation"},
            }
        },
        "refused",
    ),
    (
        "OpenAI: policy",
        400,
        {
            "error": {
                "message": "Your request was rejected as a result of our safety system.",
                "code": "content_policy_violation",
            }
        },
        "refused",
    ),
    (
        "OpenRouter: moderation",
        403,
        {
            "error": {
                "code": 403,
                "message": "m requires moderation. Your input was flagged",
                "metadata": {"reasons": ["violence"], "flagged_input": "…"},
            }
        },
        "refused",
    ),
    (
        "LiteLLM: guardrail",
        400,
        {"error": {"message": "Violated guardrail policy", "type": "None", "code": "400"}},
        "refused",
    ),
    ("Gemini: prohibited", 400, [{"error": {"message": "PROHIBITED_CONTENT"}}], "refused"),
    (
        "LiteLLM: budget, 400",
        400,
        {
            "error": {
                "message": "Budget has been exceeded! Current cost: 26.075, Max budget: 0.25",
                "type": "budget_exceeded",
            }
        },
        "no_credit",
    ),
    (
        "LiteLLM: budget, 429",
        429,
        {"error": {"message": "ExceededBudget: User=x over budget", "code": "429"}},
        "no_credit",
    ),
    ("DeepSeek: balance", 402, {"error": {"message": "Insufficient Balance"}}, "no_credit"),
    (
        "Anthropic: balance",
        400,
        {"type": "error", "error": {"message": "Your credit balance is too low to access it"}},
        "no_credit",
    ),
    (
        "Gemini: quota",
        429,
        [{"error": {"code": 429, "message": "You exceeded your current quota, please check…"}}],
        "no_credit",
    ),
    (
        "LiteLLM: model of a key",
        401,
        {
            "error": {
                "message": "key not allowed to access model. This key can only access models=['a']",
                "type": "key_model_access_denied",
                "param": "model",
                "code": "401",
            }
        },
        "not_permitted",
    ),
    (
        "LiteLLM: wrong key",
        401,
        {
            "error": {
                "message": "Authentication Error, Invalid proxy server token passed. Received API "
                "Key = sk-...rong",
                "type": "token_not_found_in_db",
                "param": "key",
                "code": "401",
            }
        },
        "bad_key",
    ),
    (
        "LiteLLM: wrong key without a database",
        400,
        {"error": {"message": "Authentication Error, No connected db.", "code": "400"}},
        "bad_key",
    ),
    (
        "Gemini: wrong key",
        400,
        [
            {
                "error": {
                    "code": 400,
                    "message": "API key not valid. Please pass a valid API key.",
                    "status": "INVALID_ARGUMENT",
                }
            }
        ],
        "bad_key",
    ),
    ("vLLM: wrong key", 401, {"error": "Unauthorized"}, "bad_key"),
    ("Azure: wrong key", 401, {"statusCode": 401, "message": "Access denied"}, "bad_key"),
    (
        "Gemini: unknown model",
        404,
        [{"error": {"code": 404, "message": "models/m is not found for API version v1main"}}],
        "unknown_model",
    ),
    (
        "OpenRouter: unknown model",
        400,
        {"error": {"message": "m is not a valid model ID", "code": 400}},
        "unknown_model",
    ),
    (
        "OpenRouter: no provider",
        404,
        {"error": {"message": "No endpoints found for m.", "code": 404}},
        "unknown_model",
    ),
    (
        "Azure: unknown deployment",
        404,
        {
            "error": {
                "code": "DeploymentNotFound",
                "message": "The API deployment for this resource does not exist.",
            }
        },
        "unknown_model",
    ),
    (
        "LiteLLM: unknown model",
        400,
        {
            "error": {
                "message": "{'error': '/chat/completions: Invalid model name passed in model=m.'}",
                "code": "400",
            }
        },
        "unknown_model",
    ),
    (
        "vLLM: unknown model",
        404,
        {"object": "error", "message": "The model `m` does not exist.", "code": 404},
        "unknown_model",
    ),
    (
        "Ollama: unknown model",
        404,
        {"error": {"message": 'model "m" not found, try pulling it first'}},
        "unknown_model",
    ),
    (
        "llama.cpp: context",
        400,
        {
            "error": {
                "code": 400,
                "message": "the request exceeds the available context size.",
                "type": "exceed_context_size_error",
            }
        },
        "too_long",
    ),
    (
        "OpenRouter: what the provider said",
        400,
        {
            "error": {
                "message": "Provider returned error",
                "code": 400,
                "metadata": {"raw": '{"error":{"message":"maximum context length is 8"}}'},
            }
        },
        "too_long",
    ),
    ("vLLM: busy", 503, {"detail": "Service overloaded"}, "unavailable"),
    ("Anthropic: busy", 529, {"error": {"type": "overloaded_error"}}, "unavailable"),
    ("Groq: rate", 429, {"error": {"message": "Rate limit reached for model"}}, "rate_limited"),
    ("gateway: page", 502, "<html><body>Bad gateway</body></html>", "unavailable"),
    ("Mistral: a list", 422, {"detail": [{"loc": ["body", "n"], "msg": "wrong"}]}, "invalid"),
    (
        "vLLM: a map in a message",
        400,
        {"object": "error", "message": {"detail": [{"loc": ["body", "n"], "msg": "wrong"}]}},
        "invalid",
    ),
]


@pytest.mark.parametrize(("name", "status", "body", "kind"), SAID, ids=[each[0] for each in SAID])
def test_error_over_http(name: str, status: int, body: Any, kind: GrokFailure) -> None:
    text = body if isinstance(body, str) else json.dumps(body)

    failed = errors.from_reply(ErrorReply(status, text), CALL)

    assert failed.kind == kind
    assert failed.sentence.endswith(".")


INSIDE = [each for each in SAID if not isinstance(each[2], str) and "code" in str(each[2])]


@pytest.mark.parametrize(
    ("name", "status", "body", "kind"), INSIDE, ids=[each[0] for each in INSIDE]
)
def test_error_inside_a_200(name: str, status: int, body: Any, kind: GrokFailure) -> None:
    for data in body if isinstance(body, list) else [body]:
        assert tells_error(data)
        assert errors.from_event(data, CALL, begun=False).kind == kind


def test_long_json_in_a_text_is_text() -> None:
    """To read a list of a million numbers takes a tenth of a second."""
    said = say({"error": "[" + "0," * 1_000_000 + "0]"})

    assert said.text == "[" + "0," * (READ_CHARS // 2 - 1) + "0"


@pytest.mark.parametrize("status", [400, 422])
def test_words_of_a_list_are_shown(status: int) -> None:
    body = {"detail": [{"loc": ["body", "user"], "msg": "Input should be a string"}]}

    failed = errors.from_reply(ErrorReply(status, json.dumps(body)), CALL)

    assert "user: Input should be a string" in failed.sentence


def test_refusal_of_content_says_what_to_do() -> None:
    failed = errors.from_reply(ErrorReply(403, json.dumps({"error": SAFETY})), CALL)

    assert failed.sentence == words.GROK_SENTENCES["refused"]
    assert (failed.spent, failed.retry) == (False, False)


FINE: list[dict[str, Any]] = [
    {"choices": [{"index": 0, "delta": {"content": "a"}}]},
    {"choices": [], "usage": {"total_tokens": 1}},
    {"choices": [], "prompt_filter_results": [{"prompt_index": 0}]},
    {"type": "ping"},
    {"type": "keepalive", "message": "still here"},
    {"code": 0, "message": "success", "choices": []},
    {"choices": [{"index": 0, "text": "a"}], "error": None, "message": ""},
    {"id": "1", "object": "chat.completion.chunk"},
]


@pytest.mark.parametrize("event", FINE)
def test_what_is_no_error(event: dict[str, Any]) -> None:
    assert not tells_error(event)


ODD: list[Any] = [
    None,
    3,
    [],
    {},
    [[]],
    {"error": {}},
    {"error": [{"error": [{"error": "deep"}]}]},
    "",
    "\ud83d",
]


@pytest.mark.parametrize("data", [*ODD, {"message": {"message": {"message": {"message": {}}}}}])
def test_nothing_breaks_the_reading_of_an_error(data: Any) -> None:
    assert errors.from_event(data, CALL).sentence.encode()
