"""A generation as `/v1/responses` writes it: one body, or typed events in their order."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandbox.grok.calling import Calling, Calls
from sandbox.grok.fields import wants_logprobs
from sandbox.grok.found import told_of
from sandbox.grok.generation import Generation
from sandbox.grok.likely import alternatives, content_logprob
from sandbox.grok.models import Model
from sandbox.grok.script import Annotated

_INCOMPLETE = {"length": "max_output_tokens", "max_context": "max_prompt_tokens"}
_COMPLETE = frozenset({"stop", "end_turn"})

_REPEATED = (
    "max_output_tokens",
    "previous_response_id",
    "reasoning",
    "temperature",
    "top_p",
    "user",
    "prompt_cache_key",
    "safety_identifier",
)
"""What a response says of its request."""


class ResponsesWire:
    """Writes one generation; `n` is not to be had here, so there is one choice."""

    def __init__(
        self,
        model: Model,
        body: Mapping[str, Any],
        generation: Generation,
        annotated: Annotated = "placed",
    ) -> None:
        (self._choice,) = generation.choices
        self._generation = generation
        self._alternatives = alternatives({**body, "logprobs": wants_logprobs(body)}, model)
        self._number = 0
        self._id = str(uuid.uuid4())
        self._head: dict[str, Any] = {
            "id": self._id,
            "object": "response",
            "created_at": int(time.time()),
            "model": generation.model,
            "parallel_tool_calls": True,
            "text": {"format": {"type": "text"}},
            "tool_choice": "auto",
            "tools": body.get("tools") or [],
            "store": body.get("store") is not False,
            "metadata": {},
            **{name: body.get(name) for name in _REPEATED},
        }

        listed = "web_search_call.action.sources" in (body.get("include") or ())
        self._calls = Calls(
            generation.calls, self._id, 1 if generation.reasoning else 0, listed=listed
        )
        text = "".join(self._choice.pieces)
        self._annotations = list(told_of(text, generation.calls, annotated))
        self._untold = list(enumerate(self._annotations))
        self._written = 0

    def opening(self) -> list[dict[str, Any]]:
        """Before anything is thought or said."""
        begun = self._response([], "in_progress", None)
        events = [
            self._event("response.created", response=begun),
            self._event("response.in_progress", response=begun),
        ]
        if self._generation.reasoning:
            item = {"id": f"rs_{self._id}", "type": "reasoning", "summary": []}
            part = {"type": "summary_text", "text": ""}
            events += [
                self._event(
                    "response.output_item.added",
                    item={**item, "status": "in_progress"},
                    output_index=0,
                ),
                self._thinking("response.reasoning_summary_part.added", part=part),
            ]
        return events

    def thought(self, text: str) -> dict[str, Any]:
        """An event with a piece of reasoning."""
        return self._thinking("response.reasoning_summary_text.delta", delta=text)

    def thought_over(self) -> list[dict[str, Any]]:
        """After what is thought."""
        if not self._generation.reasoning:
            return []
        text, item = "".join(self._generation.reasoning), self._reasoned()
        part = {"type": "summary_text", "text": text}
        return [
            self._thinking("response.reasoning_summary_text.done", text=text),
            self._thinking("response.reasoning_summary_part.done", part=part),
            self._event("response.output_item.done", item=item, output_index=0),
        ]

    def calling(self) -> Iterator[Calling]:
        """Tools at work."""
        return self._calls.events(self._event)

    def answering(self) -> list[dict[str, Any]]:
        """Before what is said."""
        if not self._choice.pieces:
            return []
        message = {**self._message(), "status": "in_progress", "content": []}
        return [
            self._event("response.output_item.added", item=message, output_index=self._place),
            self._saying("response.content_part.added", part=self._part("", [])),
        ]

    def piece(self, _index: int, text: str) -> dict[str, Any]:
        """An event with a piece of text."""
        logprobs = self._logprobs((text,))
        self._written += len(text)
        return self._saying("response.output_text.delta", delta=text, logprobs=logprobs)

    def beside(self) -> list[dict[str, Any]]:
        """The annotations of the text up to here."""
        due = [each for each in self._untold if each[1][0] <= self._written]
        self._untold = self._untold[len(due) :]
        return [
            self._saying(
                "response.output_text.annotation.added", annotation=about, annotation_index=place
            )
            for place, (_, about) in due
        ]

    def closing(self) -> list[dict[str, Any]]:
        """What follows the text: everything once more, and the bill. Nothing, where the choice is
        not to end."""
        if self._choice.finish_reason is None:
            return []
        events = []
        if self._choice.pieces:
            message = self._message()
            (part,) = message["content"]
            events = [
                self._saying(
                    "response.output_text.done", text=part["text"], logprobs=part["logprobs"]
                ),
                self._saying("response.content_part.done", part=part),
                self._event("response.output_item.done", item=message, output_index=self._place),
            ]
        whole = self.whole()
        return [*events, self._event(f"response.{whole['status']}", response=whole)]

    def whole(self) -> dict[str, Any]:
        """The answer in one body."""
        output = [self._reasoned()] if self._generation.reasoning else []
        output += self._calls.items()
        if self._choice.pieces:
            output.append(self._message())
        reason = self._choice.finish_reason
        if reason is None or reason in _COMPLETE:
            return self._response(output, "completed", None)
        return self._response(output, "incomplete", {"reason": _INCOMPLETE.get(reason, reason)})

    @property
    def _place(self) -> int:
        """Of the message in the output."""
        return len(self._generation.calls) + (1 if self._generation.reasoning else 0)

    def _response(
        self,
        output: Sequence[Mapping[str, Any]],
        status: str,
        incomplete: Mapping[str, str] | None,
    ) -> dict[str, Any]:
        usage = None if status == "in_progress" else dict(self._generation.usage)
        return self._head | {
            "output": list(output),
            "status": status,
            "error": None,
            "incomplete_details": incomplete,
            "usage": usage,
        }

    def _reasoned(self) -> dict[str, Any]:
        text = "".join(self._generation.reasoning)
        return {
            "id": f"rs_{self._id}",
            "type": "reasoning",
            "summary": [{"type": "summary_text", "text": text}],
            "status": "completed",
        }

    def _message(self) -> dict[str, Any]:
        pieces = self._choice.pieces
        ended = self._choice.finish_reason in {None, *_COMPLETE}
        return {
            "id": f"msg_{self._id}",
            "type": "message",
            "role": "assistant",
            "status": "completed" if ended else "incomplete",
            "content": [self._part("".join(pieces), self._logprobs(pieces))],
        }

    def _part(self, text: str, logprobs: Sequence[Any]) -> dict[str, Any]:
        told = [about for _, about in self._annotations] if text else []
        return {"type": "output_text", "text": text, "logprobs": logprobs, "annotations": told}

    def _logprobs(self, pieces: tuple[str, ...]) -> list[dict[str, Any]]:
        if self._alternatives is None:
            return []
        return [content_logprob(piece, self._alternatives) for piece in pieces]

    def _thinking(self, kind: str, **fields: Any) -> dict[str, Any]:
        return self._event(
            kind, item_id=f"rs_{self._id}", output_index=0, summary_index=0, **fields
        )

    def _saying(self, kind: str, **fields: Any) -> dict[str, Any]:
        return self._event(
            kind, item_id=f"msg_{self._id}", output_index=self._place, content_index=0, **fields
        )

    def _event(self, kind: str, **fields: Any) -> dict[str, Any]:
        event = {"sequence_number": self._number, "type": kind, **fields}
        self._number += 1
        return event
