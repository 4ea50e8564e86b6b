"""A recorded stream of each endpoint, cut at every byte and at every event."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest

from bot.completion.collect import Collector
from bot.completion.result import Endpoint
from bot.errors import GrokFailed
from bot.grok.endpoints.writing import write
from bot.grok.http.receiving import Receiving
from bot.grok.http.sips import Deadlines
from bot.settings import Settings
from bot.words import grok as words
from tests.grok.answers import request
from tests.grok.typed import begun, delta, ended, message, reasoned, thought, typed
from tests.grok.wire import DONE, ends, event, says

TEXT = "Größe: 1 < 2 & \u2028 🚀\r\n```py\nx = 1\n```\n"
PIECES = ["Größe: ", "1 < 2 & \u2028", " 🚀\r\n", "```py\nx", " = 1\n```\n"]
USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}

STREAMS: dict[Endpoint, list[bytes]] = {
    "completions": [
        *(event({"text": piece, "finish_reason": None}) for piece in PIECES),
        event({"text": "", "finish_reason": "stop"}),
        event(usage=USAGE),
        DONE,
    ],
    "chat": [
        event({"delta": {"role": "assistant", "reasoning_content": "Hm."}}),
        *(says(piece) for piece in PIECES),
        ends(),
        event(usage=USAGE),
        DONE,
    ],
    "responses": [
        begun(),
        typed("output_item.added", output_index=0, item={"type": "reasoning"}),
        thought("Hm."),
        typed("output_item.done", output_index=0, item=reasoned("Hm.")),
        typed("something.new", value={"delta": "no"}),
        *(delta(piece, 1) for piece in PIECES),
        typed("output_text.done", item_id="msg_1", output_index=1, text=TEXT),
        typed("output_item.done", output_index=1, item=message(TEXT, 1)),
        ended(reasoned("Hm."), message(TEXT, 1)),
        DONE,
    ],
}
ENDPOINTS = pytest.mark.parametrize("endpoint", STREAMS)
ASKED = request(model="m")
CALLS = {endpoint: write(ASKED, "", endpoint, "openai") for endpoint in STREAMS}
SETTINGS = Settings(_env_file=None)


def whole(endpoint: Endpoint) -> bytes:
    """The stream, with its characters as they are: their bytes can be cut in two as well."""
    raw = b"".join(STREAMS[endpoint])
    for character in dict.fromkeys(TEXT):
        if not character.isascii():
            raw = raw.replace(json.dumps(character)[1:-1].encode(), character.encode())
    assert "🚀".encode() in raw
    return raw


class _Pieces(httpx.AsyncByteStream):
    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


async def read(endpoint: Endpoint, *pieces: bytes) -> tuple[str, str, bool]:
    """The text that is shown, why there is no more, and whether all of it came."""
    receiving = Receiving(CALLS[endpoint], Deadlines(SETTINGS), "")
    headers = {"content-type": "text/event-stream"}
    response = httpx.Response(200, headers=headers)
    collector, failure = Collector(ASKED), ""
    try:
        async for chunk in receiving.read(response, _Pieces(pieces)):
            collector.add(chunk)
    except GrokFailed as failed:
        failure = failed.sentence
    return collector.sections()[0].text, failure, collector.whole


@pytest.mark.slow
@ENDPOINTS
async def test_in_two_at_every_byte(endpoint: Endpoint) -> None:
    raw = whole(endpoint)
    for cut in range(1, len(raw)):
        assert await read(endpoint, raw[:cut], raw[cut:]) == (TEXT, "", True), cut


@ENDPOINTS
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
async def test_in_pieces_of_one_size(endpoint: Endpoint, size: int) -> None:
    raw = whole(endpoint)
    pieces = [raw[start : start + size] for start in range(0, len(raw), size)]

    assert await read(endpoint, *pieces) == (TEXT, "", True)


@pytest.mark.slow
@ENDPOINTS
async def test_ended_at_every_byte(endpoint: Endpoint) -> None:
    """What is shown is the beginning of the answer, and it is only called whole once it is."""
    raw, longest = whole(endpoint), 0
    for cut in range(1, len(raw)):
        text, failure, done = await read(endpoint, raw[:cut])

        assert TEXT.startswith(text), cut
        assert len(text) >= longest, cut
        longest = len(text)
        if done:
            assert text == TEXT, cut
            assert failure in {"", words.GROK_GARBLED}, cut  # of the bill
        else:
            assert failure in {words.GROK_CUT, words.GROK_GARBLED, words.GROK_NOTHING}, cut
    assert longest == len(TEXT)


@ENDPOINTS
async def test_ended_after_every_event(endpoint: Endpoint) -> None:
    events = STREAMS[endpoint]
    for count in range(len(events)):
        text, failure, done = await read(endpoint, *events[:count])

        assert TEXT.startswith(text)
        assert done == (not failure)


async def test_an_event_that_is_lost_is_made_up_for_at_the_end() -> None:
    """The end of a response repeats all of it: what is shown never differs from what was said."""
    events = STREAMS["responses"]
    last = events.index(delta(PIECES[-1], 1))
    first = events.index(delta(PIECES[0], 1))

    assert (await read("responses", *events[:last], *events[last + 1 :]))[0] == TEXT
    assert (await read("responses", *events[:first], *events[last + 1 :]))[0] == TEXT
