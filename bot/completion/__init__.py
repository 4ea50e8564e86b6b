"""The vocabulary: what is asked, what comes back, and the ways to write a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.completion.request import CompletionRequest

__all__ = ["CompletionRequest"]


def __getattr__(name: str) -> object:
    """`CompletionRequest`, loaded by whoever asks for it here.

    A room that loads one of its modules by itself, which then loads another of them, is a circle:
    two threads that load from it at once may find each other's halves.
    """
    if name != "CompletionRequest":
        raise AttributeError(name)
    from bot.completion.request import CompletionRequest  # noqa: PLC0415 - see above

    return CompletionRequest
