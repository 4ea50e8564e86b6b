"""The sandbox Grok is as strict as the API it stands for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from sandbox.grok import GrokServer, Model, Script
from sandbox.grok.answers import answer, tokens
from sandbox.grok.counting import Counting
from tests.sandbox.grok_caller import Caller

PLAIN = "grok-4.20-non-reasoning"
EVERYTHING = "grok-sandbox-non-reasoning"
HELLO = [{"role": "user", "content": "hello"}]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("logprobs", 3),
        ("stop", "END"),
        ("temperature", 2.5),
        ("temperature", "hot"),
        ("max_tokens", 0),
        ("max_tokens", True),
        ("n", 1.5),
        ("seed", 2**40),
        ("logit_bias", {"x": 1}),
        ("logit_bias", {"1": 101}),
        ("prompt", [1, 2]),
        ("stream_options", {}),
        ("reasoning_effort", "high"),
        ("top_logprobs", 3),
    ],
)
async def test_completions_at_xai_refuse_other_types(field: str, value: Any, call: Caller) -> None:
    body = {"model": PLAIN, "prompt": "hello", field: value}

    status, reply = await call("/completions", **body)

    assert status == 422
    assert field in reply["error"]
    assert "Failed to deserialize" in reply["error"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("logprobs", 3),
        ("stop", "END"),
        ("prompt", "hello"),
        ("echo", True),
        ("suffix", "."),
        ("best_of", 2),
        ("messages", []),
        ("messages", [{"role": "user"}]),
    ],
)
async def test_chat_at_xai_refuses_other_fields(field: str, value: Any, call: Caller) -> None:
    body = {"model": PLAIN, "messages": HELLO, field: value}

    status, reply = await call("/chat/completions", **body)

    assert status == 422
    assert field in reply["error"]


async def test_openai_takes_its_own_forms_only(call_openai: Caller) -> None:
    body = {"model": EVERYTHING, "prompt": "hello"}

    assert (await call_openai("/completions", **body, logprobs=3, stop="END"))[0] == 200
    status, reply = await call_openai("/completions", **body, logprobs=True)
    assert status == 400
    assert reply["error"]["param"] == "logprobs"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"prompt": "hello"}, "missing field `model`"),
        ({"model": PLAIN}, "missing field `prompt`"),
        (
            {"model": PLAIN, "prompt": "a", "stream_options": {"include_usage": True}},
            "stream_options",
        ),
        ({"model": PLAIN, "prompt": "a", "best_of": 2, "stream": True}, "best_of"),
        ({"model": PLAIN, "prompt": "a", "best_of": 2, "n": 3}, "best_of"),
        ({"model": PLAIN, "prompt": "a", "stop": list("abcde")}, "stop"),
        ({"model": "grok-4.3", "prompt": "a"}, "not supported on the completions endpoint"),
        ({"model": "grok-3", "prompt": "a"}, "not supported on the completions endpoint"),
        ({"model": "grok-9", "prompt": "a"}, "does not exist or your team"),
    ],
)
async def test_what_does_not_fit(body: dict[str, Any], said: str, call: Caller) -> None:
    status, reply = await call("/completions", **body)

    assert 400 <= status < 500
    assert said in reply["error"]


@pytest.mark.parametrize("field", ["presence_penalty", "frequency_penalty"])
async def test_reasoning_models_refuse_penalties(field: str, call: Caller) -> None:
    body = {"model": "grok-4.3", "messages": HELLO, field: 0}

    status, reply = await call("/chat/completions", **body)

    assert (status, reply["code"]) == (400, "invalid-argument")
    assert "Penalty" in reply["error"]


async def test_keys(call: Caller, call_openai: Caller) -> None:
    call.key = call_openai.key = "xai-wrong"
    at_xai = await call("/completions", model=PLAIN, prompt="a")
    elsewhere = await call_openai("/completions", model=PLAIN, prompt="a")
    call.key = ""
    missing = await call("/completions", model=PLAIN, prompt="a")

    assert at_xai[0] == 400
    assert at_xai[1]["error"].startswith("Incorrect API key provided: xa***ng")
    assert elsewhere[0] == 401
    assert "message" in elsewhere[1]["error"]
    assert missing[0] == 401


async def test_the_same_prompt_gets_the_same_answer(call: Caller) -> None:
    body = {"model": PLAIN, "prompt": "Explain TCP slow start", "n": 4}

    first = (await call("/completions", **body))[1]["choices"]
    again = (await call("/completions", **body))[1]["choices"]

    assert first == again
    assert len({choice["text"] for choice in first}) > 1
    assert "TCP slow start" in first[0]["text"]


async def test_an_answer_that_was_cut_off_goes_on(call: Caller) -> None:
    asked = {"role": "user", "content": "Explain TCP slow start"}

    async def said(*messages: dict[str, str], **more: Any) -> str:
        body = {"model": PLAIN, "messages": [asked, *messages], **more}
        text: str = (await call("/chat/completions", **body))[1]["choices"][0]["message"]["content"]
        return text

    whole, begun = await said(), await said(max_tokens=20)
    go_on = {"role": "user", "content": "Go on."}
    rest = await said({"role": "assistant", "content": begun}, go_on)
    assert 0 < len(begun) < len(whole)
    assert begun + rest == whole

    after = await said({"role": "assistant", "content": whole}, go_on)
    assert "Go on" in after


async def test_max_tokens_stop_and_echo(call: Caller) -> None:
    body = {"model": PLAIN, "prompt": "hello", "echo": True}

    short = (await call("/completions", **body, max_tokens=4))[1]
    stopped = (await call("/completions", **body, stop=["##"]))[1]

    assert short["choices"][0]["finish_reason"] == "length"
    assert short["usage"]["completion_tokens"] == 4
    assert short["choices"][0]["text"].startswith("hello")
    assert stopped["choices"][0] == {"index": 0, "text": "hello", "finish_reason": "stop"}


async def test_a_stop_in_the_middle_of_a_piece(grok: GrokServer, call: Caller) -> None:
    grok.script(Script(pieces=["one tw", "o three"]))

    (choice,) = (await call("/completions", model=PLAIN, prompt="a", stop=["wo"]))[1]["choices"]

    assert (choice["text"], choice["finish_reason"]) == ("one t", "stop")


async def test_the_bill(grok: GrokServer, call: Caller) -> None:
    grok.script(Script(pieces=["a", "b"], reasoning="Hm"))

    usage = (await call("/chat/completions", model="grok-4.3", messages=HELLO))[1]["usage"]

    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (1, 2, 4)
    assert usage["cost_in_usd_ticks"] == 1 * 12_500 + 3 * 25_000


async def test_a_long_prompt_costs_twice_as_much(grok: GrokServer, call: Caller) -> None:
    grok.script(Script(pieces=["a"], times=None))
    costs = []
    for words in (199_999, 200_000):
        usage = (await call("/completions", model=PLAIN, prompt="a " * (words - 1) + "a"))[1][
            "usage"
        ]
        costs.append((usage["prompt_tokens"], usage["cost_in_usd_ticks"]))

    assert costs == [
        (199_999, 199_999 * 12_500 + 25_000),
        (200_000, 2 * (200_000 * 12_500 + 25_000)),
    ]


@pytest.fixture
async def exact() -> AsyncIterator[GrokServer]:
    """A Grok that counts a token for each byte, and what stands around messages."""
    counting = Counting(per_byte=True, hidden=100, per_message=5)
    async with GrokServer(speed=None, first_delay=0, counting=counting) as server:
        yield server


async def test_the_bill_by_the_byte(exact: GrokServer, http: aiohttp.ClientSession) -> None:
    call = Caller(http, exact)
    exact.script(Script(pieces=["é", "ab", "cd"], reasoning="", usage={}))
    exact.script(Script(pieces=["é", "ab", "cd"], times=None))

    await call("/chat/completions", model=PLAIN, messages=HELLO)
    (_, whole) = await call("/chat/completions", model=PLAIN, messages=HELLO, max_tokens=5)
    events = await call.events("/chat/completions", model=PLAIN, messages=HELLO)
    (_, plain) = await call("/completions", model=PLAIN, prompt="hello", suffix="é")

    assert exact.billed == [116, 114, 116, 13]
    assert whole["choices"][0]["message"]["content"] == "éab"
    assert [event["usage"]["completion_tokens"] for event in events if event["choices"]] == [
        2,
        4,
        6,
        6,
    ]
    assert plain["usage"]["total_tokens"] == 13


async def test_tokens_of_a_text(
    exact: GrokServer, http: aiohttp.ClientSession, call: Caller
) -> None:
    _, by_byte = await Caller(http, exact)("/tokenize-text", model=PLAIN, text="né")
    _, by_piece = await call("/tokenize-text", model=PLAIN, text="Hello you", user=None)

    assert [token["token_bytes"] for token in by_byte["token_ids"]] == [[110], [195], [169]]
    assert [token["string_token"] for token in by_piece["token_ids"]] == ["Hello", " you"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"model": PLAIN}, 422),
        ({"text": "a"}, 422),
        ({"model": PLAIN, "text": ["a"]}, 422),
        ({"model": PLAIN, "text": None}, 422),
        ({"model": PLAIN, "text": "a", "prompt": "a"}, 422),
        ({"model": "grok-0", "text": "a"}, 404),
    ],
)
async def test_what_is_not_tokenized(body: Any, status: int, call: Caller) -> None:
    assert (await call.text("/tokenize-text", body))[0] == status


async def test_tokenizer_wants_a_key_and_is_xais_alone(call: Caller, call_openai: Caller) -> None:
    call.key = "wrong"

    assert (await call.text("/tokenize-text", {"model": PLAIN, "text": "a"}))[0] == 400
    assert (await call_openai.text("/tokenize-text", {"model": PLAIN, "text": "a"}))[0] == 404


async def test_the_usage_grows_with_the_stream(call: Caller) -> None:
    events = await call.events("/chat/completions", model="grok-4.3", messages=HELLO)
    usages = [event["usage"] for event in events if event["choices"]]
    for count in ("completion_tokens", "total_tokens", "cost_in_usd_ticks"):
        counts = [usage[count] for usage in usages]
        assert counts == sorted(counts)
        assert counts[0] < counts[-1]


async def test_usage_in_a_stream(call: Caller, grok: GrokServer) -> None:
    grok.script(Script(text="a", times=3))

    unasked = await call.events("/completions", model=PLAIN, prompt="a")
    asked = await call.events(
        "/completions", model=PLAIN, prompt="a", stream_options={"include_usage": True}
    )
    chat = await call.events("/chat/completions", model=PLAIN, messages=HELLO)

    assert all("usage" not in event for event in unasked)
    assert [event["usage"] is None for event in asked] == [True, True, False]
    assert asked[-1]["choices"] == []
    assert all(event["usage"] for event in chat)


async def test_reasoning_comes_first_in_a_chat(call: Caller) -> None:
    events = await call.events("/chat/completions", model="grok-4.3", messages=HELLO)

    kinds = ["reasoning_content" in event["choices"][0]["delta"] for event in events]
    assert kinds[0]
    assert kinds == sorted(kinds, reverse=True)


async def test_newer_models_ignore_logprobs(call: Caller) -> None:
    body = {"prompt": "a", "logprobs": True}

    ignored = (await call("/completions", model=PLAIN, **body))[1]["choices"][0]
    honoured = (await call("/completions", model=EVERYTHING, **body))[1]["choices"][0]

    assert "logprobs" not in ignored
    assert "".join(honoured["logprobs"]["tokens"]) == honoured["text"]


async def test_scripts_are_taken_in_order_and_by_what_they_match(
    grok: GrokServer, call: Caller
) -> None:
    grok.script(Script(text="chat", when=lambda asked: asked.path.endswith("/chat/completions")))
    grok.script(Script(text="first"))
    grok.script(Script(text="second", times=2))
    said = [
        (await call("/completions", model=PLAIN, prompt="a"))[1]["choices"][0]["text"]
        for _ in range(4)
    ]

    reply = (await call("/chat/completions", model=PLAIN, messages=HELLO))[1]

    assert said[:3] == ["first", "second", "second"]
    assert said[3] == answer("a")
    assert reply["choices"][0]["message"]["content"] == "chat"


async def test_requests_are_recorded(grok: GrokServer, call: Caller) -> None:
    await call("/completions", model=PLAIN, prompt="a")

    recorded = await grok.arrived()
    assert recorded.path == "/v1/completions"
    assert recorded.body == {"model": PLAIN, "prompt": "a"}
    assert recorded.headers["authorization"] == "Bearer xai-sandbox-key"
    assert not recorded.closed_early


async def test_a_body_that_is_not_json(grok: GrokServer, http: aiohttp.ClientSession) -> None:
    headers = {"Authorization": f"Bearer {grok.api_key}"}

    async with http.post(grok.base_url + "/completions", data=b"{", headers=headers) as response:
        assert response.status == 422


async def test_other_models_may_be_served(http: aiohttp.ClientSession) -> None:
    models = [Model("mine", False, 1, 1, 1, ("m",))]
    async with GrokServer(models=models, speed=None, first_delay=0) as server:
        status, reply = await Caller(http, server)("/completions", model="m", prompt="a")

    assert (status, reply["model"]) == (200, "mine")


@pytest.mark.parametrize("text", ["", "one two", "a\u2028b  c\n\n```py\nx = 1\n```", "日本語 🚀"])
def test_tokens_are_the_text_again(text: str) -> None:
    assert "".join(tokens(text)) == text


@pytest.mark.parametrize("prompt", ["", "???", "What is {this}?", "a" * 5000, "**b** | <c>\nd"])
def test_any_prompt_gets_a_pleasant_answer(prompt: str) -> None:
    said = answer(prompt)

    assert said.startswith("## ")
    assert "| ---" in said
    assert "```" in said
    assert len(said) < 2500


@pytest.mark.parametrize(
    ("now", "goes_on"), [("And what ends it?", False), ("Go on, please", True)]
)
async def test_an_answer_is_gone_on_with_where_that_is_asked_for(
    now: str, goes_on: bool, call: Caller
) -> None:
    asked = "Explain TCP slow start"
    whole = answer(asked)
    said = [
        {"role": "user", "content": asked},
        {"role": "assistant", "content": whole[: len(whole) // 2]},
        {"role": "user", "content": now},
    ]

    _, reply = await call("/chat/completions", model=PLAIN, messages=said)

    text = reply["choices"][0]["message"]["content"]
    assert text == (whole[len(whole) // 2 :] if goes_on else answer(now))
