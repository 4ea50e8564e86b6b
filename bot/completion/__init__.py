"""The vocabulary: what is asked, what comes back, and the ways to write a request."""

from bot.completion.request import CompletionRequest

__all__ = ["CompletionRequest"]
