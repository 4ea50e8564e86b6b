from __future__ import annotations

import asyncio
import ssl
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from bot.grok.client import GrokClient
from bot.grok.http.api import open_http
from bot.settings import Settings
from sandbox.grok import GrokServer, Script
from tests.fixtures.grok import OpenGrokClient
from tests.grok.answers import CHAT, EVERYTHING, PLAIN, answer, broken, failure, request, text

ENDPOINTS = pytest.mark.parametrize("model", [CHAT, PLAIN])


@ENDPOINTS
async def test_a_streamed_answer(model: str, grok: GrokServer, grok_client: GrokClient) -> None:
    grok.script(Script(pieces=["Hello", ", ", "world"], cost_ticks=37_756_000))

    chunks = await answer(grok_client, request(model=model))

    assert "".join(chunk.text for chunk in chunks) == "Hello, world"
    assert [chunk.finish_reason for chunk in chunks if chunk.finish_reason] == ["stop"]
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 3
    assert chunks[-1].usage.cost_in_usd_ticks == 37_756_000


@ENDPOINTS
async def test_an_answer_posted_once(model: str, grok: GrokServer, grok_client: GrokClient) -> None:
    grok.script(Script(text=["first", "second"]))

    chunks = await answer(grok_client, request(model=model, n=2, stream=False))

    assert [(chunk.choice, chunk.text) for chunk in chunks[:2]] == [(0, "first"), (1, "second")]
    assert [chunk.finish_reason for chunk in chunks] == ["stop", "stop", None]
    assert chunks[2].usage is not None


@ENDPOINTS
async def test_choices_grow_side_by_side(
    model: str, grok: GrokServer, grok_client: GrokClient
) -> None:
    grok.script(Script(text=["one two three", "four five six"]))

    chunks = await answer(grok_client, request(model=model, n=2))

    order = [chunk.choice for chunk in chunks if chunk.text]
    assert order[:4] == [0, 1, 0, 1]
    assert text(chunks, 0) == "one two three"
    assert text(chunks, 1) == "four five six"


async def test_several_prompts_get_an_answer_each(
    grok: GrokServer, grok_client: GrokClient
) -> None:
    chunks = await answer(grok_client, request(model=PLAIN, prompt=["A?", "B?"], n=2, echo=True))

    assert [text(chunks, choice)[:2] for choice in range(4)] == ["A?", "A?", "B?", "B?"]


@pytest.mark.parametrize("stream", [True, False])
async def test_reasoning_is_not_the_answer(
    stream: bool, grok: GrokServer, grok_client: GrokClient
) -> None:
    grok.script(Script(text="42", reasoning="Let me think."))

    chunks = await answer(grok_client, request(stream=stream))

    assert text(chunks) == "42"
    assert "".join(chunk.reasoning for chunk in chunks) == "Let me think."
    usage = chunks[-1].usage
    assert usage is not None
    assert (usage.completion_tokens, usage.reasoning_tokens > 0) == (1, True)


@pytest.mark.parametrize("dialect", ["xai", "openai"])
async def test_reasoning_is_counted_apart_in_both_dialects(
    dialect: str, grok: GrokServer, openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    server = grok if dialect == "xai" else openai_grok
    server.script(Script(pieces=["4", "2"], reasoning="Hm"))
    client = await open_grok_client(server)

    usage = (await answer(client, request(stream=False)))[-1].usage

    assert usage is not None
    assert (usage.completion_tokens, usage.reasoning_tokens) == (2, 1)
    assert usage.total_tokens == usage.prompt_tokens + 3


@pytest.mark.parametrize("endpoint", ["completions", "chat"])
@pytest.mark.parametrize("stream", [True, False])
async def test_logprobs_of_either_form(
    endpoint: str, stream: bool, openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    openai_grok.script(Script(pieces=["Hello", " you"]))
    client = await open_grok_client(openai_grok, grok_endpoint=endpoint)

    chunks = await answer(client, request(model=EVERYTHING, logprobs=3, stream=stream))

    tokens = [token for chunk in chunks for token in chunk.logprobs]
    assert [token.token for token in tokens] == ["Hello", " you"]
    assert all(token.logprob <= 0 and len(token.alternatives) == 3 for token in tokens)
    assert tokens[0].alternatives[0] == ("Hello", tokens[0].logprob)


@ENDPOINTS
@pytest.mark.parametrize("split", [None, 1, 7])
async def test_line_separators_and_frames_cut_anywhere(
    model: str, split: int | None, grok: GrokServer, grok_client: GrokClient
) -> None:
    said = "a\u2028b\u0085c\r\nd\x1ce – 🚀"
    grok.script(Script(pieces=[said, said], split=split))

    assert text(await answer(grok_client, request(model=model))) == said * 2


async def test_comments_are_nothing(grok: GrokServer, grok_client: GrokClient) -> None:
    grok.script(Script(text="one two", comments=3))

    assert text(await answer(grok_client, request())) == "one two"


async def test_the_model_that_answered_is_told(grok: GrokServer, grok_client: GrokClient) -> None:
    chunks = await answer(grok_client, request(model="grok-3"))

    assert {chunk.model for chunk in chunks} == {"grok-4.3"}


async def test_a_stream_that_only_ends_its_turn_is_complete(
    grok: GrokServer, grok_client: GrokClient
) -> None:
    grok.script(Script(text="done", finish_reason="end_turn", done=False))

    chunks = await answer(grok_client, request())

    assert [chunk.finish_reason for chunk in chunks if chunk.finish_reason] == ["stop"]


async def test_a_stream_without_done_is_complete_when_its_choices_are(
    grok: GrokServer, grok_client: GrokClient
) -> None:
    grok.script(Script(text="done", done=False))

    assert text(await answer(grok_client, request())) == "done"


@pytest.mark.parametrize(
    "script",
    [
        Script(pieces=["a", "b", "c"], cut_after=2),
        Script(pieces=["a", "b"], finish_reason=None, done=False),
    ],
    ids=["connection lost", "ended early"],
)
@ENDPOINTS
async def test_a_broken_stream_is_a_cut(
    model: str, script: Script, grok: GrokServer, grok_client: GrokClient
) -> None:
    grok.script(script)

    seen, failed = await broken(grok_client, request(model=model))

    assert failed.kind == "cut"
    assert text(seen) == "ab"
    assert len(grok.requests) == 1


async def test_one_choice_cut_and_one_complete_is_a_cut(
    grok: GrokServer, grok_client: GrokClient
) -> None:
    events = (
        b'data: {"choices": [{"index": 0, "text": "a", "finish_reason": "stop"}]}\n\n'
        b'data: {"choices": [{"index": 1, "text": "b"}]}\n\n'
    )
    grok.script(Script(raw=events))

    failed = await failure(grok_client, request(model=PLAIN, n=2))

    assert failed.kind == "cut"


async def test_closing_hangs_up(grok: GrokServer, grok_client: GrokClient) -> None:
    grok.script(Script(pieces=["a", "b"], stall_after=1))

    async with aclosing(grok_client.complete(request())) as chunks:
        assert (await anext(chunks)).text == "a"

    await grok.requests[0].closed.wait()
    assert grok.requests[0].closed_early


async def test_cancelling_hangs_up(grok: GrokServer, grok_client: GrokClient) -> None:
    grok.script(Script(pieces=["a", "b"], stall_after=1))
    begun = asyncio.Event()

    async def read() -> None:
        async for chunk in grok_client.complete(request()):
            if chunk.text:
                begun.set()

    task = asyncio.create_task(read())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    await grok.requests[0].closed.wait()
    assert grok.requests[0].closed_early


async def test_cancelling_before_anything_came_hangs_up(
    grok: GrokServer, grok_client: GrokClient
) -> None:
    grok.script(Script(first_delay=3600))
    task = asyncio.create_task(answer(grok_client, request()))
    await grok.arrived()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    await grok.requests[0].closed.wait()
    assert grok.requests[0].closed_early


async def test_many_cancelled_answers_leave_room_for_the_next(
    grok: GrokServer, grok_client: GrokClient
) -> None:
    grok.script(Script(pieces=["a", "b"], stall_after=1, times=40))
    tasks = [asyncio.create_task(answer(grok_client, request())) for _ in range(40)]
    await grok.arrived(40)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert text(await answer(grok_client, request()))


async def test_nothing_is_sent_before_it_is_iterated(
    grok: GrokServer, grok_client: GrokClient
) -> None:
    completion = grok_client.complete(request())
    await completion.aclose()

    assert grok.requests == []


async def test_an_event_stream_is_read_though_a_body_was_asked_for(
    grok: GrokServer, grok_client: GrokClient
) -> None:
    events = b'data: {"choices": [{"index": 0, "text": "a", "finish_reason": "stop"}]}\n\n'
    grok.script(Script(raw=events))

    assert text(await answer(grok_client, request(model=PLAIN, stream=False))) == "a"


async def test_a_body_is_read_though_a_stream_was_asked_for(
    grok: GrokServer, grok_client: GrokClient
) -> None:
    grok.script(Script(body={"choices": [{"message": {"content": "a"}}]}))

    assert text(await answer(grok_client, request())) == "a"


async def test_a_planned_call_is_sent_as_planned(grok: GrokServer, grok_client: GrokClient) -> None:
    call = grok_client.plan(request(), "Be brief.")
    call = replace(call, body={**call.body, "user": "u1"})

    async for _ in grok_client.complete(call):
        pass

    assert grok.requests[0].body == {**call.body}
    assert grok.requests[0].headers["authorization"] == f"Bearer {grok.api_key}"


@pytest.mark.parametrize(("scheme", "times"), [("https", 1), ("http", 0)])
async def test_certificates_are_read_once_and_where_they_are_needed(
    scheme: str, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[object] = []
    create = ssl.create_default_context

    def counted(*places: Any, **named: Any) -> ssl.SSLContext:
        read.append(named)
        return create(*places, **named)

    monkeypatch.setattr(ssl, "create_default_context", counted)
    http = open_http(Settings(_env_file=None, xai_base_url=f"{scheme}://api.x.example/v1"))
    await http.aclose()

    assert len(read) == times
