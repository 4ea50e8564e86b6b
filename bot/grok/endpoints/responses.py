"""Reads `/v1/responses`: typed events, in whatever order they come, or one body; and what they tell
of tools: calls that begin and end in any order, and where an answer was found.

What is not known is left out, such as types that are new. A server that says it in choices all the
same is understood as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from bot.characters import as_text
from bot.completion.references import Reference, host_of
from bot.completion.result import Chunk, TokenLogprob, ToolStep
from bot.completion.tools import TOOLS, Searched
from bot.grok.endpoints import choices
from bot.grok.endpoints.choices import (
    TextStep,
    count_of,
    listed_chances,
    map_of,
    maps_of,
    name_of,
    read_usage,
    text_of,
)

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

_MOST_KEPT = 8 * 1024 * 1024
"""Characters of items that are done: more than may be in an answer, thoughts included."""

_MOST_ADDRESSES = 500
"""In one event."""

_LONGEST_INPUT = 10_000
_LONGEST_ASKED = 200
_MOST_FETCHED = 1_000
"""Posts or profiles of one call: a number above is a mistake."""

_PLACES: Mapping[str, Searched] = {
    call: tool.name for tool in TOOLS.values() for call in tool.calls
}
_ENDED = frozenset({"completed", "failed", "incomplete", "cancelled"})
_CALL_FAILED = frozenset({"failed", "cancelled"})
_ASKED = ("query", "url", "pattern", "video_url", "post_id", "username", "user")
_USUAL_POSTS = {"x_keyword_search": "limit", "x_semantic_search": "limit"}
_USUAL_PROFILES = {"x_user_search": "count"}
_FETCHES_NONE = frozenset({"view_x_video"})


class ResponsesReader(choices.ChoicesReader):
    """Reads one answer.

    What came bit by bit is repeated at the end of a message, and at the end of all: that is passed
    on as a whole, of which only what is new counts.
    """

    repeats = True

    def __init__(self) -> None:
        self._model: str | None = None
        self._message: object = None
        self._began = False
        self._done: dict[object, tuple[str, str]] = {}
        self._room = _MOST_KEPT
        self._calls = _Calls()

    def step(self, value: dict[str, Any], event: str) -> TextStep | None:
        """There is one for every token."""
        if type(value.get("delta")) is not str or value.get("logprobs"):
            return super().step(value, event)
        kind = _kind(value, event)
        if event == "error":
            return None
        if kind in _THOUGHT:
            return TextStep(0, "", self._model, value["delta"])
        return TextStep(0, self._next(value), self._model) if kind in _TEXT else None

    def __call__(self, value: Mapping[str, Any], event: str = "") -> list[Chunk]:
        """The chunks of one event, or of a body."""
        if super().answers(value):
            return super().__call__(value, event)
        kind = _kind(value, event)
        if kind in _TEXT:
            chances = tuple(listed_chances(value.get("logprobs")))
            return [Chunk(text=self._next(value), logprobs=chances, model=self._model)]
        return [*self._beside(kind, value), *self._said(kind, value)]

    def _beside(self, kind: str, value: Mapping[str, Any]) -> Iterator[Chunk]:
        """What an event tells of tools, and of where the answer was found."""
        step, references = self._calls.step(kind, value), _references_in(kind, value)
        if step or references:
            yield Chunk(model=self._model, step=step, references=references)

    def _said(self, kind: str, value: Mapping[str, Any]) -> list[Chunk]:
        """What an event says, other than a piece of text."""
        if kind in _THOUGHT:
            return [Chunk(reasoning=_delta(value), model=self._model)]
        if kind == "response.output_item.done":
            item = map_of(value.get("item"))  # for an end that repeats nothing
            place = text_of(item.get("id")) or count_of(value.get("output_index"))
            text, thought = _text_of(item), _thought_of(item)
            self._room -= len(text) + len(thought)
            if self._room >= 0:
                self._done[place] = text, thought
            return []
        if kind in _ENDS:
            return self._end(map_of(value.get("response")), kind.removeprefix("response."))
        if not kind and _is_response(value):
            return self._end(value, "")
        self._model = name_of(map_of(value.get("response")).get("model")) or self._model
        return []

    def _next(self, value: Mapping[str, Any]) -> str:
        """The text that comes next, with what stands between two messages."""
        text = _delta(value)
        message = value.get("item_id") or count_of(value.get("output_index"))
        lead = _BETWEEN if text and self._began and message != self._message else ""
        if text:
            self._began, self._message = True, message
        return lead + text

    def _end(self, response: Mapping[str, Any], kind: str) -> list[Chunk]:
        self._model = name_of(response.get("model")) or self._model
        items = maps_of(response.get("output"))
        whole = [(_text_of(item), _thought_of(item)) for item in items] or [*self._done.values()]
        chances: tuple[TokenLogprob, ...] = ()
        if not self._began:
            parts = chain.from_iterable(_parts(item, "content") for item in items)
            listed = (listed_chances(part.get("logprobs")) for part in parts)
            chances = tuple(chain.from_iterable(listed))
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
            references = tuple(_references_of(item))
            if step or references:
                yield Chunk(model=self._model, step=step, references=references)

    def error_in(self, value: Mapping[str, Any], event: str) -> Mapping[str, Any] | None:
        """What of an event or a body tells of an error that ends it, and not of a tool's."""
        kind = _kind(value, event)
        response = map_of(value.get("response")) if kind.startswith("response.") else value
        if kind in _ENDS or (not kind and _is_response(value)):
            if not response.get("error") and text_of(response.get("status")) not in _FAILED:
                return value if kind == "response.failed" else None
            return {"error": response["error"]} if response.get("error") else response
        if kind.startswith("response.") and kind != "response.error":
            return None
        return super().error_in(value, event)

    def answers(self, body: Mapping[str, Any]) -> bool:
        """Whether a body is an answer."""
        return (
            _is_response(body) or _kind(body, "").startswith("response.") or super().answers(body)
        )

    def begins(self, value: Mapping[str, Any], event: str) -> bool:
        """Whether an event is more than the frame of what comes: thoughts may be kept from us for
        minutes."""
        kind = _kind(value, event)
        if kind == "response.output_item.added":
            return text_of(map_of(value.get("item")).get("type")) not in {"reasoning", "message"}
        return kind not in _FRAME


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


class _Calls:
    """The calls of one answer: events name them by their items, of which each says what it is."""

    def __init__(self) -> None:
        self._kinds: dict[str, str] = {}

    def step(self, kind: str, value: Mapping[str, Any]) -> ToolStep | None:
        """What an event tells of a call; None when it tells of none."""
        if kind.startswith("response.output_item."):
            place = count_of(value.get("output_index"))
            return self.of_item(map_of(value.get("item")), place, over=kind.endswith(".done"))
        name, _, how = kind.removeprefix("response.").partition(".")
        call = self._id(value, count_of(value.get("output_index")))
        if name == "custom_tool_call_input":
            known = self._kinds.get(call, "")
            asked = text_of(value.get("input")) or text_of(value.get("delta"))
            return self._step(call, known, _read(asked)) if known else None
        if name not in _PLACES:
            return None
        known = self._kinds.setdefault(call, name)
        over, failed = how in _ENDED, how in _CALL_FAILED
        return self._step(call, known, {}, over=over, failed=failed)

    def of_item(self, item: Mapping[str, Any], place: int, *, over: bool) -> ToolStep | None:
        """How the call stands that an item of the output is; None when it is none."""
        kind = text_of(item.get("type"))
        name = text_of(item.get("name"))
        known = name if name in _PLACES else kind
        if kind == "custom_tool_call" and name.startswith("x_") and name not in _PLACES:
            known = "x_search_call"
        if known not in _PLACES or not kind.endswith("_call"):
            return None
        call = self._id({"item_id": item.get("id")}, place)
        self._kinds[call] = known
        status = text_of(item.get("status"))
        action = map_of(item.get("action"))
        given = action or _read(text_of(item.get("input")) or text_of(item.get("arguments")))
        return self._step(
            call,
            known,
            given,
            over=over or status in _ENDED,
            failed=status in _CALL_FAILED or bool(item.get("error")),
        )

    @staticmethod
    def _id(value: Mapping[str, Any], place: int) -> str:
        return name_of(value.get("item_id")) or f"item {place}"

    @staticmethod
    def _step(
        call: str,
        name: str,
        given: Mapping[str, Any],
        *,
        over: bool = False,
        failed: bool = False,
    ) -> ToolStep:
        asked = next(filter(None, (text_of(given.get(each)) for each in _ASKED)), "")
        posts, profiles = _fetched(name, given)
        return ToolStep(
            call,
            _PLACES[name],
            as_text(asked[:_LONGEST_ASKED]),
            opens=text_of(given.get("type")) in {"open_page", "find"},
            over=over,
            failed=failed,
            posts=posts,
            profiles=profiles,
        )


def _references_in(kind: str, value: Mapping[str, Any]) -> tuple[Reference, ...]:
    """The addresses that an event tells of."""
    if kind == "response.output_text.annotation.added":
        return tuple(_cited([map_of(value.get("annotation"))]))
    if kind == "response.content_part.done":
        return tuple(_cited(maps_of(map_of(value.get("part")).get("annotations"))))
    if kind == "response.output_item.done":
        return tuple(_references_of(map_of(value.get("item"))))
    return ()


def _references_of(item: Mapping[str, Any]) -> Iterator[Reference]:
    """The addresses in an item of the output: those of a text, and those that a search has seen."""
    content = item.get("content")
    for part in maps_of(content):
        yield from _cited(maps_of(part.get("annotations")))
    action = map_of(item.get("action"))
    for seen in (*maps_of(action.get("sources"))[:_MOST_ADDRESSES], action):
        if (url := text_of(seen.get("url"))) and host_of(url):
            yield Reference(url=as_text(url))


def _cited(annotations: list[Mapping[str, Any]]) -> Iterator[Reference]:
    for each in annotations[:_MOST_ADDRESSES]:
        url = text_of(each.get("url"))
        if text_of(each.get("type")) in {"url_citation", ""} and host_of(url):
            start, end = count_of(each.get("start_index")), count_of(each.get("end_index"))
            yield Reference(url=as_text(url), placed=start < end)


def _read(given: str) -> Mapping[str, Any]:
    """The input of a call, which may have come in part."""
    if not given.startswith("{") or len(given) > _LONGEST_INPUT:
        return {}
    try:
        return map_of(json.loads(given, strict=False))
    except (ValueError, RecursionError):
        return {}


def _fetched(name: str, given: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """How many posts and profiles a call fetches at most; None where that is not said."""
    if _PLACES[name] == "web" or name in _FETCHES_NONE:
        return 0, 0
    if name in _USUAL_POSTS:
        return _bounded(given.get(_USUAL_POSTS[name])), 0
    if name in _USUAL_PROFILES:
        return 0, _bounded(given.get(_USUAL_PROFILES[name]))
    return None, 0 if name == "x_thread_fetch" else None


def _bounded(value: object) -> int | None:
    return min(count_of(value), _MOST_FETCHED) or None
