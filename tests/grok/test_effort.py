"""How long to think: what each model takes, and how it is said on each wire."""

from __future__ import annotations

from typing import Any

import pytest

from bot.completion.ask import EFFORTS, Effort
from bot.errors import RequestRefused
from bot.grok.catalogue import Catalogue
from sandbox.grok import GrokServer, Script
from tests.fixtures.grok import OpenGrokClient
from tests.grok.answers import PLAIN, request, text

TAKEN: dict[str, set[Effort]] = {
    "grok-4.7": {"low", "medium", "high", "xhigh"},
    "grok-4.5": {"low", "medium", "high"},
    "grok-4.3": {"none", "low", "medium", "high"},
    PLAIN: set(),
}


async def _nothing(_path: str) -> None:
    return None


@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize("model", TAKEN)
@pytest.mark.parametrize("endpoint", ["auto", "chat", "responses"])
async def test_what_a_model_takes_is_known_before_it_is_asked(
    model: str, effort: Effort, endpoint: str, grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    client = await open_grok_client(grok, grok_endpoint=endpoint)
    asked = request(model=model)

    faults = client.check(asked, effort)
    if effort not in TAKEN[model]:
        with pytest.raises(RequestRefused):
            client.plan(asked, effort=effort)
    else:
        call = client.plan(asked, effort=effort)
        assert text([chunk async for chunk in client.complete(call)])

    assert [fault.parameter for fault in faults] == ["effort"] * (effort not in TAKEN[model])
    assert len(grok.requests) == (effort in TAKEN[model])
    if TAKEN[model] and faults:
        assert all(each in faults[0].allowed for each in TAKEN[model])
    elif faults:
        assert "with a model such as grok-4." in faults[0].allowed


@pytest.mark.parametrize(
    ("endpoint", "field"),
    [("chat", {"reasoning_effort": "low"}), ("responses", {"reasoning": {"effort": "low"}})],
)
@pytest.mark.parametrize("dialect", ["xai", "openai"])
async def test_it_is_said_in_the_words_of_each_endpoint(
    endpoint: str,
    field: dict[str, Any],
    dialect: str,
    grok: GrokServer,
    openai_grok: GrokServer,
    open_grok_client: OpenGrokClient,
) -> None:
    server = grok if dialect == "xai" else openai_grok
    client = await open_grok_client(server, grok_endpoint=endpoint)

    plain = client.plan(request())
    call = client.plan(request(), effort="low")
    assert text([chunk async for chunk in client.complete(call)])

    assert dict(call.body) == {**plain.body, **field}
    assert server.requests[-1].body == call.body


async def test_completions_cannot_be_told(
    grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    forced = await open_grok_client(grok, grok_endpoint="completions")
    client = await open_grok_client(grok)

    (here,) = forced.check(request(), "low")
    (with_echo,) = client.check(request(model="mine", echo=True), "low")

    assert "GROK_ENDPOINT=completions" in here.problem
    assert "GROK_ENDPOINT=responses" in here.allowed
    assert with_echo.parameter in {"echo", "effort"}


async def test_what_only_older_endpoints_carry_goes_along_with_it(
    grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    call = (await open_grok_client(grok)).plan(request(seed=1), effort="high")

    assert (call.endpoint, call.body["reasoning_effort"]) == ("chat", "high")


async def test_a_model_that_nobody_knows_is_asked_and_what_it_says_remembered(
    openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    error = {
        "message": "Unsupported parameter: 'reasoning.effort' is not supported with this model"
    }
    openai_grok.script(Script(status=400, body={"error": error | {"param": "reasoning.effort"}}))
    openai_grok.script(Script(status=400, body={"error": error | {"param": "reasoning_effort"}}))
    client = await open_grok_client(openai_grok)
    asked = request(model="llama-3.3-70b")

    with pytest.raises(Exception, match="does not take `--effort`"):
        [chunk async for chunk in client.complete(client.plan(asked, effort="low"))]

    assert [fault.parameter for fault in client.check(asked, "low")] == ["effort"]
    assert client.check(asked) == ()


async def test_the_cap_leaves_room_for_as_many_thoughts_as_are_reserved(
    grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    client = await open_grok_client(grok, grok_endpoint="responses", grok_reasoning_tokens=100)

    def cap(model: str, effort: Effort | None) -> int:
        body = client.plan(request(model=model, max_tokens=10), effort=effort).body
        return int(body["max_output_tokens"])

    assert [cap("grok-4.3", effort) for effort in (None, "none", "low", "high")] == [
        *(110, 10, 110, 410)
    ]
    assert [cap("grok-4.7", effort) for effort in (None, "low", "xhigh")] == [410, 110, 810]
    assert cap(PLAIN, None) == 10
    assert (cap("mine", None), cap("mine", "medium")) == (10, 210)


@pytest.mark.parametrize(
    ("name", "usual"),
    [
        ("grok-4.3-latest", "low"),
        ("GROK-4.7", "high"),
        ("grok-4-0709", "low"),
        ("grok-4.20-0309-reasoning", "high"),
        ("grok-5", "high"),
        (PLAIN, None),
        ("mine", None),
    ],
)
def test_how_long_a_model_thinks_by_itself(name: str, usual: Effort | None) -> None:
    catalogue = Catalogue(_nothing)

    assert catalogue.effort_of(name, None) == usual
    assert catalogue.effort_of(name, "medium") == "medium"
