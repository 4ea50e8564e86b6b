from __future__ import annotations

from typing import Any

import pytest

from bot.completion.ask import Effort
from bot.completion.options import PARAMETERS
from bot.grok.catalogue import Catalogue
from bot.grok.client import GrokClient
from bot.grok.endpoints.writing import ENDPOINTS
from bot.grok.known_models import KNOWN
from bot.grok.routing import MEMORY_SECONDS, MEMORY_SIZE, ExpiringSet, Router
from sandbox.grok import GrokServer, Recorded, Script
from tests.grok.answers import CHAT, PLAIN, answer, request, text

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
    refusals: ExpiringSet[tuple[str, str]] = ExpiringSet(clock=lambda: now)
    refusals.add(("m", "chat"))

    assert ("m", "chat") in refusals
    assert ("m", "completions") not in refusals
    now = MEMORY_SECONDS
    assert ("m", "chat") not in refusals


def test_the_memory_has_an_end() -> None:
    refusals: ExpiringSet[tuple[str, str]] = ExpiringSet()
    for number in range(MEMORY_SIZE + 1):
        refusals.add((f"m{number}", "chat"))

    assert ("m0", "chat") not in refusals
    assert ("m1", "chat") in refusals
    assert (f"m{MEMORY_SIZE}", "chat") in refusals
