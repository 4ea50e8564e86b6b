"""A conversation as it arrives at the server, at both endpoints and in both dialects."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any

import pytest

from bot.completion.ask import Turn
from bot.completion.collect import Collector
from bot.completion.request import CompletionRequest
from bot.completion.result import Endpoint, Section
from bot.completion.transcript import STOP, Past, chat_messages
from bot.grok.client import GrokClient
from sandbox.grok import GrokServer, Model, Script
from tests.completion.prompts import completion_prompt
from tests.fixtures.grok import OpenGrokClient
from tests.grok.answers import CHAT, EVERYTHING, PLAIN, request

TURNS = (
    Turn(job_id="j1", user="U1", name="Ana", prompt="Hi", answer="Hello!", context="SHARED"),
    Turn(job_id="j2", user="U2", name="Bo", prompt="And?", answer="So."),
)
PAST = Past(TURNS, "NOW", "U1", "Ana")
MARK = "=====[ Bo says ]====="

DIALECTS = pytest.mark.parametrize("dialect", ["xai", "openai"])


async def answered(
    client: GrokClient, asked: CompletionRequest, system: str = "", past: Past = PAST
) -> tuple[Section, ...]:
    """The sections that a person would see."""
    collector = Collector(asked)
    async with aclosing(client.complete(client.plan(asked, system, past))) as chunks:
        async for chunk in chunks:
            collector.add(chunk)
    return collector.sections()


@pytest.fixture
async def by_completions(grok: GrokServer, open_grok_client: OpenGrokClient) -> GrokClient:
    return await open_grok_client(grok, grok_endpoint="completions")


@DIALECTS
async def test_chat_gets_messages(
    dialect: str, grok: GrokServer, openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    server = grok if dialect == "xai" else openai_grok
    client = await open_grok_client(server, grok_endpoint="chat")

    await answered(client, request(), "Be brief.")

    body = server.requests[0].body
    assert server.requests[0].path.endswith("/chat/completions")
    assert body["messages"] == chat_messages("Be brief.", PAST, "hello")
    assert [message["role"] for message in body["messages"]] == [
        *("system", "user", "assistant", "user", "assistant", "user")
    ]
    assert set(body) == {"model", "messages", "stream", "stream_options"}


@DIALECTS
async def test_completions_get_a_transcript_and_its_stop(
    dialect: str, grok: GrokServer, openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    server = grok if dialect == "xai" else openai_grok
    client = await open_grok_client(server, grok_endpoint="completions")

    await answered(client, request(model=EVERYTHING), "Be brief.")

    body = server.requests[0].body
    assert server.requests[0].path.endswith("/v1/completions")
    assert body["prompt"] == completion_prompt("Be brief.", PAST, "hello")
    assert body["stop"] == [STOP]
    assert set(body) == {"model", "prompt", "stop", "stream", "stream_options"}


async def test_every_prompt_gets_the_same_past(
    grok: GrokServer, by_completions: GrokClient
) -> None:
    await answered(by_completions, request(model=PLAIN, prompt=["a", "b"]))

    assert grok.requests[0].body["prompt"] == [
        completion_prompt("", PAST, "a"),
        completion_prompt("", PAST, "b"),
    ]


@pytest.mark.parametrize(
    ("own", "sent"),
    [
        ("END", ["END", STOP]),
        (["1", "2", "3"], ["1", "2", "3", STOP]),
        (["1", "2", "3", "4"], ["1", "2", "3", "4"]),
        ([], [STOP]),
    ],
)
@DIALECTS
async def test_the_persons_own_stops_come_first_and_all_go(
    own: Any,
    sent: list[str],
    dialect: str,
    grok: GrokServer,
    openai_grok: GrokServer,
    open_grok_client: OpenGrokClient,
) -> None:
    server = grok if dialect == "xai" else openai_grok
    client = await open_grok_client(server, grok_endpoint="completions")

    await answered(client, request(model=PLAIN, stop=own))

    assert server.requests[0].body["stop"] == sent


async def test_with_no_past_nothing_changes(grok: GrokServer, by_completions: GrokClient) -> None:
    await answered(by_completions, request(model=PLAIN), past=Past(user="U1", name="Ana"))

    assert grok.requests[0].body["prompt"] == "hello"
    assert "stop" not in grok.requests[0].body


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("split", [1, None])
async def test_an_answer_ends_before_the_next_mark_though_nobody_stops_it(
    stream: bool, split: int | None, grok: GrokServer, by_completions: GrokClient
) -> None:
    pieces = ["Sure", ".\n", "\n==", "===[ B", "o says ]=====\nGreat", "!"]
    grok.script(Script(pieces=pieces, split=split))
    asked = request(model=PLAIN, stop=["1", "2", "3", "4"], stream=stream)

    assert await answered(by_completions, asked) == (Section(text="Sure.\n", done=True),)


async def test_the_usage_still_comes_after_the_mark(
    grok: GrokServer, by_completions: GrokClient
) -> None:
    grok.script(Script(pieces=["Sure.", f"\n{MARK}", "Great!"], finish_reason="length"))
    asked = request(model=PLAIN, stop=["1", "2", "3", "4"])

    async with aclosing(by_completions.complete(by_completions.plan(asked, "", PAST))) as chunks:
        seen = [chunk async for chunk in chunks]

    assert seen[-1].usage is not None
    assert [chunk.finish_reason for chunk in seen if chunk.finish_reason] == ["stop"]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("split", [1, None])
async def test_an_echo_shows_the_persons_own_prompt_alone(
    stream: bool, split: int | None, grok: GrokServer, grok_client: GrokClient
) -> None:
    grok.script(Script(text=["one", "two"], split=split))
    asked = request(model=PLAIN, prompt=["a", "b"], echo=True, stream=stream)

    sections = await answered(grok_client, asked, "Be brief.")

    assert [section.text for section in sections] == ["> a\n\none", "> b\n\ntwo"]


async def test_an_echo_does_not_show_the_system_text(
    grok: GrokServer, grok_client: GrokClient
) -> None:
    grok.script(Script(text="there"))

    sections = await answered(
        grok_client, request(model=PLAIN, prompt="Hi", echo=True), "Be brief.", Past()
    )

    assert sections == (Section(text="> Hi\n\nthere", done=True),)


@pytest.mark.parametrize("served", ["completions", "chat"])
async def test_the_past_goes_along_to_the_other_endpoint(
    served: Endpoint, open_grok_client: OpenGrokClient
) -> None:
    stop = {"stop": "END"} if served == "completions" else {}
    models = [Model(PLAIN, False, 0, 0, 0)]
    async with GrokServer(models=models, endpoints=[served], speed=None, first_delay=0) as server:
        client = await open_grok_client(server)
        call = client.plan(request(model=PLAIN, **stop), "Be brief.", PAST)
        completion = client.complete(call)
        async with aclosing(completion) as chunks:
            assert [chunk async for chunk in chunks]

    assert call.endpoint != served
    assert completion.call.endpoint == served
    assert completion.call.past == PAST
    body = server.requests[-1].body
    if served == "chat":
        assert body["messages"] == chat_messages("Be brief.", PAST, "hello")
        assert "stop" not in body
    else:
        assert body["prompt"] == completion_prompt("Be brief.", PAST, "hello")
        assert body["stop"] == ["END", STOP]


async def test_a_model_without_stops_is_asked_without_ours(
    grok: GrokServer, by_completions: GrokClient
) -> None:
    grok.script(Script(status=400, body=refused("stop")))
    grok.script(Script(text=f"Sure.\n{MARK}\nGreat!"))

    sections = await answered(by_completions, request(model=PLAIN, stop="END"))

    assert [sent.body["stop"] for sent in grok.requests] == [["END", STOP], ["END"]]
    assert sections[0].text == "Sure."


async def test_without_any_stop_none_is_sent(grok: GrokServer, by_completions: GrokClient) -> None:
    grok.script(Script(status=400, body=refused("stop")))

    await answered(by_completions, request(model=PLAIN))

    assert ["stop" in sent.body for sent in grok.requests] == [True, False]


def refused(parameter: str) -> dict[str, str]:
    return {
        "code": "Client specified an invalid argument",
        "error": f"Argument not supported on this model: {parameter}",
    }


async def test_a_conversation_in_chat_is_named(
    grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    client = await open_grok_client(grok, grok_endpoint="chat")
    async for _ in client.complete(client.plan(request(model=CHAT), "", PAST), conversation="C1:1"):
        pass

    assert len(grok.requests[0].headers["x-grok-conv-id"]) == 32
