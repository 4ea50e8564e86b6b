"""What a listener says in an ack to Slack, and what is to be done after it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Reaction:
    """`ack` goes back to Slack within 3 s: a text for the author alone, or fields of the ack
    (`response_action`, `options`). `then` is done after it; only it may take its time. With
    `again` there is no ack: an event Slack delivers once more, a click it marks as failed; when
    an event has come for the last time, it is acked and `at_last` done in the place of `then`."""

    ack: str | Mapping[str, Any] = ""
    then: Callable[[], Coroutine[Any, Any, None]] | None = None
    again: bool = False
    at_last: Callable[[], Coroutine[Any, Any, None]] | None = None

    @classmethod
    def marks(cls, errors: Mapping[str, str]) -> Reaction:
        """To a form: it stays, with a sentence at each of these fields, by block_id."""
        return cls({"response_action": "errors", "errors": {**errors}})

    @classmethod
    def shows(cls, view: Mapping[str, Any]) -> Reaction:
        """To a form: `view` takes its place."""
        return cls({"response_action": "update", "view": view})
