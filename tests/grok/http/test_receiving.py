"""What servers really send, byte by byte, and the answer that is right."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.completion.collect import Collector
from bot.completion.result import Endpoint
from bot.errors import GrokFailed
from bot.grok.client import open_grok
from bot.settings import Settings
from bot.words import NOT_GIVEN
from bot.words import grok as words
from tests.grok.answers import request
from tests.grok.wire import DONE, WireServer, ends, event, says, wire_server

pytestmark = pytest.mark.integration

EVENTS = b"Content-Type: text/event-stream\r\n"
JSON = b"Content-Type: application/json\r\n"
USAGE = event(usage={"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5})


def settings(server: WireServer, **values: Any) -> Settings:
    return Settings(
        _env_file=None,
        **{"xai_base_url": server.base_url, "xai_api_key": "sk-any", "grok_model": "m"} | values,
    )


async def received(
    body: bytes,
    *,
    head: bytes = EVENTS,
    status: str = "200 OK",
    reset: bool = False,
    endpoint: Endpoint = "chat",
    **asked: Any,
) -> tuple[tuple[str, ...], str, Collector, int]:
    """The texts that come of `body`, why there is no more, and how often it was asked for."""
    wanted = request(**{"model": "m", "prompt": "hi"} | asked)
    collector, failure = Collector(wanted), ""
    async with (
        wire_server(body, head=head, status=status, reset=reset) as server,
        open_grok(settings(server, grok_endpoint=endpoint)) as grok,
    ):
        try:
            async for chunk in grok.complete(wanted):
                collector.add(chunk)
        except GrokFailed as failed:
            failure = failed.sentence
    stored = collector.answer(endpoint=endpoint, failure=failure)
    assert stored.model_dump_json().encode()
    return tuple(each.text for each in stored.sections), failure, collector, len(server.requests)


def raw(*choices: str) -> bytes:
    """Events as they are written, with their escapes."""
    return b"".join(
        b'data: {"choices":[{"index":0,"delta":{"content":"%s"}}]}\n\n' % each.encode()
        for each in choices
    )


WHOLE = {"choices": [{"index": 0, "message": {"content": "Hello you"}, "finish_reason": "stop"}]}
HELLO = says("Hello") + says(" you") + ends()
FULL_MESSAGE = {"message": {"role": "assistant", "content": "Hello you"}, "finish_reason": "stop"}

RIGHT: dict[str, tuple[bytes, str]] = {
    "plain": (HELLO + DONE, "Hello you"),
    "halves in two chunks": (
        raw("Emoji: ", r"\ud83d", r"\ude00 yes") + ends() + DONE,
        "Emoji: \U0001f600 yes",
    ),
    "half alone": (raw(r"hi \ud83d there") + ends() + DONE, "hi \ufffd there"),
    "second half alone": (raw(r"hi \ude00 there") + ends() + DONE, "hi \ufffd there"),
    "half at the end": (raw(r"hi \ud83d") + ends() + DONE, "hi \ufffd"),
    "first half twice": (raw(r"\ud83d", r"\ud83d", r"\ude00") + ends() + DONE, "\ufffd\U0001f600"),
    "stop on every chunk": (
        says("Hello", "stop") + says(" big", "stop") + says(" world", "stop") + USAGE + DONE,
        "Hello big world",
    ),
    "stop on an empty first chunk": (says("", "stop") + HELLO + DONE, "Hello you"),
    "reason null in text": (
        says("Hello", "null") + says(" you", "null") + ends() + DONE,
        "Hello you",
    ),
    "mark of byte order": (b"\xef\xbb\xbf" + HELLO + DONE, "Hello you"),
    "several marks of byte order": (b"\xef\xbb\xbf\n" * 2 + HELLO + DONE, "Hello you"),
    "a bare line of JSON": (
        says("Hello") + says(" you").removeprefix(b"data: ") + ends() + DONE,
        "Hello you",
    ),
    "full message at the end": (
        says("Hello") + says(" you") + event({"delta": {}} | FULL_MESSAGE) + DONE,
        "Hello you",
    ),
    "full message without a delta": (
        says("Hello") + says(" you") + event(FULL_MESSAGE) + DONE,
        "Hello you",
    ),
    "full text in the last delta": (
        says("Hello") + says(" you") + says("Hello you", "stop") + DONE,
        "Hello you",
    ),
    "full message says more": (
        says("Hello") + event(FULL_MESSAGE) + DONE,
        "Hello you",
    ),
    "message grows in every chunk": (
        event({"message": {"content": "Hello"}}) + event(FULL_MESSAGE) + DONE,
        "Hello you",
    ),
    "message in steps": (
        event({"message": {"content": "Hello"}})
        + event({"message": {"content": " you"}})
        + ends()
        + DONE,
        "Hello you",
    ),
    "body in the place of events": (json.dumps(WHOLE).encode(), "Hello you"),
    "body with the mark of events": (
        json.dumps(WHOLE).encode() + b"\ndata: [DONE]\n\n",
        "Hello you",
    ),
    "indented body": (json.dumps(WHOLE, indent=1).encode() + b"\n\ndata: [DONE]\n\n", "Hello you"),
    "no blank lines": (
        (HELLO + DONE).replace(b"\n\n", b"\n"),
        "Hello you",
    ),
    "last line open": (HELLO.rstrip(), "Hello you"),
    "carriage returns": ((HELLO + DONE).replace(b"\n", b"\r\n"), "Hello you"),
    "pings in words": (b"data: ping\n\n" + HELLO + b"data: [PING]\n\n" + DONE, "Hello you"),
    "pings in JSON": (b'data: {"type":"ping","message":"hi"}\n\n' + HELLO + DONE, "Hello you"),
    "error that is null": (says("Hello you", error=None) + ends() + DONE, "Hello you"),
    "raw line break in one event": (
        b'data: {"choices":[{"index":0,"delta":{"content":"a\ndata: b"}}]}\n\n' + ends() + DONE,
        "a\nb",
    ),
    "a list of events": (
        b"data: [" + HELLO.split(b"\n\n")[0][6:] + b"]\n\n" + ends() + DONE,
        "Hello",
    ),
}


ENDPOINTS = pytest.mark.parametrize("endpoint", ["completions", "chat", "responses"])


@ENDPOINTS
@pytest.mark.parametrize("name", RIGHT)
async def test_right_text_whatever_the_form(name: str, endpoint: Endpoint) -> None:
    body, text = RIGHT[name]

    texts, failure, collector, asked = await received(body, endpoint=endpoint)

    assert (texts, failure, asked) == ((text,), "", 1)
    assert collector.whole


@pytest.mark.parametrize(
    "head",
    [
        b"",
        JSON,
        b"Content-Type: text/plain\r\n",
        b"Content-Type: application/octet-stream\r\n",
        b"Content-Type: application/x-ndjson\r\n",
        b"Content-Type: Text/Event-Stream; charset=ISO-8859-1\r\n",
        b"Content-Type: text/event-stream; charset=nonsense\r\n",
        b"Content-Type: text/event-stream;charset=utf-16\r\n",
    ],
)
@pytest.mark.parametrize("stream", [True, False])
async def test_stream_is_known_by_what_it_is(head: bytes, stream: bool) -> None:
    texts, failure, _, _ = await received(
        says("Hällo ") + says("✓") + ends() + DONE, head=head, stream=stream
    )

    assert (texts, failure) == (("Hällo ✓",), "")


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1"]
)
async def test_body_in_any_charset(encoding: str) -> None:
    body = json.dumps({"choices": [{"message": {"content": "Hällo"}}]}, ensure_ascii=False)
    head = f"Content-Type: application/json; charset={encoding}\r\n".encode()

    texts, failure, _, _ = await received(body.encode(encoding), head=head)

    assert (texts, failure) == (("Hällo",), "")


async def test_lines_of_json() -> None:
    body = HELLO.replace(b"data: ", b"").replace(b"\n\n", b"\n")

    assert (await received(body, head=b"Content-Type: application/x-ndjson\r\n"))[0] == (
        "Hello you",
    )


@pytest.mark.parametrize("status", ["201 Created", "202 Accepted", "203 Fine"])
async def test_any_success_is_one(status: str) -> None:
    assert (await received(HELLO + DONE, status=status))[0] == ("Hello you",)


async def test_reset_after_the_end_takes_nothing_away() -> None:
    texts, failure, collector, asked = await received(HELLO + USAGE, reset=True)

    assert (texts, failure, asked) == (("Hello you",), "", 1)
    assert collector.usage is not None


async def test_reset_before_the_end_is_said() -> None:
    texts, failure, _, _ = await received(says("Hello"), reset=True)

    assert (texts, failure) == (("Hello",), words.GROK_CUT)


GARBLED = {
    "cut": b'data: {"choices":[{"index":0,"delta":{"content":"NOT "}\n\n',
    "cut in front": b'data: ices":[{"index":0,"delta":{"content":"NOT "}}]}\n\n',
    "cut to a text": b'data: "content":"NOT "}}]}\n\n',
    "raw line break": b'data: {"choices":[{"index":0,"delta":{"content":"NOT\n "}}]}\n\n',
    "two at once": b'data: {"choices":[]}{"choices":[{"index":0,"delta":{"content":"NOT "\n\n',
}


@ENDPOINTS
@pytest.mark.parametrize("name", GARBLED)
async def test_broken_event_is_never_passed_over(name: str, endpoint: Endpoint) -> None:
    body = says("You should ") + GARBLED[name] + says("delete it.") + ends() + DONE

    texts, failure, collector, _ = await received(body, endpoint=endpoint)

    assert texts == ("You should ",)
    assert failure == words.GROK_GARBLED
    assert not collector.whole


ERRORS: dict[str, bytes] = {
    "of vLLM": b'{"object":"error","message":"NCCL failure","code":50002}',
    "a code": b'{"code":503,"message":"Resource is out"}',
    "a detail": b'{"detail":"boom"}',
    "details": b'{"detail":[{"loc":["body"],"msg":"boom"}]}',
    "a type": b'{"type":"error","message":"boom"}',
    "a status": b'{"status":"failed"}',
    "errors": b'{"errors":[{"message":"boom"}]}',
    "a list": b'[{"error":{"code":503,"message":"boom"}}]',
    "no success": b'{"success":false,"msg":"boom"}',
    "in the choice": b'{"choices":[{"delta":{},"error":{"code":502,"message":"x"}}]}',
    "beside the choice": b'{"choices":[{"finish_reason":"error"}],"error":{"code":502}}',
}


async def test_error_in_a_bare_line_is_one() -> None:
    body = says("Hello") + b'{"error":{"message":"boom","code":502}}\n' + DONE

    texts, failure, _, _ = await received(body)

    assert (texts, failure) == (("Hello",), words.GROK_SENTENCES["unavailable"])


@ENDPOINTS
@pytest.mark.parametrize("name", ERRORS)
async def test_error_under_any_key_is_one(name: str, endpoint: Endpoint) -> None:
    body = b"data: " + ERRORS[name] + b"\n\n" + DONE

    texts, failure, collector, _ = await received(says("Hello") + body, endpoint=endpoint)

    assert texts == ("Hello",)
    assert failure in {words.GROK_SENTENCES["unavailable"], words.GROK_SENTENCES["rate_limited"]}
    assert not collector.whole


async def test_text_beside_an_error_is_kept() -> None:
    body = says("Hello") + says(" you", "error", error={"code": 502, "message": "Provider away"})

    texts, failure, _, _ = await received(body)

    assert (texts, failure) == (("Hello you",), words.GROK_SENTENCES["unavailable"])


async def test_names_with_halves_can_be_stored() -> None:
    body = (
        rb'data: {"model":"m\ud83d","choices":[{"index":0,"delta":{"reasoning_content":"\ud83d"}}]}'
        b"\n\n"
        rb'data: {"model":"m\ud83d","choices":[{"delta":{"reasoning_content":"\ude00",'
        rb'"content":"a"},"finish_reason":"\ud83d"}]}' + b"\n\n" + DONE
    )

    _, failure, collector, _ = await received(body)

    assert (failure, collector.reasoning, collector.model) == ("", "\U0001f600", "m\ufffd")


async def test_error_with_halves_can_be_stored() -> None:
    body = rb'{"error":{"message":"odd \ud83d thing"}}'

    assert "odd \ufffd thing" in (await received(body, head=JSON, status="400 No"))[1]


@pytest.mark.parametrize("body", [DONE, b"", event({"delta": {"role": "assistant"}}) + DONE])
@ENDPOINTS
async def test_nothing_at_all_is_said(body: bytes, endpoint: Endpoint) -> None:
    texts, failure, collector, asked = await received(body, endpoint=endpoint)

    assert (texts, failure, asked) == (("",), words.GROK_NOTHING, 3)
    assert not collector.whole


async def test_answer_that_never_came_is_said() -> None:
    _, failure, collector, _ = await received(says("one", "stop") + DONE, n=2)

    first, second = collector.sections()
    assert (first.text, failure) == ("one", "")
    assert second.note == NOT_GIVEN
    assert not collector.whole


async def test_choices_of_one_event_with_one_index() -> None:
    both = [{"index": 0, "message": {"content": each}, "finish_reason": "stop"} for each in "ab"]

    assert (await received(json.dumps({"choices": both}).encode(), head=JSON, n=2))[0] == ("a", "b")
