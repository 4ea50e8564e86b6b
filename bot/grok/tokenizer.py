"""Counts tokens exactly, by the API's own tokenizer, where it has one.

xAI's: POST /v1/tokenize-text {model, text} (docs.x.ai, "Tokenize text"). It is asked only where a
bound is too high, and a server that has none is not asked again for a day.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog

from bot.completion.ask import most_tokens
from bot.grok.errors import Failure
from bot.grok.http.api import HttpReply
from bot.grok.http.receiving import count_listed
from bot.grok.routing import ExpiringSet

log = structlog.get_logger(__name__)

PATH = "/tokenize-text"

REST_SECONDS = 30.0
"""After it did not answer."""
MOST_BYTES = 256 * 1024
"""Longer texts are not counted: four of the longest prompts."""

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
