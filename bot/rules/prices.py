"""What tokens cost, what searching for a question may come to, and what of that it came to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from bot.completion.result import ToolUse
from bot.completion.search import Search
from bot.completion.tools import LISTED, READ_OF_EACH_CALL, cost_of, most_in_a_turn
from bot.rules.quota import QuotaName

_LONG_TOKENS = 200_000
_LONG_FACTOR = 2
"""A prompt of so many tokens costs twice as much, and so does what is answered to it (docs.x.ai,
"Models and pricing"), where an API lists nothing else."""


@dataclass(frozen=True, slots=True)
class LongPrompt:
    """What all of a request costs whose prompt has `tokens` or more, in US dollars per million
    tokens; `cached` None: as for other input."""

    tokens: int
    input: float
    output: float
    cached: float | None = None


@dataclass(frozen=True, slots=True)
class Prices:
    """What a model costs, in US dollars per million tokens."""

    input: float
    output: float
    cached: float | None = None
    """For input that the API had read before; None: as for other input."""
    long: LongPrompt | None = None

    def cost(self, read: int, written: int, *, cached: int = 0, prompts: int = 1) -> int:
        """Micro-dollars, rounded up, for the tokens of `prompts` prompts and their answers.

        Of those that were `read` so many were `cached`. One dollar per million tokens is one
        micro-dollar per token.
        """
        long = self.beyond
        rates: Prices | LongPrompt = long if read >= long.tokens * prompts else self
        cheap = rates.input if rates.cached is None else rates.cached
        cached = min(cached, read)
        dollars = (read - cached) * rates.input + cached * cheap + written * rates.output
        return math.ceil(dollars)

    @property
    def most_input(self) -> float:
        """What input costs at most."""
        return max(self.input, self.beyond.input)

    @property
    def beyond(self) -> LongPrompt:
        """What a long prompt costs."""
        if self.long is not None:
            return self.long
        twice = None if self.cached is None else self.cached * _LONG_FACTOR
        return LongPrompt(
            _LONG_TOKENS, self.input * _LONG_FACTOR, self.output * _LONG_FACTOR, twice
        )


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


NOTHING_FOUND = SearchUse()

_CALLS = ("web_calls", "x_calls")


def most_searched(
    search: Search,
    caps: Mapping[QuotaName, int],
    turns: int,
    prices: Mapping[str, int] = LISTED,
) -> SearchUse:
    """The most that `search` may come to under `caps`, in so many turns where it says nothing
    else, at these `prices` (`LISTED`)."""
    if not search:
        return NOTHING_FOUND
    turns = search.max_turns or turns
    most = {"searches": caps.get("search-calls"), "posts": caps.get("search-posts")}
    most["profiles"] = caps.get("search-profiles")
    each_turn = most_in_a_turn(search.sources)
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


def searched(most: SearchUse, use: ToolUse, prices: Mapping[str, int] = LISTED) -> SearchUse:
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
