"""Scripts: what the sandbox does with a request, other than answer it pleasantly."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(slots=True, eq=False)
class Recorded:
    """One request as it arrived. `closed` is set when the server is done with it."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any
    at: float
    closed_early: bool = False
    """The client went away before the answer was complete."""
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What was said to the model, at either endpoint that takes messages."""
        said: list[dict[str, Any]] = self.body.get("messages") or self.body["input"]
        return said


ToolName = Literal[
    "web_search",
    "x_keyword_search",
    "x_semantic_search",
    "x_user_search",
    "x_thread_fetch",
    "view_x_video",
]
Annotated = Literal["placed", "late", "unplaced", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """One call of a tool. `asked` is what it searches for, or the address that it opens.

    `sources` are the addresses that it sees, `posts` and `profiles` what it fetches from X. One
    that `fails` is not billed. Calls of one `turn` run side by side, and end in another order than
    that in which they began.
    """

    name: ToolName = "web_search"
    asked: str = ""
    action: Literal["search", "open_page", "find"] = "search"
    sources: tuple[str, ...] = ()
    posts: int = 0
    profiles: int = 0
    fails: bool = False
    turn: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What to do with the next request that `when` accepts. Steps are counted in pieces of text.

    `text` is the answer, one for all choices or one for each; `pieces` are the exact steps in
    which every choice is streamed; with neither, the default answer is given. A `body` (JSON, or
    text as it is) or a `status` other than 200 is sent instead of an answer, with `headers`; so
    is `raw`, as an event stream. Times are in seconds, `speed` in steps a second (None: as fast
    as it goes).
    """

    text: str | Sequence[str] | None = None
    pieces: Sequence[str] | None = None
    reasoning: str | None = None
    finish_reason: str | None = "stop"
    model: str | None = None
    """The model that says it answered."""
    usage: Mapping[str, Any] | None = None
    cost_ticks: int | None = None

    calls: Sequence[ToolCall] | None = None
    """The calls of tools before the text, where the request has tools; None: a likely few."""
    annotated: Annotated = "placed"
    """How the citations of the text are told of beside it: each when it was written, all after the
    text and without places, those with places that are zeros, or not at all. What was seen and is
    not cited follows."""
    within: int | None = None
    """The call of a tool within which it stalls, breaks or fails, instead of after some steps."""

    speed: float | None = None
    first_delay: float = 0.0
    comments: int = 0
    """Keep-alive comments before every step, each followed by `comment_pause` seconds."""
    comment_pause: float = 0.0
    split: int | None = None
    """Write the stream in frames of this many bytes, wherever they cut it."""
    done: bool = True
    """Whether the stream ends with `[DONE]`."""

    stall_after: int | None = None
    release: asyncio.Event | None = None
    """Ends a stall; without it a stall lasts until one side goes away."""
    cut_after: int | None = None
    error_after: int = 0
    error: Any = None
    """An event sent in the stream after `error_after` steps, where the stream ends."""

    beside: Mapping[int, Sequence[Any]] = field(default_factory=dict)
    """Events that are sent as they are before the step of this number: tools at work, or what
    nobody knows."""

    status: int = 200
    body: Any = None
    raw: bytes | None = None
    flow: Callable[[], Iterable[bytes]] | None = None
    """Makes the body piece by piece, without end if need be, as an event stream unless `headers`
    say otherwise."""
    headers: Mapping[str, str] = field(default_factory=dict)

    times: int | None = 1
    """How many requests it serves (None: all)."""
    when: Callable[[Recorded], bool] | None = None


class Scripts:
    """The scripts that wait for their request, in order."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Script, int | None]] = []

    def add(self, script: Script) -> None:
        self._waiting.append((script, script.times))

    def take(self, recorded: Recorded) -> Script | None:
        """The first script for this request, counted as used."""
        for place, (script, left) in enumerate(self._waiting):
            if script.when is not None and not script.when(recorded):
                continue
            if left is None:
                return script
            if left > 1:
                self._waiting[place] = (script, left - 1)
            else:
                del self._waiting[place]
            return script
        return None
