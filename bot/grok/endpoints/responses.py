"""`/v1/responses`: xAI's newest, and the one that others have taken over from OpenAI.

Nothing is to be stored there: by itself an API keeps each response for 30 days (docs.x.ai,
"Responses API"). Its cap counts thoughts as well, so what is left for those comes on top.

It answers in typed events, in whatever order they come, or in one body. What is not known is left
out, such as types that are new. A server that says it in choices all the same is understood as
well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from bot.completion.request import CompletionRequest
from bot.completion.result import Chunk, TokenLogprob
from bot.completion.search import Search
from bot.completion.tools import TOOLS, Tool
from bot.completion.transcript import chat_messages
from bot.files.material import Enclosure, Pdf, Picture
from bot.files.ref import PDF_TURNS
from bot.grok.call import Names
from bot.grok.endpoints import choices
from bot.grok.endpoints.tool_events import Calls, references_in, references_of
from bot.grok.endpoints.wire import (
    Asked,
    Step,
    Wire,
    Written,
    count_of,
    listed_chances,
    map_of,
    maps_of,
    name_of,
    text_of,
    with_parts,
)
from bot.grok.usage import read_usage

_AS_GIVEN = ("model", "temperature", "top_p", "user")

_CHANCES = "message.output_text.logprobs"
"""What OpenAI includes where chances are wanted; xAI has a switch."""

_SEEN = "web_search_call.action.sources"
"""What a search of the web has seen is listed where this is included."""

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


def write(asked: Asked) -> Written:
    """The body of what is asked."""
    given = asked.given
    body: dict[str, Any] = {name: given[name] for name in _AS_GIVEN if name in given}
    messages = chat_messages(asked.system, asked.past, asked.prompt)
    body["input"] = with_parts(messages, asked.past, "input_text", _part)
    body["store"] = False
    if "max_tokens" in given:
        body["max_output_tokens"] = given["max_tokens"] + asked.beside.thoughts
    if "logprobs" in given:
        chances = {"logprobs": True} if asked.dialect == "xai" else {"include": [_CHANCES]}
        body |= {**chances, "top_logprobs": given["logprobs"]}
    if asked.beside.effort is not None:
        body["reasoning"] = {"effort": asked.beside.effort}
    if asked.beside.shape is not None:
        body["text"] = {"format": {"type": "json_schema", **asked.beside.shape.format}}
    if asked.beside.search:
        body |= _searching(asked.beside.search)
        if "web" in asked.beside.search.sources:
            body["include"] = [*body.get("include", ()), _SEEN]
    if asked.dialect == "xai" and any(isinstance(file, Pdf) for file in asked.past.files):
        body.setdefault("max_turns", PDF_TURNS)
    return Written(body)


def _searching(search: Search) -> dict[str, Any]:
    """The fields that let `search` be done."""
    fields: dict[str, Any] = {"tools": [_tool(TOOLS[name], search) for name in search.sources]}
    if search.max_turns is not None:
        fields["max_turns"] = search.max_turns
    return fields


def _tool(tool: Tool, search: Search) -> dict[str, Any]:
    """One tool with what narrows it. The API's last day is the first that is not searched."""
    given: dict[str, Any] = dict(search.values())
    if search.before is not None:
        given["until"] = search.before.isoformat()
    filters = {wire: given[name] for name, wire in tool.filters.items() if name in given}
    if tool.within:
        filters = {tool.within: filters} if filters else {}
    return {"type": tool.wire, **filters}


def _part(file: Enclosure) -> dict[str, Any] | None:
    """A picture, or a PDF: what is sent so is not stored there."""
    match file:
        case Picture():
            return {"type": "input_image", "image_url": file.url}
        case Pdf():
            return {"type": "input_file", "filename": file.name, "file_data": file.url}
    return None


def lacks(request: CompletionRequest) -> tuple[str, ...]:
    """What only the older endpoints have. A penalty is not taken at any value."""
    asked = {
        "n": (request.n or 1) > 1,
        "stop": bool(request.stop),
        "seed": request.seed is not None,
        "frequency_penalty": request.frequency_penalty is not None,
        "presence_penalty": request.presence_penalty is not None,
        "logit_bias": bool(request.logit_bias),
    }
    return (*choices.lacks(request), *(name for name, needed in asked.items() if needed))


def avoids(request: CompletionRequest) -> bool:
    """Chances: the end repeats those of every token, in one event of many megabytes."""
    return request.logprobs is not None


def named(names: Names) -> dict[str, str]:
    """What belongs together, for the API's cache, and whom a refusal is about."""
    fields = {"prompt_cache_key": names.conversation, "safety_identifier": names.asker}
    return {name: value for name, value in fields.items() if value}


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


RESPONSES = Wire(
    path="/responses",
    write=write,
    lacks=lacks,
    read=Reader,
    error_in=error_in,
    answers=answers,
    begins=begins,
    repeats=True,
    avoids=avoids,
    caps_thoughts=True,
    pictures=True,
    pdfs=True,
    named=named,
    searches=True,
)
