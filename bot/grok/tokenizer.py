"""Counts tokens exactly, by the API's own tokenizer, where it has one.

xAI's: POST /v1/tokenize-text {model, text} (docs.x.ai, "Tokenize text"). It is asked only where a
bound is too high, and a server that has none is not asked again for a day.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog

from bot.completion.ask import most_tokens
from bot.grok.errors import Failure
from bot.grok.http.api import HttpReply
from bot.grok.http.event_stream import DECODER
from bot.grok.http.receiving import bear
from bot.grok.routing import ExpiringSet

log = structlog.get_logger(__name__)

PATH = "/tokenize-text"

REST_SECONDS = 30.0
"""After it did not answer."""
MOST_BYTES = 256 * 1024
"""Longer texts are not counted: four of the longest prompts."""

_COUNTED_CHARS = 16 * 1024
"""Of a list that is counted at a stretch."""

_SPECIAL = 16
"""Tokens that a tokenizer may add to a text, such as one for its beginning."""

_MAY_CHANGE = frozenset({408, 425, 429})

Put = Callable[[str, Mapping[str, Any], float], Awaitable[HttpReply]]
"""Posts a body to a path below the base address, and takes what comes within so many seconds;
raises `Failure`."""


class Tokenizer:
    """The tokenizers of all models of one API."""

    def __init__(self, put: Put, clock: Callable[[], float] = time.monotonic) -> None:
        self._put = put
        self._clock = clock
        self._rests_until = 0.0
        self._none: ExpiringSet[str] = ExpiringSet(clock)

    async def count(self, model: str, text: str, seconds: float) -> int | None:
        """How many tokens `text` is to `model`; None when nobody says so within `seconds`."""
        text = text.encode(errors="replace").decode()  # half a character cannot be sent
        if not text:
            return 0
        rests = self._rests_until > self._clock()
        if rests or model in self._none or most_tokens(text) > MOST_BYTES:
            return None
        try:
            reply = await self._put(PATH, {"model": model, "text": text}, seconds)
            tokens = await count_listed(reply.text, "token_ids") if reply.status == 200 else None
        except Failure as failure:
            log.info("tokens not counted", kind=failure.kind)
            if failure.kind != "cut":
                self._rests_until = self._clock() + REST_SECONDS
            return None
        if tokens:
            return min(tokens, most_tokens(text) + _SPECIAL)
        log.info("no tokenizer", status=reply.status)
        if reply.status >= 500 or reply.status in _MAY_CHANGE:
            self._rests_until = self._clock() + REST_SECONDS
        else:
            self._none.add(model)
        return None


async def count_listed(text: str, name: str) -> int | None:
    """How many values stand in the list `name` of the map that `text` is; None when there is no
    such list. They are read one by one, in slices, and none is kept: made all at once, 27,000
    tokens hold the loop for 100 ms. What follows the list is not read. Raises as `read_json`."""
    bear(text)
    try:
        mark, place = _mark(text, 0)
        while mark in ("{", ","):
            key, place = DECODER.raw_decode(text, place)
            mark, place = _mark(text, place)
            if key == name and text[place] == "[":
                return await _count(text, _mark(text, place)[1])
            _, place = DECODER.raw_decode(text, place)
            mark, place = _mark(text, place)
    except (ValueError, IndexError, RecursionError):
        pass
    return None


async def _count(text: str, place: int) -> int:
    """How many values stand from `place` to the end of their list; raises `ValueError` or
    `IndexError` where it is none."""
    count, mark, turn = 0, text[place], place + _COUNTED_CHARS
    while mark != "]":
        _, place = DECODER.raw_decode(text, place)
        count += 1
        mark, place = _mark(text, place)
        if mark not in (",", "]"):
            raise ValueError("no list")
        if place > turn:
            turn = place + _COUNTED_CHARS
            await asyncio.sleep(0)
    return count


_MARK = re.compile(r"[ \t\r\n]*+([][{},:])[ \t\r\n]*+")


def _mark(text: str, place: int) -> tuple[str, int]:
    """The sign of JSON at `place`, and where the next thing begins; raises `ValueError`."""
    found = _MARK.match(text, place)
    if found is None:
        raise ValueError("no sign of JSON")
    return found[1], found.end()
