"""Calls of tools as events of `/v1/responses`, side by side and ending in another order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from sandbox.grok.script import ToolCall

Event = dict[str, Any]
Calling = tuple[int, list[Event], bool]
"""The number of a call, events of it, and whether it is at work after them."""
Make = Callable[..., Event]


class Calls:
    """The calls of one response, whose items stand in its output from `first` on.

    `listed`: whether the addresses that a search has seen stand in its item.
    """

    def __init__(
        self, calls: Sequence[ToolCall], response: str, first: int, *, listed: bool
    ) -> None:
        self._calls = calls
        self._id = response
        self._first = first
        self._listed = listed

    def items(self) -> list[Event]:
        """All of them, as they ended."""
        return [self._item(place) for place in range(len(self._calls))]

    def events(self, make: Make) -> Iterator[Calling]:
        """Turn by turn: all of its calls begin, and the last one ends first."""
        numbered = enumerate(self._calls)
        for _, turn in groupby(numbered, key=lambda each: each[1].turn):
            places = [place for place, _ in turn]
            for place in places:
                yield place, self._begin(make, place), True
            for place in reversed(places):
                yield place, self._end(make, place), False

    def _begin(self, make: Make, place: int) -> list[Event]:
        call, index = self._calls[place], self._first + place
        item = self._item(place) | {"status": "in_progress"}
        named = {"item_id": item["id"], "output_index": index}
        if call.name == "web_search":
            item["action"] = {"type": "search", "query": "", "sources": []}
            return [
                make("response.output_item.added", item=item, output_index=index),
                make("response.web_search_call.in_progress", **named),
                make("response.web_search_call.searching", **named),
            ]
        asked, item["input"] = item["input"], ""
        return [
            make("response.output_item.added", item=item, output_index=index),
            make("response.custom_tool_call_input.delta", **named, delta=asked),
            make("response.custom_tool_call_input.done", **named, input=asked),
        ]

    def _end(self, make: Make, place: int) -> list[Event]:
        call, item, index = self._calls[place], self._item(place), self._first + place
        events = []
        if call.name == "web_search" and not call.fails:
            named = {"item_id": item["id"], "output_index": index}
            events.append(make("response.web_search_call.completed", **named))
        return [*events, make("response.output_item.done", item=item, output_index=index)]

    def _item(self, place: int) -> Event:
        call = self._calls[place]
        status = "failed" if call.fails else "completed"
        if call.name == "web_search":
            return {
                "id": f"ws_{self._id}_call_{place}",
                "type": "web_search_call",
                "status": status,
                "action": self._action(call),
            }
        return {
            "call_id": f"xs_call_{place}",
            "input": json.dumps(_input(call)),
            "name": call.name,
            "type": "custom_tool_call",
            "id": f"ctc_{self._id}_xs_call_{place}",
            "status": status,
        }

    def _action(self, call: ToolCall) -> Event:
        if call.action == "open_page":
            return {"type": "open_page", "url": call.asked}
        if call.action == "find":
            return {"type": "find", "pattern": call.asked, "url": call.sources[0]}
        seen = call.sources if self._listed and not call.fails else ()
        sources = [{"type": "url", "url": url} for url in seen]
        return {"type": "search", "query": call.asked, "sources": sources}


def _input(call: ToolCall) -> Mapping[str, Any]:
    match call.name:
        case "x_user_search":
            return {"query": call.asked, "count": call.profiles or 3}
        case "x_thread_fetch":
            return {"post_id": call.asked}
        case "view_x_video":
            return {"video_url": call.asked}
    return {"query": call.asked, "limit": call.posts or 20, "mode": "Latest"}
