"""A cap that nobody asked for gives way to what the server has room for."""

from __future__ import annotations

from typing import Any

import pytest

from bot.errors import GrokFailed
from bot.grok.answering import Completion
from sandbox.grok import GrokServer, Script
from tests.fixtures.grok import OpenGrokClient
from tests.grok.answers import answer, failure, request, text
from tests.grok.wire import DONE, ends, event

MODEL = "llama-3.3-70b"
CAP = 4096
WINDOWS = [
    (
        400,
        (
            "This model's maximum context length is 2048 tokens, however you requested 4105 tokens "
            "(9 in your prompt; 4096 for the completion). Please reduce your prompt; or completion "
            "length."
        ),
    ),
    (
        400,
        (
            "This model's maximum context length is 2048 tokens. However, you requested 4105 "
            "tokens "
            "(9 in the messages, 4096 in the completion). Please reduce the length of the messages."
        ),
    ),
    (
        400,
        (
            "'max_tokens' or 'max_completion_tokens' is too large: 4096. This model's maximum "
            "context "
            "length is 2048 tokens and your request has 9 input tokens (4096 > 2048 - 9)."
        ),
    ),
    (
        422,
        (
            "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 2048. Given: 9 "
            "`inputs` tokens and 4096 `max_new_tokens`"
        ),
    ),
]
MOST = [
    (
        "max_tokens is too large: 4096. This model supports at most 2039 completion tokens, "
        "whereas "
        "you provided 4096."
    ),
    "max_tokens: 4096 > 2039, which is the maximum allowed number of output tokens for claude-3",
    (
        "`max_tokens` must be less than or equal to `2039`, the maximum value for `max_tokens` is "
        "less "
        "than the `context_window` for this model"
    ),
    "Invalid max_tokens value, the valid range of max_tokens is [1, 2039]",
]
SAID = [
    *((*each, "max_context") for each in WINDOWS),
    *((400, each, "max_output") for each in MOST),
]


def refuses_long_answers(server: GrokServer, status: int, message: str) -> None:
    def too_long(recorded: Any) -> bool:
        return bool(recorded.body.get("max_tokens", 0) > 2039)

    server.script(
        Script(status=status, body={"error": {"message": message}}, times=None, when=too_long)
    )
    server.script(
        Script(raw=event({"delta": {"content": "a"}}) + ends("length") + DONE, times=None)
    )


@pytest.mark.parametrize(("status", "message", "bound"), SAID)
async def test_as_long_an_answer_is_asked_for_as_there_is_room_for(
    status: int,
    message: str,
    bound: str,
    openai_grok: GrokServer,
    open_grok_client: OpenGrokClient,
) -> None:
    refuses_long_answers(openai_grok, status, message)
    client = await open_grok_client(openai_grok, grok_endpoint="chat")

    completion = client.complete(request(model=MODEL, max_tokens=CAP), nobodys_cap=True)
    chunks = [chunk async for chunk in completion]

    assert text(chunks) == "a"
    assert [each.body["max_tokens"] for each in openai_grok.requests] == [CAP, 2039]
    assert [chunk.finish_reason for chunk in chunks if chunk.finish_reason] == [bound]


@pytest.mark.parametrize(("status", "message"), [each[:2] for each in SAID])
async def test_a_cap_that_somebody_asked_for_stays(
    status: int, message: str, openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    refuses_long_answers(openai_grok, status, message)
    client = await open_grok_client(openai_grok, grok_endpoint="chat")

    failed = await failure(client, request(model=MODEL, max_tokens=CAP))

    assert failed.kind in {"too_long", "invalid"}
    assert [each.body["max_tokens"] for each in openai_grok.requests] == [CAP]


async def test_a_question_that_leaves_little_of_the_window_is_too_long(
    openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    message = WINDOWS[1][1].replace("(9 in", "(1800 in")
    refuses_long_answers(openai_grok, 400, message)
    client = await open_grok_client(openai_grok, grok_endpoint="chat")

    completion = client.complete(request(model=MODEL, max_tokens=CAP), nobodys_cap=True)

    assert (await failure_of(completion)) == "too_long"
    assert len(openai_grok.requests) == 1


async def test_it_is_tried_once(openai_grok: GrokServer, open_grok_client: OpenGrokClient) -> None:
    body = {"error": {"message": WINDOWS[0][1]}}
    openai_grok.script(Script(status=400, body=body, times=None))
    client = await open_grok_client(openai_grok, grok_endpoint="chat")

    completion = client.complete(request(model=MODEL, max_tokens=CAP), nobodys_cap=True)

    assert (await failure_of(completion)) == "too_long"
    assert len(openai_grok.requests) == 2


async def test_what_is_refused_by_an_empty_stream_is_asked_for_in_one_piece_at_last(
    openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    body = {"error": {"message": WINDOWS[0][1].replace("(9 in", "(1800 in")}}
    openai_grok.script(Script(raw=b"", times=None, when=lambda each: bool(each.body.get("stream"))))
    openai_grok.script(Script(status=400, body=body, when=lambda each: not each.body.get("stream")))
    client = await open_grok_client(openai_grok, grok_endpoint="chat")

    assert (await failure(client, request(model=MODEL))).kind == "too_long"
    assert [each.body.get("stream") for each in openai_grok.requests] == [True, True, None]
    assert text(await answer(client, request(model=MODEL)))
    assert [each.body.get("stream") for each in openai_grok.requests[3:]] == [True, True, None]


async def failure_of(completion: Completion) -> str:
    with pytest.raises(GrokFailed) as caught:
        async for _ in completion:
            pass
    return caught.value.kind
