"""What servers say against an endpoint, a model or a parameter, and what is learned of that."""

from __future__ import annotations

from typing import Any

import pytest

from bot.completion.options import OPTIONS
from bot.completion.result import Endpoint
from bot.errors import RequestRefused
from bot.grok.client import GrokClient
from sandbox.grok import GrokServer, Model, Script
from tests.fixtures.grok import OpenGrokClient
from tests.grok.answers import CHAT, PLAIN, answer, failure, request, text
from tests.grok.test_routing import NEEDS

NOT_HERE = [
    (404, {"code": "not-found", "error": "The model m does not exist or your team abc1 does not"}),
    (404, {"error": {"message": "This is a chat model and not supported in the v1/completions"}}),
    (400, {"error": "The model m is not supported on the completions endpoint."}),
    (400, {"code": "invalid-argument", "error": "Not supported by reasoning models."}),
    (400, {"error": "model grok-4.3 is not supported on reasoning models endpoint"}),
    (404, "<html>404 Not Found</html>"),
    (405, ""),
    (410, {"error": "This endpoint is gone. Use /v1/chat/completions."}),
]


@pytest.mark.parametrize(("status", "body"), NOT_HERE)
@pytest.mark.parametrize("tries", [1, 2])
async def test_the_next_endpoint_is_tried_and_remembered(
    status: int, body: Any, tries: int, grok: GrokServer, grok_client: GrokClient
) -> None:
    served: Endpoint = "chat" if tries == 1 else "completions"
    grok.script(Script(status=status, body=body, times=tries))
    completion = grok_client.complete(request(model=PLAIN))

    assert text([chunk async for chunk in completion])
    assert completion.call.endpoint == served
    assert ("prompt" in completion.call.body) == (served == "completions")
    assert grok_client.plan(request(model=PLAIN)).endpoint == served
    paths = ["/v1/responses", "/v1/chat/completions", "/v1/completions"]
    assert [each.path for each in grok.requests] == paths[: tries + 1]


async def test_an_endpoint_that_a_server_has_not_is_tried_once_for_all_models(
    open_grok_client: OpenGrokClient,
) -> None:
    models = [Model(name, False, 0, 0, 0) for name in ("one", "two")]
    older: list[Endpoint] = ["chat", "completions"]
    async with GrokServer(
        dialect="openai", models=models, endpoints=older, speed=None, first_delay=0
    ) as server:
        client = await open_grok_client(server)
        for model in ("one", "two", "one"):
            assert text(await answer(client, request(model=model)))

    paths = [each.path for each in server.requests]
    assert paths == ["/v1/responses", *["/v1/chat/completions"] * 3]


async def test_a_model_that_an_endpoint_has_not_says_nothing_of_others(
    grok: GrokServer, grok_client: GrokClient
) -> None:
    body = {"error": "The model grok-4.3 is not supported on the responses endpoint."}
    grok.script(Script(status=400, body=body))

    assert text(await answer(grok_client, request()))

    assert grok_client.plan(request()).endpoint == "chat"
    assert grok_client.plan(request(model=PLAIN)).endpoint == "responses"


ODD = [
    Script(status=400, body={"error": {"message": "Unrecognized request argument: input"}}),
    Script(status=422, body={"detail": [{"loc": ["body", "store"], "msg": "Extra inputs"}]}),
    Script(status=403, body={"error": {"message": "Key not allowed to access this route"}}),
    Script(status=500, body={"error": {"message": "Unexpected response type"}}),
    Script(status=501, body={"error": {"message": "not implemented"}}),
    Script(status=200, body="<html>Welcome!</html>"),
]


@pytest.mark.parametrize("script", ODD, ids=["400", "422", "403", "500", "501", "page"])
async def test_what_is_odd_at_the_newest_of_another_server_is_tried_at_the_next(
    script: Script, openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    openai_grok.script(script)
    client = await open_grok_client(openai_grok)

    for _ in range(2):
        assert text(await answer(client, request(model="llama-3.3-70b")))

    paths = [each.path for each in openai_grok.requests]
    assert paths == ["/v1/responses", "/v1/chat/completions", "/v1/chat/completions"]


async def test_what_is_odd_once_it_has_worked_is_told(
    openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    client = await open_grok_client(openai_grok)
    assert text(await answer(client, request(model="llama-3.3-70b")))
    openai_grok.script(Script(status=400, body={"error": {"message": "top_p is too odd"}}))

    failed = await failure(client, request(model="llama-3.3-70b", top_p=0.1))

    assert failed.kind == "invalid"
    assert {each.path for each in openai_grok.requests} == {"/v1/responses"}


async def test_a_fault_of_the_request_is_not_one_of_the_endpoint(
    openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    body = {"error": {"message": "temperature: too hot", "param": "temperature"}}
    openai_grok.script(Script(status=400, body=body, times=2))
    client = await open_grok_client(openai_grok)

    failed = await failure(client, request(model="llama-3.3-70b", temperature=2.0))

    assert "temperature" in failed.sentence
    assert client.plan(request(model="llama-3.3-70b")).endpoint == "responses"


async def test_a_parameter_that_is_refused_is_asked_for_where_it_is_taken(
    grok: GrokServer, grok_client: GrokClient
) -> None:
    for _ in range(2):
        assert text(await answer(grok_client, request(model=PLAIN, presence_penalty=0.5)))

    paths = [each.path for each in grok.requests]
    assert paths == ["/v1/chat/completions", "/v1/completions", "/v1/completions"]
    assert grok_client.plan(request(model=PLAIN)).endpoint == "responses"
    assert grok_client.plan(request(model=PLAIN, n=2)).endpoint == "chat"


async def test_from_chat_to_completions(open_grok_client: OpenGrokClient) -> None:
    models = [Model("base", False, 0, 0, 0)]
    endpoints: list[Endpoint] = ["completions"]
    async with GrokServer(models=models, endpoints=endpoints, speed=None, first_delay=0) as server:
        client = await open_grok_client(server)

        assert text(await answer(client, request(model="base")))
        assert client.plan(request(model="base")).endpoint == "completions"
        assert len(server.requests) == 3


async def test_a_refused_parameter_is_not_a_missing_model(
    grok: GrokServer, grok_client: GrokClient
) -> None:
    body = {"error": "Argument not supported on this model: suffix"}
    grok.script(Script(status=400, body=body))

    assert (await failure(grok_client, request(model=PLAIN, suffix="."))).kind == "invalid"
    assert len(grok.requests) == 1


@pytest.mark.parametrize("values", NEEDS)
async def test_what_the_other_endpoint_cannot_carry_is_refused_in_words(
    values: dict[str, Any], grok: GrokServer, grok_client: GrokClient
) -> None:
    asked = request(model="grok-3", **values)

    failed = await failure(grok_client, asked)

    assert failed.kind == "invalid"
    assert OPTIONS[next(iter(values))].typed_name in failed.sentence
    assert "grok-4.20-0309-non-reasoning" in failed.sentence
    assert len(grok.requests) == 1
    with pytest.raises(RequestRefused):
        grok_client.complete(asked)


async def test_a_forced_endpoint_is_never_left(
    grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    client = await open_grok_client(grok, grok_endpoint="completions")

    failed = await failure(client, request())

    assert failed.kind == "unknown_model"
    assert CHAT in failed.sentence
    assert len(grok.requests) == 1


@pytest.mark.parametrize("endpoint", ["auto", "completions", "chat", "responses"])
async def test_an_unknown_model(
    endpoint: str, grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    client = await open_grok_client(grok, grok_endpoint=endpoint)

    failed = await failure(client, request(model="grok-4,7"))

    assert failed.kind == "unknown_model"
    assert "grok-4,7" in failed.sentence
    assert "Did you mean grok-4.7" in failed.sentence


async def test_the_name_of_a_model_cannot_ping(grok_client: GrokClient) -> None:
    failed = await failure(grok_client, request(model="<!channel> `@here`"))

    assert "!channel here" in failed.sentence
    assert not set(failed.sentence) & set("<>@")


async def test_a_model_that_the_key_may_not_use(
    open_grok_client: OpenGrokClient,
) -> None:
    async with GrokServer(models=[], speed=None, first_delay=0) as server:
        failed = await failure(await open_grok_client(server), request(model="grok-4.7"))

    assert failed.kind == "unknown_model"
    assert "Did you mean" not in failed.sentence
    assert len(server.requests) == 2


async def test_an_address_without_the_api(open_grok_client: OpenGrokClient) -> None:
    async with GrokServer(endpoints=[], speed=None, first_delay=0) as server:
        failed = await failure(await open_grok_client(server), request())

    assert "XAI_BASE_URL" in failed.sentence


async def test_an_unknown_model_is_not_remembered(
    grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    client = await open_grok_client(grok)
    missing = Script(status=404, body={"error": "The model does not exist"}, times=2)
    grok.script(missing)

    await failure(client, request())

    assert client.plan(request()).endpoint == "responses"
    assert text(await answer(client, request()))


async def test_a_server_of_another_kind(open_grok_client: OpenGrokClient) -> None:
    models = [Model("base", False, 0, 0, 0)]
    async with GrokServer(dialect="openai", models=models, speed=None, first_delay=0) as server:
        client = await open_grok_client(server)

        assert client.plan(request(model="base")).endpoint == "responses"
        assert text(await answer(client, request(model="base", echo=True))).startswith("hello")
        assert server.requests[0].path == "/v1/completions"
