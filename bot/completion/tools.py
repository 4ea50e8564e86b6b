"""The tools that search for an answer: how the API calls them, what they cost and may come to, and
what was searched so far."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from bot.characters import excerpt
from bot.completion.result import ToolStep, ToolUse
from bot.words import search as words

Searched = Literal["web", "x"]

_LONGEST_ASKED = 60
_PLAIN = str.maketrans(dict.fromkeys("*_~[]()#$\\", " "))
"""What would mean something in markdown."""

_MOST_CALLS = 1_000
"""More than any answer makes; of others nothing is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One place that can be searched.

    `filters` are the options that narrow it, with their names at the API, where they stand in the
    field `within` of the tool; `wire` is how the API calls the tool, and `calls` the calls of it.
    `micro_dollars` is what each thing that is counted in `ToolUse` costs there, and `each_turn` how
    often one turn uses it at most: what is reserved.
    """

    name: Searched
    wire: str
    calls: tuple[str, ...]
    filters: Mapping[str, str]
    within: str = ""
    micro_dollars: Mapping[str, int]
    each_turn: Mapping[str, int]


TOOLS: Mapping[Searched, Tool] = MappingProxyType(
    {
        tool.name: tool
        for tool in (
            Tool(
                name="web",
                wire="web_search",
                calls=("web_search_call",),
                filters={"domains": "allowed_domains", "not_domains": "excluded_domains"},
                within="filters",
                micro_dollars={"web_calls": 5_000},
                each_turn={"web_calls": 10},
            ),
            Tool(
                name="x",
                wire="x_search",
                calls=(
                    "x_search_call",
                    "x_keyword_search",
                    "x_semantic_search",
                    "x_user_search",
                    "x_thread_fetch",
                    "view_x_video",
                ),
                filters={
                    "handles": "allowed_x_handles",
                    "not_handles": "excluded_x_handles",
                    "since": "from_date",
                    "until": "to_date",
                },
                micro_dollars={"posts": 5_000, "profiles": 10_000},
                each_turn={"x_calls": 10, "posts": 100, "profiles": 5},
            ),
        )
    }
)
"""The tools by name, in the order in which people are shown them.

Prices are those of docs.x.ai since 2026-09-21: $5 for 1,000 calls of the web search, each page that
is opened being one, $5 for 1,000 posts and $10 for 1,000 profiles, however often the same is read.
Nobody publishes how much one turn may use: seen were 5 calls for an answer from the web, 24 for one
from X, and 184 posts with 3 profiles for the dearest.
"""


READ_OF_EACH_CALL = 3_000
"""Tokens of what one call finds. All of it is read again in each turn that follows: an answer in an
example of docs.x.ai read 383,000, about as many as here in five turns of one tool."""


FILE_SEARCHES = "file_searches"
"""How the price of a search in files is called among `LISTED`."""

LISTED: Mapping[str, int] = MappingProxyType(
    {
        **{name: price for tool in TOOLS.values() for name, price in tool.micro_dollars.items()},
        FILE_SEARCHES: 10_000,
    }
)
"""Micro-dollars for each thing that is counted; a search in files costs $10 for 1,000 (docs.x.ai,
"Files", October 2026)."""

_SAID = {"web": "web_calls", "posts": "posts", "profiles": "profiles", "files": FILE_SEARCHES}
"""How an operator calls what is counted."""


def most_in_a_turn(sources: Iterable[Searched]) -> dict[str, int]:
    """How often one turn uses at most what is counted of these, by its name in `ToolUse`."""
    most: dict[str, int] = {}
    for source in sources:
        most |= TOOLS[source].each_turn
    return most


def prices_of_tools(said: str) -> dict[str, int]:
    """What tools cost, in micro-dollars for each thing that is counted: as an operator has `said`
    (`GROK_TOOL_PRICES`, in dollars for 1,000), else as listed."""
    entries = (entry.strip().partition("=") for entry in said.split(",") if entry.strip())
    return {**LISTED, **{_SAID[name]: math.ceil(float(each) * 1_000) for name, _, each in entries}}


def cost_of(use: ToolUse, prices: Mapping[str, int] = LISTED) -> int | None:
    """What `use` costs, in micro-dollars; None when not all of it is known."""
    total = 0
    for tool in TOOLS.values():
        for name in tool.micro_dollars:
            counted = getattr(use, name)
            if counted is None:
                return None
            total += counted * prices[name]
    return total


class SearchUse(BaseModel):
    """How much is searched: `searches` are calls of tools. Money is in micro-dollars."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    searches: int = 0
    posts: int = 0
    profiles: int = 0
    micro_dollars: int = 0
    read: int = 0
    """Tokens of what is found, which the model reads again in each turn that follows."""
    rounds: int = 1
    """How often the model reads the prompt."""


_CALLS = ("web_calls", "x_calls")


def most_searched(
    sources: Collection[Searched], turns: int, caps: Mapping[Any, int], prices: Mapping[str, int]
) -> SearchUse:
    """The most that searching these may come to in so many turns under `caps`, by the name of each
    quota, at these `prices` (`LISTED`)."""
    if not sources:
        return SearchUse()
    most = {"searches": caps.get("search-calls"), "posts": caps.get("search-posts")}
    most["profiles"] = caps.get("search-profiles")
    each_turn = most_in_a_turn(sources)
    use = ToolUse(
        **{
            name: _within(most["searches" if name in _CALLS else name], turns * each)
            for name, each in each_turn.items()
        }
    )
    in_a_turn = sum(each_turn.get(name, 0) for name in _CALLS)
    calls = _within(most["searches"], turns * in_a_turn)
    found = sum(min(calls, turn * in_a_turn) for turn in range(1, turns + 1))
    return SearchUse(
        searches=calls,
        posts=use.posts or 0,
        profiles=use.profiles or 0,
        micro_dollars=cost_of(use, prices) or 0,
        read=found * READ_OF_EACH_CALL,
        rounds=turns + 1,
    )


def searched(most: SearchUse, use: ToolUse, prices: Mapping[str, int]) -> SearchUse:
    """What was searched by `use`, of which the most was reserved: what it does not say counts as
    that."""
    posts = most.posts if use.posts is None else use.posts
    profiles = most.profiles if use.profiles is None else use.profiles
    known = use.model_copy(update={"posts": posts, "profiles": profiles})
    return SearchUse(
        searches=use.web_calls + use.x_calls,
        posts=posts,
        profiles=profiles,
        micro_dollars=cost_of(known, prices) or 0,
    )


def _within(cap: int | None, most: int) -> int:
    return most if cap is None else min(cap, most)


class Searching:
    """The calls of one answer."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: float | None = None
        self._calls: dict[str, ToolStep] = {}
        self._last = ""

    def take(self, step: ToolStep) -> None:
        """Take how a call stands now."""
        self._since = self._clock() if self._since is None else self._since
        known = self._calls.get(step.call)
        if known is None and len(self._calls) >= _MOST_CALLS:
            return
        self._calls[step.call] = step if known is None else known.then(step)
        if step.asked and (known is None or step.asked != known.asked):
            self._last = step.call

    def __bool__(self) -> bool:
        """Whether anything was searched."""
        return bool(self._calls)

    @property
    def lasts(self) -> bool:
        """Whether some call is not over."""
        return not all(call.over for call in self._calls.values())

    @property
    def progress(self) -> str:
        """What is searched now, how often there was, and for how long, in words that cannot act;
        empty before anything is."""
        if self._since is None:
            return ""
        return words.PROGRESS(
            doing=self.doing, searches=len(self._calls), seconds=self._clock() - self._since
        )

    @property
    def doing(self) -> str:
        """What is searched now."""
        step = self._calls.get(self._last) or next(reversed(self._calls.values()), None)
        if step is None:
            return ""
        asked = excerpt(step.asked.translate(_PLAIN), _LONGEST_ASKED)
        return words.searching(step.tool, asked, opens=step.opens)

    def use(self, unknown: int | None = None, *, failed: bool = False) -> ToolUse:
        """What the calls used as far as that was seen: of those that failed nothing is billed, and
        they count only where `failed` says so.

        No event says how many posts and profiles a call has fetched, only how many it may at most:
        that counts. `unknown` is what counts of a call that does not even say that, None: then
        nobody knows how many there were of all.
        """
        calls = [call for call in self._calls.values() if failed or not call.failed]
        of_x = [call for call in calls if call.tool == "x"]
        return ToolUse(
            web_calls=len(calls) - len(of_x),
            x_calls=len(of_x),
            posts=_sum([unknown if call.posts is None else call.posts for call in of_x]),
            profiles=_sum([unknown if call.profiles is None else call.profiles for call in of_x]),
        )


def _sum(counts: list[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None
