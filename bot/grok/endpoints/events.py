"""Reads what `/v1/responses` answers: typed events in whatever order they come, or one body.

What is not known is left out, such as types that are new. A server that says it in choices all the
same is understood as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from bot.completion.result import Chunk, TokenLogprob
from bot.grok.endpoints import choices
from bot.grok.endpoints.tool_events import Calls, references_in, references_of
from bot.grok.endpoints.values import count_of, listed_chances, map_of, maps_of, name_of, text_of
from bot.grok.endpoints.wire import Step
from bot.grok.usage import read_usage

_TEXT = frozenset({"response.output_text.delta", "response.refusal.delta", "response.text.delta"})
_THOUGHT = frozenset(
    {
        "response.reasoning_summary_text.delta",
        "response.reasoning_text.delta",
        "response.reasoning_summary.delta",
        "response.reasoning.delta",
    }
)
_ENDS = frozenset(
    {
        "response.completed",
        "response.done",
        "response.incomplete",
        "response.failed",
        "response.cancelled",
    }
)
_FRAME = frozenset(
    {
        "response.created",
        "response.queued",
        "response.in_progress",
        "response.reasoning_summary_part.added",
        "response.reasoning_part.added",
        "response.content_part.added",
    }
)
_FAILED = frozenset({"failed", "error"})
_GOES_ON = frozenset({"in_progress", "queued"})

_BETWEEN = "\n\n"
"""Stands between two messages of one answer."""


def error_in(value: Mapping[str, Any], event: str) -> Mapping[str, Any] | None:
    """What of an event or a body tells of an error: of one that ends it, and not of a tool's."""
    kind = _kind(value, event)
    response = map_of(value.get("response")) if kind.startswith("response.") else value
    if kind in _ENDS or (not kind and _is_response(value)):
        if not response.get("error") and text_of(response.get("status")) not in _FAILED:
            return value if kind == "response.failed" else None
        return {"error": response["error"]} if response.get("error") else response
    if kind.startswith("response.") and kind != "response.error":
        return None
    return choices.error_in(value, event)


def answers(body: Mapping[str, Any]) -> bool:
    """Whether a body is an answer."""
    return _is_response(body) or _kind(body, "").startswith("response.") or choices.answers(body)


def begins(value: Mapping[str, Any], event: str) -> bool:
    """Whether an event is more than the frame of what comes: thoughts may be kept from us for
    minutes."""
    kind = _kind(value, event)
    if kind == "response.output_item.added":
        return text_of(map_of(value.get("item")).get("type")) not in {"reasoning", "message"}
    return kind not in _FRAME


class Reader:
    """Reads one answer.

    What came bit by bit is repeated at the end of a message, and at the end of all: that is passed
    on as a whole, of which only what is new counts.
    """

    def __init__(self) -> None:
        self._model: str | None = None
        self._message: object = None
        self._began = False
        self._done: dict[object, tuple[str, str]] = {}
        self._calls = Calls()
        self._choices = choices.Reader()

    def step(self, value: dict[str, Any], event: str) -> Step | None:
        """There is one for every token."""
        if type(value.get("delta")) is not str or value.get("logprobs"):
            return self._choices.step(value, event)
        kind = _kind(value, event)
        if event == "error":
            return None
        if kind in _THOUGHT:
            return Step(0, "", self._model, value["delta"])
        return Step(0, self._next(value), self._model) if kind in _TEXT else None

    def __call__(self, value: Mapping[str, Any], event: str = "") -> list[Chunk]:
        """The chunks of one event, or of a body."""
        if choices.answers(value):
            return choices.read(value, event)
        kind = _kind(value, event)
        if kind in _TEXT:
            return [self._text(value)]
        return [*self._beside(kind, value), *self._said(kind, value)]

    def _beside(self, kind: str, value: Mapping[str, Any]) -> Iterator[Chunk]:
        """What an event tells of tools, and of where the answer was found."""
        step, references = self._calls.step(kind, value), references_in(kind, value)
        if step or references:
            yield Chunk(model=self._model, step=step, references=references)

    def _said(self, kind: str, value: Mapping[str, Any]) -> list[Chunk]:
        """What an event says, other than a piece of text."""
        if kind in _THOUGHT:
            return [Chunk(reasoning=_delta(value), model=self._model)]
        if kind == "response.output_item.done":
            self._keep(map_of(value.get("item")), count_of(value.get("output_index")))
            return []
        if kind in _ENDS:
            return self._end(map_of(value.get("response")), kind.removeprefix("response."))
        if not kind and _is_response(value):
            return self._end(value, "")
        self._model = name_of(map_of(value.get("response")).get("model")) or self._model
        return []

    def _text(self, value: Mapping[str, Any]) -> Chunk:
        chances = tuple(listed_chances(value.get("logprobs")))
        return Chunk(text=self._next(value), logprobs=chances, model=self._model)

    def _next(self, value: Mapping[str, Any]) -> str:
        """The text that comes next, with what stands between two messages."""
        text = _delta(value)
        message = value.get("item_id") or count_of(value.get("output_index"))
        lead = _BETWEEN if text and self._began and message != self._message else ""
        if text:
            self._began, self._message = True, message
        return lead + text

    def _keep(self, item: Mapping[str, Any], place: int) -> None:
        """Remember a whole item, for an end that repeats nothing."""
        self._done[text_of(item.get("id")) or place] = _text_of(item), _thought_of(item)

    def _end(self, response: Mapping[str, Any], kind: str) -> list[Chunk]:
        self._model = name_of(response.get("model")) or self._model
        items = maps_of(response.get("output"))
        whole = [(_text_of(item), _thought_of(item)) for item in items] or [*self._done.values()]
        chances: tuple[TokenLogprob, ...] = ()
        if not self._began:
            chances = tuple(chain.from_iterable(map(_chances_of, items)))
        end = Chunk(
            text=_BETWEEN.join(text for text, _ in whole if text),
            reasoning=_BETWEEN.join(thought for _, thought in whole if thought),
            logprobs=chances,
            finish_reason=_reason(response, kind),
            model=self._model,
            whole=True,
        )
        usage = read_usage(response)
        told = [] if usage is None else [Chunk(model=self._model, usage=usage)]
        return [*self._found(items), end, *told]

    def _found(self, items: list[Mapping[str, Any]]) -> Iterator[Chunk]:
        """What the items of the end tell of tools, once more or for the first time."""
        for place, item in enumerate(items):
            step = self._calls.of_item(item, place, over=True)
            references = tuple(references_of(item))
            if step or references:
                yield Chunk(model=self._model, step=step, references=references)


def _kind(value: Mapping[str, Any], event: str) -> str:
    """The type of an event, which some say beside it only; empty for a body."""
    return text_of(value.get("type")) or (event if event.startswith("response.") else "")


def _is_response(value: Mapping[str, Any]) -> bool:
    return value.get("object") == "response" or isinstance(value.get("output"), list)


def _delta(value: Mapping[str, Any]) -> str:
    delta = value.get("delta")
    return text_of(delta) or text_of(map_of(delta).get("text"))


def _reason(response: Mapping[str, Any], kind: str) -> str | None:
    """Why it ended, in the words of a choice; None while it goes on, and where it failed."""
    status = text_of(response.get("status")) or kind
    if status in _GOES_ON or status in _FAILED or response.get("error"):
        return None
    if status in {"", "completed", "done"}:
        return "stop"
    why = map_of(response.get("incomplete_details")).get("reason")
    return name_of(why) or name_of(status)


def _parts(item: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    content = item.get(name)
    if isinstance(content, str):
        yield {"text": content}
    yield from maps_of(content)


def _text_of(item: Mapping[str, Any]) -> str:
    """What an item says; nothing for what is no message."""
    if item.get("type") is not None and item["type"] != "message":
        return ""
    parts = _parts(item, "content")
    return "".join(text_of(part.get("text")) or text_of(part.get("refusal")) for part in parts)


def _thought_of(item: Mapping[str, Any]) -> str:
    if item.get("type") != "reasoning":
        return ""
    parts = chain(_parts(item, "summary"), _parts(item, "content"))
    return _BETWEEN.join(filter(None, (text_of(part.get("text")) for part in parts)))


def _chances_of(item: Mapping[str, Any]) -> Iterator[TokenLogprob]:
    for part in _parts(item, "content"):
        yield from listed_chances(part.get("logprobs"))
