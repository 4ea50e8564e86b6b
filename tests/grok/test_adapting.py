"""What a server refuses though nobody asked for it is tried in another way, once."""

from __future__ import annotations

from typing import Any

import pytest

from bot.grok.call import Shape
from sandbox.grok import GrokServer, Script
from tests.fixtures.grok import OpenGrokClient
from tests.grok.answers import answer, failure, request, text
from tests.grok.wire import DONE, ends, event

MODEL = "llama-3.3-70b"
CAP = {
    "error": {
        "message": "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
        "'max_completion_tokens' instead.",
        "param": "max_tokens",
        "code": "unsupported_parameter",
    }
}
CAPS = [
    (400, CAP),
    (400, {"error": {"message": "max_tokens is deprecated, use max_completion_tokens"}}),
    (422, {"detail": [{"loc": ["body", "max_tokens"], "msg": "Extra inputs are not permitted"}]}),
]
OPTIONS = [
    (400, {"error": "Validation error at #/stream_options: Extra inputs are not permitted"}),
    (
        422,
        {"detail": [{"loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}]},
    ),
    (400, {"error": {"message": "Unrecognized request argument supplied: stream_options"}}),
    (400, {"object": "error", "message": {"detail": [{"loc": ["stream_options"], "msg": "no"}]}}),
    (400, [{"error": {"message": "Unknown name 'stream_options': Cannot find field."}}]),
    (500, {"error": "create() got an unexpected keyword argument 'stream_options'"}),
]
STREAMS = [
    (400, {"error": {"message": "n > 1 is not supported when streaming", "param": "n"}}),
    (400, {"error": {"message": "Streaming is not supported with several answers"}}),
    (422, {"detail": "Model does not support stream=true"}),
]


def refuses(server: GrokServer, field: str, status: int, body: Any) -> None:
    """From now on `server` refuses each body with `field`."""

    def has(recorded: Any) -> bool:
        return bool(recorded.body.get(field))

    server.script(Script(status=status, body=body, times=None, when=has))


@pytest.mark.parametrize(("status", "body"), CAPS)
async def test_other_name_of_the_cap(
    status: int, body: Any, openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    openai_grok.script(Script(status=status, body=body))
    openai_grok.script(Script(raw=event({"delta": {"content": "a"}}) + ends() + DONE, times=2))
    client = await open_grok_client(openai_grok, grok_endpoint="chat")

    assert text(await answer(client, request(model=MODEL, max_tokens=9))) == "a"
    assert text(await answer(client, request(model=MODEL, max_tokens=8))) == "a"

    bodies = [each.body for each in openai_grok.requests]
    assert [each.get("max_tokens") for each in bodies] == [9, None, None]
    assert [each.get("max_completion_tokens") for each in bodies] == [None, 9, 8]


async def test_cap_that_is_too_large_is_told(
    openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    body = {"error": {"message": "max_tokens is too large: 9. At most 8 is allowed."}}
    openai_grok.script(Script(status=400, body=body, times=None))
    client = await open_grok_client(openai_grok, grok_endpoint="chat")

    assert "max_tokens" in (await failure(client, request(model=MODEL, max_tokens=9))).sentence
    assert len(openai_grok.requests) == 1


@pytest.mark.parametrize(("status", "body"), OPTIONS)
async def test_no_options_of_the_stream(
    status: int, body: Any, openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    refuses(openai_grok, "stream_options", status, body)
    client = await open_grok_client(openai_grok, grok_endpoint="chat")

    assert text(await answer(client, request(model=MODEL)))
    assert text(await answer(client, request(model=MODEL)))

    bodies = [each.body for each in openai_grok.requests]
    assert ["stream_options" in each for each in bodies] == [True, False, False]
    assert all(each["stream"] for each in bodies)


@pytest.mark.parametrize(("status", "body"), STREAMS)
async def test_several_answers_without_a_stream(
    status: int, body: Any, openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    refuses(openai_grok, "stream", status, body)
    client = await open_grok_client(openai_grok, grok_endpoint="chat")

    for _ in range(2):
        chunks = await answer(client, request(model=MODEL, n=2))
        assert text(chunks, 0)
        assert text(chunks, 1)

    assert [each.body.get("stream") for each in openai_grok.requests] == [True, None, None]
    assert all(each.body["n"] == 2 for each in openai_grok.requests)


async def test_all_at_once(openai_grok: GrokServer, open_grok_client: OpenGrokClient) -> None:
    refuses(openai_grok, "stream", *STREAMS[2])
    refuses(openai_grok, "max_tokens", *CAPS[0])
    openai_grok.script(Script(body={"choices": [{"message": {"content": "a"}}]}, times=None))
    client = await open_grok_client(openai_grok, grok_endpoint="chat")

    assert text(await answer(client, request(model=MODEL, max_tokens=9))) == "a"
    assert len(openai_grok.requests) == 3


async def test_refusal_that_nothing_helps_against_is_told_and_not_remembered(
    openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    openai_grok.script(Script(status=422, body=OPTIONS[1][1], times=2))
    client = await open_grok_client(openai_grok, grok_endpoint="chat")

    assert (await failure(client, request(model=MODEL))).kind == "invalid"
    assert len(openai_grok.requests) == 2
    assert text(await answer(client, request(model=MODEL)))
    assert "stream_options" in openai_grok.requests[2].body


async def test_index_that_is_always_0(
    openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    mixed = [event({"delta": {"content": each}}) for each in ("Yes", "No", ", sir", ".")]
    raw = b"".join(mixed) + ends() + ends() + DONE
    openai_grok.script(
        Script(raw=raw, when=lambda each: each.body.get("stream", False), times=None)
    )
    openai_grok.script(Script(text=["Yes, sir", "No."], times=None))
    client = await open_grok_client(openai_grok, grok_endpoint="chat")

    for _ in range(2):
        chunks = await answer(client, request(model=MODEL, n=2))
        assert (text(chunks, 0), text(chunks, 1)) == ("Yes, sir", "No.")

    assert [each.body.get("stream") for each in openai_grok.requests] == [True, None, None]


async def test_answers_that_are_told_apart_grow_as_they_come(
    openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    openai_grok.script(Script(text=["one two three", "four five six"], times=None))
    client = await open_grok_client(openai_grok, grok_endpoint="chat")

    chunks = await answer(client, request(model=MODEL, n=2))

    assert [chunk.choice for chunk in chunks if chunk.text][:4] == [0, 1, 0, 1]
    assert len(openai_grok.requests) == 1


async def test_what_came_before_a_break_is_kept_of_several_answers(
    openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    raw = event({"delta": {"content": "Yes"}}) + b'data: {"error":{"code":503}}\n\n'
    openai_grok.script(Script(raw=raw))
    client = await open_grok_client(openai_grok, grok_endpoint="chat")
    seen = []

    async def read() -> None:
        async for chunk in client.complete(request(model=MODEL, n=2)):
            seen.append(chunk)  # noqa: PERF401 - what came before the failure counts

    with pytest.raises(Exception, match="out of order"):
        await read()

    assert text(seen) == "Yes"


SHAPE = Shape(
    "verdict",
    {
        "type": "object",
        "properties": {"good": {"type": "boolean"}},
        "required": ["good"],
        "additionalProperties": False,
    },
)
SHAPES = [
    ("responses", "text", 422, {"error": "…: unknown field `text`, expected one of …"}),
    ("responses", "text", 400, {"error": {"message": "Unknown parameter", "param": "text.format"}}),
    ("chat", "response_format", 400, {"error": "response_format json_schema is not supported"}),
    ("chat", "response_format", 400, {"error": {"message": "This model does not support structured "
                                                "outputs: invalid response_format"}}),
]  # fmt: skip


@pytest.mark.parametrize(("endpoint", "field", "status", "body"), SHAPES)
async def test_the_shape_of_an_answer_goes_along_where_it_is_taken(
    endpoint: str,
    field: str,
    status: int,
    body: Any,
    grok: GrokServer,
    open_grok_client: OpenGrokClient,
) -> None:
    client = await open_grok_client(grok, grok_endpoint=endpoint)
    await answer(client, client.plan(request(model="grok-4.3"), shape=SHAPE))
    refuses(grok, field, status, body)
    for _ in range(2):
        assert text(await answer(client, client.plan(request(model="grok-4.3"), shape=SHAPE)))
    await answer(client, request(model="grok-4.3"))

    sent = [each.body.get(field) for each in grok.requests]
    assert sent[0] == sent[1]
    assert SHAPE.schema in (sent[0].get("format", {}).get("schema"), *schema_of(sent[0]))
    assert sent[2:] == [None] * 3


def schema_of(field: dict[str, Any]) -> list[Any]:
    return [field["json_schema"]["schema"]] if "json_schema" in field else []
