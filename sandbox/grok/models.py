"""The models that the sandbox serves, with what each of them refuses.

Ids, prices and refusals follow docs.x.ai and reports of October 2026.
"""

from __future__ import annotations

from dataclasses import dataclass

_REASONING_REFUSES = frozenset({"presence_penalty", "frequency_penalty", "stop"})
LONG_PROMPT = 200_000
"""Tokens from which on all of a request costs twice as much."""

_LOW_TO_HIGH = frozenset({"low", "medium", "high"})


@dataclass(frozen=True, slots=True)
class Model:
    """One model. Prices are in US cents per 100 million tokens, which are also ticks per token."""

    id: str
    reasons: bool
    input_price: int
    cached_price: int
    output_price: int
    aliases: tuple[str, ...] = ()
    refuses: frozenset[str] = frozenset()
    """Parameters that the chat endpoint answers with an error."""
    efforts: frozenset[str] = frozenset()
    """How long it can be asked to think; empty: it cannot be asked."""
    logprobs: bool = False
    """Whether `logprobs` is honoured; grok-4.20 and newer ignore it in silence."""
    tools: bool = True
    """Whether it can search."""

    sees: bool = True
    """Whether it looks at pictures and files."""

    def ticks(self, read: int, written: int) -> int:
        """What tokens cost."""
        return rate(read) * (read * self.input_price + written * self.output_price)


def rate(read: int) -> int:
    """How many times its price a request costs that reads so much."""
    return 2 if read >= LONG_PROMPT else 1


MODELS = (
    Model(
        "grok-4.7",
        True,
        20_000,
        5_000,
        60_000,
        ("grok-4.7-latest",),
        _REASONING_REFUSES,
        _LOW_TO_HIGH | {"xhigh"},
    ),
    Model(
        "grok-4.5",
        True,
        20_000,
        5_000,
        60_000,
        ("grok-4.5-latest",),
        _REASONING_REFUSES,
        _LOW_TO_HIGH,
    ),
    Model(
        "grok-4.3",
        True,
        12_500,
        2_000,
        25_000,
        ("grok-4.3-latest", "grok-latest"),
        _REASONING_REFUSES,
        _LOW_TO_HIGH | {"none"},
    ),
    Model(
        "grok-4.20-0309-non-reasoning",
        False,
        12_500,
        2_000,
        25_000,
        ("grok-4.20-non-reasoning", "grok-4.20-non-reasoning-latest"),
        frozenset({"presence_penalty"}),
    ),
    Model("grok-sandbox-non-reasoning", False, 10_000, 1_000, 20_000, logprobs=True),
)
"""The last one exists here only: it honours everything that the two endpoints describe."""

OPENAI_MODELS = (
    Model("llama-3.3-70b", False, 5_000, 0, 10_000, logprobs=True, sees=False),
    Model("qwen3-32b", True, 5_000, 0, 10_000, efforts=_LOW_TO_HIGH, logprobs=True),
)

REDIRECTED = {"grok-3": "grok-4.3", "grok-4-0709": "grok-4.3", "grok-code-fast-1": "grok-4.3"}
"""Retired ids that answer as another model."""
