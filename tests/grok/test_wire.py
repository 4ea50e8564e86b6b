"""Each of the 17 parameters as it arrives at the server, in all endpoints and dialects."""

from __future__ import annotations

from typing import Any

import pytest

from bot.completion.request import CompletionRequest
from bot.errors import RequestRefused
from sandbox.grok import GrokServer, Script
from tests.fixtures.grok import OpenGrokClient
from tests.grok.answers import EVERYTHING, answer, request

GIVEN: dict[str, Any] = {
    "model": EVERYTHING,
    "prompt": "hello",
    "temperature": 0.25,
    "max_tokens": 7,
    "top_p": 0.5,
    "frequency_penalty": -1.5,
    "presence_penalty": 2,
    "seed": 42,
    "n": 2,
    "stop": ["\n\n", "END"],
    "stream": True,
    "echo": True,
    "suffix": "The end.",
    "best_of": 2,
    "logprobs": 3,
    "logit_bias": {"50256": -100, "198": 5.5},
    "user": "team-42",
}
ALWAYS = {"model", "prompt", "messages", "stream", "stream_options"}
XAI = {"logprobs": True, "stop": ["END"]}
ONLY_COMPLETIONS = {"echo", "suffix", "best_of"}


async def sent(
    server: GrokServer, open_grok_client: OpenGrokClient, endpoint: str, **values: Any
) -> dict[str, Any]:
    """The body that the server gets for a request with `values`."""
    client = await open_grok_client(server, grok_endpoint=endpoint)
    await answer(client, request(**({"model": EVERYTHING} | values)))
    body: dict[str, Any] = server.requests[-1].body
    return body


def test_the_list_is_complete() -> None:
    assert set(GIVEN) == set(CompletionRequest.model_fields)


@pytest.mark.parametrize("name", sorted(GIVEN))
async def test_completions_carry_every_parameter(
    name: str, openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    value = GIVEN[name]

    body = await sent(openai_grok, open_grok_client, "completions", **{name: value})

    assert body[name] == value
    assert set(body) <= ALWAYS | {name}


@pytest.mark.parametrize("name", sorted(GIVEN))
async def test_completions_at_xai_carry_every_parameter(
    name: str, grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    value = GIVEN[name]

    body = await sent(grok, open_grok_client, "completions", **{name: value})

    assert body[name] == (True if name == "logprobs" else value)
    assert set(body) <= ALWAYS | {name}


@pytest.mark.parametrize("name", sorted(set(GIVEN) - ONLY_COMPLETIONS - {"prompt", "logprobs"}))
@pytest.mark.parametrize("dialect", ["xai", "openai"])
async def test_chat_carries_what_it_can(
    name: str,
    dialect: str,
    grok: GrokServer,
    openai_grok: GrokServer,
    open_grok_client: OpenGrokClient,
) -> None:
    server = grok if dialect == "xai" else openai_grok
    value = GIVEN[name]

    body = await sent(server, open_grok_client, "chat", **{name: value})

    assert body[name] == value
    assert set(body) <= (ALWAYS | {name}) - {"prompt"}


@pytest.mark.parametrize("logprobs", [0, 3])
async def test_chat_asks_for_logprobs_in_its_own_way(
    logprobs: int, grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    body = await sent(grok, open_grok_client, "chat", logprobs=logprobs)

    assert body["logprobs"] is True
    assert body["top_logprobs"] == logprobs


async def test_logprobs_0_is_asked_for_too(
    grok: GrokServer, openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    at_xai = await sent(grok, open_grok_client, "completions", logprobs=0)
    elsewhere = await sent(openai_grok, open_grok_client, "completions", logprobs=0)

    assert at_xai["logprobs"] is True
    assert elsewhere["logprobs"] == 0
    assert elsewhere["logprobs"] is not False


@pytest.mark.parametrize("endpoint", ["completions", "chat"])
async def test_one_stop_is_a_list_at_xai_only(
    endpoint: str, grok: GrokServer, openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    at_xai = await sent(grok, open_grok_client, endpoint, stop="END")
    elsewhere = await sent(openai_grok, open_grok_client, endpoint, stop="END")

    assert at_xai["stop"] == ["END"]
    assert elsewhere["stop"] == "END"


@pytest.mark.parametrize("endpoint", ["completions", "chat"])
@pytest.mark.parametrize("dialect", ["xai", "openai"])
async def test_nothing_is_sent_that_was_not_given(
    endpoint: str,
    dialect: str,
    grok: GrokServer,
    openai_grok: GrokServer,
    open_grok_client: OpenGrokClient,
) -> None:
    server = grok if dialect == "xai" else openai_grok

    body = await sent(server, open_grok_client, endpoint)

    words: dict[str, Any] = {"prompt": "hello"}
    if endpoint == "chat":
        words = {"messages": [{"role": "user", "content": "hello"}]}
    assert body == {
        "model": EVERYTHING,
        "stream": True,
        "stream_options": {"include_usage": True},
        **words,
    }


@pytest.mark.parametrize("name", sorted(ONLY_COMPLETIONS))
async def test_chat_refuses_what_it_lacks(
    name: str, grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    client = await open_grok_client(grok, grok_endpoint="chat")
    asked = request(**{name: GIVEN[name]})

    with pytest.raises(RequestRefused) as caught:
        client.complete(asked)

    assert [fault.parameter for fault in caught.value.faults] == [name]
    assert client.check(asked) == caught.value.faults
    assert grok.requests == []


async def test_chat_takes_a_list_of_one_prompt_and_refuses_two(
    grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    client = await open_grok_client(grok, grok_endpoint="chat")

    body = await sent(grok, open_grok_client, "chat", prompt=["hello"])

    assert body["messages"] == [{"role": "user", "content": "hello"}]
    assert [fault.parameter for fault in client.check(request(prompt=["a", "b"]))] == ["prompt"]


async def test_what_asks_for_nothing_goes_to_chat_unsaid(
    grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    body = await sent(grok, open_grok_client, "chat", echo=False, best_of=1, suffix="")

    assert not ONLY_COMPLETIONS & set(body)


@pytest.mark.parametrize(
    ("values", "stream"),
    [({"stream": False}, False), ({"best_of": 2}, None), ({"best_of": 1}, True)],
)
async def test_when_nothing_is_streamed(
    values: dict[str, Any],
    stream: bool | None,
    grok: GrokServer,
    open_grok_client: OpenGrokClient,
) -> None:
    body = await sent(grok, open_grok_client, "completions", **values)

    assert body.get("stream") is stream
    assert ("stream_options" in body) is (stream is True)


async def test_a_system_text_comes_first(
    grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    chat = await open_grok_client(grok, grok_endpoint="chat")
    plain = await open_grok_client(grok, grok_endpoint="completions")

    newest = await open_grok_client(grok, grok_endpoint="responses")

    messages = chat.plan(request(), "Be brief.").body["messages"]
    assert newest.plan(request(), "Be brief.").body["input"] == messages
    one = plain.plan(request(), "Be brief.").body["prompt"]
    two = plain.plan(request(prompt=["a", "b"]), "Be brief.").body["prompt"]

    assert messages == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "hello"},
    ]
    assert one == "Be brief.\n\nhello"
    assert two == ["Be brief.\n\na", "Be brief.\n\nb"]


RESPONSES = {"model", "temperature", "top_p", "user"}


@pytest.mark.parametrize("name", sorted(RESPONSES))
@pytest.mark.parametrize("dialect", ["xai", "openai"])
async def test_responses_carry_what_they_can(
    name: str,
    dialect: str,
    grok: GrokServer,
    openai_grok: GrokServer,
    open_grok_client: OpenGrokClient,
) -> None:
    server = grok if dialect == "xai" else openai_grok

    body = await sent(server, open_grok_client, "responses", **{name: GIVEN[name]})

    assert body[name] == GIVEN[name]
    assert set(body) <= {"model", "input", "store", "stream", name}


async def test_responses_have_their_own_name_for_the_cap(
    grok: GrokServer, openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    """It counts thoughts too: what is left for those comes on top, where a model has any."""
    for server in (grok, openai_grok):
        body = await sent(server, open_grok_client, "responses", max_tokens=7)
        assert body["max_output_tokens"] == 7
        assert "max_tokens" not in body

    client = await open_grok_client(grok, grok_endpoint="responses", grok_reasoning_tokens=500)
    await answer(client, request(max_tokens=7))
    assert grok.requests[-1].body["max_output_tokens"] == 507


@pytest.mark.parametrize("logprobs", [0, 3])
async def test_responses_ask_for_logprobs_in_the_way_of_each_dialect(
    logprobs: int, grok: GrokServer, openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    at_xai = await sent(grok, open_grok_client, "responses", logprobs=logprobs)
    elsewhere = await sent(openai_grok, open_grok_client, "responses", logprobs=logprobs)

    assert (at_xai["logprobs"], at_xai["top_logprobs"]) == (True, logprobs)
    assert elsewhere["include"] == ["message.output_text.logprobs"]
    assert elsewhere["top_logprobs"] == logprobs
    assert "logprobs" not in elsewhere


@pytest.mark.parametrize(
    ("stream", "sends"), [(None, {"stream": True}), (False, {"stream": False})]
)
@pytest.mark.parametrize("dialect", ["xai", "openai"])
async def test_nothing_is_stored_and_nothing_else_is_sent(
    stream: bool | None,
    sends: dict[str, bool],
    dialect: str,
    grok: GrokServer,
    openai_grok: GrokServer,
    open_grok_client: OpenGrokClient,
) -> None:
    server = grok if dialect == "xai" else openai_grok
    given = {} if stream is None else {"stream": stream}

    body = await sent(server, open_grok_client, "responses", **given)

    said = [{"role": "user", "content": "hello"}]
    assert body == {"model": EVERYTHING, "input": said, "store": False, **sends}
    assert server.stored == 0


@pytest.mark.parametrize(
    "name", sorted(set(GIVEN) - RESPONSES - {"prompt", "max_tokens", "logprobs", "stream"})
)
async def test_responses_refuse_what_they_lack(
    name: str, grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    client = await open_grok_client(grok, grok_endpoint="responses")
    asked = request(model=EVERYTHING, **{name: GIVEN[name]})

    with pytest.raises(RequestRefused) as caught:
        client.complete(asked)

    (fault,) = caught.value.faults
    assert fault.parameter == name
    assert "GROK_ENDPOINT=responses" in fault.problem
    assert client.check(asked) == caught.value.faults
    assert grok.requests == []


@pytest.mark.parametrize("dialect", ["xai", "openai"])
async def test_who_asks_and_what_belongs_together_are_hashes(
    dialect: str, grok: GrokServer, openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    server = grok if dialect == "xai" else openai_grok
    client = await open_grok_client(server, grok_endpoint="responses")
    for asker in ("T1:U1", "T1:U2", "T1:U1"):
        async for _ in client.complete(
            request(model=EVERYTHING), conversation="C1-1700.1", asker=asker
        ):
            pass

    bodies = [each.body for each in server.requests]
    assert len({body["prompt_cache_key"] for body in bodies}) == 1
    first, other, again = (body["safety_identifier"] for body in bodies)
    assert first == again != other
    for value in (first, other, bodies[0]["prompt_cache_key"]):
        assert len(value) == 32
        int(value, 16)
    assert "x-grok-conv-id" not in server.requests[0].headers


async def test_names_that_a_server_does_not_take_are_left_out(
    openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    error = {"message": "Unknown parameter: 'safety_identifier'.", "param": "safety_identifier"}
    openai_grok.script(
        Script(
            status=400,
            body={"error": error},
            times=None,
            when=lambda each: "safety_identifier" in each.body,
        )
    )
    client = await open_grok_client(openai_grok, grok_endpoint="responses")
    for _ in range(2):
        async for _ in client.complete(request(model=EVERYTHING), conversation="C1", asker="U1"):
            pass

    sent = ["safety_identifier" in each.body for each in openai_grok.requests]
    assert sent == [True, False, False]


async def test_a_conversation_is_named_by_a_hash_at_xai_chat_only(
    grok: GrokServer, openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    names = []
    for server, endpoint in ((grok, "chat"), (grok, "completions"), (openai_grok, "chat")):
        client = await open_grok_client(server, grok_endpoint=endpoint)
        async for _ in client.complete(request(model=EVERYTHING), conversation="C1-1700.1"):
            pass
        names.append(server.requests[-1].headers.get("x-grok-conv-id"))

    assert names[0]
    assert "C1" not in names[0]
    assert names[1:] == [None, None]
