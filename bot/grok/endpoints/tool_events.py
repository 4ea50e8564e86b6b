"""Reads what `/v1/responses` tells of its tools: calls that begin and end in any order, and where
an answer was found."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bot.completion.excerpt import as_text
from bot.completion.references import Reference, host_of
from bot.completion.result import ToolStep
from bot.completion.tools import TOOLS, Searched
from bot.grok.endpoints.wire import count_of, map_of, maps_of, name_of, text_of

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
_FAILED = frozenset({"failed", "cancelled"})
_ASKED = ("query", "url", "pattern", "video_url", "post_id", "username", "user")
_USUAL_POSTS = {"x_keyword_search": "limit", "x_semantic_search": "limit"}
_USUAL_PROFILES = {"x_user_search": "count"}
_FETCHES_NONE = frozenset({"view_x_video"})


class Calls:
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
        over, failed = how in _ENDED, how in _FAILED
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
            failed=status in _FAILED or bool(item.get("error")),
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


def references_in(kind: str, value: Mapping[str, Any]) -> tuple[Reference, ...]:
    """The addresses that an event tells of."""
    if kind == "response.output_text.annotation.added":
        return tuple(_cited([map_of(value.get("annotation"))]))
    if kind == "response.content_part.done":
        return tuple(_cited(maps_of(map_of(value.get("part")).get("annotations"))))
    if kind == "response.output_item.done":
        return tuple(references_of(map_of(value.get("item"))))
    return ()


def references_of(item: Mapping[str, Any]) -> Iterator[Reference]:
    """The addresses in an item of the output: those of a text, and those that a search has seen."""
    content = item.get("content")
    for part in maps_of(content):
        yield from _cited(maps_of(part.get("annotations")))
    action = map_of(item.get("action"))
    for seen in (*maps_of(action.get("sources"))[:_MOST_ADDRESSES], action):
        if host_of(url := text_of(seen.get("url"))):
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
