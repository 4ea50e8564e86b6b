"""A generation as the JSON of completions and chats: whole, or event by event."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from typing import Any

from sandbox.grok.calling import Calling
from sandbox.grok.counting import Counting
from sandbox.grok.fields import Dialect, Endpoint
from sandbox.grok.generation import Generation
from sandbox.grok.likely import alternatives, content_logprob, likely, logprob_of
from sandbox.grok.models import Model

_OBJECTS = {
    ("completions", False): "text_completion",
    ("completions", True): "text_completion",
    ("chat", False): "chat.completion",
    ("chat", True): "chat.completion.chunk",
}


class Wire:
    """Writes one generation in the form of one endpoint and dialect."""

    def __init__(  # noqa: PLR0917 - made in one place
        self,
        dialect: Dialect,
        endpoint: Endpoint,
        model: Model,
        body: Mapping[str, Any],
        generation: Generation,
        counting: Counting,
    ) -> None:
        self._chat = endpoint == "chat"
        self._generation = generation
        self._counting = counting
        self._alternatives = alternatives(body, model)
        self._ask_usage = bool((body.get("stream_options") or {}).get("include_usage"))
        self._usage_everywhere = dialect == "xai" and self._chat
        self._sent = 0
        self._head = {
            "id": str(uuid.uuid4()),
            "object": _OBJECTS[endpoint, bool(body.get("stream"))],
            "created": int(time.time()),
            "model": generation.model,
            "system_fingerprint": "fp_sandbox",
        }

    def opening(self) -> list[dict[str, Any]]:
        """Before anything is thought or said."""
        return []

    def thought_over(self) -> list[dict[str, Any]]:
        """After what is thought."""
        return []

    def calling(self) -> list[Calling]:
        """Tools at work: none runs here."""
        return []

    def answering(self) -> list[dict[str, Any]]:
        """Before what is said."""
        return []

    def beside(self) -> list[dict[str, Any]]:
        """What is told of the text up to here."""
        return []

    def thought(self, text: str) -> dict[str, Any]:
        """An event with a piece of reasoning."""
        delta = {"role": "assistant", "content": "", "reasoning_content": text}
        return self._event({"index": 0, "delta": delta, "finish_reason": None})

    def piece(self, index: int, text: str) -> dict[str, Any]:
        """An event with a piece of text."""
        self._sent += self._counting.written((text,))
        return self._event(self._choice(index, text) | {"finish_reason": None})

    def closing(self) -> list[dict[str, Any]]:
        """The last event of every choice that is to end, and the bill where it was asked for."""
        events = [
            self._finish(index, choice.finish_reason)
            for index, choice in enumerate(self._generation.choices)
            if choice.finish_reason is not None
        ]
        if self._ask_usage:
            events.append(self._head | {"choices": [], "usage": dict(self._generation.usage)})
        return events

    def whole(self) -> dict[str, Any]:
        """The answer in one body."""
        choices = [
            self._message(index, choice.pieces) | {"finish_reason": choice.finish_reason}
            for index, choice in enumerate(self._generation.choices)
        ]
        return self._head | {"choices": choices, "usage": dict(self._generation.usage)}

    def _finish(self, index: int, reason: str) -> dict[str, Any]:
        choice: dict[str, Any] = {"index": index, "finish_reason": reason}
        end: dict[str, Any] = {"delta": {}} if self._chat else {"text": ""}
        return self._event(choice | end)

    def _event(self, choice: dict[str, Any]) -> dict[str, Any]:
        event = self._head | {"choices": [choice]}
        if self._usage_everywhere:
            event["usage"] = self._generation.usage_after(self._sent)
        elif self._ask_usage:
            event["usage"] = None
        return event

    def _choice(self, index: int, text: str) -> dict[str, Any]:
        logprobs = self._logprobs((text,))
        if self._chat:
            delta = {"role": "assistant", "content": text}
            return {"index": index, "delta": delta} | logprobs
        return {"index": index, "text": text} | logprobs

    def _message(self, index: int, pieces: tuple[str, ...]) -> dict[str, Any]:
        logprobs = self._logprobs(pieces)
        if not self._chat:
            return {"index": index, "text": "".join(pieces)} | logprobs
        message: dict[str, Any] = {
            "role": "assistant",
            "content": "".join(pieces),
            "refusal": None,
        }
        if self._generation.reasoning:
            message["reasoning_content"] = "".join(self._generation.reasoning)
        return {"index": index, "message": message} | logprobs

    def _logprobs(self, pieces: tuple[str, ...]) -> dict[str, Any]:
        if self._alternatives is None:
            return {}
        count = self._alternatives
        if self._chat:
            return {"logprobs": {"content": [content_logprob(piece, count) for piece in pieces]}}
        return {
            "logprobs": {
                "tokens": list(pieces),
                "token_logprobs": [logprob_of(piece) for piece in pieces],
                "top_logprobs": [likely(piece, count) for piece in pieces],
                "text_offset": [0 for _ in pieces],
            }
        }
