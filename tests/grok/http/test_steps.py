"""Streams of events read in steps, beside each of their events read by itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.completion.collect import Collector
from bot.completion.result import Chunk, Endpoint, Usage
from bot.grok.endpoints import choices, responses
from bot.grok.endpoints.writing import write
from bot.grok.http.event_stream import EVENTS_AT_A_STRETCH, SLICE_BYTES
from bot.grok.http.receiving import Receiving
from bot.grok.http.sips import Deadlines
from bot.grok.text.progress import Progress
from bot.settings import Settings
from tests.grok.answers import request
from tests.grok.typed import delta, thought, typed
from tests.grok.wire import DONE, ends, event, says
from tests.turns import counted_turns

MANY = 50


class Pieces(httpx.AsyncByteStream):
    """A body that comes in pieces."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


async def _read(pieces: Sequence[bytes], endpoint: Endpoint) -> tuple[Collector, list[Chunk]]:
    call = write(request(n=2), "", endpoint, "xai")
    receiving = Receiving(call, Deadlines(Settings(_env_file=None)), "secret")
    response = httpx.Response(200, headers={"content-type": "text/event-stream"})
    collector, chunks = Collector(call.request), []
    async for chunk in receiving.read(response, Pieces([*pieces, DONE])):
        chunks.append(chunk)
        collector.add(chunk)
    return collector, chunks


def in_steps(pieces: Sequence[bytes], endpoint: Endpoint) -> tuple[Collector, list[Chunk]]:
    """What comes of a body in these pieces, and its chunks."""
    return asyncio.run(_read(pieces, endpoint))


def one_by_one(events: Iterable[bytes], endpoint: Endpoint) -> Collector:
    """What comes of `events`, each read as if there was no other."""
    collector, progress = Collector(request(n=2)), Progress()
    read = responses.ResponsesReader() if endpoint == "responses" else choices.ChoicesReader()
    for each in filter(None, b"".join(events).split(b"data: ")):
        for chunk in progress.follow(read(json.loads(each), "")):
            collector.add(chunk)
    for chunk in progress.rest():
        collector.add(chunk)
    return collector


def meaning(collector: Collector) -> tuple[object, ...]:
    """All that is known of an answer."""
    texts = tuple((each.text, each.done) for each in collector.sections())
    return texts, collector.reasoning, collector.usage, collector.model


def used(tokens: int, **more: Any) -> dict[str, Any]:
    """What xAI says with each token."""
    return {
        "prompt_tokens": 12,
        "completion_tokens": tokens,
        "total_tokens": 12 + tokens,
        "prompt_tokens_details": {"cached_tokens": 3, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
        "cost_in_usd_ticks": 5_000_000_000 + tokens,
    } | more


TEXTS = st.text(st.sampled_from('ab"\\{}[]:, \n\r\u2028é🚀\ud83d\ude00<>'), max_size=4)
USED = st.one_of(
    st.none(),
    st.integers(1, 3).map(used),
    st.integers(0, 3).map(lambda tokens: {"completion_tokens": tokens}),
    st.sampled_from(
        (
            {},
            {"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 5}},
            used(7, prompt_tokens=-1),
            used(7, prompt_tokens=10**12),
            used(7, completion_tokens=10**12),
            used(7, total_tokens=7.5),
            used(7, prompt_tokens="12"),
            used(7, prompt_tokens_details=None),
            used(7, prompt_tokens_details={"cached_tokens": {"cached_tokens": 2}}),
            used(7, cost_in_usd_ticks=10**30),
            used(7, num_sources_used=True),
        )
    ),
)
MODELS = st.sampled_from(("grok-4.3", "grok-4.3", "grok-4.3", "other", None, 7))
BESIDE = st.fixed_dictionaries({"model": MODELS, "usage": USED})
CHOICES = st.one_of(
    TEXTS.map(lambda text: {"delta": {"content": text}}),
    TEXTS.map(lambda text: {"delta": {"role": "assistant", "content": text}, "logprobs": None}),
    TEXTS.map(lambda text: {"delta": {"content": "", "reasoning_content": text}}),
    TEXTS.map(lambda text: {"delta": {"content": "both", "reasoning_content": text}}),
    TEXTS.map(lambda text: {"index": 1, "delta": {"content": text}}),
    TEXTS.map(lambda text: {"text": text, "index": 1}),
    st.sampled_from(({"delta": {}}, {"delta": {"content": None}}, {"delta": None})),
)
CHAT = st.builds(lambda choice, beside: event(choice, **beside), CHOICES, BESIDE)


def alike(said: list[tuple[str, int]], key: str, index: int) -> bytes:
    """Events of a chat that differ in their text and in what they use."""
    choice = {"index": index, "delta": {"content": "", key: ""}}
    return b"".join(
        event(choice | {"delta": {"content": "", key: text}}, model="grok-4.3", usage=used(tokens))
        for text, tokens in said
    )


RUNS = st.builds(
    alike,
    st.lists(st.tuples(TEXTS, st.integers(-1, 12)), min_size=2, max_size=6),
    st.sampled_from(("content", "reasoning_content")),
    st.integers(0, 1),
)
CHATS = st.lists(CHAT | RUNS, max_size=8)
RESPONSES = st.lists(
    st.one_of(
        st.lists(st.builds(delta, TEXTS, sequence_number=st.integers(0, 12))).map(b"".join),
        st.builds(delta, TEXTS, st.integers(0, 1), sequence_number=st.integers(0, 200)),
        st.builds(thought, TEXTS),
        st.builds(partial(thought, kind="reasoning_text"), TEXTS),
        st.builds(partial(typed, "new"), delta=TEXTS),
        CHAT,
        RUNS,
    ),
    max_size=8,
)
CUTS = st.lists(st.integers(0, 4_000), max_size=6)


def cut(raw: bytes, places: Iterable[int]) -> list[bytes]:
    """`raw` in pieces that end at `places`."""
    ends_at = sorted({min(place, len(raw)) for place in places} | {0, len(raw)})
    return [raw[start:end] for start, end in pairwise(ends_at)]


@given(CHATS, CUTS)
def test_steps_of_a_chat_say_what_its_events_say(events: list[bytes], places: list[int]) -> None:
    events = [says("One"), *events, ends()]

    found, _ = in_steps(cut(b"".join(events), places), "chat")

    assert meaning(found) == meaning(one_by_one(events, "chat"))


@given(RESPONSES, CUTS)
def test_steps_of_a_response_say_what_its_events_say(
    events: list[bytes], places: list[int]
) -> None:
    events = [delta("One"), *events, ends()]

    found, _ = in_steps(cut(b"".join(events), places), "responses")

    assert meaning(found) == meaning(one_by_one(events, "responses"))


USUAL: dict[str, tuple[Endpoint, list[bytes]]] = {
    "chat": ("chat", [says(f"{n} ") for n in range(MANY)]),
    "chat that says what it uses": ("chat", [says(f"{n} ", usage=used(n)) for n in range(1, MANY)]),
    "thoughts in a chat": (
        "chat",
        [event({"delta": {"content": "", "reasoning_content": f"{n}"}}) for n in range(MANY)],
    ),
    "response": ("responses", [delta(f"{n} ", sequence_number=n) for n in range(MANY)]),
    "thoughts in a response": ("responses", [thought(f"{n} ") for n in range(MANY)]),
}


@pytest.mark.parametrize("name", USUAL)
def test_what_came_at_once_is_one_step(name: str) -> None:
    endpoint, events = USUAL[name]

    found, chunks = in_steps([b"".join(events), ends()], endpoint)

    assert len(chunks) <= 3  # the text, what it used, the end
    assert meaning(found) == meaning(one_by_one([*events, ends()], endpoint))


def test_what_it_uses_is_what_the_last_event_says() -> None:
    found, _ = in_steps([b"".join(USUAL["chat that says what it uses"][1]), ends()], "chat")

    assert found.usage == Usage(
        prompt_tokens=12,
        cached_tokens=3,
        completion_tokens=MANY - 1,
        total_tokens=12 + MANY - 1,
        cost_in_usd_ticks=5_000_000_000 + MANY - 1,
    )


@pytest.mark.parametrize(
    ("piece", "works"),
    [
        (b"data:{}\n\n" * (SLICE_BYTES // 9), SLICE_BYTES // 9),
        (b'data: {"choices":[' + b"{}," * 500 + b"{}]}\n\n", 500),
        (b"data: " + b'{"choices":[]}' * 20_000 + b"\n\n", 20_000),
    ],
    ids=["events", "choices", "values"],
)
async def test_much_in_one_piece_lets_others_have_their_turn(piece: bytes, works: int) -> None:
    repeated = 1 if works > EVENTS_AT_A_STRETCH else SLICE_BYTES // len(piece)
    async with counted_turns() as turns:
        collector, _ = await _read([says("a"), piece * repeated, ends()], "chat")

    assert collector.sections()[0].text == "a"
    assert turns.count >= works * repeated // EVENTS_AT_A_STRETCH


async def test_many_values_of_one_body_let_others_have_their_turn() -> None:
    async with counted_turns() as turns:
        await _read([says("a").removeprefix(b"data: ") * 20_000, ends()], "chat")

    assert turns.count >= 2 * 20_000 // EVENTS_AT_A_STRETCH


def test_of_choices_without_end_few_are_kept() -> None:
    chunks = [Chunk(choice=number, text="a") for number in range(10 * choices.MOST_CHOICES)]

    assert len(list(Progress().follow(chunks))) == choices.MOST_CHOICES
