"""A recorded search of each kind, cut at every byte and at every event: what is shown of it, and
where it was found, stay right."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import httpx
import pytest

from bot.completion.collect import Collector
from bot.completion.result import ToolUse
from bot.completion.search import search_in
from bot.errors import GrokFailed
from bot.grok.call import Beside
from bot.grok.endpoints.writing import write
from bot.grok.http.receiving import Receiving
from bot.grok.http.sips import Deadlines
from bot.grok.text.citing import Citing
from bot.settings import Settings
from bot.words import grok as words
from tests.grok.answers import request
from tests.grok.http.test_cuts import _Pieces
from tests.grok.typed import delta, message, typed
from tests.grok.wire import DONE

A, B = "https://a.example/x_(ü)", "https://x.com/i/1"
RAW = f"Größe[[1]]({A})\n`[[2]]({B})` [[2]]({B})."
TEXT = f"Größe [a.example 1](https://a.example/x_(%C3%BC))\n`[[2]]({B})` [x.com 2]({B})."
DELTAS = ["Größe[", f"[1]]({A[:-3]}", f"{A[-3:]})\n`[[2]](", f"{B})` [[2", f"]]({B}).", ""]
SEARCH = search_in({"search": "web,x"})
WEB = {"type": "web_search_call", "id": "w", "status": "in_progress"}
X = {"type": "custom_tool_call", "id": "c", "name": "x_keyword_search"}
INPUT = {"input": '{"query":"q","limit":9}'}
SEEN = {"type": "search", "query": "q", "sources": [{"url": "https://c.example"}]}
BILL = {"web_search_calls": 1, "x_search_calls": 1, "x_posts_fetched": 7, "x_users_fetched": 0}


def _note(url: str, **fields: object) -> dict[str, object]:
    return {"type": "url_citation", "url": url} | fields


def _calls() -> list[bytes]:
    """Two calls that interleave and end out of order, with an event that nobody knows."""
    return [
        typed("output_item.added", output_index=0, item=WEB),
        typed("output_item.added", output_index=1, item=X),
        typed("web_search_call.searching", item_id="w"),
        typed("custom_tool_call_input.done", item_id="c", **INPUT),
        typed("something.new", delta="NO"),
        typed("output_item.done", output_index=1, item=X | INPUT | {"status": "completed"}),
        typed("output_item.done", output_index=0, item=WEB | {"action": SEEN}),
    ]


def _ended(*notes: dict[str, object]) -> bytes:
    used = {"total_tokens": 9, "server_side_tool_usage_details": BILL}
    said = message(RAW, 2, annotations=list(notes))
    return typed("completed", response={"output": [X, said], "status": "completed", "usage": used})


PLACED = [_note(A, start_index=5, end_index=30), _note(B, start_index=40, end_index=60)]
STREAMS: dict[str, list[bytes]] = {
    "placed": [
        *_calls(),
        *(delta(piece, 2) for piece in DELTAS[:3]),
        typed("output_text.annotation.added", annotation=PLACED[0]),
        *(delta(piece, 2) for piece in DELTAS[3:]),
        typed("output_text.annotation.added", annotation=PLACED[1]),
        _ended(*PLACED),
        DONE,
    ],
    "late": [*_calls(), *(delta(piece, 2) for piece in DELTAS), _ended(_note(A), _note(B)), DONE],
    "whole at the end": [*_calls(), _ended(), DONE],
}
EACH = pytest.mark.parametrize("name", STREAMS)


@dataclass(frozen=True, slots=True)
class Read:
    """What came of a stream."""

    text: str
    failure: str
    whole: bool
    cited: tuple[str, ...]
    seen: tuple[str, ...]
    tools: ToolUse | None


WHOLE = Read(
    TEXT, "", True, (A, B), ("https://c.example",), ToolUse(web_calls=1, x_calls=1, posts=7)
)


ASKED = request(model="m")
CALL = write(ASKED, "", "responses", "xai", beside=Beside(search=SEARCH))
SETTINGS = Settings(_env_file=None)


async def read(pieces: Sequence[bytes]) -> Read:
    receiving = Receiving(CALL, Deadlines(SETTINGS), "")
    headers = {"content-type": "text/event-stream"}
    response = httpx.Response(200, headers=headers)
    collector, citing, failure = Collector(ASKED, SEARCH), Citing(), ""
    try:
        async for chunk in receiving.read(response, _Pieces(pieces)):
            for each in citing.follow(chunk):
                collector.add(each)
    except GrokFailed as failed:
        failure = failed.sentence
    for chunk in citing.rest(cut=bool(failure)):
        collector.add(chunk)
    text, whole = collector.sections()[0].text, collector.whole
    answer = collector.answer(endpoint="responses", failure=failure)
    cited = tuple(each.url for each in answer.references if each.cited)
    seen = tuple(each.url for each in answer.references if not each.cited)
    return Read(text, failure, whole, cited, seen, answer.tools)


def raw(name: str) -> bytes:
    """The stream, with its characters as they are: their bytes can be cut in two as well."""
    joined = b"".join(STREAMS[name])
    for character in "ößü":
        joined = joined.replace(json.dumps(character)[1:-1].encode(), character.encode())
    return joined


@pytest.mark.slow
@EACH
async def test_in_two_at_every_byte(name: str) -> None:
    whole = raw(name)
    for cut in range(1, len(whole)):
        assert await read([whole[:cut], whole[cut:]]) == WHOLE, cut


@EACH
@pytest.mark.parametrize("size", [1, 3, 64])
async def test_in_pieces_of_one_size(name: str, size: int) -> None:
    whole = raw(name)

    assert await read([whole[at : at + size] for at in range(0, len(whole), size)]) == WHOLE


def _is_begun(found: Read) -> None:
    """What is shown is a beginning of the answer without half a citation; what was searched is
    counted, and nothing is cited that is not shown or told of."""
    assert TEXT.startswith(found.text)
    shown = found.text.replace(f"`[[2]]({B})`", "")
    assert shown.count("[") == shown.count("](") == shown.count(")") - shown.count("_(")
    assert WHOLE.cited[: len(found.cited)] == found.cited
    assert set(found.seen) <= {*WHOLE.seen, *WHOLE.cited}
    assert found.failure in {"", words.GROK_CUT, words.GROK_GARBLED, words.GROK_NOTHING}


@pytest.mark.slow
@EACH
async def test_ended_at_every_byte(name: str) -> None:
    whole, longest, used = raw(name), 0, 0
    for cut in range(1, len(whole)):
        found = await read([whole[:cut]])

        _is_begun(found)
        assert len(found.text) >= longest, cut
        assert not found.whole or (found.text, found.cited) == (TEXT, WHOLE.cited), cut
        longest = len(found.text)
        counted = found.tools.web_calls + found.tools.x_calls if found.tools else 0
        assert counted >= used, cut
        used = counted
    assert used == 2


@EACH
async def test_at_every_event(name: str) -> None:
    """Each event by itself is all of it; what ends after some is a beginning, and no less than what
    ended before."""
    events, before = STREAMS[name], await read([])
    assert await read(events) == WHOLE
    for count in range(1, len(events)):
        found = await read(events[:count])

        _is_begun(found)
        assert found.text.startswith(before.text), count
        assert set(before.cited) <= set(found.cited), count
        before = found


@EACH
async def test_without_any_one_event(name: str) -> None:
    """The end repeats what was found; but for that, nothing is made up."""
    events = STREAMS[name]
    for lost in (place for place, each in enumerate(events) if b"text.delta" not in each):
        found = await read(events[:lost] + events[lost + 1 :])

        if b'"response.completed"' in events[lost]:
            _is_begun(found)
        else:
            assert (found.text, found.failure, found.cited) == (TEXT, "", WHOLE.cited), lost
            assert found.tools == WHOLE.tools, lost
