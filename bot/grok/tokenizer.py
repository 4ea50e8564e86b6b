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
from bot.grok.api import Found
from bot.grok.errors import Failure

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

Put = Callable[[str, Mapping[str, Any], float], Awaitable[Found]]
"""Posts a body to a path below the base address, and takes the JSON that comes within so many
seconds; raises `Failure`."""


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
            found = await self._put(PATH, {"model": model, "text": text}, seconds)
        except Failure as failure:
            log.info("tokens not counted", kind=failure.kind)
            if failure.kind != "cut":
                self._rests_until = self._clock() + REST_SECONDS
            return None
        return self._read(found, model, text)

    def _may_know(self, model: str) -> bool:
        now = self._clock()
        return self._rests_until <= now and self._none_until.get(model, 0.0) <= now

    def _read(self, found: Found, model: str, text: str) -> int | None:
        tokens = found.data.get("token_ids") if isinstance(found.data, Mapping) else None
        if found.status == 200 and isinstance(tokens, list) and tokens:
            return min(len(tokens), most_tokens(text) + _SPECIAL)
        if found.status >= 500 or found.status in _MAY_CHANGE:
            self._rests_until = self._clock() + REST_SECONDS
        else:
            self._forget(model)
        log.info("no tokenizer", status=found.status)
        return None

    def _forget(self, model: str) -> None:
        """There is none for this model: remember that."""
        self._none_until[model] = self._clock() + MEMORY_SECONDS
        self._none_until.move_to_end(model)
        while len(self._none_until) > MEMORY_SIZE:
            self._none_until.popitem(last=False)
