"""What a server refuses though nobody asked for it: left out, or written in another way.

Each way is tried once, when the server has refused the usual one, and remembered for the model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal, get_args

from bot.completion.result import Endpoint
from bot.grok.call import NAMELESS, Call
from bot.grok.endpoints import without_mark
from bot.grok.errors import Failure
from bot.grok.meaning import unsupported
from bot.grok.memory import Memory
from bot.grok.room import tells_most

Way = Literal[
    "no usage",
    "other cap",
    "no names",
    "no stream",
    "no mark",
    "no sources",
    "no turns",
    "no shape",
]
_WAYS: tuple[Way, ...] = get_args(Way)

_NOT_TAKEN = re.compile(
    r"\b(?:unsupported|unrecognized|unknown|unexpected|deprecated|invalid)\b"
    r"|not (?:supported|permitted|allowed|compatible)|n[o']t support|extra (?:inputs|fields)",
    re.IGNORECASE,
)
_USAGE = re.compile(r"stream_?options|include_?usage", re.IGNORECASE)
_SOURCES = re.compile(r"web_search_call|\binclude\b", re.IGNORECASE)
_SHAPE = re.compile(
    r"^text\b|`text`|text\.format|response_?format|json_?schema|structured", re.IGNORECASE
)
_OTHER_CAP = re.compile(r"max_?completion_?tokens", re.IGNORECASE)
_NAMES = re.compile(r"prompt_?cache_?key|safety_?identifier", re.IGNORECASE)
_CAP = re.compile(r"max_?tokens", re.IGNORECASE)
_STREAM = re.compile(r"\bstream(?:ing|ed|s)?\b", re.IGNORECASE)


class Adapting:
    """Knows in which way each model's server takes a call."""

    def __init__(self) -> None:
        self._known: Memory[tuple[str, Endpoint, Way]] = Memory()
        self._apart: Memory[tuple[str, Endpoint]] = Memory()

    def fit(self, call: Call) -> Call:
        """`call` as its server takes it, as far as is known."""
        for way in _WAYS:
            if (call.request.model, call.endpoint, way) in self._known:
                call = adapted(call, way) or call
        return call

    def learn(self, call: Call, way: Way) -> None:
        """The server answers a call that was written in this `way`."""
        self._known.add((call.request.model, call.endpoint, way))

    def tells_apart(self, call: Call) -> bool:
        """Whether the server is known to say, in a stream, which answer each piece belongs to."""
        return call.dialect == "xai" or (call.request.model, call.endpoint) in self._apart

    def learn_apart(self, call: Call) -> None:
        """The server has said so."""
        self._apart.add((call.request.model, call.endpoint))


def ways_out(call: Call, failure: Failure) -> Iterator[Way]:
    """In which ways `call` may succeed after `failure`, each with something in it to change."""
    if failure.kind not in {"invalid", "unavailable", "unknown_model"}:
        return
    said = f"{failure.said.parameter} {failure.said.every}"
    if "stream_options" in call.body and _USAGE.search(said):
        yield "no usage"
    if failure.kind != "invalid":
        return
    if call.endpoint == "chat" and "max_tokens" in call.body:
        refused = _CAP.search(said) and _NOT_TAKEN.search(said) and not tells_most(said)
        if refused or _OTHER_CAP.search(said):
            yield "other cap"
    if call.endpoint == "responses" and call.names != NAMELESS and _NAMES.search(said):
        yield "no names"
    if call.stream and _STREAM.search(said) and _NOT_TAKEN.search(said):
        yield "no stream"
    if failure.parameter == "stop" and without_mark(call):
        yield "no mark"
    yield from _ways_beside(call, failure, said)


def _ways_beside(call: Call, failure: Failure, said: str) -> Iterator[Way]:
    """Without what nobody asked for, or what answers can be read without."""
    if call.beside.shape and _SHAPE.search(said) and _NOT_TAKEN.search(said):
        yield "no shape"
    if not call.beside.search:
        return
    if _sourceless(call) != call.body and _SOURCES.search(said):
        yield "no sources"
    usual = call.beside.usual_turns and call.dialect != "xai"  # whose price they bound
    if failure.parameter == "max_turns" and usual and unsupported(failure.said):
        yield "no turns"


def adapted(call: Call, way: Way) -> Call | None:
    """`call` written in this `way`; None when there is nothing to change."""
    if way == "no mark":
        return without_mark(call)
    if way in {"no sources", "no turns"}:
        body = _sourceless(call) if way == "no sources" else _without(call, "max_turns")
        return replace(call, body=body) if call.beside.search else None
    if way in {"no shape", "no usage"}:
        body, there = _lighter(call, way)
        return replace(call, body=body) if there else None
    if way == "other cap":
        if call.endpoint != "chat" or "max_tokens" not in call.body:
            return None
        body = _without(call, "max_tokens")
        return replace(call, body=body | {"max_completion_tokens": call.body["max_tokens"]})
    if way == "no names":
        return replace(call, names=NAMELESS) if call.endpoint == "responses" else None
    if not call.stream:
        return None
    return replace(call, body=_without(call, "stream", "stream_options"), stream=False)


def _lighter(call: Call, way: Way) -> tuple[dict[str, Any], bool]:
    """The body without a field that says how the answer is to come, and whether it has any."""
    if way == "no usage":
        return _without(call, "stream_options"), call.stream
    return _without(call, "text", "response_format"), call.beside.shape is not None


def _sourceless(call: Call) -> dict[str, Any]:
    """The body without the wish to know what a search has seen."""
    included = [name for name in call.body.get("include", ()) if not _SOURCES.match(name)]
    return _without(call, "include") | ({"include": included} if included else {})


def _without(call: Call, *names: str) -> dict[str, Any]:
    return {name: value for name, value in call.body.items() if name not in names}
