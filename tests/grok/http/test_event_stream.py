"""Events cut out of pieces, beside what httpx-sse makes of the same stream as a whole."""

from __future__ import annotations

import json
from collections.abc import Iterable

import httpx
import pytest
from httpx_sse import EventSource, ServerSentEvent
from hypothesis import given
from hypothesis import strategies as st

from bot.grok.http.event_stream import EventStream, JsonEvent, More

TEXTS = st.text(st.sampled_from('ab"\\{}[]:, \n\r\u2028é🚀'), max_size=6)
JSON = st.dictionaries(TEXTS, TEXTS | st.integers(), max_size=2)
COMPACT = JSON.map(lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False))
LINES = st.one_of(
    COMPACT.map(lambda said: f"data: {said}"),
    COMPACT.map(lambda said: f"data:{said}"),
    COMPACT.map(lambda said: f"data: {said} "),
    TEXTS.map(lambda text: f"data: {{{text}"),
    TEXTS.map(lambda text: f"event: {text}"),
    TEXTS,
    st.sampled_from(["data: [DONE]", "data", "data: {}", "data: {}{}", ": ping", "event: a"]),
    st.sampled_from(["id: 7", "retry: 10", "", "\ufeffdata: {}", "event", "event:b"]),
)
ENDS = st.sampled_from(["\n", "\n\n", "\n\n", "\n\n", "\r\n", "\r\n\r\n", "\r", "\n\r\n"])
STREAMS = st.lists(st.tuples(LINES, ENDS), max_size=8).map(
    lambda parts: "".join(line + end for line, end in parts)
)


def meaning(events: Iterable[JsonEvent | More | ServerSentEvent]) -> list[tuple[str, object]]:
    """What is read of events: their names, and what they say, as JSON where it is any. One without
    data is none, by the grammar of event streams."""
    found = []
    for event in events:
        assert not isinstance(event, More)  # nothing was said to be usual
        said = event.value if isinstance(event, JsonEvent) else event.data
        if said != "":
            found.append((event.event, _parsed(said) if isinstance(said, str) else said))
    return found


def _parsed(text: str) -> object:
    try:
        return json.loads(text, strict=False)
    except ValueError:
        return text


def whole(raw: bytes) -> list[tuple[str, object]]:
    headers = {"content-type": "text/event-stream"}
    response = httpx.Response(200, headers=headers, content=raw, default_encoding="utf-8-sig")
    return meaning(EventSource(response).iter_sse())


def in_pieces(raw: bytes, cuts: Iterable[int]) -> list[tuple[str, object]]:
    stream, found, start = EventStream(), [], 0
    for cut in (*sorted(cuts), len(raw)):
        found += meaning(stream.feed(raw[start:cut]))
        start = cut
    return found


@given(STREAMS, st.lists(st.integers(0, 200), max_size=6))
def test_it_says_what_the_whole_says_wherever_it_is_cut(text: str, cuts: list[int]) -> None:
    raw = text.encode("utf-8", "replace") + b"\n\n"
    cuts = [min(cut, len(raw)) for cut in cuts]

    assert in_pieces(raw, cuts) == whole(raw)


def test_all_that_a_piece_completes_comes_with_it() -> None:
    stream = EventStream()
    events = b"".join(b'data: {"n": %d}\n\n' % number for number in range(3))

    assert meaning(stream.feed(events + b'event: last\ndata: {"n"')) == [
        ("message", {"n": 0}),
        ("message", {"n": 1}),
        ("message", {"n": 2}),
    ]
    assert meaning(stream.feed(b': 3}\n\ndata: {"n": 4}\n\n')) == [
        ("last", {"n": 3}),
        ("message", {"n": 4}),
    ]


@pytest.mark.parametrize("event", [b"", b"event: response.output_text.delta\n"])
def test_the_usual_form_is_read_once(event: bytes) -> None:
    stream = EventStream()
    usual = event + b'data: {"delta": "a"}\n\n'

    for _ in range(2):  # also behind what is not of that form
        assert [type(each) for each in stream.feed(usual)] == [JsonEvent]
        assert [type(each) for each in stream.feed(b"data: [DONE]\n\n" + usual)] == [
            ServerSentEvent,
            JsonEvent,
        ]
