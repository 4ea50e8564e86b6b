"""The tools of the sandbox Grok: what it takes, in which order it tells, and what it bills."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from sandbox.grok import GrokServer, Script, ToolCall
from sandbox.grok.models import MODELS
from tests.sandbox.grok_caller import Caller
from tests.sandbox.test_grok_responses import said

MODEL = "grok-4.20-non-reasoning"
WEB = {"type": "web_search"}
X = {"type": "x_search"}
CALLS = (
    ToolCall(asked="a", sources=("https://a.example/1", "https://a.example/2_(b)")),
    ToolCall(name="x_keyword_search", asked="b", posts=20, sources=("https://x.com/i/status/1",)),
    ToolCall(name="x_user_search", asked="c", profiles=2, turn=1),
    ToolCall(asked="d", fails=True, turn=1),
)
TEXT = "One [[1]](https://a.example/2_(b)), two [[2]](https://x.com/i/status/1)."


@pytest.mark.parametrize(
    "tool",
    [
        WEB,
        WEB | {"filters": {"allowed_domains": ["example.com", "docs.x.ai"]}},
        WEB | {"filters": {"excluded_domains": ["xn--bcher-kva.example"]}},
        WEB | {"filters": {}, "enable_image_understanding": True},
        X,
        X | {"allowed_x_handles": ["xai", "A_1"], "from_date": "2026-11-01"},
        X | {"excluded_x_handles": ["xai"], "to_date": "2026-11-30"},
        X | {"enable_video_understanding": False},
    ],
)
async def test_tools_that_are_taken(tool: dict[str, Any], call: Caller) -> None:
    status, reply = await call("/responses", model=MODEL, input="news", tools=[tool], max_turns=2)

    assert status == 200
    assert reply["tools"] == [tool]
    assert reply["usage"]["num_server_side_tools_used"] > 0


def _domains(*domains: Any, of: str = "allowed_domains") -> dict[str, Any]:
    return WEB | {"filters": {of: list(domains)}}


@pytest.mark.parametrize(
    ("tool", "status"),
    [
        ({"type": "browser"}, 422),
        ({"name": "web_search"}, 422),
        (WEB | {"max_results": 3}, 422),
        (WEB | {"filters": {"domains": ["a.b"]}}, 422),
        (WEB | {"filters": {"allowed_domains": "a.b"}}, 422),
        (WEB | {"user_location": {"country": "DE"}}, 400),
        (WEB | {"search_context_size": "low"}, 400),
        (_domains(*(f"a{each}.example" for each in range(6))), 400),
        (_domains(), 400),
        (_domains("https://example.com"), 400),
        (_domains("example.com/news"), 400),
        (_domains("*.example.com"), 400),
        (_domains("Example.com"), 400),
        (_domains("localhost"), 400),
        (WEB | {"filters": {"allowed_domains": ["a.b"], "excluded_domains": ["c.d"]}}, 400),
        (X | {"allowed_x_handles": ["@xai"]}, 400),
        (X | {"allowed_x_handles": ["a" * 16]}, 400),
        (X | {"allowed_x_handles": ["a"] * 21}, 400),
        (X | {"allowed_x_handles": ["a"], "excluded_x_handles": ["b"]}, 400),
        (X | {"from_date": "2026-11-31"}, 400),
        (X | {"to_date": "30.11.2026"}, 400),
        (X | {"from_date": 20261101}, 422),
        (X | {"handles": ["xai"]}, 422),
    ],
)
async def test_tools_that_are_refused(tool: dict[str, Any], status: int, call: Caller) -> None:
    refused, reply = await call("/responses", model=MODEL, input="news", tools=[tool])

    assert refused == status, reply


async def test_tools_are_not_had_everywhere(call: Caller, call_openai: Caller) -> None:
    hello = [{"role": "user", "content": "a"}]

    assert (await call("/chat/completions", model=MODEL, messages=hello, tools=[WEB]))[0] == 422
    assert (await call_openai("/responses", model=MODEL, input="a", tools=[WEB]))[0] == 200
    assert (await call_openai("/responses", model=MODEL, input="a", tools=[X]))[0] == 400


async def test_a_model_without_tools(call: Caller, grok: GrokServer) -> None:
    grok._models["shut-in"] = replace(MODELS[0], id="shut-in", tools=False)

    status, reply = await call("/responses", model="shut-in", input="a", tools=[WEB])

    assert (status, "does not support" in reply["error"]) == (400, True)


async def test_the_order_of_events(call: Caller, grok: GrokServer) -> None:
    grok.script(Script(text=TEXT, calls=CALLS))

    events = await call.events("/responses", model=MODEL, input="a", tools=[WEB, X])

    kinds = [event["type"].removeprefix("response.") for event in events]
    begin_web = ["output_item.added", "web_search_call.in_progress", "web_search_call.searching"]
    begin_x = ["output_item.added", "custom_tool_call_input.delta", "custom_tool_call_input.done"]
    assert kinds[2:20] == [
        *begin_web,
        *begin_x,
        "output_item.done",
        "web_search_call.completed",
        "output_item.done",
        *begin_x,
        *begin_web,
        "output_item.done",
        "output_item.done",
        "output_item.added",
    ]
    done = [event for event in events if event["type"].endswith("item.done")]
    assert [event["output_index"] for event in done] == [1, 0, 3, 2, 4]
    assert [event["item"]["status"] for event in done[:3]] == ["completed", "completed", "failed"]
    assert [event["sequence_number"] for event in events] == list(range(len(events)))


async def test_what_a_search_saw_is_listed_where_that_is_asked_for(
    call: Caller, grok: GrokServer
) -> None:
    grok.script(Script(text=TEXT, calls=CALLS, times=2))

    plain = (await call("/responses", model=MODEL, input="a", tools=[WEB]))[1]
    listed = (
        await call(
            "/responses",
            model=MODEL,
            input="a",
            tools=[WEB],
            include=["web_search_call.action.sources"],
        )
    )[1]

    assert plain["output"][0]["action"]["sources"] == []
    assert [each["url"] for each in listed["output"][0]["action"]["sources"]] == [
        "https://a.example/1",
        "https://a.example/2_(b)",
    ]


@pytest.mark.parametrize("how", ["placed", "late", "unplaced", "none"])
async def test_annotations(how: Any, call: Caller, grok: GrokServer) -> None:
    grok.script(Script(text=TEXT, calls=CALLS, annotated=how))

    events = await call.events("/responses", model=MODEL, input="a", tools=[WEB, X])

    told = [each["annotation"] for each in events if each["type"].endswith("annotation.added")]
    message = events[-1]["response"]["output"][-1]
    assert message["content"][0]["annotations"] == told
    cited = [] if how == "none" else ["https://a.example/2_(b)", "https://x.com/i/status/1"]
    seen = [] if how == "none" else ["https://a.example/1"]
    assert [each["url"] for each in told] == cited + seen
    if how == "placed":
        marks = [TEXT[each["start_index"] : each["end_index"]] for each in told[:2]]
        assert marks == ["[[1]](https://a.example/2_(b))", "[[2]](https://x.com/i/status/1)"]
        last = max(place for place, each in enumerate(events) if "delta" in each)
        first = next(place for place, each in enumerate(events) if "annotation" in each)
        assert first < last
    if how == "late":
        assert all("start_index" not in each for each in told)


async def test_citations_can_be_left_out(call: Caller, grok: GrokServer) -> None:
    grok.script(Script(text=TEXT, calls=CALLS))

    reply = await call(
        "/responses", model=MODEL, input="a", tools=[WEB], include=["no_inline_citations"]
    )

    assert "[[" not in said(reply[1])


async def test_the_bill(call: Caller, grok: GrokServer) -> None:
    """Only what succeeded is billed, and each turn reads the prompt and all that was found."""
    grok.script(Script(pieces=["one"], calls=CALLS, times=2))

    usage = (await call("/responses", model=MODEL, input="a", tools=[WEB, X]))[1]["usage"]
    plain = (await call("/responses", model=MODEL, input="a"))[1]["usage"]

    details = usage["server_side_tool_usage_details"]
    assert {name: each for name, each in details.items() if each} == {
        "web_search_calls": 1,
        "x_search_calls": 2,
        "x_posts_fetched": 20,
        "x_users_fetched": 2,
    }
    assert usage["num_server_side_tools_used"] == 3
    tools = 50_000_000 + 20 * 50_000_000 + 2 * 100_000_000
    tokens = usage["input_tokens"] * 12_500 + 25_000
    assert usage["cost_in_usd_ticks"] == tools + tokens
    assert usage["input_tokens"] > 1_000
    assert plain["input_tokens"] == 1


async def test_turns_are_bounded(call: Caller, grok: GrokServer) -> None:
    grok.script(Script(text="a", calls=CALLS))

    reply = (await call("/responses", model=MODEL, input="a", tools=[WEB, X], max_turns=1))[1]

    assert [item["type"] for item in reply["output"]] == [
        "web_search_call",
        "custom_tool_call",
        "message",
    ]


async def test_by_itself_it_keeps_to_what_was_asked_for(call: Caller) -> None:
    tools = [
        WEB | {"filters": {"allowed_domains": ["docs.x.ai"]}},
        X | {"allowed_x_handles": ["xai"]},
    ]

    text = said((await call("/responses", model=MODEL, input="what is new in TCP", tools=tools))[1])

    assert "new in TCP" in text
    assert "[[1]](https://docs.x.ai/2026/tcp_(overview))" in text
    assert "https://x.com/xai/status/" in text


async def test_days_without_a_post_are_answered_from_memory(call: Caller) -> None:
    tool = X | {"from_date": "2026-11-02", "to_date": "2026-11-02"}

    reply = (await call("/responses", model=MODEL, input="what is new in TCP", tools=[tool]))[1]

    assert "[[" not in said(reply)
    assert reply["output"][-1]["content"][0]["annotations"] == []
    assert reply["usage"]["server_side_tool_usage_details"]["x_posts_fetched"] == 0


@pytest.mark.parametrize("how", [{"error": {"error": {"message": "boom"}}}, {"stall_after": 0}])
async def test_what_happens_within_a_call(
    how: dict[str, Any], call: Caller, grok: GrokServer
) -> None:
    script = Script(text=TEXT, calls=CALLS, within=1, **how)
    released = asyncio.Event()
    released.set()
    grok.script(replace(script, release=released))

    _, text = await call.text(
        "/responses", {"model": MODEL, "input": "a", "tools": [WEB], "stream": True}
    )

    begun = text.count("output_item.added")
    assert begun == (2 if script.error else 5)
    assert ("boom" in text) == bool(script.error)
