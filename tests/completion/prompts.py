"""What the completion endpoint reads, as one text."""

from __future__ import annotations

from bot.completion.transcript import Past, frame


def completion_prompt(system: str, past: Past, prompt: str) -> str:
    """`prompt` as the completion endpoint reads it: a transcript that ends where Grok speaks."""
    return frame(system, past).around(prompt)
