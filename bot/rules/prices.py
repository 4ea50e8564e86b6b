"""What tokens cost."""

from __future__ import annotations

import math
from dataclasses import dataclass

_LONG_TOKENS = 200_000
_LONG_FACTOR = 2
"""A prompt of so many tokens costs twice as much, and so does what is answered to it (docs.x.ai,
"Models and pricing"), where an API lists nothing else."""


@dataclass(frozen=True, slots=True)
class LongPrompt:
    """What all of a request costs whose prompt has `tokens` or more, in US dollars per million
    tokens; `cached` None: as for other input."""

    tokens: int
    input: float
    output: float
    cached: float | None = None


@dataclass(frozen=True, slots=True)
class Prices:
    """What a model costs, in US dollars per million tokens."""

    input: float
    output: float
    cached: float | None = None
    """For input that the API had read before; None: as for other input."""
    long: LongPrompt | None = None

    def cost(self, read: int, written: int, *, cached: int = 0, prompts: int = 1) -> int:
        """Micro-dollars, rounded up, for the tokens of `prompts` prompts and their answers.

        Of those that were `read` so many were `cached`. One dollar per million tokens is one
        micro-dollar per token.
        """
        long = self.beyond
        rates: Prices | LongPrompt = long if read >= long.tokens * prompts else self
        cheap = rates.input if rates.cached is None else rates.cached
        cached = min(cached, read)
        dollars = (read - cached) * rates.input + cached * cheap + written * rates.output
        return math.ceil(dollars)

    @property
    def most_input(self) -> float:
        """What input costs at most."""
        return max(self.input, self.beyond.input)

    @property
    def beyond(self) -> LongPrompt:
        """What a long prompt costs."""
        if self.long is not None:
            return self.long
        twice = None if self.cached is None else self.cached * _LONG_FACTOR
        return LongPrompt(
            _LONG_TOKENS, self.input * _LONG_FACTOR, self.output * _LONG_FACTOR, twice
        )
