"""What `/v1/responses` tells of its tools, in every order, and what is understood of it."""

from __future__ import annotations

import copy
import itertools
from typing import Any

import pytest

from bot.completion import CompletionRequest
from bot.completion.collect import Collector
from bot.completion.references import Reference
from bot.completion.result import Chunk, ToolStep, ToolUse
from bot.completion.search import search_in
from bot.grok.endpoints.choices import read_usage
from bot.grok.endpoints.responses import ResponsesReader
from bot.grok.text.progress import Progress
from tests.grok.typed import USED, message, response

WEB = {"type": "web_search_call", "id": "ws_1", "status": "in_progress", "action": {}}
X = {"type": "custom_tool_call", "id": "ctc_1", "name": "x_keyword_search", "input": ""}
SEARCH = search_in({"search": "web,x"})
SAID = '{"query":"from:xai","limit":20}'


def _event(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": f"response.{kind}"} | fields


def _steps(*events: dict[str, Any]) -> list[ToolStep]:
    reader = ResponsesReader()
    return [chunk.step for event in events for chunk in reader(event) if chunk.step]


def _references(chunks: list[Chunk]) -> list[Reference]:
    return [each for chunk in chunks for each in chunk.references]


def test_calls_that_interleave_and_end_out_of_order() -> None:
    web = ToolStep("ws_1", "web", posts=0, profiles=0)
    x = ToolStep("ctc_1", "x", posts=None, profiles=0)
    known = ToolStep("ctc_1", "x", "from:xai", posts=20, profiles=0)
    done = {"type": "search", "query": "TCP", "sources": []}

    steps = _steps(
        _event("output_item.added", output_index=0, item=WEB),
        _event("web_search_call.searching", item_id="ws_1", output_index=0),
        _event("output_item.added", output_index=1, item=X),
        _event("custom_tool_call_input.delta", item_id="ctc_1", delta=SAID[:9]),
        _event("custom_tool_call_input.done", item_id="ctc_1", input=SAID),
        _event("output_item.done", item=X | {"input": SAID, "status": "completed"}),
        _event("web_search_call.completed", item_id="ws_1", output_index=0),
        _event("output_item.done", item=WEB | {"status": "completed", "action": done}),
    )

    assert steps == [
        web,
        web,
        x,
        x,
        known,
        known.then(ToolStep("ctc_1", "x", over=True)),
        web.then(ToolStep("ws_1", "web", over=True)),
        web.then(ToolStep("ws_1", "web", "TCP", over=True)),
    ]


@pytest.mark.parametrize(
    ("item", "step"),
    [
        (
            WEB | {"action": {"type": "open_page", "url": "https://a.example"}},
            ToolStep("ws_1", "web", "https://a.example", opens=True, posts=0, profiles=0),
        ),
        (WEB | {"status": "failed"}, ToolStep("ws_1", "web", "", False, True, True, 0, 0)),
        (
            X | {"name": "x_user_search", "input": '{"query":"a","count":3}'},
            ToolStep("ctc_1", "x", "a", posts=0, profiles=3),
        ),
        (
            X | {"name": "x_thread_fetch", "input": '{"post_id":"7"}'},
            ToolStep("ctc_1", "x", "7", posts=None, profiles=0),
        ),
        (X | {"name": "view_x_video"}, ToolStep("ctc_1", "x", posts=0, profiles=0)),
        (X | {"name": "x_of_tomorrow"}, ToolStep("ctc_1", "x")),
        (
            {"type": "x_search_call", "name": "x_semantic_search", "arguments": SAID, "id": "fc"},
            ToolStep("fc", "x", "from:xai", posts=20, profiles=0),
        ),
        (
            X | {"input": '{"query":"a","limit":1e99}'},
            ToolStep("ctc_1", "x", "a", posts=1000, profiles=0),
        ),
        ({"type": "mcp_call", "id": "m"}, None),
        ({"type": "custom_tool_call", "name": "weather"}, None),
        ({"type": "message", "name": "x_keyword_search"}, None),
    ],
)
def test_what_an_item_is(item: dict[str, Any], step: ToolStep | None) -> None:
    steps = _steps(_event("output_item.added", output_index=0, item=item))

    assert steps == ([] if step is None else [step])


def test_a_call_of_which_only_the_end_came() -> None:
    (step,) = _steps(_event("completed", response=response(WEB | {"status": "completed"})))

    assert (step.tool, step.over) == ("web", True)


@pytest.mark.parametrize(
    ("fields", "placed"),
    [
        ({"start_index": 3, "end_index": 20, "title": "1"}, True),
        ({"start_index": 0, "end_index": 0}, False),
        ({}, False),
        ({"start_index": "a", "end_index": None}, False),
    ],
)
def test_annotations_with_places_and_without(fields: dict[str, Any], placed: bool) -> None:
    annotation = {"type": "url_citation", "url": "https://a.example/b_(c)"} | fields
    found = [Reference(url="https://a.example/b_(c)", placed=placed)]
    event = _event("output_text.annotation.added", annotation=annotation)
    end = _event("completed", response=response(message("Hi", annotations=[annotation])))

    assert _references(ResponsesReader()(event)) == found
    assert _references(ResponsesReader()(end)) == found


def test_what_a_search_has_seen() -> None:
    action = {
        "type": "search",
        "sources": [{"type": "url", "url": "https://a.example/1"}, {"url": "ftp://b"}, 7],
    }
    done = _event("output_item.done", item=WEB | {"action": action})
    opened = _event(
        "output_item.done", item=WEB | {"action": {"type": "open_page", "url": "http://c.example"}}
    )

    assert _references(ResponsesReader()(done)) == [Reference(url="https://a.example/1")]
    assert _references(ResponsesReader()(opened)) == [Reference(url="http://c.example")]


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "https://a.example@evil.example/",
        "https://a.example\\@b.example/",
        "https://localhost/",
        "https://" + "a" * 2000 + ".example/",
        "https://[::1]/",
        "a.example",
        "",
    ],
)
def test_addresses_of_which_nothing_is_shown(url: str) -> None:
    annotation = {"type": "url_citation", "url": url}

    assert not ResponsesReader()(_event("output_text.annotation.added", annotation=annotation))


@pytest.mark.parametrize(
    ("details", "tools"),
    [
        (
            {
                "web_search_calls": 2,
                "x_search_calls": 1,
                "x_posts_fetched": 44,
                "x_users_fetched": 3,
            },
            ToolUse(web_calls=2, x_calls=1, posts=44, profiles=3),
        ),
        ({"web_search_calls": 2, "x_search_calls": 0}, ToolUse(web_calls=2)),
        ({"x_search_calls": 4}, ToolUse(x_calls=4, posts=None, profiles=None)),
        ({"web_search_calls": 0, "mcp_calls": 3}, None),
        ({"web_search_calls": "lots", "x_search_calls": -1, "x_posts_fetched": True}, None),
        ([1], None),
        (None, None),
    ],
)
def test_what_is_billed(details: Any, tools: ToolUse | None) -> None:
    usage = read_usage({"usage": USED | {"server_side_tool_usage_details": details}})

    assert usage is not None
    assert usage.tools == tools


FIELDS = (
    *("type", "id", "name", "status", "input", "arguments", "action", "content", "annotations"),
    *("url", "start_index", "end_index", "title", "query", "sources", "limit", "count", "item_id"),
    *("output_index", "item", "annotation", "part", "delta", "response", "output", "error"),
)
ODD: list[Any] = [None, True, -1, 1e400, 2**70, "", "a" * 20_000, "\ud83d", [], {}, [[]], [{}], [7]]


def _places(value: Any) -> list[dict[str, Any]]:
    """Every map in a value."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    found = [each for one in inside for each in _places(one)]
    return [value, *found] if isinstance(value, dict) else found


@pytest.mark.parametrize(
    "event",
    [
        _event("output_item.added", item=WEB, output_index=0),
        _event("output_item.done", item=X | {"input": SAID}, output_index=0),
        _event("custom_tool_call_input.done", item_id="ctc_1", input=SAID),
        _event("web_search_call.completed", item_id="ws_1"),
        _event("output_text.annotation.added", annotation={"url": "https://a.example"}),
        _event("completed", response=response(WEB, X, message("Hi", annotations=[{"url": "u"}]))),
    ],
)
def test_odd_values_are_left_out(event: dict[str, Any]) -> None:
    """Whatever stands anywhere in an event: what is told of it can be collected and shown."""
    for place in range(len(_places(event))):
        for name, odd in itertools.product(FIELDS, ODD):
            spoiled = copy.deepcopy(event)
            _places(spoiled)[place][name] = odd
            collector = Collector(CompletionRequest(model="m", prompt="a"), SEARCH)
            for chunk in Progress().follow(ResponsesReader()(spoiled)):
                collector.add(chunk)
            answer = collector.answer(endpoint="responses")
            answer.model_dump_json()
            assert collector.searching is None or len(collector.searching.progress) < 200


def test_what_is_searched_without_end_is_read_to_an_end() -> None:
    reader, collector = (
        ResponsesReader(),
        Collector(CompletionRequest(model="m", prompt="a"), SEARCH),
    )
    for number in range(3_000):
        item = X | {"id": f"c{number}", "input": f'{{"query":"{number}","limit":1000000}}'}
        annotation = {"url": f"https://a.example/{number}"}
        for event in (
            _event("output_item.done", item=item),
            _event("output_text.annotation.added", annotation=annotation),
        ):
            for chunk in reader(event):
                collector.add(chunk)

    answer = collector.answer(endpoint="responses")
    assert len(answer.references) == 200
    assert answer.tools is not None
    assert answer.tools.x_calls == 1_000
    assert answer.tools.posts == 1_000_000
