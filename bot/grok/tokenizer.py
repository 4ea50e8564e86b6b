"""Counts tokens exactly, by the API's own tokenizer, where it has one.

xAI's: POST /v1/tokenize-text {model, text} (docs.x.ai, "Tokenize text"). It is asked only where a
bound is too high, and a server that has none is not asked again for a day.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog

from bot.completion.conversation import most_tokens
from bot.grok.errors import Failure
from bot.grok.http.api import Reply
from bot.grok.http.body import count_listed

log = structlog.get_logger(__name__)

PATH = "/tokenize-text"

MEMORY_SECONDS = 86_400.0
REST_SECONDS = 30.0
"""After it did not answer."""
MEMORY_SIZE = 500

MOST_BYTES = 256 * 1024
"""Longer texts are not counted: four of the longest prompts."""

_SPECIAL = 16
"""Tokens that a tokenizer may add to a text, such as one for its beginning."""

_MAY_CHANGE = frozenset({408, 425, 429})

Put = Callable[[str, Mapping[str, Any], float], Awaitable[Reply]]
"""Posts a body to a path below the base address, and takes what comes within so many seconds;
raises `Failure`."""


class Tokenizer:
    """The tokenizers of all models of one API."""

    def __init__(self, put: Put, clock: Callable[[], float] = time.monotonic) -> None:
        self._put = put
        self._clock = clock
        self._rests_until = 0.0
        self._none_until: OrderedDict[str, float] = OrderedDict()

    async def count(self, model: str, text: str, seconds: float) -> int | None:
        """How many tokens `text` is to `model`; None when nobody says so within `seconds`."""
        text = text.encode(errors="replace").decode()  # half a character cannot be sent
        if not text:
            return 0
        if not self._may_know(model) or most_tokens(text) > MOST_BYTES:
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
        self._remember_none(model, reply.status)
        return None

    def _may_know(self, model: str) -> bool:
        now = self._clock()
        return self._rests_until <= now and self._none_until.get(model, 0.0) <= now

    def _remember_none(self, model: str, status: int) -> None:
        log.info("no tokenizer", status=status)
        if status >= 500 or status in _MAY_CHANGE:
            self._rests_until = self._clock() + REST_SECONDS
        else:
            self._forget(model)

    def _forget(self, model: str) -> None:
        """There is none for this model: remember that."""
        self._none_until[model] = self._clock() + MEMORY_SECONDS
        self._none_until.move_to_end(model)
        while len(self._none_until) > MEMORY_SIZE:
            self._none_until.popitem(last=False)
