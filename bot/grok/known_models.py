"""The models of xAI as they are known by heart, as of October 2026.

The API says most of it itself; what it does not list (windows, efforts, who answers to a retired
id) is known here only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.completion.ask import Effort
from bot.completion.result import LongPrompt


@dataclass(frozen=True, slots=True)
class Model:
    """One model; prices are in US dollars per million tokens, None where unknown."""

    id: str
    aliases: tuple[str, ...] = ()
    input_price: float | None = None
    cached_price: float | None = None
    output_price: float | None = None
    long: LongPrompt | None = None
    """What a long prompt costs, where that is listed."""
    sees: bool | None = None
    """Whether it looks at pictures, where that is listed."""
    files: bool | None = None
    """Whether it takes PDFs as they are, where that is listed."""


KNOWN = (
    Model("grok-4.7", ("grok-4.7-latest",), 2.0, 0.5, 6.0),
    Model("grok-4.6", ("grok-4.6-latest",), 2.0, 0.5, 6.0),
    Model("grok-4.5", ("grok-4.5-latest",), 2.0, 0.3, 6.0),
    Model("grok-4.3", ("grok-4.3-latest",), 1.25, 0.2, 2.5),
    Model("grok-4.20-0309-reasoning", (), 1.25, 0.2, 2.5),
    Model(
        "grok-4.20-0309-non-reasoning",
        ("grok-4.20-non-reasoning", "grok-4.20-non-reasoning-latest"),
        1.25,
        0.2,
        2.5,
    ),
    Model("grok-4.20-multi-agent-0309", (), 1.25, None, 2.5),
)
"""xAI's models of October 2026 (docs.x.ai, "Models and pricing"). All of them look at pictures,
take PDFs and search (docs.x.ai, "Image understanding", "Files", "Web search"), and take `logprobs`
and say nothing of it (docs.x.ai, "Models")."""

WINDOWS = {
    "grok-4.7": 500_000,
    "grok-4.6": 500_000,
    "grok-4.5": 500_000,
    "grok-4.3": 1_000_000,
    "grok-4.20-0309-reasoning": 1_000_000,
    "grok-4.20-0309-non-reasoning": 1_000_000,
    "grok-4.20-multi-agent-0309": 1_000_000,
}
"""Context windows in tokens, question and answer together; the API does not list them."""

_LOW_TO_HIGH: tuple[Effort, ...] = ("low", "medium", "high")
EFFORTS_BY_MODEL: Mapping[str, tuple[Effort, ...]] = {
    "grok-4.7": (*_LOW_TO_HIGH, "xhigh"),
    "grok-4.6": (*_LOW_TO_HIGH, "xhigh"),
    "grok-4.5": _LOW_TO_HIGH,
    "grok-4.3": ("none", *_LOW_TO_HIGH),
}
"""How long each can be told to think; those of `KNOWN` that are not named, not at all."""

USUAL_EFFORTS: Mapping[str, Effort] = {
    "grok-4.7": "high",
    "grok-4.6": "high",
    "grok-4.5": "high",
    "grok-4.3": "low",
}
"""How long they think when nobody says (docs.x.ai, "Reasoning", October 2026)."""

SUCCESSORS: Mapping[str, str] = {
    "grok-4-1-fast-reasoning": "grok-4.3",
    "grok-4-1-fast-non-reasoning": "grok-4.3",
    "grok-4-fast-reasoning": "grok-4.3",
    "grok-4-fast-non-reasoning": "grok-4.3",
    "grok-4-0709": "grok-4.3",
    "grok-4": "grok-4.3",
    "grok-3": "grok-4.3",
}
"""Who answers to a retired id since May 15 2026, at its own price (docs.x.ai, "Migrating
models")."""
