"""How long an answer may be, as a server says that refuses a longer one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from bot.grok.call import Call
from bot.grok.errors import Failure

_LEAST_SHARE = 4
"""An answer gets this part of a window at least, or what goes along with the question is too
long."""

_WINDOW = re.compile(
    r"maximum context length is (\d{1,9})|context (?:length|window|size)[^\d]{0,20}(\d{1,9})"
    r"|must be <= (\d{1,9})",
    re.IGNORECASE,
)
_PROMPT = re.compile(
    r"\(?(\d{1,9}) (?:in (?:your|the) (?:prompt|messages|input)|input tokens|`inputs` tokens)",
    re.IGNORECASE,
)
_MOST = re.compile(
    r"at most (\d{1,9}) (?:completion|output) tokens"
    r"|\d{1,9} > (\d{1,9}), which is the maximum (?:allowed )?number of output tokens"
    r"|less than or equal to `?(\d{1,9})`?, the maximum value for `?max_?tokens"
    r"|valid range of max_?tokens is \[\d{1,9}, ?(\d{1,9})\]",
    re.IGNORECASE,
)
"""OpenAI, vLLM, llama-cpp-python and TGI tell the window and the question; OpenAI, Anthropic, Groq
and DeepSeek the longest answer."""

_CAPS = ("max_tokens", "max_completion_tokens", "max_output_tokens")


@dataclass(frozen=True, slots=True)
class Room:
    """The longest answer, in tokens, and what bounds it: the window, or the model itself."""

    tokens: int
    bound: Literal["max_context", "max_output"]


def room_after(failure: Failure, call: Call) -> Room | None:
    """How much shorter than `call` would have it the answer must be; None: that is not what
    `failure` is about, or too little is left."""
    cap, said = _cap(call.body), failure.said.every
    if cap is None or failure.kind not in {"too_long", "invalid"}:
        return None
    if most := _number(_MOST, said):
        return Room(most, "max_output") if most < cap else None
    window, prompt = _number(_WINDOW, said), _number(_PROMPT, said)
    if not window or not prompt or not window // _LEAST_SHARE <= window - prompt < cap:
        return None
    return Room(window - prompt, "max_context")


def tells_most(said: str) -> bool:
    """Whether a refusal says how long an answer may be at most: the cap is known by its name."""
    return _MOST.search(said) is not None


def shortened(call: Call, room: Room) -> Call:
    """`call` for an answer of that length."""
    caps = {name: room.tokens for name in _CAPS if name in call.body}
    return replace(call, body={**call.body, **caps})


def _cap(body: Mapping[str, object]) -> int | None:
    found = next((body[name] for name in _CAPS if name in body), None)
    return found if isinstance(found, int) else None


def _number(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.search(text)
    return int(next(filter(None, found.groups()))) if found else 0
