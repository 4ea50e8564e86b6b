"""What a server refuses though nobody asked for it: left out, or written in another way.

Each way is tried once, when the server has refused the usual one; the router remembers it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from bot.deferred import compiled_later
from bot.grok.call import NAMELESS, Call
from bot.grok.endpoints.writing import without_mark
from bot.grok.errors import Failure
from bot.grok.meaning import unsupported

_LEAST_SHARE = 4
"""An answer gets this part of a window at least, or what goes along with the question is too
long."""

_WINDOW = compiled_later(
    r"maximum context length is (\d{1,9})|context (?:length|window|size)[^\d]{0,20}(\d{1,9})"
    r"|must be <= (\d{1,9})",
    re.IGNORECASE,
)
_PROMPT = compiled_later(
    r"\(?(\d{1,9}) (?:in (?:your|the) (?:prompt|messages|input)|input tokens|`inputs` tokens)",
    re.IGNORECASE,
)
_MOST = compiled_later(
    r"at most (\d{1,9}) (?:completion|output) tokens"
    r"|\d{1,9} > (\d{1,9}), which is the maximum (?:allowed )?number of output tokens"
    r"|less than or equal to `?(\d{1,9})`?, the maximum value for `?max_?tokens"
    r"|valid range of max_?tokens is \[\d{1,9}, ?(\d{1,9})\]",
    re.IGNORECASE,
)
"""OpenAI, vLLM, llama-cpp-python and TGI tell the window and the question; OpenAI, Anthropic, Groq
and DeepSeek the longest answer."""

_CAPS = ("max_tokens", "max_completion_tokens", "max_output_tokens")

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
WAYS: tuple[Way, ...] = get_args(Way)

_NOT_TAKEN = compiled_later(
    r"\b(?:unsupported|unrecognized|unknown|unexpected|deprecated|invalid)\b"
    r"|not (?:supported|permitted|allowed|compatible)|n[o']t support|extra (?:inputs|fields)",
    re.IGNORECASE,
)
_USAGE = compiled_later(r"stream_?options|include_?usage", re.IGNORECASE)
_SOURCES = compiled_later(r"web_search_call|\binclude\b", re.IGNORECASE)
_SHAPE = compiled_later(
    r"^text\b|`text`|text\.format|response_?format|json_?schema|structured", re.IGNORECASE
)
_OTHER_CAP = compiled_later(r"max_?completion_?tokens", re.IGNORECASE)
_NAMES = compiled_later(r"prompt_?cache_?key|safety_?identifier", re.IGNORECASE)
_CAP = compiled_later(r"max_?tokens", re.IGNORECASE)
_STREAM = compiled_later(r"\bstream(?:ing|ed|s)?\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LongestAnswer:
    """The longest answer, in tokens, and what bounds it: the window, or the model itself."""

    tokens: int
    bound: Literal["max_context", "max_output"]


def room_after(failure: Failure, call: Call) -> LongestAnswer | None:
    """How much shorter than `call` would have it the answer must be; None: that is not what
    `failure` is about, or too little is left."""
    cap = next((call.body[name] for name in _CAPS if name in call.body), None)
    said = failure.said.every
    if not isinstance(cap, int) or failure.kind not in {"too_long", "invalid"}:
        return None
    if most := _number(_MOST(), said):
        return LongestAnswer(most, "max_output") if most < cap else None
    window, prompt = _number(_WINDOW(), said), _number(_PROMPT(), said)
    if not window or not prompt or not window // _LEAST_SHARE <= window - prompt < cap:
        return None
    return LongestAnswer(window - prompt, "max_context")


def tells_most(said: str) -> bool:
    """Whether a refusal says how long an answer may be at most: the cap is known by its name."""
    return _MOST().search(said) is not None


def shortened(call: Call, room: LongestAnswer) -> Call:
    """`call` for an answer of that length."""
    caps = {name: room.tokens for name in _CAPS if name in call.body}
    return replace(call, body={**call.body, **caps})


def _number(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.search(text)
    return int(next(filter(None, found.groups()))) if found else 0


def ways_out(call: Call, failure: Failure) -> Iterator[Way]:
    """In which ways `call` may succeed after `failure`, each with something in it to change."""
    if failure.kind not in {"invalid", "unavailable", "unknown_model"}:
        return
    said = f"{failure.said.parameter} {failure.said.every}"
    if "stream_options" in call.body and _USAGE().search(said):
        yield "no usage"
    if failure.kind != "invalid":
        return
    if call.endpoint == "chat" and "max_tokens" in call.body:
        refused = _CAP().search(said) and _NOT_TAKEN().search(said) and not tells_most(said)
        if refused or _OTHER_CAP().search(said):
            yield "other cap"
    if call.endpoint == "responses" and call.names != NAMELESS and _NAMES().search(said):
        yield "no names"
    if call.stream and _STREAM().search(said) and _NOT_TAKEN().search(said):
        yield "no stream"
    if failure.parameter == "stop" and without_mark(call):
        yield "no mark"
    yield from _ways_beside(call, failure, said)


def _ways_beside(call: Call, failure: Failure, said: str) -> Iterator[Way]:
    """Without what nobody asked for, or what answers can be read without."""
    if call.beside.shape and _SHAPE().search(said) and _NOT_TAKEN().search(said):
        yield "no shape"
    if not call.beside.search.sources:
        return
    if _sourceless(call) != call.body and _SOURCES().search(said):
        yield "no sources"
    usual = call.beside.usual_turns and call.dialect != "xai"  # whose price they bound
    if failure.parameter == "max_turns" and usual and unsupported(failure.said):
        yield "no turns"


def adapted(call: Call, way: Way) -> Call | None:
    """`call` written in this `way`; None when there is nothing to change."""
    match way:
        case "no mark":
            return without_mark(call)
        case "no names":
            return replace(call, names=NAMELESS) if call.endpoint == "responses" else None
        case "no sources":
            body, there = _sourceless(call), bool(call.beside.search.sources)
        case "no turns":
            body, there = _without(call, "max_turns"), bool(call.beside.search.sources)
        case "no shape":
            body = _without(call, "text", "response_format")
            there = call.beside.shape is not None
        case "no usage":
            body, there = _without(call, "stream_options"), call.stream
        case "other cap":
            body = _without(call, "max_tokens")
            there = call.endpoint == "chat" and "max_tokens" in call.body
            body["max_completion_tokens"] = call.body.get("max_tokens")
        case "no stream":
            body, there = _without(call, "stream", "stream_options"), call.stream
    if not there:
        return None
    return replace(call, body=body, stream=call.stream and way != "no stream")


def _sourceless(call: Call) -> dict[str, Any]:
    """The body without the wish to know what a search has seen."""
    included = [name for name in call.body.get("include", ()) if not _SOURCES().match(name)]
    return _without(call, "include") | ({"include": included} if included else {})


def _without(call: Call, *names: str) -> dict[str, Any]:
    return {name: value for name, value in call.body.items() if name not in names}
