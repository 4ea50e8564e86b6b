"""How likely each token was, and what else could have stood there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.grok.models import Model


def alternatives(body: Mapping[str, Any], model: Model) -> int | None:
    """How many alternatives to show for a token; None when `logprobs` is off or ignored."""
    wanted = body.get("logprobs")
    if not model.logprobs or wanted is None or wanted is False:
        return None
    return int(body.get("top_logprobs") or (1 if wanted is True else wanted))


def logprob_of(token: str) -> float:
    """The log probability of a token."""
    return -(sum(token.encode()) % 97) / 40


def likely(token: str, count: int) -> dict[str, float]:
    """The likeliest tokens in place of `token`, itself among them."""
    guesses = [token, *(token.upper() + "·" * place for place in range(1, count))]
    first = logprob_of(token)
    return {guess: first - place for place, guess in enumerate(guesses[:count])}


def content_logprob(token: str, count: int) -> dict[str, Any]:
    """A token as chats and responses list it."""
    return _entry(token, logprob_of(token)) | {
        "top_logprobs": [_entry(guess, logprob) for guess, logprob in likely(token, count).items()],
    }


def _entry(token: str, logprob: float) -> dict[str, Any]:
    return {"token": token, "logprob": logprob, "bytes": list(token.encode())}
