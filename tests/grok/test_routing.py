from __future__ import annotations

from typing import Any

import pytest

from bot.completion.ask import Effort
from bot.completion.options import OPTIONS, PARAMETERS
from bot.completion.result import Endpoint
from bot.errors import RequestRefused
from bot.grok.catalogue import Catalogue
from bot.grok.client import GrokClient
from bot.grok.endpoints import ENDPOINTS
from bot.grok.known_models import KNOWN
from bot.grok.memory import MEMORY_SECONDS, MEMORY_SIZE
from bot.grok.routing import Refusals, Router
from sandbox.grok import GrokServer, Model, Recorded, Script
from tests.fixtures.grok import OpenGrokClient
from tests.grok.answers import CHAT, PLAIN, answer, failure, request, text

NEEDS: list[dict[str, Any]] = [
    {"echo": True},
    {"suffix": "."},
    {"best_of": 2},
    {"prompt": ["a", "b"]},
]


async def _nothing(_path: str) -> None:
    return None


def router(forced: Any = "auto", *, models: Any = KNOWN) -> Router:
    return Router(forced, Catalogue(_nothing, models))


@pytest.mark.parametrize(
    "model",
    [
        "grok-4.20-0309-non-reasoning",
        "grok-4.3",
        "grok-4.20-0309-reasoning",
        "grok-5-beta",
        "grok-3",
        "llama-3.3-70b",
    ],
)
def test_what_any_endpoint_carries_goes_to_the_newest(model: str) -> None:
    route = router().route(request(model=model, temperature=0.2, top_p=0.5, user="u"))

    assert (route.endpoint, route.faults) == ("responses", ())


def test_chances_go_where_they_are_not_repeated() -> None:
    asked = request(model="grok-4.3", logprobs=2)

    assert router().route(asked).endpoint == "chat"
    assert router("responses").route(asked).faults == ()


def test_a_cap_that_somebody_asked_for_goes_where_it_counts_no_thoughts() -> None:
    router = Router("auto", Catalogue(_nothing, KNOWN), usual_cap=4_096)

    def endpoint(effort: Effort | None = None, **asked: Any) -> str:
        return router.route(request(**{"model": "grok-4.3"} | asked), effort).endpoint

    assert endpoint(max_tokens=40) == "chat"
    assert endpoint(max_tokens=40, model="llama-3.3-70b", effort="high") == "chat"
    assert endpoint(max_tokens=4_096) == endpoint() == "responses"
    assert endpoint(max_tokens=40, model="grok-4.20-0309-non-reasoning") == "responses"
    assert (
        Router("responses", Catalogue(_nothing, KNOWN)).route(request(max_tokens=40)).faults == ()
    )


async def test_an_answer_is_no_longer_than_was_asked_for(
    grok: GrokServer, grok_client: GrokClient
) -> None:
    grok.script(Script(text="word " * 400, times=None))

    short = text(await answer(grok_client, request(model="grok-4.3", max_tokens=40)))

    assert 20 < len(short.split()) <= 40


async def test_a_key_for_one_endpoint_only(grok: GrokServer, grok_client: GrokClient) -> None:
    denied = {"code": "permission-denied", "error": "This key may not use this endpoint."}
    grok.script(Script(status=403, body=denied, times=None, when=_at_responses))

    for _ in range(2):
        assert text(await answer(grok_client, request()))

    paths = [each.path for each in grok.requests]
    assert paths == ["/v1/responses", "/v1/chat/completions", "/v1/chat/completions"]


def _at_responses(asked: Recorded) -> bool:
    return asked.path == "/v1/responses"


ONLY_OLDER: list[dict[str, Any]] = [
    {"n": 2},
    {"seed": 0},
    {"logit_bias": {"1": 1}},
]
OF_NO_REASONING: list[dict[str, Any]] = [
    {"stop": "END"},
    {"stop": ["END"]},
    {"frequency_penalty": 0.5},
    {"presence_penalty": 0},
]


@pytest.mark.parametrize("values", ONLY_OLDER + OF_NO_REASONING)
@pytest.mark.parametrize("model", ["grok-4.20-non-reasoning", "llama-3.3-70b"])
def test_what_the_newest_lacks_goes_to_the_next(model: str, values: dict[str, Any]) -> None:
    route = router().route(request(model=model, **values))

    assert (route.endpoint, route.faults) == ("chat", ())


@pytest.mark.parametrize("values", ONLY_OLDER)
def test_models_that_reason_are_asked_by_chat_for_it(values: dict[str, Any]) -> None:
    route = router().route(request(model="grok-4.3", **values))

    assert (route.endpoint, route.faults) == ("chat", ())


@pytest.mark.parametrize("values", OF_NO_REASONING)
def test_what_no_model_that_reasons_takes_is_refused(values: dict[str, Any]) -> None:
    (fault,) = router().route(request(model="grok-4.3", **values)).faults

    assert fault.parameter == next(iter(values))
    assert "grok-4.20-0309-non-reasoning" in fault.allowed


@pytest.mark.parametrize(
    "values",
    [
        {"n": 1},
        {"best_of": 1},
        {"echo": False},
        {"suffix": ""},
        {"stop": []},
        {"logit_bias": {}},
    ],
)
def test_what_asks_for_nothing_keeps_nothing_from_the_newest(values: dict[str, Any]) -> None:
    assert router().route(request(model="grok-4.3", **values)).endpoint == "responses"


def test_what_people_are_told_of_endpoints_is_what_those_lack() -> None:
    for values in ONLY_OLDER + OF_NO_REASONING + NEEDS[:-1]:
        (name,) = values
        able = [each for each, wire in ENDPOINTS.items() if not wire.lacks(request(**values))]
        assert able[0] == PARAMETERS[name].newest


@pytest.mark.parametrize("values", ONLY_OLDER + OF_NO_REASONING + NEEDS)
def test_a_forced_endpoint_names_one_that_could(values: dict[str, Any]) -> None:
    (fault,) = router("responses").route(request(model=PLAIN, **values)).faults

    assert fault.parameter == next(iter(values))
    assert "GROK_ENDPOINT=responses" in fault.problem
    older = "completions" if values in NEEDS else "chat"
    assert f"GROK_ENDPOINT={older}" in fault.allowed


@pytest.mark.parametrize("values", NEEDS)
def test_what_only_completions_carry_chooses_for_models_not_known_to_reason(
    values: dict[str, Any],
) -> None:
    for model in ("llama-3.3-70b", "grok-3", "grok-4.20-non-reasoning"):
        route = router(models=()).route(request(model=model, **values))
        assert (route.endpoint, route.faults) == ("completions", ())


@pytest.mark.parametrize("values", NEEDS)
def test_a_reasoning_model_refuses_it_and_names_one_that_could(values: dict[str, Any]) -> None:
    route = router().route(request(model="grok-4.3", **values))

    (fault,) = route.faults
    assert fault.parameter == next(iter(values))
    assert "grok-4.3" in fault.problem
    assert "grok-4.20-0309-non-reasoning" in fault.allowed


def test_the_operator_may_force_an_endpoint() -> None:
    chat = router("chat").route(request(model=PLAIN, echo=True))

    assert router("completions").route(request(model=CHAT, echo=True)).faults == ()
    assert chat.endpoint == "chat"
    assert "GROK_ENDPOINT" in chat.faults[0].problem


def test_what_was_found_is_forgotten_after_a_day() -> None:
    now = 0.0
    refusals = Refusals(clock=lambda: now)
    refusals.add(("m", "chat"))

    assert ("m", "chat") in refusals
    assert ("m", "completions") not in refusals
    now = MEMORY_SECONDS
    assert ("m", "chat") not in refusals


def test_the_memory_has_an_end() -> None:
    refusals = Refusals()
    for number in range(MEMORY_SIZE + 1):
        refusals.add((f"m{number}", "chat"))

    assert ("m0", "chat") not in refusals
    assert ("m1", "chat") in refusals
    assert (f"m{MEMORY_SIZE}", "chat") in refusals


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
