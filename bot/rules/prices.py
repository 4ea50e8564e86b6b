"""What tokens cost."""

from __future__ import annotations

import math
from dataclasses import dataclass

_LONG_PROMPT = 200_000
_LONG_FACTOR = 2
"""A longer prompt costs twice as much (docs.x.ai, "Models and pricing")."""


@dataclass(frozen=True, slots=True)
class Prices:
    """What a model costs, in US dollars per million tokens."""

    input: float
    output: float
    cached: float | None = None
    """For input that the API had read before; None: as for other input."""

    def cost(self, read: int, written: int, *, cached: int = 0, prompts: int = 1) -> int:
        """Micro-dollars, rounded up, for the tokens of `prompts` prompts and their answers.

        Of those that were `read` so many were `cached`. One dollar per million tokens is one
        micro-dollar per token.
        """
        cheap = self.input if self.cached is None else self.cached
        cached = min(cached, read)
        dollars = (read - cached) * self.input + cached * cheap + written * self.output
        return math.ceil(dollars * (_LONG_FACTOR if read > _LONG_PROMPT * prompts else 1))
