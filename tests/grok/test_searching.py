"""Where a search goes, how it stands on the wire, and what is said where it cannot be had."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.completion.options import OPTIONS
from bot.completion.search import Search, search_in
from bot.errors import RequestRefused
from sandbox.grok import GrokServer, Script, ToolCall
from tests.fixtures.grok import OpenGrokClient
from tests.grok.answers import CHAT, request, text

BOTH = search_in({"search": "web,x"})
WEB = search_in({"search": "web"})


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"search": "web"}, {"tools": [{"type": "web_search"}]}),
        (
            {"search": "web,x", "max_turns": 3},
            {"tools": [{"type": "web_search"}, {"type": "x_search"}], "max_turns": 3},
        ),
        (
            {"search": "web", "domains": ["example.com", "docs.x.ai"]},
            {
                "tools": [
                    {
                        "type": "web_search",
                        "filters": {"allowed_domains": ["example.com", "docs.x.ai"]},
                    }
                ]
            },
        ),
        (
            {"search": "web", "not_domains": ["example.com"]},
            {"tools": [{"type": "web_search", "filters": {"excluded_domains": ["example.com"]}}]},
        ),
        (
            {"search": "x", "handles": ["xai"], "since": "2026-11-01", "until": "2026-11-30"},
            {
                "tools": [
                    {
                        "type": "x_search",
                        "allowed_x_handles": ["xai"],
                        "from_date": "2026-11-01",
                        "to_date": "2026-12-01",
                    }
                ]
            },
        ),
        (
            {"search": "x", "not_handles": ["xai"], "until": "2026-12-31"},
            {
                "tools": [
                    {
                        "type": "x_search",
                        "excluded_x_handles": ["xai"],
                        "to_date": "2027-01-01",
                    }
                ]
            },
        ),
    ],
)
async def test_how_it_stands_on_the_wire(
    values: dict[str, Any],
    fields: dict[str, Any],
    grok: GrokServer,
    open_grok_client: OpenGrokClient,
) -> None:
    client = await open_grok_client(grok)
    plain = client.plan(request())

    call = client.plan(request(), search=search_in(values))
    chunks = [chunk async for chunk in client.complete(call)]

    assert (call.endpoint, text(chunks) != "") == ("responses", True)
    searched = values["search"].split(",")
    include = {"include": ["web_search_call.action.sources"]} if "web" in searched else {}
    assert dict(call.body) == {**plain.body, **fields, **include}
    assert grok.requests[-1].body == call.body


async def test_nothing_of_it_is_sent_where_nothing_is_searched(
    grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    client = await open_grok_client(grok)

    assert client.plan(request(), search=Search()) == client.plan(request())


@pytest.mark.parametrize("endpoint", ["chat", "completions"])
async def test_an_endpoint_that_cannot_says_which_can(
    endpoint: str, grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    client = await open_grok_client(grok, grok_endpoint=endpoint)

    (fault,) = client.check(request(), None, WEB)

    assert fault.parameter == "search"
    assert f"GROK_ENDPOINT={endpoint}" in fault.problem
    assert "GROK_ENDPOINT=responses" in fault.allowed


@pytest.mark.parametrize("given", [{"n": 2}, {"seed": 1}, {"echo": True}, {"stop": "END"}])
async def test_what_does_not_go_together_with_it(
    given: dict[str, Any], grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    client = await open_grok_client(grok)

    (fault,) = client.check(request(**given), None, WEB)
    with pytest.raises(RequestRefused):
        client.plan(request(**given), search=WEB)

    assert fault.parameter in given
    assert "--search" in fault.problem
    assert not grok.requests


async def test_a_server_without_the_newest_endpoint_cannot_search(
    open_grok_client: OpenGrokClient,
) -> None:
    async with GrokServer(endpoints=("chat", "completions"), speed=None, first_delay=0) as old:
        client = await open_grok_client(old)
        call = client.plan(request(), search=WEB)
        with pytest.raises(Exception, match="cannot search"):
            [chunk async for chunk in client.complete(call)]

        (fault,) = client.check(request(), None, WEB)
        assert (fault.parameter, "cannot search" in fault.problem) == ("search", True)
        assert client.check(request()) == ()
        assert len(old.requests) == 1


async def test_a_model_without_tools_is_known_once_it_has_said_so(
    grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    grok._models[CHAT] = replace(grok._models[CHAT], tools=False)
    client = await open_grok_client(grok)

    with pytest.raises(Exception, match="cannot search the web or X") as caught:
        [chunk async for chunk in client.complete(client.plan(request(), search=BOTH))]

    assert not getattr(caught.value, "spent", True)
    (fault,) = client.check(request(), None, BOTH)
    assert (fault.parameter, fault.problem) == ("search", f"{CHAT} cannot search the web or X here")
    assert client.check(request()) == ()


@pytest.mark.parametrize(
    "error",
    [
        {
            "message": "Invalid value: 'x_search'. Supported values are: 'web_search', 'mcp'.",
            "param": "tools[1].type",
        },
        {"message": "Tool type x_search is not supported"},
        {"message": "Failed to deserialize: tools[1]: unknown variant `x_search`"},
    ],
)
async def test_the_other_place_is_searched_where_one_is_rejected(
    error: dict[str, Any], openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    """And the answer says so: nobody takes it for more than it is."""
    openai_grok.script(Script(status=400, body={"error": error}))
    client = await open_grok_client(openai_grok)

    completion = client.complete(client.plan(request(), search=BOTH))
    chunks = [chunk async for chunk in completion]

    assert text(chunks)
    assert completion.unsearched == ("x",)
    assert [tool["type"] for tool in openai_grok.requests[1].body["tools"]] == ["web_search"]
    (fault,) = client.check(request(), None, BOTH)
    assert (fault.problem, fault.allowed) == (f"{CHAT} cannot search X here", "web")
    assert client.check(request(), None, WEB) == ()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, "Tools are not supported on the responses endpoint"),
        (404, "Tool web_search not found"),
        (403, "Your team does not have access to the web_search tool"),
        (500, {"message": "tools param requires --jinja flag", "type": "server_error"}),
        (501, {"message": "web_search is not implemented"}),
        (422, "Extra inputs are not permitted: tools"),
    ],
)
async def test_a_server_that_has_no_tools_is_asked_without_a_search_as_before(
    status: int, error: Any, openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    """Whatever it says and however: that is learned of the tool, and nothing of the endpoint."""
    openai_grok.script(Script(status=status, body={"error": error}))
    client = await open_grok_client(openai_grok)

    with pytest.raises(Exception, match="cannot search the web here") as caught:
        [chunk async for chunk in client.complete(client.plan(request(), search=WEB))]

    assert not getattr(caught.value, "spent", True)
    assert len(openai_grok.requests) == 1
    assert client.plan(request()).endpoint == "responses"
    assert [fault.parameter for fault in client.check(request(), None, WEB)] == ["search"]


@pytest.mark.parametrize(
    "error", ["web_search is temporarily not available", "The tool web_search has failed"]
)
async def test_a_tool_that_fails_for_a_moment_is_asked_again(
    error: str, grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    grok.script(Script(status=503, body={"code": "unavailable", "error": error}))
    client = await open_grok_client(grok)

    completion = client.complete(client.plan(request(), search=WEB))

    assert text([chunk async for chunk in completion])
    assert (len(grok.requests), completion.unsearched) == (2, ())
    assert client.check(request(), None, WEB) == ()


@pytest.mark.parametrize(
    ("message", "parameter"),
    [
        ("tools[0].filters.allowed_domains: invalid entry `a.b`", "domains"),
        ("tools[0].from_date: expected YYYY-MM-DD", "since"),
        ("Unknown parameter: 'max_turns'.", "max_turns"),
    ],
)
async def test_a_value_that_is_rejected_is_named(
    message: str, parameter: str, grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    grok.script(Script(status=400, body={"code": "invalid-argument", "error": message}))
    client = await open_grok_client(grok)
    search = search_in(
        {"search": "web,x", "domains": ["a.b"], "since": "2026-11-01", "max_turns": 2}
    )

    with pytest.raises(Exception, match=f"does not take `{OPTIONS[parameter].flag}`"):
        [chunk async for chunk in client.complete(client.plan(request(), search=search))]

    assert len(grok.requests) == 1


async def test_another_server_may_not_count_turns(
    openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    """It is xAI's price that they bound: they are left out, but not where somebody wants them."""
    client = await open_grok_client(openai_grok, grok_search_turns=3)
    search = search_in({"search": "web", "max_turns": 3})
    other = search_in({"search": "web", "max_turns": 2})

    with pytest.raises(Exception, match="--max-turns"):
        [chunk async for chunk in client.complete(client.plan(request(), search=other))]
    openai_grok.requests.clear()
    client = await open_grok_client(openai_grok, grok_search_turns=3)
    assert text([chunk async for chunk in client.complete(client.plan(request(), search=search))])
    assert [sorted(each.body.keys() & {"tools", "max_turns"}) for each in openai_grok.requests] == [
        ["max_turns", "tools"],
        ["tools"],
    ]


async def test_what_is_included_by_itself_is_left_out_where_it_is_rejected(
    openai_grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    error = {"message": "Invalid value: 'web_search_call.action.sources'.", "param": "include[0]"}
    openai_grok.script(Script(status=400, body={"error": error}))
    client = await open_grok_client(openai_grok)

    completion = client.complete(client.plan(request(), search=WEB))

    assert text([chunk async for chunk in completion])
    assert completion.unsearched == ()
    assert "include" not in openai_grok.requests[1].body


@pytest.mark.parametrize("how", [{"cut_after": 0}, {"error": {"error": {"message": "boom"}}}])
async def test_a_stream_that_ends_while_a_tool_runs_is_not_asked_for_again(
    how: dict[str, Any], grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    """It was searched, and that costs: who asked decides whether it is to be paid once more."""
    calls = (ToolCall(asked="a"), ToolCall(name="x_keyword_search", asked="b", posts=20))
    grok.script(Script(text="Hi", calls=calls, within=1, **how))
    client = await open_grok_client(grok)
    steps = []

    async def read() -> None:
        async for chunk in client.complete(client.plan(request(), search=BOTH)):
            steps.append(chunk.step)  # noqa: PERF401 - what came before the failure counts

    with pytest.raises(Exception, match=r"Grok") as caught:
        await read()

    assert getattr(caught.value, "spent", False)
    assert len(grok.requests) == 1
    assert {step.call.partition("_")[0] for step in steps if step} == {"ws", "ctc"}


async def test_a_tool_may_take_as_long_as_an_answer_to_begin(
    grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    """And what is said where it takes longer is what it was doing."""
    calls = (ToolCall(asked="a"),)
    grok.script(Script(text="Hi", calls=calls, within=0, stall_after=0))
    client = await open_grok_client(grok, grok_silence_seconds=0.05, grok_first_event_seconds=0.5)

    with pytest.raises(Exception, match=r"has searched for 0\.5 seconds"):
        [chunk async for chunk in client.complete(client.plan(request(), search=WEB))]
