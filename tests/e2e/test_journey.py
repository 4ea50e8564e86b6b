"""`/grok` in Slack, streamed to its end: both ways in, every endpoint, every parameter."""

from __future__ import annotations

from typing import Any

import pytest

from bot import words
from sandbox.grok import GrokServer, Script
from sandbox.workspace import ANA, GENERAL
from tests.e2e.stage import last_line, markdown, on_stage

MODEL = "grok-4.20-non-reasoning"
"""One that every endpoint serves."""

ENDPOINTS = pytest.mark.parametrize("endpoint", ["completions", "chat", "responses"])

TEXT = "**Slow start** doubles the window each round trip. " * 12


@pytest.mark.parametrize("mode", ["socket", "http"])
@pytest.mark.parametrize(
    ("endpoint", "path"),
    [
        ("completions", "/v1/completions"),
        ("chat", "/v1/chat/completions"),
        ("responses", "/v1/responses"),
    ],
)
async def test_an_answer_grows_in_place(
    redis_url: str, mode: str, endpoint: str, path: str
) -> None:
    async with on_stage(redis_url, mode=mode, grok_endpoint=endpoint, grok_model=MODEL) as stage:
        stage.grok.script(Script(text=TEXT, speed=60, first_delay=0.05))
        result = await stage.ask("Explain TCP slow start")
        (message,) = await stage.answer()

    assert result.ack_body == {} or not result.ack_body.get("text")
    assert stage.grok.requests[0].path == path
    assert markdown(message).strip() == TEXT.strip()
    assert f"<@{ANA}>" in str(message.revisions[0].blocks)
    assert "Explain TCP slow start" in str(message.revisions[-1].blocks)
    shown = [len(str(revision.blocks)) for revision in message.revisions]
    assert len(shown) >= 4
    assert len(stage.workspace.messages(GENERAL)) == 1
    assert not message.unfurls
    for fact in ("grok-4.20", f"({endpoint})", "tokens", "$", " s"):
        assert fact in last_line(message)
    assert not stage.workspace.problems


async def test_several_choices_come_in_order_each_in_its_own_message(redis_url: str) -> None:
    async with on_stage(redis_url, grok_endpoint="completions") as stage:
        stage.grok.script(Script(text=["first", "second", "third"]))
        await stage.ask("--model grok-4.20-non-reasoning -n 3 Give me a word")
        messages = await stage.answer()

    assert [("first", "second", "third")[i] in markdown(m) for i, m in enumerate(messages)] == [
        True
    ] * 3
    assert len(messages) == 3


async def test_several_prompts_each_get_their_message(redis_url: str) -> None:
    async with on_stage(redis_url, grok_endpoint="completions") as stage:
        stage.grok.script(Script(text=["one", "two"]))
        await stage.ask('--model grok-4.20-non-reasoning --prompt "A" --prompt "B"')
        messages = await stage.answer()

    assert stage.sent()["prompt"] == ["A", "B"]
    assert len(messages) == 2
    assert "one" in markdown(messages[0])
    assert "two" in markdown(messages[1])


@pytest.mark.parametrize(
    "flags", ["--no-stream", "--best-of 3 --model grok-4.20-0309-non-reasoning"]
)
async def test_what_is_not_streamed_is_posted_once_when_done(redis_url: str, flags: str) -> None:
    async with on_stage(
        redis_url,
        grok_dialect="openai",
        grok=GrokServer(dialect="openai", speed=None, first_delay=0),
    ) as stage:
        result = await stage.ask(f"{flags} Explain TCP slow start")
        (message,) = await stage.answer()

    assert result.ack_body["text"] == words.POSTED_WHEN_DONE
    assert len(message.revisions) == 1
    assert not stage.sent().get("stream")


@ENDPOINTS
async def test_a_long_answer_rolls_over_into_the_thread(redis_url: str, endpoint: str) -> None:
    text = "".join(f"Paragraph {i} of a long answer about networks.\n\n" for i in range(700))
    async with on_stage(redis_url, grok_endpoint=endpoint, grok_model=MODEL) as stage:
        stage.grok.script(Script(text=text))
        await stage.ask("--max-tokens 20000 Tell me everything")
        messages = await stage.answer()

    assert len(messages) >= 3
    assert "".join(markdown(m) for m in messages).split() == text.split()
    assert {m.thread_ts for m in messages[1:]} == {messages[0].ts}
    assert not stage.workspace.problems


@ENDPOINTS
async def test_another_model_that_answered_is_mentioned(redis_url: str, endpoint: str) -> None:
    async with on_stage(redis_url, grok_endpoint=endpoint, grok_model=MODEL) as stage:
        stage.grok.script(Script(text="Hello", model="grok-4.5"))
        await stage.ask("Hello")
        (message,) = await stage.answer()

    assert "grok-4.5" in last_line(message)
    assert MODEL in last_line(message)


@ENDPOINTS
async def test_reasoning_is_not_the_answer(redis_url: str, endpoint: str) -> None:
    async with on_stage(redis_url, grok_endpoint=endpoint, grok_model=MODEL) as stage:
        stage.grok.script(Script(text="42", reasoning="Let me think about secrets."))
        await stage.ask("What is six times seven?")
        (message,) = await stage.answer()

    assert markdown(message) == "42"
    assert "secrets" not in str([revision.blocks for revision in message.revisions])


@ENDPOINTS
async def test_nothing_in_an_answer_pings_or_unfurls(redis_url: str, endpoint: str) -> None:
    hostile = "<!channel> <!here> <!everyone> <!subteam^S123> <@U0BEN00001> @here @channel https://evil.example/x"
    async with on_stage(redis_url, grok_endpoint=endpoint, grok_model=MODEL) as stage:
        stage.grok.script(Script(text=f"{hostile}\n\n`{hostile}`", speed=40))
        await stage.ask(f"Repeat after me: {hostile}")
        (message,) = await stage.answer()

    assert set(message.pings) <= {f"<@{ANA}>"}
    assert not message.unfurls


async def test_tools_at_work_and_what_nobody_knows_are_not_the_answer(redis_url: str) -> None:
    strange = {"type": "response.something.new", "delta": "NOT", "message": "all is well"}
    call = {"type": "web_search_call", "id": "ws_1", "status": "in_progress"}
    began = {"type": "response.output_item.added", "output_index": 0, "item": call}
    async with on_stage(redis_url, grok_endpoint="responses") as stage:
        beside: dict[int, list[Any]] = {0: [began, strange], 1: [strange]}
        stage.grok.script(Script(pieces=["**4", "2**"], beside=beside))
        await stage.ask("What is six times seven?")
        (message,) = await stage.answer()

    assert markdown(message) == "**42**"
    assert "grok-4.3 (responses)" in last_line(message)


@pytest.mark.parametrize(
    ("reason", "said"),
    [("length", "--max-tokens"), ("content_filter", "filter"), ("max_time_limit", "longer")],
)
async def test_why_an_answer_is_cut_is_said_below_it(
    redis_url: str, reason: str, said: str
) -> None:
    async with on_stage(redis_url, grok_endpoint="responses") as stage:
        stage.grok.script(Script(text="Half of", finish_reason=reason))
        await stage.ask("Hello")
        (message,) = await stage.answer()

    assert markdown(message).startswith("Half of")
    assert said in markdown(message).lower()


async def test_a_response_that_fails_keeps_what_came(redis_url: str) -> None:
    response = {"status": "failed", "error": {"code": "server_error", "message": "boom xai-1234"}}
    failed = {"type": "response.failed", "response": response}
    async with on_stage(redis_url, grok_endpoint="responses") as stage:
        stage.grok.script(Script(pieces=["Half ", "of it"], error=failed, error_after=2))
        await stage.ask("Hello")
        (message,) = await stage.answer()

    assert markdown(message).startswith("Half of it")
    assert "out of order" in markdown(message)
    assert "boom" not in str(message.revisions[-1].blocks)


@ENDPOINTS
async def test_the_same_delivery_twice_is_one_answer(redis_url: str, endpoint: str) -> None:
    async with on_stage(redis_url, grok_endpoint=endpoint, grok_model=MODEL) as stage:
        await stage.ask("Hello")
        (delivery,) = [d for d in stage.workspace.deliveries if d.kind == "slash_commands"]
        await stage.workspace.redeliver(delivery)
        await stage.answer()
        await stage.workspace.settled()

    assert len(stage.workspace.messages(GENERAL)) == 1
    assert len(stage.grok.requests) == 1


@ENDPOINTS
async def test_an_answer_may_go_to_the_thread_below_the_question(
    redis_url: str, endpoint: str
) -> None:
    async with on_stage(redis_url, grok_endpoint=endpoint, grok_model=MODEL) as stage:
        stage.grok.script(Script(text="Hello"))
        await stage.ask("--reply thread Hi")
        question, answer = await stage.answer()

    assert markdown(question) == words.IN_THREAD
    assert markdown(answer) == "Hello"


@ENDPOINTS
async def test_a_private_answer_is_for_the_asker_alone(redis_url: str, endpoint: str) -> None:
    async with on_stage(redis_url, grok_endpoint=endpoint, grok_model=MODEL) as stage:
        stage.grok.script(Script(text="Only for you"))
        result = await stage.ask("--private Hi")
        told = await stage.workspace.wait_for(
            lambda: (told := stage.workspace.ephemerals(ANA))[1:] and told, 20
        )

    assert result.ack_body["text"] == words.TOLD_WHEN_DONE
    assert len(told) == 2
    assert "Only for you" in "".join(message.shown for message in told)
    assert not stage.workspace.messages(GENERAL)
