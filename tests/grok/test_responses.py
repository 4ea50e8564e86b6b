"""What `/v1/responses` sends, in every order and form, and the answer that is right."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from bot.completion.collect import Collector
from bot.completion.result import Ending, ending_of
from bot.grok.endpoints.responses import ResponsesReader
from bot.grok.text.progress import Progress
from bot.words import grok as words
from tests.grok.http.test_receiving import JSON
from tests.grok.http.test_receiving import received as received_at
from tests.grok.typed import begun, delta, ended, message, reasoned, response, thought, typed
from tests.grok.wire import DONE

pytestmark = pytest.mark.integration

TWO = delta("Hello") + delta(" you")
TOOL = {"type": "web_search_call", "id": "ws_1", "status": "in_progress"}
POSTS = {"type": "custom_tool_call", "id": "ctc_1", "name": "x_keyword_search", "input": "a"}


async def received(body: bytes, **given: Any) -> tuple[tuple[str, ...], str, Collector, int]:
    """The texts that come of `body`, why there is no more, and how often it was asked for."""
    return await received_at(body, endpoint="responses", **given)


RIGHT: dict[str, tuple[bytes, str]] = {
    "plain": (begun() + TWO + ended(message("Hello you")), "Hello you"),
    "no frame": (TWO + ended(), "Hello you"),
    "whole at the end only": (begun() + ended(message("Hello you")), "Hello you"),
    "a part in steps, all at the end": (
        delta("Hello") + ended(message("Hello you")),
        "Hello you",
    ),
    "an end that repeats nothing": (
        typed("output_item.done", output_index=0, item=message("Hello you")) + ended(),
        "Hello you",
    ),
    "done events repeat": (
        TWO
        + typed("output_text.done", item_id="msg_0", output_index=0, text="Hello you")
        + typed("content_part.done", part={"type": "output_text", "text": "Hello you"})
        + typed("output_item.done", output_index=0, item=message("Hello you"))
        + ended(message("Hello you")),
        "Hello you",
    ),
    "items under other names at the end": (
        TWO
        + typed("output_item.done", output_index=1, item=message("Hello you", 7))
        + ended(message("Hello you", 8)),
        "Hello you",
    ),
    "an end that is trimmed": (TWO + delta(" ") + ended(message("Hello you")), "Hello you "),
    "two messages": (
        delta("One.") + delta("Two.", 2) + ended(message("One."), TOOL, message("Two.", 2)),
        "One.\n\nTwo.",
    ),
    "two messages at the end only": (
        ended(message("One."), POSTS, message("Two.", 2)),
        "One.\n\nTwo.",
    ),
    "two parts of one message": (
        delta("One.") + delta("Two.", content_index=1) + ended(),
        "One.Two.",
    ),
    "a refusal": (
        typed("refusal.delta", item_id="msg_0", output_index=0, delta="I will not.")
        + ended({"type": "message", "content": [{"type": "refusal", "refusal": "I will not."}]}),
        "I will not.",
    ),
    "the type beside the event only": (
        b"".join(
            b"event: " + json.loads(each[6:])["type"].encode() + b"\n"
            b"data: " + json.dumps({**json.loads(each[6:]), "type": None}).encode() + b"\n\n"
            for each in (TWO + ended(message("Hello you"))).split(b"\n\n")
            if each
        ),
        "Hello you",
    ),
    "thoughts first": (
        begun()
        + typed("output_item.added", output_index=0, item={"type": "reasoning", "summary": []})
        + thought("Hm, ")
        + thought("well.")
        + typed("reasoning_summary_text.done", text="Hm, well.")
        + TWO
        + ended(reasoned("Hm, well."), message("Hello you", 1)),
        "Hello you",
    ),
    "thoughts between": (
        delta("Hello") + thought("hm", "reasoning_text") + delta(" you") + ended(),
        "Hello you",
    ),
    "calls that interleave and end out of order": (
        typed("output_item.added", output_index=0, item=TOOL)
        + typed("output_item.added", output_index=1, item=POSTS)
        + typed("web_search_call.searching", item_id="ws_1")
        + typed("custom_tool_call_input.delta", item_id="ctc_1", delta='{"query":"TCP"}')
        + typed("custom_tool_call_input.done", item_id="ctc_1", input='{"query":"TCP"}')
        + typed("output_item.done", output_index=1, item=POSTS)
        + delta("Hello", 2)
        + typed("web_search_call.completed", item_id="ws_1")
        + typed("output_item.done", output_index=0, item=TOOL | {"status": "completed"})
        + delta(" you", 2)
        + ended(TOOL, POSTS, message("Hello you", 2)),
        "Hello you",
    ),
    "a tool that failed": (
        typed("mcp_call.failed", item_id="mcp_1", error={"message": "boom"})
        + typed("output_item.done", item={"type": "mcp_call", "error": "boom"}, output_index=0)
        + TWO
        + ended({"type": "mcp_call", "error": "boom"}, message("Hello you", 1)),
        "Hello you",
    ),
    "annotations": (
        delta("Hello")
        + typed("output_text.annotation.added", annotation={"type": "url_citation", "url": "u"})
        + delta(" you")
        + ended(message("Hello you", annotations=[{"type": "url_citation", "url": "u"}])),
        "Hello you",
    ),
    "types that nobody knows": (
        typed("something.new", code="500", message="all is well")
        + delta("Hello")
        + b'data: {"type":"keepalive"}\n\n'
        + typed("something.delta", delta="NOT THIS")
        + typed("code_interpreter_call_code.done", code="404")
        + delta(" you")
        + ended(),
        "Hello you",
    ),
    "halves in two deltas": (
        TWO.replace(b"Hello", b"Hi \\ud83d").replace(b" you", b"\\ude00") + ended(),
        "Hi \U0001f600",
    ),
    "odd values": (
        typed("output_text.delta", delta=None)
        + typed("output_text.delta", delta=["a"])
        + typed("output_text.delta", delta={"text": "Hello"}, output_index="x")
        + typed("output_item.done", item=[1], output_index=None)
        + typed("completed", response=response(output={"a": 1}, usage="much")),
        "Hello",
    ),
    "a body in the place of events": (
        json.dumps(response(reasoned("Hm."), message("Hello you", 1))).encode(),
        "Hello you",
    ),
    "a list of events": (
        json.dumps(
            [json.loads(each[6:]) for each in (TWO + ended()).split(b"\n\n") if each]
        ).encode(),
        "Hello you",
    ),
    "content that is a text": (
        json.dumps({"output": [{"type": "message", "content": "Hello you"}]}).encode(),
        "Hello you",
    ),
}


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("end", [DONE, b""], ids=["done", "open"])
async def test_right_text_whatever_the_order(name: str, end: bytes) -> None:
    body, text = RIGHT[name]

    texts, failure, collector, asked = await received(body if body[:1] in b"[{" else body + end)

    assert (texts, failure, asked) == ((text,), "", 1)
    assert collector.whole


@pytest.mark.parametrize("head", [JSON, b"Content-Type: text/plain\r\n", b""])
async def test_json_where_a_stream_was_asked_for(head: bytes) -> None:
    body = json.dumps(response(reasoned("Hm."), message("Hello you"))).encode()

    texts, failure, collector, _ = await received(body, head=head)

    assert (texts, failure, collector.reasoning) == (("Hello you",), "", "Hm.")
    assert collector.model == "grok-4.3"


async def test_a_stream_where_json_was_asked_for() -> None:
    texts, failure, _, _ = await received(TWO + ended() + DONE, head=JSON, stream=False)

    assert (texts, failure) == (("Hello you",), "")


async def test_thoughts_are_never_the_answer() -> None:
    body = begun() + thought("Secret ") + thought("plan.") + delta("42") + ended(message("42"))

    texts, _, collector, _ = await received(body + DONE)

    assert texts == ("42",)
    assert collector.reasoning == "Secret plan."


async def test_the_bill_counts_thoughts_once() -> None:
    _, _, collector, _ = await received(TWO + ended() + DONE)

    assert collector.usage is not None
    assert collector.usage.model_dump() == {
        "prompt_tokens": 30,
        "cached_tokens": 4,
        "completion_tokens": 7,
        "reasoning_tokens": 5,
        "total_tokens": 42,
        "cost_in_usd_ticks": 37_756_000,
        "tools": None,
    }


async def test_an_end_without_a_bill() -> None:
    texts, failure, collector, _ = await received(TWO + ended(usage=None) + DONE)

    assert (texts, failure, collector.usage) == (("Hello you",), "", None)


REASONS: list[tuple[dict[str, Any], Ending]] = [
    ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, "length"),
    (
        {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}},
        "content_filter",
    ),
    (
        {"status": "incomplete", "incomplete_details": {"reason": "max_prompt_tokens"}},
        "max_context",
    ),
    ({"status": "incomplete", "incomplete_details": {"reason": "max_time_limit"}}, "time_limit"),
    ({"status": "incomplete", "incomplete_details": None}, "broken"),
    ({"status": "incomplete", "incomplete_details": {"reason": "weather"}}, ""),
    ({"status": "cancelled"}, "broken"),
    ({"status": "completed"}, "stop"),
    ({}, "stop"),
]


@pytest.mark.parametrize(("fields", "ending"), REASONS)
def test_why_it_ended(fields: dict[str, Any], ending: Ending) -> None:
    whole = {"object": "response", "output": [message("Hi")]} | fields
    event = {"type": f"response.{fields.get('status', 'completed')}", "response": whole}

    for read in (ResponsesReader()(event), ResponsesReader()(whole)):
        assert ending_of(read[0].finish_reason or "") == ending


async def test_what_is_cut_by_its_cap_says_so() -> None:
    body = delta("Hello") + ended(
        message("Hello"), kind="incomplete", incomplete_details={"reason": "max_output_tokens"}
    )

    texts, failure, collector, asked = await received(body + DONE)

    assert (texts, failure, asked) == (("Hello",), "", 1)
    assert "longest answer" in collector.sections()[0].note


FAILED: dict[str, bytes] = {
    "failed": ended(kind="failed", error={"code": "server_error", "message": "boom"}, usage=None),
    "failed without a word": ended(kind="failed", usage=None),
    "failed with nothing": typed("failed"),
    "an error": b'data: {"type":"error","code":"server_error","message":"boom","param":null}\n\n',
    "an error of the other form": b'data: {"error":{"message":"boom","code":502}}\n\n',
    "an error beside the event": b"event: error\ndata: boom\n\n",
    "an error of the response": typed("error", error={"message": "boom"}),
    "done, and yet failed": ended(status="failed", error={"message": "boom"}, usage=None),
}


@pytest.mark.parametrize("name", FAILED)
async def test_a_failure_keeps_what_came(name: str) -> None:
    texts, failure, collector, asked = await received(TWO + FAILED[name] + DONE)

    assert texts == ("Hello you",)
    assert failure == words.GROK_SENTENCES["unavailable"]
    assert (asked, collector.whole) == (1, False)


@pytest.mark.parametrize("name", FAILED)
async def test_a_failure_before_anything_is_asked_again(name: str) -> None:
    _, failure, _, asked = await received(begun() + FAILED[name] + DONE)

    assert (failure, asked) == (words.GROK_SENTENCES["unavailable"], 3)


async def test_what_kind_of_failure_it_is() -> None:
    busy = ended(kind="failed", error={"code": "rate_limit_exceeded", "message": "slow down"})
    flagged = {"code": "invalid_prompt", "message": "It violates our usage guidelines"}

    assert (await received(delta("a") + busy))[1] == words.GROK_SENTENCES["rate_limited"]
    body = json.dumps(response(status="failed", error=flagged)).encode()
    assert (await received(body, head=JSON))[1] == words.GROK_SENTENCES["refused"]


async def test_what_a_failure_has_used_is_known() -> None:
    body = delta("Hello") + ended(message("Hello"), kind="failed", error={"message": "boom"})

    _, failure, collector, _ = await received(body)

    assert failure
    assert collector.usage is not None


async def test_reset_after_the_end_takes_nothing_away() -> None:
    texts, failure, collector, asked = await received(TWO + ended(), reset=True)

    assert (texts, failure, asked) == (("Hello you",), "", 1)
    assert collector.usage is not None


async def test_reset_before_the_end_is_said() -> None:
    texts, failure, _, _ = await received(begun() + delta("Hello"), reset=True)

    assert (texts, failure) == (("Hello",), words.GROK_CUT)


@pytest.mark.parametrize("body", [begun(), begun() + DONE, ended() + DONE])
async def test_nothing_at_all_is_said(body: bytes) -> None:
    texts, failure, _, asked = await received(body)

    assert texts == ("",)
    assert failure == ("" if body.endswith(ended() + DONE) else words.GROK_NOTHING)
    assert asked == (1 if body.endswith(ended() + DONE) else 3)


@pytest.mark.parametrize(
    ("event", "more"),
    [
        ({"type": "response.created"}, False),
        ({"type": "response.in_progress"}, False),
        ({"type": "response.output_item.added", "item": {"type": "reasoning"}}, False),
        ({"type": "response.output_item.added", "item": {"type": "message"}}, False),
        ({"type": "response.output_item.added", "item": {"type": "web_search_call"}}, True),
        ({"type": "response.web_search_call.searching"}, True),
        ({"type": "response.output_text.delta", "delta": "a"}, True),
        ({"choices": []}, True),
    ],
)
def test_what_begins_an_answer(event: dict[str, Any], more: bool) -> None:
    assert ResponsesReader().begins(event, "") == more


def test_chances_come_with_the_text_or_with_the_whole() -> None:
    token = {"token": "Hi", "logprob": -0.5, "top_logprobs": [{"token": "Ho", "logprob": -1.0}]}
    whole = response(message("Hi", logprobs=[token]))
    event = {"type": "response.output_text.delta", "delta": "Hi", "logprobs": [token]}

    (alone, _) = ResponsesReader()(whole)
    reader = ResponsesReader()
    (first,) = reader(event)
    (last, _) = reader({"type": "response.completed", "response": whole})

    assert alone.logprobs == first.logprobs
    assert first.logprobs[0].alternatives == (("Ho", -1.0),)
    assert last.logprobs == ()


def test_the_model_is_known_from_the_beginning() -> None:
    reader = ResponsesReader()
    reader({"type": "response.created", "response": {"model": "grok-4.5"}})

    (chunk,) = reader({"type": "response.output_text.delta", "delta": "Hi"})
    assert chunk.model == "grok-4.5"


async def test_an_end_with_the_chances_of_all_tokens_is_read() -> None:
    top = [{"token": f"alternative {each}", "logprob": -1.5 - each} for each in range(5)]
    listed = [{"token": "a ", "logprob": -0.1, "top_logprobs": top}] * 4_000
    text = "a " * 4_000
    body = delta(text) + ended(message(text, logprobs=listed)) + DONE

    texts, failure, _, _ = await received(body, logprobs=5)

    assert (texts, failure) == ((text,), "")


NAMES = (
    *("type", "response", "item", "delta", "output", "content", "text", "summary", "error"),
    *("status", "incomplete_details", "reason", "usage", "model", "logprobs", "item_id", "id"),
    *("output_index", "object", "choices", "code", "message", "token", "logprob", "refusal"),
)
ODD: list[Any] = [None, True, -1, 1e400, "", "failed", [], {}, [[]], [{}], {"a": []}, {"type": {}}]
KINDS = (
    *("response.output_text.delta", "response.completed", "response.failed", "response.error"),
    *("response.output_item.done", "response.output_item.added", "response.created", "error"),
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", ["", "response", "item"])
def test_odd_values_are_left_out(kind: str, place: str) -> None:
    for name, odd in itertools.product(NAMES, ODD):
        read, progress = ResponsesReader(), Progress()
        whole = response(message("Hi"))
        event = {"type": kind, "delta": "Hi", "response": whole, "item": message("Hi")}
        inner = {**event[place], name: odd} if place else odd  # type: ignore[dict-item]
        value = event | {place or name: inner}
        read.begins(value, "message")
        read.answers(value)
        read.error_in(value, "message")
        list(progress.follow(read(value, "message")))
        list(progress.follow(read({**whole, name: odd})))
        list(progress.rest())


def test_of_items_without_end_few_are_kept() -> None:
    reader = ResponsesReader()
    for place in range(20):
        item = {"type": "message", "content": "x" * 1_000_000}
        reader({"type": "response.output_item.done", "output_index": place, "item": item})

    end = reader({"type": "response.completed", "response": {"status": "completed"}})

    assert len(end[0].text) < 9_000_000
