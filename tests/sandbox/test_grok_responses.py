"""`/v1/responses` of the sandbox Grok is as strict as the API it stands for."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.grok import GrokServer, Script
from tests.files.samples import in_base64, pdf, png
from tests.sandbox.grok_caller import Caller

PLAIN = "grok-4.20-non-reasoning"
EVERYTHING = "grok-sandbox-non-reasoning"
THINKS = "grok-4.3"
PICTURE = f"data:image/png;base64,{in_base64(png())}"
PDF = f"data:application/pdf;base64,{in_base64(pdf('Ship it'))}"


def said(response: dict[str, Any]) -> str:
    """The text of all messages of a response."""
    return "".join(
        part["text"]
        for item in response["output"]
        if item["type"] == "message"
        for part in item["content"]
    )


@pytest.mark.parametrize(
    "given",
    [
        "hello",
        [{"role": "user", "content": "hello"}],
        [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello"}]}],
        [
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": [{"type": "output_text", "text": "1"}]},
            {
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "hello"},
                    {
                        "type": "input_image",
                        "image_url": PICTURE,
                        "detail": "low",
                    },
                    {"type": "input_file", "file_data": PDF, "filename": "plan.pdf"},
                ],
            },
        ],
    ],
)
async def test_input_has_several_shapes(given: Any, call: Caller, grok: GrokServer) -> None:
    status, reply = await call("/responses", model=PLAIN, input=given)

    assert status == 200
    assert reply["status"] == "completed"
    assert "hello" in said(reply).lower()
    assert [item["type"] for item in reply["output"]] == ["message"]


@pytest.mark.parametrize(
    "given",
    [
        "",
        [],
        ["hello"],
        [{"role": "tool", "content": "hello"}],
        [{"role": "user"}],
        [{"role": "user", "content": []}],
        [{"role": "user", "content": "hello", "name": "ana"}],
        [{"role": "user", "content": [{"type": "text", "text": "hello"}]}],
        [{"role": "user", "content": [{"type": "output_text", "text": "hello"}]}],
        [{"role": "assistant", "content": [{"type": "input_text", "text": "hello"}]}],
        [{"role": "user", "content": [{"type": "input_image", "image_url": "data:image/gif;,"}]}],
        [{"role": "user", "content": [{"type": "input_file", "file_data": "aa"}]}],
        [
            {
                "role": "user",
                "content": [{"type": "input_file", "file_id": "file-1", "file_url": "https://a"}],
            }
        ],
    ],
)
async def test_other_input_is_refused(given: Any, call: Caller) -> None:
    status, reply = await call("/responses", model=PLAIN, input=given)

    assert (status, "input" in reply["error"]) == (422, True)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("n", 1),
        ("stop", ["END"]),
        ("seed", 1),
        ("logit_bias", {}),
        ("best_of", 1),
        ("suffix", "."),
        ("echo", False),
        ("max_tokens", 5),
        ("messages", []),
        ("stream_options", {"include_usage": True}),
        ("reasoning_effort", "low"),
        ("max_output_tokens", 0),
        ("reasoning", {"effort": "huge"}),
        ("reasoning", "low"),
        ("include", ["everything"]),
        ("store", "no"),
        ("logprobs", 3),
        ("top_logprobs", 9),
        ("safety_identifier", 7),
        ("prompt_cache_key", ["a"]),
        ("max_turns", 0),
        ("tools", "web_search"),
    ],
)
async def test_other_fields_are_refused(field: str, value: Any, call: Caller) -> None:
    status, reply = await call("/responses", model=PLAIN, input="a", **{field: value})

    assert status == 422
    assert field in reply["error"]


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("frequency_penalty", 0, "frequencyPenalty"),
        ("presence_penalty", 0, "presencePenalty"),
        ("background", False, "background"),
        ("metadata", {}, "metadata"),
        ("truncation", "auto", "truncation"),
    ],
)
async def test_what_is_known_and_not_supported(
    field: str, value: Any, named: str, call: Caller
) -> None:
    status, reply = await call("/responses", model=PLAIN, input="a", **{field: value})

    assert (status, reply["code"]) == (400, "invalid-argument")
    assert reply["error"] == f"Argument not supported: {named}"


async def test_instructions_do_not_go_with_an_earlier_response(call: Caller) -> None:
    status, reply = await call(
        "/responses", model=PLAIN, input="a", instructions="b", previous_response_id="c"
    )

    assert (status, "together" in reply["error"]) == (400, True)


@pytest.mark.parametrize(
    ("model", "effort", "taken"),
    [
        ("grok-4.3", "none", True),
        ("grok-4.3", "xhigh", False),
        ("grok-4.7", "xhigh", True),
        ("grok-4.7", "none", False),
        ("grok-4.5", "high", True),
        (PLAIN, "low", False),
    ],
)
async def test_efforts(model: str, effort: str, taken: bool, call: Caller) -> None:
    hello = [{"role": "user", "content": "a"}]

    status, reply = await call("/responses", model=model, input="a", reasoning={"effort": effort})
    chat, _ = await call("/chat/completions", model=model, messages=hello, reasoning_effort=effort)

    assert (status, chat) == ((200, 200) if taken else (400, 400))
    if taken:
        assert (reply["output"][0]["type"] == "reasoning") == (effort != "none")


async def test_what_is_stored(call: Caller, grok: GrokServer) -> None:
    await call("/responses", model=PLAIN, input="a", store=False)
    assert grok.stored == 0

    reply = (await call("/responses", model=PLAIN, input="a"))[1]
    assert (grok.stored, reply["store"]) == (1, True)


async def test_hashes_are_taken_and_repeated(call: Caller) -> None:
    given = {"prompt_cache_key": "a1", "safety_identifier": "b2", "user": "c3"}

    reply = (await call("/responses", model=PLAIN, input="a", **given))[1]

    assert {name: reply[name] for name in given} == given


async def test_the_order_of_events(call: Caller, grok: GrokServer) -> None:
    grok.script(Script(pieces=["one", " two"], reasoning="Hm."))

    events = await call.events("/responses", model=THINKS, input="a")

    kinds = [event["type"].removeprefix("response.") for event in events]
    assert kinds == [
        "created",
        "in_progress",
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert [event["output_index"] for event in events if "item" in event] == [0, 0, 1, 1]
    assert said(events[-1]["response"]) == "one two"
    assert events[0]["response"]["usage"] is None


async def test_the_bill_counts_thoughts_as_output(call: Caller, grok: GrokServer) -> None:
    grok.script(Script(pieces=["one", " two"], reasoning="Hm."))

    usage = (await call("/responses", model=THINKS, input="a"))[1]["usage"]

    assert usage["input_tokens"] == 1
    assert usage["output_tokens"] == 4
    assert usage["output_tokens_details"] == {"reasoning_tokens": 2}
    assert usage["total_tokens"] == 5
    assert usage["cost_in_usd_ticks"] == 1 * 12_500 + 4 * 25_000


@pytest.mark.parametrize(("cap", "text"), [(3, "one"), (2, ""), (1, "")])
async def test_the_cap_counts_thoughts_as_well(
    cap: int, text: str, call: Caller, grok: GrokServer
) -> None:
    grok.script(Script(pieces=["one", " two"], reasoning="Hm.", times=2))

    whole = (await call("/responses", model=THINKS, input="a", max_output_tokens=cap))[1]
    events = await call.events("/responses", model=THINKS, input="a", max_output_tokens=cap)

    for response in (whole, events[-1]["response"]):
        assert response["status"] == "incomplete"
        assert response["incomplete_details"] == {"reason": "max_output_tokens"}
        assert said(response) == text
        assert response["usage"]["output_tokens"] == cap
    assert events[-1]["type"] == "response.incomplete"


@pytest.mark.parametrize(
    ("reason", "named"),
    [
        ("max_context", "max_prompt_tokens"),
        ("content_filter", "content_filter"),
        ("max_time_limit", "max_time_limit"),
    ],
)
async def test_what_ends_early_is_incomplete(
    reason: str, named: str, call: Caller, grok: GrokServer
) -> None:
    grok.script(Script(text="one", finish_reason=reason))

    last = (await call.events("/responses", model=PLAIN, input="a"))[-1]

    assert last["response"]["incomplete_details"] == {"reason": named}


async def test_what_does_not_end_has_no_last_event(call: Caller, grok: GrokServer) -> None:
    grok.script(Script(text="one", finish_reason=None))

    events = await call.events("/responses", model=PLAIN, input="a")

    assert events[-1]["type"] == "response.output_text.delta"


async def test_events_beside_the_text(call: Caller, grok: GrokServer) -> None:
    strange = {"type": "response.something.new", "value": 1}
    grok.script(Script(pieces=["one", " two"], beside={1: [strange], 2: [strange, strange]}))

    events = await call.events("/responses", model=PLAIN, input="a")

    places = [place for place, event in enumerate(events) if event == strange]
    first = next(place for place, event in enumerate(events) if event.get("delta") == "one")
    assert places == [first + 1, first + 3, first + 4]


async def test_an_error_inside_ends_the_stream(call: Caller, grok: GrokServer) -> None:
    failed = {"type": "response.failed", "response": {"status": "failed", "error": {"code": "a"}}}
    grok.script(Script(pieces=["one", " two"], error=failed, error_after=1))

    _, text = await call.text("/responses", {"model": PLAIN, "input": "a", "stream": True})

    assert "response.failed" in text.split("\n\n")[-2]
    assert "[DONE]" not in text


async def test_logprobs_in_the_words_of_each_dialect(call: Caller, call_openai: Caller) -> None:
    at_xai = await call.events(
        "/responses", model=EVERYTHING, input="a", logprobs=True, top_logprobs=2
    )
    elsewhere = await call_openai.events(
        "/responses",
        model=EVERYTHING,
        input="a",
        include=["message.output_text.logprobs"],
        top_logprobs=2,
    )
    unasked = await call.events("/responses", model=EVERYTHING, input="a")

    for events in (at_xai, elsewhere):
        first = next(event for event in events if event["type"].endswith("text.delta"))
        assert first["logprobs"][0]["token"] == first["delta"]
        assert len(first["logprobs"][0]["top_logprobs"]) == 2
    assert next(each for each in unasked if "delta" in each)["logprobs"] == []
    assert (await call_openai("/responses", model=EVERYTHING, input="a", logprobs=True))[0] == 400


async def test_a_retired_model_answers_as_another(call: Caller) -> None:
    reply = (await call("/responses", model="grok-3", input="a"))[1]

    assert reply["model"] == "grok-4.3"


async def test_keys_and_models(call: Caller) -> None:
    missing = await call("/responses", model="grok-9", input="a")
    call.key = "wrong"
    refused = await call("/responses", model=PLAIN, input="a")

    assert (missing[0], refused[0]) == (404, 400)


SCHEMA = {"type": "object", "properties": {}, "additionalProperties": False}
SHAPE = {"type": "json_schema", "name": "verdict", "schema": SCHEMA, "strict": True}


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ({"format": SHAPE}, 200),
        ({"format": {"type": "text"}}, 200),
        ({"format": SHAPE | {"name": "a b"}}, 422),
        ({"format": SHAPE | {"schema": {"type": "string"}}}, 422),
        ({"format": SHAPE | {"schema": SCHEMA | {"properties": {"a": {}}}}}, 422),
        ({"format": SHAPE | {"schema": {"type": "object"}}}, 422),
        ({"format": {"type": "json_schema", "json_schema": SHAPE}}, 422),
        ({"format": "json"}, 422),
        (SHAPE, 422),
    ],
)
async def test_the_form_of_a_text_is_as_documented(text: Any, status: int, call: Caller) -> None:
    assert (await call("/responses", model=PLAIN, input="hello", text=text))[0] == status


async def test_the_chat_endpoint_takes_it_under_another_name(call: Caller) -> None:
    inside = {name: value for name, value in SHAPE.items() if name != "type"}
    messages = [{"role": "user", "content": "hello"}]
    asked = {"model": PLAIN, "messages": messages}
    fine = {"type": "json_schema", "json_schema": inside}

    assert (await call("/chat/completions", **asked, response_format=fine))[0] == 200
    flat: list[Any] = [SHAPE, fine | {"strict": True}, fine | {"json_schema": "x"}, []]
    for wrong in flat:
        assert (await call("/chat/completions", **asked, response_format=wrong))[0] == 422
    fault = await call("/completions", model=PLAIN, prompt="hello", response_format=fine)
    assert fault[0] == 422
