"""No server's answer is without end: neither in memory nor in time nor in what it blocks."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
import zlib
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from functools import cache
from itertools import repeat
from typing import Any

import pytest

from bot.grok.client import GrokClient
from bot.grok.errors import Failure
from bot.grok.http import event_stream
from bot.grok.http.event_stream import (
    BODY_BYTES,
    EVENT_BYTES,
    EVENT_PARTS,
    SLICE_BYTES,
)
from bot.grok.http.receiving import decoded, read_all_json, read_json
from bot.grok.text import progress
from bot.grok.tokenizer import count_listed
from bot.words import grok as words
from sandbox.grok import GrokServer, Script
from tests.fixtures.grok import OpenGrokClient
from tests.grok.answers import answer, broken, failure, request, text

MIB = 1024 * 1024
ON_THE_WAY = 6 * MIB
"""What sockets and their buffers hold on both sides."""


class Flow:
    """Pieces with a count of those that were sent."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.sent = 0
        self._pieces = pieces

    def __call__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.sent += len(piece)
            yield piece


def event(**choice: Any) -> bytes:
    return b"data: " + json.dumps({"choices": [{"index": 0, **choice}]}).encode() + b"\n\n"


def many(piece: bytes) -> Iterator[bytes]:
    """`piece` for ever, in writes of a bearable size."""
    return repeat(piece * max(1, 64 * 1024 // len(piece)))


def packed(pieces: Iterable[bytes], wbits: int = 31) -> Iterator[bytes]:
    packer = zlib.compressobj(wbits=wbits)
    for piece in pieces:
        if small := packer.compress(piece):
            yield small
    yield packer.flush()


@asynccontextmanager
async def turns() -> AsyncIterator[list[int]]:
    """Counts how often somebody else had a turn meanwhile."""
    count = [0]

    async def take() -> None:
        while True:
            await asyncio.sleep(0)
            count[0] += 1

    taking = asyncio.create_task(take())
    try:
        yield count
    finally:
        taking.cancel()
        await asyncio.wait([taking])


ENDLESS = {
    "line": (many(b"x"), EVENT_BYTES),
    "data": (many(b"data: x\n"), EVENT_BYTES),
    "comments": (many(b": keep-alive\n\n"), EVENT_BYTES),
    "names": (many(b"event: message\nid: 1\n"), EVENT_BYTES),
    "blank": (many(b"\n"), EVENT_BYTES),
    "returns": (many(b"data: x\r"), EVENT_BYTES),
    "empty events": (many(b"data:\n\n"), 8 * MIB),
    "events without choices": (many(b"data: {}\n\n"), MIB),
    "events without text": (many(event(delta={"role": "assistant"})), 2 * MIB),
    "text": (many(event(delta={"content": "word " * 100})), MIB),
    "thoughts": (many(event(delta={"reasoning_content": "hm " * 100})), 4 * MIB),
    "other choices": (many(event(index=99, delta={"content": "word " * 100})), MIB),
    "usage": (many(b'data: {"choices":[],"usage":{"prompt_tokens":5}}\n\n'), 2 * MIB),
}
FEWER_EVENTS = {"events without choices", "events without text", "usage"}
"""Here it takes a tenth of the events to be too many, since each is read in turn."""


@pytest.mark.parametrize("kind", ENDLESS)
async def test_stream_without_end(
    kind: str, grok: GrokServer, grok_client: GrokClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces, most = ENDLESS[kind]
    if kind in FEWER_EVENTS:
        monkeypatch.setattr(progress, "_EVENTS", progress._EVENTS // 10)
    flow = Flow(pieces)
    grok.script(Script(flow=flow))

    async with turns() as others:
        _, failed = await broken(grok_client, request(max_tokens=1_000))

    assert failed.sentence == words.GROK_TOO_MUCH
    assert flow.sent <= most + ON_THE_WAY
    assert others[0] >= min(most, flow.sent - ON_THE_WAY) // SLICE_BYTES
    assert len(grok.requests) == 1


@cache
def bomb_of(wbits: int) -> bytes:
    """60 MiB, packed: three times what a reader that stops in time has taken."""
    return b"".join(packed(repeat(bytes(MIB), 60), wbits))


@pytest.mark.parametrize("wbits", [31, 15], ids=["gzip", "deflate"])
@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
@pytest.mark.parametrize("status", [200, 503])
async def test_packed_body_that_unpacks_to_far_too_much(
    wbits: int, kind: str, status: int, grok: GrokServer, grok_client: GrokClient
) -> None:
    bomb = bomb_of(wbits)
    headers = {"Content-Type": kind, "Content-Encoding": "gzip" if wbits == 31 else "deflate"}
    grok.script(Script(flow=lambda: [bomb], status=status, headers=headers, times=None))

    async with turns() as others:
        failed = await failure(grok_client, request(stream="event" in kind, max_tokens=1))

    assert failed.kind == ("cut" if status == 200 else "unavailable")
    assert status == 503 or others[0] < 20 * MIB // SLICE_BYTES


@pytest.mark.parametrize("names", ["br", "zstd", "gzip, gzip", "nonsense"])
async def test_packed_in_a_way_that_nobody_asked_for(
    names: str, grok: GrokServer, grok_client: GrokClient
) -> None:
    grok.script(Script(raw=b"x", headers={"Content-Encoding": names}))

    assert (await failure(grok_client, request())).sentence == words.GROK_STRANGE
    assert grok.requests[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("cut", [None, 1, 7])
@pytest.mark.parametrize("members", [1, 3])
async def test_packed_answer(
    cut: int | None, members: int, grok: GrokServer, grok_client: GrokClient
) -> None:
    """Gateways may pack what nobody asked them to."""
    said = event(delta={"content": "word "}) * 4_000
    end = event(finish_reason="stop") + b"data: [DONE]\n\n"
    size = len(said) // members + 1
    parts = [said[start : start + size] for start in range(0, len(said), size)]
    whole = b"".join(gzip.compress(part) for part in [*parts, end])
    pieces = [whole[start : start + (cut or MIB)] for start in range(0, len(whole), cut or MIB)]
    grok.script(Script(flow=lambda: pieces, headers={"Content-Encoding": "GZip"}))

    assert text(await answer(grok_client, request(max_tokens=10_000))) == "word " * 4_000


async def test_packed_body_of_nothing_has_an_end() -> None:
    async def members() -> AsyncIterator[bytes]:
        for piece in repeat(gzip.compress(b"") * 100):
            yield piece

    body = event_stream.Bounded(members(), "gzip", 1_000)

    with pytest.raises(Failure, match=words.GROK_TOO_MUCH):
        [slice_ async for slice_ in body]


async def test_packed_body_that_is_broken(grok: GrokServer, grok_client: GrokClient) -> None:
    grok.script(Script(raw=b"not packed at all", headers={"Content-Encoding": "gzip"}))

    assert (await failure(grok_client, request())).sentence == words.GROK_STRANGE


async def test_body_that_is_too_long(grok: GrokServer, grok_client: GrokClient) -> None:
    flow = Flow(many(b" "))
    grok.script(Script(flow=flow, headers={"Content-Type": "application/json"}))

    assert (await failure(grok_client, request(stream=False))).sentence == words.GROK_TOO_MUCH
    assert flow.sent <= BODY_BYTES + ON_THE_WAY


async def test_what_came_before_too_much_is_kept(grok: GrokServer, grok_client: GrokClient) -> None:
    grok.script(Script(flow=lambda: [event(delta={"content": "Hello"}), b"x" * 2 * BODY_BYTES]))

    seen, failed = await broken(grok_client, request())

    assert (text(seen), failed.kind, failed.spent) == ("Hello", "cut", True)


@pytest.mark.parametrize("part", ["[],", "{},", "0,", '"",', '"a\\"",'])
def test_json_of_too_many_parts(part: str) -> None:
    body = f"[{part * EVENT_PARTS}0]"

    with pytest.raises(Failure) as caught:
        read_json(body, EVENT_PARTS)
    assert caught.value.sentence == words.GROK_TOO_MUCH
    assert len(read_json(body)) == EVENT_PARTS + 1


def test_too_many_values_one_after_the_other() -> None:
    with pytest.raises(Failure):
        read_all_json("{}" * 100_000)


@pytest.mark.parametrize("charset", ["punycode", "idna", "undefined", "hex", "a\0b", "nobody's"])
def test_charset_that_no_text_has(charset: str) -> None:
    """Those of hosts take minutes for a body of some megabytes."""
    raw = b"\xff-" + b"zz9" * 200_000

    assert decoded(raw, charset) == raw.decode(errors="replace")


def test_text_is_one_part_whatever_stands_in_it() -> None:
    said = '{"a": [1, "b\\"]},' * EVENT_PARTS

    assert read_json(json.dumps([said]), EVENT_PARTS) == [said]
    assert read_json("[" * EVENT_PARTS, EVENT_PARTS) is None
    assert read_json('"' + "[" * 2 * EVENT_PARTS, EVENT_PARTS) is None


@pytest.mark.parametrize("end", ["", '"', "\\", "[", '\\"'])
@pytest.mark.parametrize("piece", ['\\"', '"', "\\", '",', '"\\', "[,"])
def test_strings_without_an_end_cost_no_more_than_others(piece: str, end: str) -> None:
    def steps(size: int) -> float:
        text = '"' + piece * size + end + "[" * (EVENT_PARTS + 1)
        began = time.process_time()
        with suppress(Failure):
            read_json(text, EVENT_PARTS)
        return time.process_time() - began

    small = min(steps(20_000) for _ in range(3))
    assert steps(320_000) < 16 * 8 * max(small, 0.001)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ('{"ids": [1, {"ids": [2, 3]}, "]", [4, 5]]}', 4),
        ('\t{ "model" : "m[", "more": {"ids": [1]}, "ids" : [ {} , {} ] , "x": 1}', 2),
        ('{"ids": []}', 0),
        ('{"ids": {"ids": [1]}}', None),
        ('{"ids": null}', None),
        ('{"other": [1]}', None),
        ('[{"ids": [1]}]', None),
        ('{"ids": [1, 2', None),
        ('{"ids": [1 2]}', None),
        ('{"ids": [1,]}', None),
        ('{"ids": [1, nope]}', None),
        ('{"ids": ' + "[" * 50_000, None),
        ('{"ids" [1]}', None),
        ("{}", None),
        ("{", None),
        ("", None),
        ("<html>", None),
    ],
)
async def test_values_of_a_list_are_counted(text: str, count: int | None) -> None:
    assert await count_listed(text, "ids") == count


@pytest.mark.parametrize("value", [{}, {"token_id": 7, "token_bytes": [226, 130, 172]}, 1, "€,[{"])
async def test_counting_a_long_list_lets_others_have_their_turn(value: Any) -> None:
    text = json.dumps({"ids": [value] * 40_000})

    async with turns() as taken:
        assert await count_listed(text, "ids") == 40_000
        assert taken[0] >= len(text) // SLICE_BYTES - 1


async def test_list_of_too_many_parts_is_not_counted() -> None:
    with pytest.raises(Failure):
        await count_listed('{"ids": [' + "[]," * event_stream.BODY_PARTS + "1]}", "ids")


async def test_answer_in_one_long_event(grok: GrokServer, grok_client: GrokClient) -> None:
    said = "word " * 300_000
    grok.script(Script(pieces=[said]))

    assert text(await answer(grok_client, request(max_tokens=400_000))) == said


async def test_event_of_many_choices(grok: GrokServer, grok_client: GrokClient) -> None:
    body = b'data: {"choices":[' + b"{}," * 20_000 + b"{}]}\n\n"
    said = event(delta={"content": "Hi"}) + b"data: [DONE]\n\n"
    grok.script(Script(raw=body + said))

    assert text(await answer(grok_client, request())) == "Hi"


async def test_event_of_too_many_choices(grok: GrokServer, grok_client: GrokClient) -> None:
    body = b'data: {"choices":[' + b"{}," * 100_000 + b"{}]}\n\n"
    grok.script(Script(raw=body + event(delta={"content": "Hi"}, finish_reason="stop")))

    assert (await failure(grok_client, request())).sentence == words.GROK_TOO_MUCH


async def test_names_are_short(grok: GrokServer, grok_client: GrokClient) -> None:
    grok.script(Script(text="Hi", model="m" * 100_000, finish_reason="r" * 100_000))

    chunks = await answer(grok_client, request())

    assert max(len(chunk.model or "") for chunk in chunks) <= 200
    assert max(len(chunk.finish_reason or "") for chunk in chunks) <= 200


@pytest.mark.parametrize("status", [200, 429])
@pytest.mark.parametrize(
    "headers",
    [{"X-Big": "b" * 9_000}, {"X-Big": "b" * 60_000}, {f"X-{n}": "a" for n in range(500)}],
    ids=["big", "bigger", "many"],
)
async def test_generous_headers(
    status: int, headers: dict[str, str], grok: GrokServer, grok_client: GrokClient
) -> None:
    said = event(delta={"content": "Hi"}, finish_reason="stop") + b"data: [DONE]\n\n"
    grok.script(Script(flow=lambda: [said], status=status, headers=headers, times=None))

    if status == 200:
        assert text(await answer(grok_client, request())) == "Hi"
    else:
        assert (await failure(grok_client, request())).kind == "rate_limited"


async def test_headers_without_end_cost_nothing(grok: GrokServer, grok_client: GrokClient) -> None:
    grok.script(Script(raw=b"", headers={"X-Big": "b" * 100_000}))

    failed = await failure(grok_client, request())

    assert (failed.sentence, failed.spent) == (words.GROK_STRANGE, False)
    assert len(grok.requests) == 1


async def test_cookies_are_not_kept(grok: GrokServer, grok_client: GrokClient) -> None:
    said = event(delta={"content": "Hi"}, finish_reason="stop") + b"data: [DONE]\n\n"
    grok.script(Script(raw=said, headers={"Set-Cookie": "a=" + "b" * 4_000}, times=2))

    for _ in range(2):
        assert text(await answer(grok_client, request())) == "Hi"
    assert "cookie" not in grok.requests[1].headers


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["none", "byte order mark"])
@pytest.mark.parametrize("charset", ["utf-8", "latin-1", "utf-16", "nonsense"])
async def test_event_stream_is_utf_8_whatever_it_says(
    mark: bytes, charset: str, grok: GrokServer, grok_client: GrokClient
) -> None:
    first = "data: " + json.dumps(
        {"choices": [{"delta": {"content": "Grüße"}}]}, ensure_ascii=False
    )
    said = mark + first.encode() + b"\n\n" + event(finish_reason="stop") + b"data: [DONE]\n\n"
    headers = {"Content-Type": f"text/event-stream; charset={charset}"}
    grok.script(Script(raw=said, headers=headers))

    assert text(await answer(grok_client, request())) == "Grüße"


async def test_list_of_models_without_end(
    grok: GrokServer, open_grok_client: OpenGrokClient
) -> None:
    client = await open_grok_client(grok)
    flow = Flow(many(b" "))
    for _ in range(2):
        grok.script_lookup(Script(flow=flow, headers={"Content-Type": "application/json"}))
    before = client.catalogue.models

    await client.catalogue.refresh()

    assert flow.sent <= 2 * (BODY_BYTES + ON_THE_WAY)
    assert client.catalogue.models == before


async def test_three_thousand_models(grok: GrokServer, open_grok_client: OpenGrokClient) -> None:
    client = await open_grok_client(grok)
    models = [
        {"id": f"vendor{n % 9}/model-{n}:free", "created": n, "x": "y" * 500} for n in range(3_000)
    ]
    grok.script_lookup(Script(body={"models": []}))
    grok.script_lookup(Script(body={"object": "list", "data": models}))

    await client.catalogue.refresh()

    assert len(client.catalogue.models) == 3_000
